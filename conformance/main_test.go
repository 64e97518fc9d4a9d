package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"
)

// TestEachKnownDifferenceIsOfACase holds differences.json to the names of the suite, and to a
// reason for each entry.
func TestEachKnownDifferenceIsOfACase(t *testing.T) {
	t.Parallel()
	var known []struct{ Language, Case, Why string }
	text, err := os.ReadFile("differences.json")
	if err := errors.Join(err, json.Unmarshal(text, &known)); err != nil {
		t.Fatal(err)
	}
	if len(known) == 0 {
		return
	}
	names := map[string]bool{}
	for _, hostile := range []bool{false, true} {
		var lines bytes.Buffer
		if err := write(json.NewEncoder(&lines), hostile); err != nil {
			t.Fatal(err)
		}
		for all := json.NewDecoder(&lines); all.More(); {
			var c struct{ Name string }
			if err := all.Decode(&c); err != nil {
				t.Fatal(err)
			}
			names[c.Name] = true
		}
	}
	for _, d := range known {
		if !names[d.Case] || d.Why == "" || !slices.Contains([]string{"c", "python", "node"}, d.Language) {
			t.Errorf("%+v: it needs a language, the name of a case, and why", d)
		}
	}
}
