package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

func (a *app) lintCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check dialect files: every fault at once, with its place and what to do",
		Long: `Checks dialect files and their samples. Every fault is shown with its line, a
caret below the place, what was expected and a hint. The exit code is 1 if there
are faults (warnings alone leave it 0) and 2 if a file cannot be read.`,
		Example: `  parlance lint my-api.yaml
  parlance lint *.yaml --json
  parlance lint vms`,
		Args: arguments(1, -1, "one or more files"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return completeDialect(cmd, args, prefix)
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.lint(args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one JSON list of all faults and warnings")
	return cmd
}

// lint goes on after a file that cannot be read, and returns that error at the end.
func (a *app) lint(names []string, asJSON bool) error {
	all := []parlance.Diagnostic{}
	var unreadable error
	faults, warnings := 0, 0
	for _, name := range names {
		file, text, err := source(name)
		if err != nil {
			if unreadable != nil {
				a.complain(unreadable) // run says the last one
			}
			unreadable = err
			continue
		}
		found := dialect.Lint(file, text)
		for _, d := range found {
			if d.Severity == parlance.Fault {
				faults++
			} else {
				warnings++
			}
		}
		if !asJSON {
			a.report(a.stdout, text, found)
		}
		all = append(all, found...)
	}
	if asJSON {
		if err := a.writeJSON(all); err != nil {
			return err
		}
	}
	switch {
	case unreadable != nil:
		return unreadable
	case faults+warnings > 0:
		fmt.Fprintf(a.stderr, "%s, %s\n", plural(faults, "error"), plural(warnings, "warning"))
	}
	if faults > 0 {
		return errFindings
	}
	return nil
}

// report writes diagnostics as compilers do, each with the line of the source.
func (a *app) report(w io.Writer, source []byte, found []parlance.Diagnostic) {
	s := a.styleOf(w)
	for _, d := range found {
		text := d.Error()
		if s.colour {
			text = strings.Replace(text, "error:", s.red("error:"), 1)
			text = strings.Replace(text, "warning:", s.yellow("warning:"), 1)
		}
		fmt.Fprintln(w, text)
		if excerpt := dialect.Excerpt(source, d); excerpt != "" {
			fmt.Fprintln(w, strings.TrimRight(excerpt, "\n"))
		}
		if d.Hint != "" {
			fmt.Fprintf(w, "%s %s\n", s.bold("hint:"), d.Hint)
		}
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
