package check_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
)

// allFaults are the findings of the planted faults, by service.
func allFaults(t testing.TB) (all []check.Finding) {
	t.Helper()
	checkers := map[string]*check.Checker{}
	for _, p := range plantedFaults(t) {
		c := checkers[p.Dialect]
		if c == nil {
			c = check.New(page(t, p.Dialect))
			checkers[p.Dialect] = c
		}
		all = append(all, c.Check(p.exchange)...)
	}
	return all
}

func TestABaselineKnowsItsFindingsAfterItWasWrittenAndRead(t *testing.T) {
	t.Parallel()
	var first, second check.Summary
	for _, f := range allFaults(t) {
		first.Add(f)
	}
	var text bytes.Buffer
	if err := check.NewBaseline(first.Findings()).Write(&text); err != nil {
		t.Fatal(err)
	}
	known, err := check.ReadBaseline(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	second.Against(known)
	for _, f := range allFaults(t) {
		if second.Add(f) {
			t.Errorf("got a new finding: %s", f)
		}
	}
	if occurred, gone := second.Known(); occurred != len(first.Findings()) || gone != 0 {
		t.Errorf("got %d known and %d gone, want %d and 0", occurred, gone, len(first.Findings()))
	}
	var again bytes.Buffer
	if err := known.Write(&again); err != nil || again.String() != text.String() {
		t.Errorf("got another file when it was written again, and %v", err)
	}
}

func TestABaselineStaysValidIfLinesMove(t *testing.T) {
	t.Parallel()
	d := compiled(t, shop)
	moved, err := dialect.Compile("moved/shop.yaml", []byte("# moved\n\n"+shop))
	if err != nil {
		t.Fatal(err)
	}
	of := func(d *dialect.Dialect, path, body string, line int) check.Finding {
		t.Helper()
		found := check.New(d).Check(check.Exchange{
			Request:  dialect.Request{Path: path},
			Response: dialect.Response{Status: 500, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(body)},
			Source:   "a.jsonl", Line: line,
		})
		if len(found) != 1 {
			t.Fatalf("got %v, want one finding", found)
		}
		return found[0]
	}
	a := of(d, "/orders/7", `{"message":"panic at main.go:7"}`, 1)
	b := of(moved, "/orders/123?x=1", "{\n \"other\": 1,\n \"message\":\"it is main.go:99 again\"}", 77)
	if a.Key() != b.Key() {
		t.Errorf("got the keys %q and %q, want one", a.Key(), b.Key())
	}
	for name, other := range map[string]check.Finding{
		"another path":   of(d, "/cameras/7", `{"message":"panic at main.go:7"}`, 1),
		"another member": of(d, "/orders/7", `{"message":"x","trace":"main.go:7"}`, 1),
		"another rule":   of(d, "/orders/7", `{"failure":"x"}`, 1),
	} {
		if other.Key() == a.Key() {
			t.Errorf("%s: got the same key", name)
		}
	}
}

func TestABaselineThatCannotBeReadNamesItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\n{\"rule\":\"unlisted_status\"}\n{": "line 3: not JSON",
		`{"rule":"unlisted"}`:                 `line 1: no rule is called "unlisted"`,
		`[]`:                                  "line 1: expected an object, found a list",
		`{"status":"x"}`:                      "line 1: status: expected a whole number, found a text",
		strings.Repeat("x", 2<<20):            "line 1 is longer than 1 MiB",
	} {
		if _, err := check.ReadBaseline(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}

func TestASummaryTakesBoundedMemory(t *testing.T) {
	t.Parallel()
	var s check.Summary
	for i := range check.MaxDistinct + 5 {
		s.Add(check.Finding{Rule: "unlisted_status", Path: "/" + strings.Repeat("x", i%97) + strings.Repeat("y", i/97)})
	}
	if got := len(s.Findings()); got != check.MaxDistinct || s.Dropped() != 5 {
		t.Errorf("got %d findings and %d dropped, want %d and 5", got, s.Dropped(), check.MaxDistinct)
	}
}

// FuzzBaseline holds that a file which can be read is read the same after it was written.
func FuzzBaseline(f *testing.F) {
	f.Add([]byte(`{"rule":"unlisted_status","method":"GET","path":"/a/*","status":302,"place":"status","message":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := check.ReadBaseline(bytes.NewReader(text))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := b.Write(&once); err != nil {
			t.Fatal(err)
		}
		again, err := check.ReadBaseline(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("got %v, reading what was written: %s", err, once.Bytes())
		}
		if err := again.Write(&twice); err != nil || twice.String() != once.String() {
			t.Errorf("got %s the second time, want %s", twice.Bytes(), once.Bytes())
		}
	})
}
