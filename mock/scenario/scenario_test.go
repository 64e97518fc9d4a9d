package scenario_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/scenario"
)

var update = flag.Bool("update", false, "write the golden files anew")

func open(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// complaints are all that is said of a file.
func complaints(source string, d *dialect.Dialect) []parlance.Diagnostic {
	s, err := scenario.Compile("test.yaml", []byte(source), d)
	if err != nil {
		return err.(*dialect.FileError).Diagnostics
	}
	return s.Warnings
}

func TestEveryFaultOfAFileIsReportedAtItsPlace(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for _, d := range complaints(string(source), open(t, "stripe")) {
			out.WriteString(d.Error() + "\n" + authoring.Excerpt(source, d) + "\n")
			if d.Hint != "" {
				out.WriteString("hint: " + d.Hint + "\n")
			}
			if d.Why == "" {
				t.Errorf("%s has no reason", d.Rule)
			}
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
			t.Errorf("%s: got\n%s\nwant\n%s", file, out.Bytes(), want)
		}
	}
}

func TestAGoodFileHasNoFault(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("testdata/page.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if found := complaints(string(source), open(t, "stripe")); len(found) > 0 {
		t.Error(found)
	}
}
