package omilia_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/omilia"
)

const apps = `{"name":"bank","language":"el"}`

// What a stranger sends gets a response as Omilia responds, whole: an error in the first
// envelope, with every member, a code of the list and the page's title; invalid fields of
// the part that validates in the second.
func TestWhateverAStrangerSendsGetsAResponseWholeAndWithACodeOfTheList(t *testing.T) {
	t.Parallel()
	const long = 70 << 10
	for _, row := range []struct {
		name               string
		method, path, body string
		header             []string
		status             int
		code               string // of the first envelope; "" for no error, and for the second
		field              string // the type of the second envelope
	}{
		{name: "an unknown route", method: "GET", path: "/nowhere", status: 404, code: "1004"},
		{name: "an unknown route, posted to", method: "POST", path: "/nowhere", body: `{}`, status: 404, code: "1004"},
		{name: "a doubled slash", method: "GET", path: "//nowhere", status: 404, code: "1004"},
		{name: "a path that climbs", method: "GET", path: "/../nowhere", status: 404, code: "1004"},
		{name: "a wrong method", method: "PUT", path: "/dialogs", body: bank, status: 405, code: "1005"},
		{name: "a wrong method of the part that validates", method: "DELETE", path: "/apps", status: 405, code: "1005"},
		{name: "OPTIONS", method: "OPTIONS", path: "/dialogs", status: 405, code: "1005"},
		{name: "a wrong content type", method: "POST", path: "/dialogs", body: bank, header: []string{"Content-Type: text/plain"}, status: 415, code: "1007"},
		{name: "a wrong content type of the part that validates", method: "POST", path: "/apps", body: apps, header: []string{"Content-Type: application/xml"}, status: 415, code: "1007"},
		{name: "no content type", method: "POST", path: "/dialogs", body: bank, header: []string{"Content-Type: "}, status: 415, code: "1007"},
		{name: "a body too large", method: "POST", path: "/dialogs", body: `{"app":"` + strings.Repeat("x", long) + `"}`, status: 413, code: "1006"},
		{name: "a body too large for the part that validates", method: "POST", path: "/apps", body: strings.Repeat(" ", long), status: 413, code: "1006"},
		{name: "no body", method: "POST", path: "/dialogs", header: []string{"Content-Type: application/json"}, status: 400, code: "1020"},
		{name: "no body for the part that validates", method: "POST", path: "/apps", header: []string{"Content-Type: application/json"}, status: 400, code: "1020"},
		{name: "an empty list", method: "POST", path: "/dialogs", body: `[]`, status: 422, code: "1023"},
		{name: "a list where an object is wanted", method: "POST", path: "/dialogs", body: `[` + bank + `]`, status: 422, code: "1023"},
		{name: "an empty list for the part that validates", method: "POST", path: "/apps", body: `[]`, status: 422, field: "type"},
		{name: "a list where the part that validates wants an object", method: "POST", path: "/apps", body: `[` + apps + `]`, status: 422, field: "type"},
		{name: "null", method: "POST", path: "/dialogs", body: `null`, status: 422, code: "1023"},
		{name: "no JSON for the part that validates", method: "POST", path: "/apps", body: `{`, status: 400, code: "1020"},
		{name: "a field is missing for the part that validates", method: "POST", path: "/apps", body: `{"name":"bank"}`, status: 422, field: "required"},
		{name: "a key that is no text", method: "POST", path: "/dialogs", body: bank, header: []string{"Idempotency-Key: \u00e9"}, status: 400, code: "1024"},
		{name: "a conditional request", method: "GET", path: "/dialogs/1", header: []string{"If-None-Match: *", "If-Modified-Since: Fri, 20 Nov 2026 16:00:00 GMT"}, status: 200},
		{name: "a range", method: "GET", path: "/dialogs/1", header: []string{"Range: bytes=0-3"}, status: 200},
		{name: "HEAD", method: "HEAD", path: "/dialogs/1", status: 200},
		{name: "HEAD of what is not there", method: "HEAD", path: "/dialogs/7", status: 404},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, omilia.Config{})
			dialog(h)
			a := response(golden.Raw(t, h.url, row.method, row.path, row.body, append([]string{key, "Content-Type: application/json"}, row.header...)...))
			if a.Status != row.status {
				t.Fatalf("got %d %s, want %d", a.Status, a.Body, row.status)
			}
			if a.Header.Get("X-Request-Id") == "" {
				t.Error("no request ID came")
			}
			switch {
			case row.field != "":
				a.isSecondEnvelope(t, row.field)
			case row.code != "":
				a.isFirstEnvelope(t, row.code)
			case row.method == "HEAD":
				if a.Body != "" {
					t.Errorf("got a body: %s", a.Body)
				}
			default:
				if want := `{"id":"1","app":"bank"}`; strings.TrimSpace(a.Body) != want {
					t.Errorf("got %s, want %s", a.Body, want)
				}
			}
		})
	}
}

// response is a response as it came, before anybody has read it.
type response golden.Bare

// isFirstEnvelope wants one error with all of its members, of their types.
func (a response) isFirstEnvelope(t *testing.T, code string) {
	t.Helper()
	var got struct {
		Errors []map[string]any `json:"errors"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || len(got.Errors) != 1 {
		t.Fatalf("got %s, want one error in the first envelope", a.Body)
	}
	e := got.Errors[0]
	title := titleOf(t, code)
	meta, isObject := e["meta"].(map[string]any)
	_, isText := e["source"].(string)
	detail, _ := e["detail"].(string)
	if len(e) != 6 || e["code"] != code || e["title"] != title || e["status"] != float64(a.Status) || !isObject || len(meta) > 0 || !isText || detail == "" {
		t.Errorf("got %s\nwant the code %s, the title %q, the status %d, a detail, an empty meta and a source", a.Body, code, title, a.Status)
	}
	a.readsWithoutComplaint(t)
}

// isSecondEnvelope wants fields alone, each with all of its members.
func (a response) isSecondEnvelope(t *testing.T, code string) {
	t.Helper()
	var got struct {
		Detail []map[string]any `json:"detail"`
	}
	if err := json.Unmarshal([]byte(a.Body), &got); err != nil || len(got.Detail) == 0 {
		t.Fatalf("got %s, want the second envelope", a.Body)
	}
	for _, e := range got.Detail {
		loc, _ := e["loc"].([]any)
		message, _ := e["msg"].(string)
		if len(e) != 3 || e["type"] != code || len(loc) == 0 || loc[0] != "body" || message == "" {
			t.Errorf("got %s\nwant the type %s, a loc in the body, and a msg", a.Body, code)
		}
	}
	titleOf(t, code)
	a.readsWithoutComplaint(t)
}

// titleOf is the title that the list has for a code.
func titleOf(t *testing.T, code string) string {
	t.Helper()
	d, err := omilia.Dialect()
	if err != nil {
		t.Fatal(err)
	}
	rows := slices.DeleteFunc(authoring.Explain(d, code), func(e authoring.Entry) bool { return e.Key != code })
	if len(rows) != 1 || rows[0].Title == "" || rows[0].Help == "" {
		t.Fatalf("the list has %v for %s, want one row with a title and a help", rows, code)
	}
	return rows[0].Title
}

// readsWithoutComplaint reads it by the list and by the catalog's file, to the same kind.
func (a response) readsWithoutComplaint(t *testing.T) {
	t.Helper()
	own, err := omilia.Dialect()
	if err != nil {
		t.Fatal(err)
	}
	vendor, err := catalog.Open("omilia")
	if err != nil {
		t.Fatal(err)
	}
	res := dialect.Response{Status: a.Status, Header: dialect.HeaderMap(a.Header), Body: []byte(a.Body)}
	x, y := own.Decode(dialect.Request{}, res), vendor.Decode(dialect.Request{}, res)
	if len(x.Diagnostics)+len(y.Diagnostics) > 0 || x.Outcome.Kind != y.Outcome.Kind || x.Outcome.Detail != y.Outcome.Detail {
		t.Errorf("got %v %v and %v %v", x.Outcome, x.Diagnostics, y.Outcome, y.Diagnostics)
	}
}
