package authoring_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each fixture is named after its fault and holds the whole of what is said
// about it beside it.
func TestEveryFaultOfAFileIsToldWithLineCaretAndHint(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/faults/*.bad.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d fixtures: %v", len(files), err)
	}
	rules := map[string]bool{"too_large": true} // tested below: a fixture of a megabyte helps nobody
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bad.yaml")
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all := authoring.Lint(name+".yaml", source)
		for _, d := range all {
			rules[d.Rule] = true
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(all) == 0 {
				t.Fatal("nothing is said of it")
			}
			var out bytes.Buffer
			for _, d := range all {
				tell(&out, source, d)
			}
			golden := strings.TrimSuffix(file, ".bad.yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, out.Bytes()) {
				t.Errorf("it says\n%s\nnot\n%s\ngo test ./dialect/authoring -run EveryFaultOfAFile -update writes it anew", out.Bytes(), want)
			}
		})
	}
	for _, rule := range dialect.Rules() {
		if rule.File && !rules[rule.Name] {
			t.Errorf("the rule %s has no fixture", rule.Name)
		}
	}
}

// tell writes what is said of a fault, without color.
func tell(out *bytes.Buffer, source []byte, d parlance.Diagnostic) {
	out.WriteString(d.Error() + "\n")
	if e := authoring.Excerpt(source, d); e != "" {
		out.WriteString(e + "\n")
	}
	if d.Hint != "" {
		out.WriteString("hint: " + d.Hint + "\n")
	}
}

func TestAFileBeyondTheBoundsIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"more than a megabyte":       "dialect: sample\n" + strings.Repeat("# a comment\n", 100_000),
		"more than 50,000 values":    "dialect: sample\nsource: [" + strings.Repeat("a, ", 60_000) + "a]\ncodes: {200: success}\n",
		"a thousand levels":          "dialect: sample\ncodes: " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "\n",
		"a thousand levels by blank": "dialect: sample\n" + levels(1000),
	} {
		all := authoring.Lint("sample.yaml", []byte(source))
		if len(all) != 1 || all[0].Rule != "too_large" && all[0].Rule != "too_deep" {
			t.Errorf("%s: %v", name, all)
		}
	}
}

func levels(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
