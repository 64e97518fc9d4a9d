package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// formatting is what fmt does with what it laid out.
type formatting struct{ write, list, diff bool }

func (a *app) fmtCommand() *cobra.Command {
	var f formatting
	cmd := &cobra.Command{
		Use:   "fmt [FILE…]",
		Short: "Format dialect files",
		Long: `Formats dialect files: the keys in one order, two spaces for each level, no empty
lines, quotes only if they are needed. Comments stay in their places, and a value on
one line or on several stays so. The meaning of a file never changes.

Without a file it reads standard input. Without a flag it writes the result to
standard output. --write leaves a file alone that is already formatted.`,
		Example: `  parlance fmt my-api.yaml
  parlance fmt -w *.yaml
  parlance fmt --list *.yaml
  parlance fmt < my-api.yaml`,
		Args: arguments(0, -1, "files, or none"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				if f.write {
					return &mistake{message: "--write needs a file", hint: "parlance fmt < FILE writes to standard output"}
				}
				text, err := a.input("the file")
				if err != nil {
					return err
				}
				return a.format(f, "standard input", text)
			}
			var failed error
			for _, name := range args {
				if err := a.formatFile(f, name); err != nil {
					if failed != nil {
						a.complain(failed) // run says the last one
					}
					failed = err
				}
			}
			return failed
		},
	}
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write the result back to the file")
	cmd.Flags().BoolVarP(&f.list, "list", "l", false, "list the files that would change")
	cmd.Flags().BoolVarP(&f.diff, "diff", "d", false, "show what would change; the exit code is then 1")
	return cmd
}

func (a *app) formatFile(f formatting, name string) error {
	if !catalog.IsFile(name) {
		name = "./" + name // of the catalog's own there is nothing to write
	}
	file, text, err := source(name)
	if err != nil {
		return err
	}
	return a.format(f, strings.TrimPrefix(file, "./"), text)
}

func (a *app) format(f formatting, file string, text []byte) error {
	out, err := authoring.Format(text)
	var faults *dialect.FileError
	if errors.As(err, &faults) {
		for i := range faults.Diagnostics {
			faults.Diagnostics[i].File = file
		}
		return &mistake{message: file + " cannot be formatted", hint: "correct the errors above, then try again", cause: err}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	changed := !bytes.Equal(text, out)
	if f.list && changed {
		fmt.Fprintln(a.stdout, file)
	}
	if f.diff && changed {
		a.showDiff(file, string(text), string(out))
	}
	if f.write && changed {
		if err := replace(file, out); err != nil {
			return err
		}
	}
	switch {
	case f.diff && changed:
		return errFindings
	case f.write, f.list, f.diff:
		return nil
	}
	_, err = a.stdout.Write(out)
	return err
}

// replace writes a file with the permissions that it has.
func replace(file string, text []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, info.Mode().Perm())
}

// showDiff shows the lines that differ, with the line before and after.
func (a *app) showDiff(file, before, after string) {
	s := a.styleOf(a.stdout)
	fmt.Fprintln(a.stdout, s.bold("--- "+file))
	fmt.Fprintln(a.stdout, s.bold("+++ "+file+", formatted"))
	for _, h := range hunks(strings.Split(strings.TrimSuffix(before, "\n"), "\n"), strings.Split(strings.TrimSuffix(after, "\n"), "\n")) {
		switch h[0] {
		case '-':
			fmt.Fprintln(a.stdout, s.paint("31", h))
		case '+':
			fmt.Fprintln(a.stdout, s.paint("32", h))
		default:
			fmt.Fprintln(a.stdout, h)
		}
	}
}
