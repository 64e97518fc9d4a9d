package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/mock/scenario"
)

func TestAFileBeyondTheBoundsIsRefused(t *testing.T) {
	t.Parallel()
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, test := range map[string]struct{ source, rule string }{
		"a megabyte":         {"scenario: x\n" + strings.Repeat("# a comment\n", 100_000), "too_large"},
		"a thousand levels":  {"scenario: " + strings.Repeat("[", 1000) + strings.Repeat("]", 1000), "too_deep"},
		"1001 lines":         {"scenario: x\nrequests:\n" + lines(1001, "  /a%d: 503\n"), "too_large"},
		"1001 responses":     {"scenario: x\nrequests: {/: 200}\nresponses:\n" + lines(1001, "  a%d: {code: 503}\n"), "too_large"},
		"101 steps":          {"scenario: x\nrequests:\n  /: " + strings.Repeat("503, ", 101) + "then 200\n", "too_large"},
		"102 shares":         {"scenario: x\nrequests:\n  /: " + strings.Repeat("0.1% 503 or ", 101) + "0.1% 200\n", "too_large"},
		"a billion times":    {"scenario: x\nrequests: {/: 503 1000000000 times}\n", "bad_count"},
		"two days":           {"scenario: x\nrequests: {/: 503 until 2d}\n", "bad_duration"},
		"a million records":  {"scenario: x\nrequests: {/: all}\nresponses: {all: {items: 1000000}}\n", "bad_count"},
		"101 fields":         {"scenario: x\nrequests: {/: all}\nresponses: {all: {fields: " + strings.Repeat("a ", 101) + "}}\n", "bad_count"},
		"a long detail":      {"scenario: x\nrequests: {/: all}\nresponses: {all: {detail: " + strings.Repeat("a", 5000) + "}}\n", "too_large"},
		"a huge share":       {"scenario: x\nrequests: {/: 1e308% 200}\n", "bad_share"},
		"a share of NaN":     {"scenario: x\nrequests: {/: NaN% 200}\n", "bad_share"},
		"an anchor":          {"scenario: &x x\nrequests: {/: 200}\n", "anchor"},
		"nothing":            {"", "empty"},
		"a list":             {"[scenario]", "wrong_type"},
		"no requests":        {"scenario: x\n", "missing_requests"},
		"empty requests":     {"scenario: x\nrequests: {}\n", "missing_requests"},
		"no title":           {"requests: {/: 200}\n", "missing_name"},
		"another dialect":    {"scenario: x\ndialect: vms\nrequests: {/: 200}\n", "other_dialect"},
		"commas in braces":   {"scenario: x\nrequests: {/: 503, then 200}\n", "wrong_type"},
		"two paths":          {"scenario: x\nrequests: {GET /a /b: 200}\n", "bad_request"},
		"after repeat":       {"scenario: x\nrequests: {/: 503 then repeat 3 times}\n", "bad_steps"},
		"a keyword":          {"scenario: x\nrequests: {/: until 20s}\n", "bad_steps"},
		"an empty response":  {"scenario: x\nrequests: {/: a}\nresponses: {a: {}}\n", "wrong_type"},
		"an unused response": {"scenario: x\nrequests: {/: 200}\nresponses: {a: {code: 503}}\n", "unused_response"},
		"unknown words":      {"scenario: x\nrequests:\n" + lines(3, "  /a%d: zzz\n"), "unknown_response"},
		"a sample":           {"scenario: x\nrequests: {/: a}\nresponses: {a: {sample: expired_crad}}\n", "unknown_response"},
		"half a second":      {"scenario: x\nrequests: {/: a}\nresponses: {a: {retry-after: 500ms}}\n", "bad_duration"},
	} {
		found := complaints(test.source, open(t, "stripe"))
		if len(found) == 0 || len(found) > 3 || found[0].Rule != test.rule {
			t.Errorf("%s: got %v, want %s", name, found, test.rule)
		}
	}
}

func TestASampleIsNamedByItsNumberOrItsCode(t *testing.T) {
	t.Parallel()
	if found := complaints("scenario: x\nrequests: {/: 'a, then b'}\nresponses: {a: {sample: 1}, b: {sample: expired_card}}\n", open(t, "stripe")); len(found) > 0 {
		t.Error(found)
	}
}

func TestWithoutADialectAFileHasStatusesKindsAndFaults(t *testing.T) {
	t.Parallel()
	found := complaints("scenario: x\nrequests: {/a: 503 so, /b: reset, /c: invalid/fields, /d: 404, /e: rest, /f: card_declined}", nil)
	var all []string
	for _, d := range found {
		all = append(all, fmt.Sprintf("%d %s %s", d.Column, d.Rule, d.Hint))
	}
	want := []string{
		`20 bad_steps put a comma between two steps: 503, then 200`,
		`68 unknown_response did you mean "reset"?`,
		"78 unknown_response name the API with `dialect: NAME` if it is one of its codes",
	}
	if strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
}

func TestAFileWithTheKeyScenarioIsOne(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"scenario: x\n":                          true,
		"\ufeff# a comment\n\"scenario\": x\n":   true,
		"dialect: stripe\nscenario: [\n":         true,
		"dialect: shop\ncodes: {200: success}\n": false,
		"a:\n  scenario: x\n":                    false,
		"":                                       false,
	} {
		if got := scenario.Is([]byte(source)); got != want {
			t.Errorf("%q: got %t, want %t", source, got, want)
		}
	}
	if got, line, column := scenario.DialectOf([]byte("scenario: x\ndialect: stripe\n")); got != "stripe" || line != 2 || column != 10 {
		t.Errorf("got %q at %d:%d", got, line, column)
	}
}

func TestEveryRuleIsSortedAndHasSentences(t *testing.T) {
	t.Parallel()
	last := ""
	for _, r := range scenario.Rules() {
		if r.Name <= last {
			t.Errorf("%s comes after %s", r.Name, last)
		}
		last = r.Name
		if _, shared := dialect.RuleOf(r.Name); shared {
			t.Errorf("%s is also a rule of dialect files", r.Name)
		}
		if got, ok := scenario.RuleOf(r.Name); !ok || got != r || !strings.HasSuffix(r.Why, ".") || !strings.HasSuffix(r.Do, ".") {
			t.Errorf("%+v", r)
		}
	}
}

func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	stripe := open(f, "stripe")
	f.Fuzz(func(t *testing.T, source []byte) {
		for _, d := range []*dialect.Dialect{stripe, nil} {
			s, err := scenario.Compile("fuzz.yaml", source, d)
			if err != nil {
				faulty := err.(*dialect.FileError)
				failed := false
				for _, d := range faulty.Diagnostics {
					failed = failed || d.Severity == parlance.SeverityError
					if d.Line < 1 || d.Column < 1 || d.Rule == "" || d.Why == "" || len(d.Message) > 4096 {
						t.Fatalf("%+v", d)
					}
				}
				if !failed {
					t.Fatal("no fault in the error")
				}
				continue
			}
			now := time.Unix(0, 0)
			run, again := s.Run(3, func() time.Time { return now }), s.Run(3, func() time.Time { return now })
			for _, path := range []string{"/", "/v1/charges", "/v1/charges/ch_1", ""} {
				for range 5 {
					a, fits := run.Next("GET", path)
					if b, _ := again.Next("GET", path); a != b || fits != (a.Line != "") || a.Latency < 0 || a.Latency > 24*time.Hour {
						t.Fatalf("%+v and %+v", a, b)
					}
					now = now.Add(7 * time.Second)
				}
			}
		}
	})
}
