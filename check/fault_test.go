package check_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
)

// planted is a response with one fault. It was a clean response of one of the services in
// examples, or of a sample.
type planted struct {
	Name    string `json:"name"`
	Rule    string `json:"rule"`
	Dialect string `json:"dialect"`
	From    string `json:"from"` // the clean response
	At      struct {
		Part  check.Part `json:"part"`
		Field string     `json:"field"`
		Text  string     `json:"text"` // what stands at the place in the body
	} `json:"at"`
	Twice  bool `json:"twice"`  // the first time it is clean
	Latin1 bool `json:"latin1"` // the body is sent in ISO-8859-1

	exchange check.Exchange
}

func plantedFaults(t testing.TB) (all []planted) {
	t.Helper()
	text, err := os.ReadFile("testdata/faults.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var p planted
		if err := json.Unmarshal(line, &p); err != nil {
			t.Fatal(err)
		}
		for x, err := range check.JSONL(bytes.NewReader(line), "testdata/faults.jsonl") {
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			p.exchange = x
			if p.Latin1 {
				p.exchange.Response.Body = latin1(p.exchange.Response.Body)
				p.At.Text = string(latin1([]byte(p.At.Text)))
			}
		}
		p.exchange.Line = len(all) + 1
		all = append(all, p)
	}
	return all
}

func latin1(text []byte) (all []byte) {
	for _, r := range string(text) {
		all = append(all, byte(r))
	}
	return all
}

// page is the dialect of a service in examples, or one of the catalog.
func page(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	if name == "omilia" {
		name = "../examples/omilia/codes.yaml" // the list of codes to which the page refers
	}
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEachPlantedFaultIsFoundAtItsPlaceAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, p := range plantedFaults(t) {
		t.Run(p.Rule+": "+p.Name, func(t *testing.T) {
			t.Parallel()
			c := check.New(page(t, p.Dialect))
			if p.Twice {
				if found := c.Check(p.exchange); len(found) > 0 {
					t.Fatalf("got %v the first time, want nothing", found)
				}
			}
			found := c.Check(p.exchange)
			if len(found) != 1 || found[0].Rule != p.Rule {
				for _, f := range found {
					t.Errorf("got %s: %s\n%s", f.Rule, f.Message, f.Place.Excerpt)
				}
				t.Fatalf("want the one finding %s", p.Rule)
			}
			f := found[0]
			if f.Place.Part != p.At.Part || f.Place.Field != p.At.Field {
				t.Errorf("got the place %s %s, want %s %s", f.Place.Part, f.Place.Field, p.At.Part, p.At.Field)
			}
			body := string(p.exchange.Response.Body)
			if rest := body[f.Place.Offset:]; f.Place.Part == check.PartBody && !strings.HasPrefix(rest, p.At.Text) {
				t.Errorf("got the place %d, where %.30q stands, want %q at %d: %s", f.Place.Offset, rest, p.At.Text, strings.Index(body, p.At.Text), f.Message)
			}
			if f.Message == "" || f.Hint == "" || !strings.Contains(f.Dialect, ".yaml") {
				t.Errorf("got the message %q, the hint %q and the line %q, want all three", f.Message, f.Hint, f.Dialect)
			}
		})
	}
}

func TestEachRuleHasTwoPlantedFaults(t *testing.T) {
	t.Parallel()
	faults := map[string]int{}
	for _, p := range plantedFaults(t) {
		faults[p.Rule]++
		if _, err := os.Stat(filepath.Join("../examples", p.From+".golden")); err != nil && !strings.HasPrefix(p.From, "sample of ") {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	for _, r := range check.Rules() {
		if live := r.Name == "key_not_honored" || r.Name == "no_response"; faults[r.Name] < 2 && !live {
			t.Errorf("got %d faults of %s, want 2", faults[r.Name], r.Name)
		}
	}
}
