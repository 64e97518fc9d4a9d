package authoring_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// complaint is the method that complains, and which of its arguments is the rule.
var complaint = map[string]int{"fault": 1, "warn": 1, "unknown": 1, "note": 0, "noteat": 1, "notenode": 1}

// rulesInSource are the rules that the package names, each with the methods that
// complain of it.
func rulesInSource(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../internal/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	tools, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	shared, err := filepath.Glob("../../internal/keyfile/*.go")
	if err != nil || len(shared) == 0 {
		t.Fatal(shared, err)
	}
	found := map[string][]string{}
	for _, name := range slices.Concat(files, tools, shared) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			called := strings.ToLower(method.Sel.Name)
			at, ok := complaint[called]
			if !ok || at >= len(call.Args) {
				return true
			}
			called = strings.TrimSuffix(strings.TrimSuffix(called, "at"), "node")
			if literal, ok := call.Args[at].(*ast.BasicLit); ok && literal.Kind == gotoken.STRING {
				if rule, err := strconv.Unquote(literal.Value); err == nil && !slices.Contains(found[rule], called) {
					found[rule] = append(found[rule], called)
				}
			}
			return true
		})
	}
	if len(found) < 40 {
		t.Fatalf("found only %d rules", len(found))
	}
	return found
}

func TestEveryRuleHasItsReason(t *testing.T) {
	t.Parallel()
	source := rulesInSource(t)
	for name, methods := range source {
		rule, ok := dialect.RuleOf(name)
		if !ok {
			t.Errorf("the rule %s is not in the table of rule.go: say why it matters and what to do, and go test ./dialect/authoring -run Pages -update writes its page", name)
			continue
		}
		for _, m := range methods {
			switch {
			case m == "note" && !rule.Response:
				t.Errorf("%s is about responses, and the table does not say so", name)
			case m != "note" && (!rule.File || (m == "warn") != (rule.Severity == parlance.SeverityWarning)):
				t.Errorf("%s is the %s of a file, and the table says otherwise", name, m)
			}
		}
	}
	for _, rule := range dialect.Rules() {
		methods := source[rule.Name]
		if len(methods) == 0 {
			t.Errorf("nothing complains of %s", rule.Name)
		}
		if rule.Response && !slices.Contains(methods, "note") || rule.File && !slices.ContainsFunc(methods, func(m string) bool { return m != "note" }) {
			t.Errorf("%s is complained of by %v only", rule.Name, methods)
		}
		for _, sentence := range []string{rule.Why, rule.Do} {
			if !strings.HasSuffix(sentence, ".") && !strings.HasSuffix(sentence, ": …") || sentence[:1] != strings.ToUpper(sentence[:1]) || len(sentence) > 200 {
				t.Errorf("%s: no short sentence: %q", rule.Name, sentence)
			}
		}
	}
	if !slices.IsSortedFunc(dialect.Rules(), func(a, b dialect.Rule) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table is not in the order of the names")
	}
}

func TestADiagnosticSaysWhy(t *testing.T) {
	t.Parallel()
	all := authoring.Lint("x.yaml", []byte("dialect: x\ncodes: {404: notfound}\n"))
	if rule, _ := dialect.RuleOf("unknown_kind"); len(all) != 1 || all[0].Why != rule.Why || rule.Why == "" {
		t.Errorf("%+v", all)
	}
}

// example is a file that has a fault, and the same put right.
type example struct {
	name        string
	source, put []byte
	said        string
	rules       map[string]bool
}

func examples(t *testing.T) []example {
	t.Helper()
	files, err := filepath.Glob("testdata/faults/*.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, file := range files {
		e := example{name: strings.TrimSuffix(filepath.Base(file), ".bad.yaml"), rules: map[string]bool{}}
		if e.source, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		e.put, _ = os.ReadFile(strings.TrimSuffix(file, ".bad.yaml") + ".good.yaml") // most have none
		var said bytes.Buffer
		for _, d := range authoring.Lint(e.name+".yaml", e.source) {
			e.rules[d.Rule] = true
			tell(&said, e.source, d)
		}
		e.said = said.String()
		all = append(all, e)
	}
	return all
}

// exampleOf is the clearest example of a rule: one of its name, else one that has
// nothing else, else the shortest.
func exampleOf(all []example, rule dialect.Rule) (best example, found bool) {
	weigh := func(e example) int {
		n := len(e.source) + 1000*len(e.rules)
		if len(bytes.TrimSpace(e.source)) == 0 {
			n += 10_000
		}
		if e.put != nil {
			n -= 500
		}
		if e.name == rule.Name || e.name == "answer_"+rule.Name {
			n -= 20_000
		}
		return n
	}
	for _, e := range all {
		is := rule.File && e.rules[rule.Name] || !rule.File && e.name == "answer_"+rule.Name
		if is && (!found || weigh(e) < weigh(best)) {
			best, found = e, true
		}
	}
	return best, found
}

func page(all []example, rule dialect.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n**Why.** %s\n\n**Fix.** %s\n", rule.Name, where(rule), rule.Why, rule.Do)
	e, found := exampleOf(all, rule)
	if !found {
		return b.String()
	}
	fence := func(language, text string) { fmt.Fprintf(&b, "\n```%s\n%s```\n", language, ended(text)) }
	fmt.Fprint(&b, "\n## Example\n")
	fence("yaml", string(e.source))
	fmt.Fprint(&b, "\n`parlance lint` prints\n")
	fence("text", e.said)
	if e.put != nil {
		fmt.Fprint(&b, "\n## Corrected\n")
		fence("yaml", string(e.put))
	}
	return b.String()
}

func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// where is what a rule is about.
func where(rule dialect.Rule) string {
	switch {
	case rule.File && rule.Response:
		return "An " + rule.Severity.String() + " in a dialect file, and a warning about a response that was read."
	case rule.Response:
		return "A warning about a response that was read."
	case rule.Severity == parlance.SeverityWarning:
		return "A warning about a dialect file."
	}
	return "An error in a dialect file."
}

func TestThePagesOfTheRulesSayWhatTheTableSays(t *testing.T) {
	t.Parallel()
	const dir = "../../docs/rules"
	all := examples(t)
	pages := map[string]string{}
	index := "# Rules\n\nThese are the messages of `parlance lint`, the warnings about a response that was read, and the findings of `parlance check`. The warnings are findings too. `parlance lint --explain RULE` prints the same on the command line. These pages are made from the tables in [rule.go](../../dialect/internal/spec/rule.go) and [check/rule.go](../../check/rule.go) by `go test ./dialect/authoring -run Pages -update`.\n\n| Rule | | Why it matters |\n|---|---|---|\n"
	var rows []string
	row := func(name, kind, why string) {
		rows = append(rows, fmt.Sprintf("| [%s](%s.md) | %s | %s |\n", name, name, kind, strings.ReplaceAll(why, "|", `\|`)))
	}
	for _, rule := range dialect.Rules() {
		pages[rule.Name+".md"] = page(all, rule)
		kind := rule.Severity.String()
		if !rule.File {
			kind = "of a response"
		}
		row(rule.Name, kind, rule.Why)
	}
	faults := faultsOf(t)
	for _, rule := range check.Rules() {
		if _, ofLint := dialect.RuleOf(rule.Name); !ofLint {
			pages[rule.Name+".md"] = checkPage(t, rule, faults[rule.Name])
			row(rule.Name, "of `parlance check`", rule.Why)
		}
	}
	slices.Sort(rows)
	index += strings.Join(rows, "")
	pages["README.md"] = index
	if *update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(dir + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); pages[name] == "" {
			t.Errorf("%s is the page of no rule: remove it", file)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if got := strings.ReplaceAll(string(text), "\r\n", "\n"); got != pages[name] {
			t.Errorf("docs/rules/%s is not what the table says; go test ./dialect/authoring -run Pages -update writes it anew", name)
		}
	}
}

func TestWhatIsPutRightHasNoFaultLeft(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		if e.put == nil {
			continue
		}
		for _, d := range authoring.Lint(e.name+".good.yaml", e.put) {
			t.Errorf("%s\n%s", d.Error(), authoring.Excerpt(e.put, d))
		}
	}
}

func TestOfALongLineTheExcerptShowsWhatStandsAroundTheColumn(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("a", 200) + "X" + strings.Repeat("b", 200)
	for _, test := range []struct {
		column int
		want   string
	}{
		{201, "1 | …" + strings.Repeat("a", 60) + "X" + strings.Repeat("b", 59) + "…\n  | " + strings.Repeat(" ", 61) + "^"},
		{1, "1 | " + strings.Repeat("a", 120) + "…\n  | ^"},
		{401, "1 | …" + strings.Repeat("b", 120) + "\n  | " + strings.Repeat(" ", 120) + "^"},
	} {
		if got := authoring.Excerpt([]byte(line), parlance.Diagnostic{Line: 1, Column: test.column}); got != test.want {
			t.Errorf("column %d:\n%s\nnot\n%s", test.column, got, test.want)
		}
	}
}
