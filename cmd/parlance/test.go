package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-api/parlance/dialect/authoring"
)

// trial is how dialect files are tested.
type trial struct {
	cases          []string
	json           bool
	quiet, verbose bool
}

func (a *app) testCommand() *cobra.Command {
	var t trial
	cmd := &cobra.Command{
		Use:   "test FILE…",
		Short: "Test dialect files with their samples and with recorded cases",
		Long: `Reads each sample of a dialect file, and each case in the file of the same name that
ends in .cases.jsonl. It shows each difference from what is expected: in the outcome,
in the decision, or in the response that is written back.

A row of codes that no sample or case reached is tried by a written example: the response
that a mock would give must be read as the row. At the end the command lists the shapes
and the alternatives that no sample or case reached, whatever the examples did. It also
lists the rows that no example can reach, with the reason.

A file with an error of parlance lint is refused. The warnings of parlance lint are not
shown here.

A case is one JSON object per line, and only status is required:

  {"name", "method", "path", "request_headers", "status", "headers", "body",
   "outcome", "act", "after", "complaints", "reads_only", "dialect"}

Only the attributes of the outcome that the case names are compared; null means not
set. A body is a text, or JSON as it is. after is in seconds, and complaints are the
rules of the diagnostics from reading. A reads_only case is not written back. A case
of another dialect is skipped.

- marks the expected value, and + the actual one. The exit code is 1 if something
differs, and 2 if a file cannot be read.`,
		Example: `  parlance test my-api.yaml
  parlance test my-api.yaml --cases recorded.jsonl
  parlance test vms omilia --quiet
  parlance test my-api.yaml --json`,
		Args: arguments(1, -1, "one or more files"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return completeDialect(cmd, args, prefix)
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.test(args, t) },
	}
	cmd.Flags().StringArrayVar(&t.cases, "cases", nil, "a `FILE` of further cases; may be given several times")
	cmd.Flags().BoolVar(&t.json, "json", false, "write JSON")
	cmd.Flags().BoolVar(&t.quiet, "quiet", false, "show only failures and counts")
	cmd.Flags().BoolVar(&t.verbose, "verbose", false, "also show what passed")
	return cmd
}

// tested is what came of several files.
type tested struct {
	Files  []testedFile `json:"files"`
	Passed int          `json:"passed"`
	Failed int          `json:"failed"`
}

type testedFile struct {
	File string `json:"file"`
	authoring.Report
}

func (a *app) test(names []string, t trial) error {
	all := tested{Files: []testedFile{}}
	for _, name := range names {
		d, err := a.load(name)
		if err != nil {
			return err
		}
		file, _, err := source(name)
		if err != nil {
			return err
		}
		cases, err := t.read(file, file == name, d.Name())
		if err != nil {
			return err
		}
		one := testedFile{file, authoring.Test(d, cases...)}
		all.Files = append(all.Files, one)
		all.Passed, all.Failed = all.Passed+one.Passed, all.Failed+one.Failed
		if !t.json {
			a.showTested(one, t)
		}
	}
	switch {
	case t.json:
		if err := a.writeJSON(all); err != nil {
			return err
		}
	case len(names) > 1:
		fmt.Fprintf(a.stdout, "%s: %s\n", plural(len(names), "file"), counted(all.Passed, all.Failed))
	}
	if all.Failed > 0 {
		return errFindings
	}
	return nil
}

// read reads the cases beside a file on disk, and those that were named.
func (t trial) read(file string, onDisk bool, name string) ([]authoring.Case, error) {
	files := t.cases
	if beside := strings.TrimSuffix(file, filepath.Ext(file)) + ".cases.jsonl"; onDisk && !slices.Contains(files, beside) {
		files = append([]string{beside}, files...)
	}
	var all []authoring.Case
	for _, f := range files {
		text, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) && !slices.Contains(t.cases, f) {
			continue // a file of cases need not be there
		}
		if err != nil {
			return nil, fmt.Errorf("the cases cannot be read: %w", err)
		}
		cases, err := authoring.Cases(f, text)
		if err != nil {
			return nil, &mistake{
				message: fmt.Sprintf("the file of cases %s has faults", f),
				hint:    "parlance test --help shows the form of a case",
				cause:   err,
			}
		}
		for _, c := range cases {
			if c.Dialect == "" || c.Dialect == name {
				all = append(all, c)
			}
		}
	}
	return all, nil
}

func counted(passed, failed int) string {
	return fmt.Sprintf("%d passed, %d failed", passed, failed)
}

// maxShown bounds what is shown of one case: after that many differences
// another one tells nobody more.
const maxShown = 12

func (a *app) showTested(f testedFile, t trial) {
	for _, r := range f.Results {
		if !r.Passed || t.verbose {
			a.showResult(&r)
		}
	}
	c := f.Coverage
	fmt.Fprintf(a.stdout, "%s: %s; shapes %s, codes %s", f.File, counted(f.Passed, f.Failed), ratio(c.Shapes), ratio(c.Codes))
	if c.Examples.Total > 0 {
		fmt.Fprintf(a.stdout, " and %d more by written examples", c.Examples.Reached)
	}
	if c.Alternatives.Total > 0 {
		fmt.Fprintf(a.stdout, ", alternatives %s", ratio(c.Alternatives))
	}
	fmt.Fprintln(a.stdout)
	if !t.quiet {
		a.showMissing(&c)
	}
}

// showResult shows a case: its place, what it was read as, and what is otherwise.
func (a *app) showResult(r *authoring.Result) {
	s := a.styleOf(a.stdout)
	mark := s.paint("32", "✓")
	if !r.Passed {
		mark = s.red("✗")
	}
	place := fmt.Sprintf("%s:%d", r.File, r.Line)
	if r.Name == "" {
		fmt.Fprintf(a.stdout, "%s %s", mark, s.bold(place))
	} else {
		fmt.Fprintf(a.stdout, "%s %s  %s", mark, s.bold(printable(r.Name)), s.dim(place))
	}
	if r.Passed {
		fmt.Fprintf(a.stdout, "  %s, %s", meaning(r.Outcome.Kind, r.Outcome.Reason), r.Decision.Act)
		if r.Shape != "" {
			fmt.Fprintf(a.stdout, ", by the shape %s", printable(r.Shape))
		}
	}
	fmt.Fprintln(a.stdout)
	s.differences(a, r.Differences)
}

// showMissing lists the parts of a file that nothing reached.
func (a *app) showMissing(c *authoring.Coverage) {
	unwritten := 0 // rows of a file that is only read have no examples
	for _, sort := range []struct {
		name  string
		title string
		authoring.Covered
	}{
		{"shape", "shapes that no sample or case reached:", c.Shapes},
		{"alternative", "alternatives that no sample or case reached:", c.Alternatives},
		{"code", "codes that no sample, case or written example reached:", c.Examples},
	} {
		var rows [][]string
		for _, m := range sort.Missing {
			if m.Why == authoring.OnlyRead {
				unwritten++
				continue
			}
			place := m.File + ":" + strconv.Itoa(m.Line)
			if sort.name == "alternative" { // several stand in one line
				place += ":" + strconv.Itoa(m.Column)
			}
			rows = append(rows, []string{"  " + m.Name, place, m.Why})
		}
		if len(rows) > 0 {
			fmt.Fprintln(a.stdout, sort.title)
		}
		for _, line := range align(rows) {
			fmt.Fprintln(a.stdout, line)
		}
	}
	if unwritten > 0 {
		fmt.Fprintf(a.stdout, "%d of its codes no sample or case reaches; a file that is only read has no written examples.\n", unwritten)
	}
}

func ratio(c authoring.Covered) string { return fmt.Sprintf("%d/%d", c.Reached, c.Total) }

// differences writes what was expected over what came, attribute by attribute.
func (s style) differences(a *app, all []authoring.Difference) {
	part := authoring.Part("")
	for i, f := range all {
		label := ""
		if f.Part != part {
			part = f.Part
			label = string(part)
		}
		label = pad("    "+label, labelWidth)
		if i == maxShown {
			fmt.Fprintf(a.stdout, "%s… and %d more\n", pad("", labelWidth), len(all)-i)
			return
		}
		if f.Message != "" {
			fmt.Fprintf(a.stdout, "%s%s\n", label, s.red(printable(strings.TrimSpace(f.Attribute+" "+f.Message))))
			continue
		}
		want, got := apart(f.Want, f.Got)
		if want != "" {
			fmt.Fprintf(a.stdout, "%s%s\n", label, s.red("- "+f.Attribute+": "+printable(want)))
			label = pad("", labelWidth)
		}
		if got != "" {
			fmt.Fprintf(a.stdout, "%s%s\n", label, s.paint("32", "+ "+f.Attribute+": "+printable(got)))
		}
	}
}

// apart shortens two texts to where they come apart, so that a long text shows
// what is different in it.
func apart(a, b string) (string, string) {
	const context, most = 24, 120
	x, y := []rune(a), []rune(b)
	if max(len(x), len(y)) <= most {
		return a, b
	}
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	cut := func(r []rune) string {
		text := ""
		if from := min(same, len(r)) - context; from > 0 && len(x) > 0 && len(y) > 0 {
			r, text = r[from:], "…"
		}
		if len(r) > most {
			return text + string(r[:most]) + "…"
		}
		return text + string(r)
	}
	return cut(x), cut(y)
}
