package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/scenario"
)

func (a *app) lintCommand() *cobra.Command {
	var asJSON bool
	var rule string
	files := arguments(1, -1, "one or more files")
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check dialect files and scenarios, and show every fault with its place and a hint",
		Long: `Checks dialect files with their samples, and scenarios of a mock. Every fault is shown with its line, a caret
below the place, what was expected, and a hint. The first fault of a rule also shows
the reason for the rule. Errors come before warnings. The exit code is 1 if there are
errors, 0 if there are only warnings, and 2 if a file cannot be read.

The samples of a file are run only if the file has no other errors. A file with the key
scenario is a scenario.

With --json it writes one object:

  {"files": [{"file", "samples", "samples_run", "diagnostics":
    [{"rule", "severity", "file", "line", "column", "message", "hint", "why"}]}],
   "errors", "warnings"}`,
		Example: `  parlance lint my-api.yaml
  parlance lint *.yaml --json
  parlance lint vms
  parlance lint --explain touching_holes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if rule != "" {
				return arguments(0, 0, "no file beside --explain")(cmd, args)
			}
			return files(cmd, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return completeDialect(cmd, args, prefix)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if rule != "" {
				return a.explainRule(rule, asJSON)
			}
			return a.lint(args, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.Flags().StringVar(&rule, "explain", "", "explain a `RULE` and what to do, without checking files")
	// The library's only error is a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc("explain", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return ruleNames(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// linted is what is wrong with several files.
type linted struct {
	Files    []lintedFile `json:"files"`
	Errors   int          `json:"errors"`
	Warnings int          `json:"warnings"`
}

type lintedFile struct {
	File        string                `json:"file"`
	Samples     int                   `json:"samples"`
	SamplesRun  bool                  `json:"samples_run"`
	Diagnostics []parlance.Diagnostic `json:"diagnostics"` // never null
}

// lint goes on after a file that cannot be read, and returns that error at the end.
func (a *app) lint(names []string, asJSON bool) error {
	all := linted{Files: []lintedFile{}}
	var unreadable error
	told := map[string]bool{}
	for _, name := range names {
		file, text, err := source(name)
		if err != nil {
			if unreadable != nil {
				a.complain(unreadable) // run says the last one
			}
			unreadable = err
			continue
		}
		found := a.inspect(file, text)
		one := lintedFile{file, found.Samples, found.Ran, append([]parlance.Diagnostic{}, found.Diagnostics...)}
		for _, d := range found.Diagnostics {
			if d.Severity == parlance.SeverityError {
				all.Errors++
			} else {
				all.Warnings++
			}
		}
		if !asJSON {
			a.showLinted(one, text, told)
		}
		all.Files = append(all.Files, one)
	}
	if asJSON {
		if err := a.writeJSON(all); err != nil {
			return err
		}
	}
	switch {
	case unreadable != nil:
		return unreadable
	case all.Errors+all.Warnings > 0:
		fmt.Fprintf(a.stderr, "%s, %s\n", plural(all.Errors, "error"), plural(all.Warnings, "warning"))
		if !asJSON {
			fmt.Fprintln(a.stderr, "hint: parlance lint --explain RULE explains the rule in brackets")
		}
	}
	if all.Errors > 0 {
		return errFindings
	}
	return nil
}

// inspect says what is wrong with a dialect file or a scenario.
func (a *app) inspect(file string, text []byte) authoring.Inspection {
	find := catalog.Find(file, a.finding()...)
	if !scenario.Is(text) {
		return authoring.Inspect(file, text, find)
	}
	name, line, column := scenario.DialectOf(text)
	var unknown []parlance.Diagnostic
	var d *dialect.Dialect
	if name != "" {
		var err error
		if d, err = find(name); err != nil {
			rule, _ := scenario.RuleOf("no_dialect")
			unknown = []parlance.Diagnostic{{
				Rule: rule.Name, File: file, Line: line, Column: column, Why: rule.Why,
				Message: fmt.Sprintf("the dialect %q cannot be opened: %v", name, err),
				Hint:    didYouMean(name, catalog.Names(), known),
			}}
		}
	}
	s, err := scenario.Compile(file, text, d)
	var faulty *dialect.FileError
	switch {
	case errors.As(err, &faulty):
		return authoring.Inspection{Diagnostics: append(unknown, slices.DeleteFunc(faulty.Diagnostics, func(f parlance.Diagnostic) bool {
			return unknown != nil && f.Rule == "unknown_response" // it may be a code of that dialect
		})...)}
	default:
		return authoring.Inspection{Diagnostics: append(unknown, s.Warnings...)}
	}
}

// showLinted writes the errors of a file, then its warnings. told are the rules
// whose reason has been given.
func (a *app) showLinted(f lintedFile, source []byte, told map[string]bool) {
	s := a.styleOf(a.stdout)
	for _, severity := range []parlance.Severity{parlance.SeverityError, parlance.SeverityWarning} {
		for _, d := range f.Diagnostics {
			if d.Severity != severity {
				continue
			}
			s.diagnostic(a.stdout, source, d)
			if d.Why != "" && !told[d.Rule] {
				told[d.Rule] = true
				fmt.Fprintf(a.stdout, "%s  %s\n", s.bold("why:"), d.Why)
			}
			fmt.Fprintln(a.stdout)
		}
	}
	if f.Samples > 0 && !f.SamplesRun {
		fmt.Fprintf(a.stdout, "%s: %s not run, since the file has errors\n\n", f.File, wereSamples(f.Samples))
	}
}

func wereSamples(n int) string {
	if n == 1 {
		return "1 sample was"
	}
	return plural(n, "sample") + " were"
}

// report writes diagnostics as compilers do, each with the line of the source.
func (a *app) report(w io.Writer, source []byte, found []parlance.Diagnostic) {
	for _, d := range found {
		a.styleOf(w).diagnostic(w, source, d)
	}
}

func (s style) diagnostic(w io.Writer, source []byte, d parlance.Diagnostic) {
	paint, text := s.red, printable(d.Error())
	if d.Severity == parlance.SeverityWarning {
		paint = s.yellow
	}
	word := d.Severity.String() + ":"
	fmt.Fprintln(w, strings.Replace(text, word, paint(word), 1))
	if line, caret, found := strings.Cut(authoring.Excerpt(source, d), "\n"); line != "" {
		fmt.Fprintln(w, line)
		if found {
			gutter, mark, _ := strings.Cut(caret, "|")
			fmt.Fprintln(w, gutter+"|"+strings.Replace(mark, "^", paint("^"), 1))
		}
	}
	if d.Hint != "" {
		fmt.Fprintf(w, "%s %s\n", s.bold("hint:"), d.Hint)
	}
}

// explainRule says what one rule is for.
func (a *app) explainRule(name string, asJSON bool) error {
	rule, known := scenario.RuleOf(name)
	is := ruleIs(rule)
	if !known {
		var r check.Rule
		r, known = check.RuleOf(name)
		rule = dialect.Rule{Name: r.Name, Severity: r.Severity, Response: true, Why: r.Why, Do: r.Do}
		is = "a finding of parlance check, " + map[parlance.Severity]string{parlance.SeverityError: "an error", parlance.SeverityWarning: "a warning"}[r.Severity]
	}
	if !known {
		return &mistake{
			message: fmt.Sprintf("--explain: no rule is called %q", name),
			hint:    didYouMean(name, ruleNames(), "the rule is in brackets at the end of a message"),
		}
	}
	if asJSON {
		return a.writeJSON(rule)
	}
	s := sheet{a.stdout, a.styleOf(a.stdout)}
	s.title("rule", s.bold(rule.Name))
	s.row("what", is)
	s.row("why", strings.Join(wrap(rule.Why, sheetText), "\n"))
	s.row("do", strings.Join(wrap(rule.Do, sheetText), "\n"))
	return nil
}

// sheetText is how wide the long texts of a sheet are.
const sheetText = 80 - labelWidth

func ruleIs(r dialect.Rule) string {
	var is []string
	in := map[parlance.Severity]string{parlance.SeverityError: "an error in", parlance.SeverityWarning: "a warning about"}
	if r.File {
		is = append(is, in[r.Severity]+" a dialect file")
	}
	if r.Response {
		is = append(is, "a warning about a response that was read")
	}
	if len(is) == 0 {
		is = append(is, in[r.Severity]+" a scenario")
	}
	return strings.Join(is, ", and ")
}

func ruleNames() []string {
	names := checkRules()
	for _, r := range slices.Concat(dialect.Rules(), scenario.Rules()) {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
