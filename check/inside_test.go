package check_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/raced"
)

// TestNoRecordedResponseOfAVendorTellsOfTheInside holds the rule to the responses of real
// APIs and to all samples of the catalog: not one of them is such a leak.
func TestNoRecordedResponseOfAVendorTellsOfTheInside(t *testing.T) {
	t.Parallel()
	checked := 0
	look := func(c *check.Checker, x check.Exchange) {
		checked++
		for _, f := range c.Check(x) {
			if f.Rule == "tells_inside" {
				t.Errorf("got %s", f)
			}
		}
	}
	for _, file := range []string{"../catalog/testdata/vendors.jsonl", "../catalog/testdata/systems.jsonl"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := check.New(dialect.Generic())
		for x, err := range check.JSONL(bytes.NewReader(text), file) {
			if err != nil {
				t.Fatal(err)
			}
			look(c, x)
		}
	}
	for _, name := range catalog.Names() {
		d := catalogtest.Open(t, name)
		c := check.New(d)
		for _, s := range authoring.Samples(d) {
			look(c, check.Exchange{Request: s.Request, Response: s.Response})
		}
	}
	if checked < 400 {
		t.Errorf("got %d responses, want 400 at least", checked)
	}
}

func TestTextsThatLookLikeTheInsideAreNone(t *testing.T) {
	t.Parallel()
	plain := catalogtest.Open(t, "plain")
	for _, text := range []string{
		`Select a date FROM the list`,
		`SELECT Id FROM Account WHERE Name = 'x' is no valid query`,
		`The address 10.0.0.7 is not allowed`,
		`Version 10.1.2.3 is too old`,
		`Use https://example.com/docs/errors.html#go:7`,
		`The file report.js is missing`,
		`The redirect URI http://localhost:3000/callback does not match`,
		`ORA is no currency`,
		`See /home/accounts/7`,
		`Error:\nthe name is missing`,
		`goroutine is no unit`,
		`Caused by: the caller`,
		`172.40.1.1:80 is not in the list`,
		`E:\\`,
	} {
		body := `{"message":"` + text + `"}`
		x := check.Exchange{Response: dialect.Response{Status: 400, Header: dialect.HeaderMap{"Content-Type": {"application/json"}}, Body: []byte(body)}}
		for _, f := range check.New(plain).Check(x) {
			t.Errorf("%s: got %s, want nothing", text, f)
		}
	}
}

// TestAHostileTextCostsTimeByItsLength has the texts that a search could go back for.
func TestAHostileTextCostsTimeByItsLength(t *testing.T) {
	t.Parallel()
	raced.Skip(t)
	for _, part := range []string{"SELECT ", "10.", ".go:", "java.lang.", "ORA-", "Caused by: ", "C:\\", "172.16.0.1", "SQLSTATE", "goroutine 1"} {
		body := []byte(strings.Repeat(part, 1<<20/len(part)))
		x := check.Exchange{Response: dialect.Response{Status: 500, Body: body}}
		check.New(dialect.Generic()).Check(x) // a search that goes back would not end in the time of the test
	}
}
