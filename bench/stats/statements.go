package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// The list of what the five pages state, and the tests that hold it. A subtest
// of TestVisionPage and the like begins with the id of a statement and a colon.
const (
	statementsFile = "examples/statements.tsv"
	statementTests = "Page$"
	statementsRoom = "./cmd/parlance"
)

// statement is one line of the list.
type statement struct{ id, holds string }

// statements reads the list: id, tab, what holds.
func statements(list io.Reader) ([]statement, error) {
	var all []statement
	seen := map[string]bool{}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		id, holds, ok := strings.Cut(lines.Text(), "\t")
		switch {
		case !ok || id == "" || holds == "":
			return nil, fmt.Errorf("line %d: expected an id, a tab and what holds", len(all)+1)
		case seen[id]:
			return nil, fmt.Errorf("line %d: %s stands there twice", len(all)+1, id)
		}
		seen[id] = true
		all = append(all, statement{id, holds})
	}
	return all, lines.Err()
}

// result is what the tests of one id came to. Of several the worst counts.
type result uint8

const (
	untested result = iota
	passed
	skipped
	failed
)

// tested is what a run of the tests came to: each id, and whether something
// failed that has none.
type tested struct {
	ids    map[string]result
	others []string // tests without an id that failed
}

// events reads what go test -json writes. What is no JSON is a build's own
// complaint, and goes to said.
func events(run io.Reader, said io.Writer) (tested, error) {
	t := tested{ids: map[string]result{}}
	lines := bufio.NewScanner(run)
	lines.Buffer(nil, 1<<20)
	output := map[string]string{} // of each test that has not passed yet
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(said, lines.Text())
			continue
		}
		came := untested
		switch e.Action {
		case "build-output":
			fmt.Fprint(said, e.Output)
		case "output":
			output[e.Test] += e.Output
		case "pass":
			came = passed
		case "skip":
			came = skipped
		case "fail":
			came = failed
			if e.Test != "" {
				fmt.Fprint(said, output[e.Test])
			}
		}
		if came == untested || e.Test == "" {
			continue
		}
		delete(output, e.Test)
		_, name, sub := strings.Cut(e.Test, "/")
		id, _, named := strings.Cut(name, ":")
		switch {
		case strings.Contains(name, "/"): // the part of a statement's test: its parent has failed with it
		case sub && named:
			t.ids[id] = max(t.ids[id], came)
		case came == failed:
			t.others = append(t.others, e.Test)
		}
	}
	return t, lines.Err()
}

// tell writes how many of the statements hold, and of the others why not. It
// reports whether all do and nothing else failed.
func (t tested) tell(w io.Writer, all []statement) bool {
	held := 0
	var lacking []string
	for _, s := range all {
		switch t.ids[s.id] {
		case passed:
			held++
		case untested:
			lacking = append(lacking, s.id+"\thas no test\t"+s.holds)
		case skipped:
			lacking = append(lacking, s.id+"\tis skipped\t"+s.holds)
		case failed:
			lacking = append(lacking, s.id+"\tfails\t"+s.holds)
		}
	}
	fmt.Fprintf(w, "statements: %d of %d\n", held, len(all))
	var strangers []string
	for id := range t.ids {
		if !slices.ContainsFunc(all, func(s statement) bool { return s.id == id }) {
			strangers = append(strangers, id+"\tis not in "+statementsFile)
		}
	}
	slices.Sort(strangers)
	for _, line := range slices.Concat(lacking, strangers) {
		fmt.Fprintln(w, "  "+strings.ReplaceAll(line, "\t", "  "))
	}
	// A parent fails with its part: it is named only if no part says why.
	if len(t.others) > 0 && !slices.Contains(slices.Collect(maps.Values(t.ids)), failed) {
		fmt.Fprintln(w, "  also failed: "+strings.Join(t.others, ", "))
	}
	return held == len(all) && len(strangers) == 0 && len(t.others) == 0
}

// countStatements runs the tests and holds them against the list.
func countStatements(w io.Writer) error {
	list, err := os.Open(statementsFile)
	if err != nil {
		return err
	}
	defer list.Close()
	all, err := statements(list)
	if err != nil {
		return fmt.Errorf("%s: %w", statementsFile, err)
	}
	run := exec.Command("go", "test", "-json", "-run", statementTests, statementsRoom)
	run.Stderr = os.Stderr
	out, err := run.StdoutPipe()
	if err != nil {
		return err
	}
	if err := run.Start(); err != nil {
		return err
	}
	t, err := events(out, os.Stderr)
	if err != nil {
		return err
	}
	err = run.Wait()
	switch held := t.tell(w, all); {
	case !held:
		return errors.New("not every statement is held by a test that passes")
	case err != nil:
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}
