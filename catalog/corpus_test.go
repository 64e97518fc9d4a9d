package catalog_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/fidelity"
)

// recorded is one response of the corpus and what it is expected to mean, in
// the corpus's own, coarser words.
type recorded struct {
	Vendor  string            `json:"vendor"`
	Case    string            `json:"case"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Expect  struct {
		Outcome   string  `json:"outcome"`
		Code      *string `json:"code"`
		Message   *string `json:"message"`
		RequestID *string `json:"request_id"`
		Fields    []struct {
			Field   *string `json:"field"`
			Message *string `json:"message"`
			Code    *string `json:"code"`
		} `json:"field_errors"`
		Items []struct {
			ID      *string `json:"id"`
			Index   *int    `json:"index"`
			Outcome string  `json:"outcome"`
			Code    *string `json:"code"`
			Message *string `json:"message"`
		} `json:"items"`
		Retry       string   `json:"retry"`
		RetryAfterS *float64 `json:"retry_after_s"`
	} `json:"expect"`
	Also map[string][]*string `json:"also"` // other readings that are as good
}

// coarse is the corpus's word for a kind.
var coarse = map[parlance.Kind]string{
	parlance.KindSuccess: "success", parlance.KindNoted: "success_with_notes", parlance.KindPartial: "partial",
	parlance.KindAccepted: "accepted", parlance.KindEmpty: "empty", parlance.KindRedirected: "redirected",
	parlance.KindInvalid: "client_error", parlance.KindFailed: "client_error",
	parlance.KindUnauthenticated: "auth_error", parlance.KindForbidden: "permission", parlance.KindNotFound: "not_found",
	parlance.KindConflict: "conflict", parlance.KindRateLimited: "rate_limited", parlance.KindQuota: "quota",
	parlance.KindInternal: "server_error", parlance.KindBadGateway: "unavailable", parlance.KindUnavailable: "unavailable", parlance.KindTimeout: "unavailable",
}

func readCorpus(t *testing.T, file string) []recorded {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recorded
	for s := bufio.NewScanner(f); s.Scan(); {
		var r recorded
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func header(of map[string]string) http.Header {
	h := http.Header{}
	for k, v := range of {
		h.Set(k, v)
	}
	return h
}

func TestEveryRecordedResponseReadsAsItsVendorMeansItAndIsWrittenBack(t *testing.T) {
	t.Parallel()
	all := readCorpus(t, "testdata/systems.jsonl")
	if len(all) != 22 {
		t.Fatalf("the corpus has %d responses, not 22", len(all))
	}
	for _, r := range all {
		t.Run(r.Vendor+": "+r.Case, func(t *testing.T) {
			t.Parallel()
			d := opened(t, strings.ToLower(r.Vendor))
			req := dialect.Request{Method: r.Method, Path: r.Path}
			res := dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body)}
			if t.Failed() {
				return
			}
			read := d.Decode(req, res)
			for _, g := range read.Diagnostics {
				t.Errorf("a complaint: %s", g.Error())
			}
			compare(t, &r, &read.Outcome, d.Decide(req, &read.Outcome))

			// The other way: what is written conforms to what was recorded, and reads as the
			// same. The caller asks for the form that was recorded.
			if form, _, _ := strings.Cut(r.Headers["Content-Type"], ";"); form != "" {
				req.Header = http.Header{"Accept": {form}}
			}
			wrote := d.Encode(nil, req, &read.Outcome, dialect.Payload{Body: read.Data})
			for _, l := range wrote.Losses {
				t.Errorf("a loss: %s: %s", l.Attribute, l.Reason)
			}
			if wrote.Status != r.Status {
				t.Errorf("written with status %d, recorded with %d", wrote.Status, r.Status)
			}
			if r.Body != "" {
				if bytes.HasPrefix(wrote.Body, []byte("{")) {
					if got, want := skeleton(t, wrote.Body), skeleton(t, []byte(r.Body)); got != want {
						t.Errorf("wrote members %s, recorded %s", got, want)
					}
				} else if got, want := withoutCustomer(string(wrote.Body)), withoutCustomer(r.Body); got != want {
					t.Errorf("wrote %s, recorded %s", got, want)
				}
			}
			again := d.Decode(req, dialect.Response{Status: wrote.Status, Header: pairs(wrote.Header), Body: wrote.Body})
			if got, want := outcomeJSON(t, again.Outcome), outcomeJSON(t, completed(read.Outcome, again.Outcome)); got != want {
				t.Errorf("what was written reads as\n%s\nnot as\n%s", got, want)
			}
		})
	}
}

// TestEveryResponseOfTheVendorsReadsAsItIsMeantAndComesBack holds the vendors'
// files against responses that they were not written from: what is read of one
// is written and read again, and what differs is reported as lost.
func TestEveryResponseOfTheVendorsReadsAsItIsMeantAndComesBack(t *testing.T) {
	t.Parallel()
	all := readCorpus(t, "testdata/vendors.jsonl")
	if len(all) != 80 {
		t.Fatalf("the corpus has %d responses, not 80", len(all))
	}
	for _, r := range all {
		t.Run(r.Vendor+": "+r.Case, func(t *testing.T) {
			t.Parallel()
			d := opened(t, dialectOf(r.Vendor))
			req := dialect.Request{Method: r.Method, Path: r.Path}
			read := d.Decode(req, dialect.Response{Status: r.Status, Header: header(r.Headers), Body: []byte(r.Body)})
			for _, g := range read.Diagnostics {
				t.Errorf("a complaint: %s", g.Error())
			}
			compare(t, &r, &read.Outcome, d.Decide(req, &read.Outcome))
			wrote := d.Encode(nil, req, &read.Outcome, dialect.Payload{Body: read.Data})
			again := d.Decode(req, dialect.Response{Status: wrote.Status, Header: pairs(wrote.Header), Body: wrote.Body})
			if diff := fidelity.Difference(&read.Outcome, &again.Outcome, wrote.Losses); diff != "" {
				t.Errorf("%s, and no loss tells of it\nread  %s\nwrote %d %s\nagain %s\nlosses %v", diff, outcomeJSON(t, read.Outcome), wrote.Status, wrote.Body, outcomeJSON(t, again.Outcome), wrote.Losses)
			}
		})
	}
}

// dialectOf is the file that reads a vendor's responses.
func dialectOf(vendor string) string {
	if name, ok := map[string]string{
		"GitHub REST": "github", "Azure Resource Manager": "azure", "Salesforce REST": "salesforce", "Shopify REST": "shopify", "JSON:API": "jsonapi",
		"SOAP 1.1": "soap", "OAuth 2 bearer (RFC 6750)": "oauth2-bearer", "JSON-RPC 2.0": "json-rpc", "Load balancer in front of any API": "plain",
	}[vendor]; ok {
		return name
	}
	return strings.ReplaceAll(strings.ToLower(vendor), " ", "-")
}

// withoutCustomer drops an element of the caller's own document: it is there
// where the response is grafted, and an Outcome does not hold it.
func withoutCustomer(s string) string { return strings.ReplaceAll(s, "<Customer>JOE</Customer>", "") }

func pairs(of []dialect.HeaderField) http.Header {
	h := http.Header{}
	for _, p := range of {
		h.Add(p.Name, p.Value)
	}
	return h
}

func outcomeJSON(t *testing.T, o parlance.Outcome) string {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// skeleton is a JSON value with its members and types, texts as they are, and
// numbers as a type: a status inside a body may differ from that outside.
func skeleton(t *testing.T, b []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %s", err, b)
	}
	var walk func(v any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				v[k] = walk(e)
			}
		case []any:
			for i, e := range v {
				v[i] = walk(e)
			}
		case float64:
			return "a number"
		}
		return v
	}
	out, err := json.Marshal(walk(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func compare(t *testing.T, r *recorded, o *parlance.Outcome, d parlance.Decision) {
	t.Helper()
	text := func(what, got string, want *string) {
		t.Helper()
		if w := deref(want); got != w {
			t.Errorf("%s is %q, not %q", what, got, w)
		}
	}
	if got := coarse[o.Kind]; got != r.Expect.Outcome {
		t.Errorf("it means %s (%s), not %s", o.Kind, got, r.Expect.Outcome)
	}
	if c := deref(r.Expect.Code); c != o.Code && c != strconv.Itoa(r.Status) {
		t.Errorf("the code is %q, not %q", o.Code, c)
	}
	text("the detail", o.Detail, r.Expect.Message)
	text("the request id", o.RequestID, r.Expect.RequestID)
	if len(o.Fields) != len(r.Expect.Fields) {
		t.Fatalf("%d fields, not %d: %v", len(o.Fields), len(r.Expect.Fields), o.Fields)
	}
	for i, f := range r.Expect.Fields {
		text(fmt.Sprintf("field %d's path", i), o.Fields[i].Path, f.Field)
		text(fmt.Sprintf("field %d's message", i), o.Fields[i].Message, f.Message)
		text(fmt.Sprintf("field %d's code", i), o.Fields[i].Code, f.Code)
	}
	if len(o.Items) != len(r.Expect.Items) {
		t.Fatalf("%d items, not %d: %v", len(o.Items), len(r.Expect.Items), o.Items)
	}
	for i, it := range r.Expect.Items {
		got := o.Items[i]
		if it.ID != nil {
			text(fmt.Sprintf("item %d's id", i), got.ID, it.ID)
		} else if it.Index != nil && got.Index != *it.Index {
			t.Errorf("item %d has index %d, not %d", i, got.Index, *it.Index)
		}
		if c := coarse[got.Outcome.Kind]; c != it.Outcome {
			t.Errorf("item %d means %s, not %s", i, c, it.Outcome)
		}
		text(fmt.Sprintf("item %d's code", i), got.Outcome.Code, it.Code)
		text(fmt.Sprintf("item %d's detail", i), got.Outcome.Detail, it.Message)
	}
	if got := retryWord(o, d); got != r.Expect.Retry && o.Kind != parlance.KindAccepted {
		t.Errorf("a client does %s (%s), not %s", d.Act, got, r.Expect.Retry)
	}
	if r.Expect.RetryAfterS != nil {
		if want, _ := parlance.Seconds(*r.Expect.RetryAfterS); d.After != want {
			t.Errorf("a client waits %s, not %s", d.After, want)
		}
	}
}

func retryWord(o *parlance.Outcome, d parlance.Decision) string {
	switch {
	case d.Act == parlance.ActRefresh:
		return "refresh_then_retry"
	case d.Act != parlance.ActRetry:
		return "no"
	case d.After > 0:
		return fmt.Sprintf("after_seconds:%d", int(math.Ceil(d.After.Seconds())))
	case len(d.Schedule) > 0:
		return "schedule"
	}
	return "backoff"
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// completed is an outcome with the texts that a file writes on every response, where
// the outcome has none: what was written reads with them.
func completed(o, written parlance.Outcome) parlance.Outcome {
	o.Type = cmp.Or(o.Type, written.Type)
	o.Title = cmp.Or(o.Title, written.Title)
	o.Detail = cmp.Or(o.Detail, written.Detail)
	return o
}
