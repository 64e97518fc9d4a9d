package authoring_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
)

// faultsOf are the planted faults of parlance check, the first one of each rule, as lines.
func faultsOf(t *testing.T) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("../../check/testdata/faults.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	first := map[string][]byte{}
	for line := range bytes.Lines(text) {
		var of struct{ Rule string }
		if err := json.Unmarshal(line, &of); err != nil {
			t.Fatal(err)
		}
		if first[of.Rule] == nil {
			first[of.Rule] = line
		}
	}
	return first
}

// checkPage is the page of a rule of parlance check. Its example is a planted fault.
func checkPage(t *testing.T, rule check.Rule, fault []byte) string {
	t.Helper()
	var b strings.Builder
	article := "A"
	if rule.Severity.String() == "error" {
		article = "An"
	}
	fmt.Fprintf(&b, "# %s\n\n%s %s of `parlance check`.\n\n**Why.** %s\n\n**Fix.** %s\n", rule.Name, article, rule.Severity, rule.Why, rule.Do)
	if fault == nil {
		return b.String()
	}
	var of struct {
		Dialect string
		Twice   bool
	}
	if err := json.Unmarshal(fault, &of); err != nil {
		t.Fatal(err)
	}
	file := of.Dialect
	if file == "omilia" {
		file = "../../examples/omilia/codes.yaml"
	}
	d, err := catalog.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	c := check.New(d)
	for x, err := range check.JSONL(bytes.NewReader(fault), "") {
		if err != nil {
			t.Fatal(err)
		}
		if of.Twice {
			c.Check(x)
		}
		fmt.Fprintf(&b, "\n## Example\n\nThe dialect is `%s`.\n\n```http\n%s %s\nHTTP/1.1 %d\n", of.Dialect, x.Request.Method, x.Request.Path, x.Response.Status)
		for _, name := range []string{"Content-Type", "Content-Length", "Retry-After", "Www-Authenticate", "X-Request-Id"} {
			for _, v := range x.Response.Header.Values(name) {
				fmt.Fprintf(&b, "%s: %s\n", name, v)
			}
		}
		if len(x.Response.Body) > 0 {
			fmt.Fprintf(&b, "\n%s\n", x.Response.Body)
		}
		b.WriteString("```\n\n`parlance check` prints\n\n```text\n")
		for _, f := range c.Check(x) {
			b.WriteString(f.String())
		}
		b.WriteString("```\n")
	}
	return b.String()
}
