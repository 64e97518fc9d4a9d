package omilia_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/omilia"
)

const apps = `{"name":"bank","language":"el"}`

// What a stranger sends is answered as Omilia answers, whole: an error in the first
// envelope, with every member, a code of the list and the page's title; invalid fields of
// the part that validates in the second.
func TestWhateverAStrangerSendsIsAnsweredWholeAndWithACodeOfTheList(t *testing.T) {
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
			a := raw(t, h.url, row.method, row.path, row.body, append([]string{key}, row.header...)...)
			if a.status != row.status {
				t.Fatalf("got %d %s, want %d", a.status, a.body, row.status)
			}
			if a.header.Get("X-Request-Id") == "" {
				t.Error("no request ID came")
			}
			switch {
			case row.field != "":
				a.isSecondEnvelope(t, row.field)
			case row.code != "":
				a.isFirstEnvelope(t, row.code)
			case row.method == "HEAD":
				if a.body != "" {
					t.Errorf("got a body: %s", a.body)
				}
			default:
				if want := `{"id":"1","app":"bank"}`; strings.TrimSpace(a.body) != want {
					t.Errorf("got %s, want %s", a.body, want)
				}
			}
		})
	}
}

// answer is a response as it came, before anybody has read it.
type answer struct {
	status int
	header http.Header
	body   string
}

// raw writes a request as it stands, its path uncleaned. A header is "Name: value", the
// last of a name counts, and "Name: " leaves it out.
func raw(t *testing.T, base, method, path, body string, header ...string) answer {
	t.Helper()
	host := strings.TrimPrefix(base, "http://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fields := map[string]string{"Host": host, "Connection": "close"}
	if body != "" {
		fields["Content-Type"] = "application/json"
	}
	fields["Content-Length"] = fmt.Sprint(len(body))
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		fields[name] = value
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, path)
	for name, value := range fields {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	go func() { _, _ = io.WriteString(c, b.String()+"\r\n"+body) }() // the server may not read it to its end
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(text)}
}

// isFirstEnvelope wants one error with all of its members, of their types.
func (a answer) isFirstEnvelope(t *testing.T, code string) {
	t.Helper()
	var got struct {
		Errors []map[string]any `json:"errors"`
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Errors) != 1 {
		t.Fatalf("got %s, want one error in the first envelope", a.body)
	}
	e := got.Errors[0]
	title := titleOf(t, code)
	meta, isObject := e["meta"].(map[string]any)
	_, isText := e["source"].(string)
	detail, _ := e["detail"].(string)
	if len(e) != 6 || e["code"] != code || e["title"] != title || e["status"] != float64(a.status) || !isObject || len(meta) > 0 || !isText || detail == "" {
		t.Errorf("got %s\nwant the code %s, the title %q, the status %d, a detail, an empty meta and a source", a.body, code, title, a.status)
	}
	a.readsWithoutComplaint(t)
}

// isSecondEnvelope wants fields alone, each with all of its members.
func (a answer) isSecondEnvelope(t *testing.T, code string) {
	t.Helper()
	var got struct {
		Detail []map[string]any `json:"detail"`
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Detail) == 0 {
		t.Fatalf("got %s, want the second envelope", a.body)
	}
	for _, e := range got.Detail {
		loc, _ := e["loc"].([]any)
		message, _ := e["msg"].(string)
		if len(e) != 3 || e["type"] != code || len(loc) == 0 || loc[0] != "body" || message == "" {
			t.Errorf("got %s\nwant the type %s, a loc in the body, and a msg", a.body, code)
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
	rows := slices.DeleteFunc(d.Explain(code), func(e dialect.Entry) bool { return e.Key != code })
	if len(rows) != 1 || rows[0].Title == "" || rows[0].Help == "" {
		t.Fatalf("the list has %v for %s, want one row with a title and a help", rows, code)
	}
	return rows[0].Title
}

// readsWithoutComplaint reads it by the list and by the catalog's file, to the same kind.
func (a answer) readsWithoutComplaint(t *testing.T) {
	t.Helper()
	own, err := omilia.Dialect()
	if err != nil {
		t.Fatal(err)
	}
	vendor, err := catalog.Open("omilia")
	if err != nil {
		t.Fatal(err)
	}
	res := dialect.Response{Status: a.status, Header: dialect.Fields(a.header), Body: []byte(a.body)}
	x, y := own.Decode(dialect.Request{}, res), vendor.Decode(dialect.Request{}, res)
	if len(x.Diagnostics)+len(y.Diagnostics) > 0 || x.Outcome.Kind != y.Outcome.Kind || x.Outcome.Detail != y.Outcome.Detail {
		t.Errorf("got %v %v and %v %v", x.Outcome, x.Diagnostics, y.Outcome, y.Diagnostics)
	}
}
