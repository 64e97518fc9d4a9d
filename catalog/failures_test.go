package catalog_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// failure is a failure that somebody got from an API, and its meaning. If a thread quotes
// the code and the text alone, as a client prints them, the body is that of the API's form.
type failure struct {
	Dialect   string            `json:"dialect"`
	Source    string            `json:"source"`
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Status    int               `json:"status"`
	Headers   map[string]string `json:"headers"`
	Body      string            `json:"body"`
	Kind      parlance.Kind     `json:"kind"`
	Reason    parlance.Reason   `json:"reason"`
	Act       parlance.Act      `json:"act"`
	Code      string            `json:"code"`
	Detail    string            `json:"detail"`
	RequestID string            `json:"request_id"`
	After     float64           `json:"after"`
}

// TestEachFailureInAnIssueReadsAsItIsMeant holds the files against failures from issues on
// GitHub and from examples of vendors, which the files were not written from.
func TestEachFailureInAnIssueReadsAsItIsMeant(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/failures.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		var f failure
		if err := json.Unmarshal(s.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		t.Run(f.Dialect+" "+f.Source, func(t *testing.T) {
			d, err := catalog.Open(f.Dialect)
			if err != nil {
				t.Fatal(err)
			}
			request := dialect.Request{Method: f.Method, Path: f.Path}
			o := d.Decode(request, dialect.Response{Status: f.Status, Header: header(f.Headers), Body: []byte(f.Body)}).Outcome
			if o.Kind != f.Kind || o.Reason != f.Reason {
				t.Errorf("read as %s/%s, want %s/%s", o.Kind, o.Reason, f.Kind, f.Reason)
			}
			if act := d.Decide(request, &o).Act; act != f.Act {
				t.Errorf("the act is %s, want %s", act, f.Act)
			}
			for name, text := range map[string][2]string{"code": {o.Code, f.Code}, "detail": {o.Detail, f.Detail}, "request ID": {o.RequestID, f.RequestID}} {
				if text[1] != "" && text[0] != text[1] {
					t.Errorf("the %s is %q, want %q", name, text[0], text[1])
				}
			}
			if f.After != 0 && o.RetryAfter.Seconds() != f.After {
				t.Errorf("the wait is %v, want %v s", o.RetryAfter, f.After)
			}
		})
	}
}
