package parlance_test

import (
	"os"
	"regexp"
	"testing"
)

// TestTheArchitectureNamesWhatIsThere holds the tables of docs/architecture.md: a
// row with a file and a function names a function of that file.
func TestTheArchitectureNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := regexp.MustCompile("(?m)^\\| .* \\| `([^`]+\\.go)` \\| `(\\w+)` \\|$").FindAllSubmatch(text, -1)
	if len(steps) < 20 {
		t.Fatalf("got %d steps with a file and a function, want at least 20", len(steps))
	}
	for _, step := range steps {
		file, name := string(step[1]), string(step[2])
		source, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + name + `\(`).Match(source) {
			t.Errorf("%s has no function %s, which docs/architecture.md names", file, name)
		}
	}
	for _, named := range regexp.MustCompile("`((?:[a-z]+/)+[a-z]+\\.go)`").FindAllSubmatch(text, -1) {
		if _, err := os.Stat(string(named[1])); err != nil {
			t.Error(err)
		}
	}
}
