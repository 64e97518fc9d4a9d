package dialect_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// settled is the beginning of a body that settles its meaning, as it arrives byte by byte;
// "" if nothing but its end does.
func settled(b dialect.Beginning, body string) string {
	for i := range len(body) + 1 {
		if until := b.Settled([]byte(body[:i])); until > 0 {
			return body[:until]
		}
	}
	return ""
}

func TestABodyIsSettledAsSoonAsTheRestCanChangeNothing(t *testing.T) {
	t.Parallel()
	const event = `{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a \"{\" b"}}}`
	const late = `{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":410}}`
	const problem = "application/problem+json"
	for _, tt := range []struct {
		name, dialect, path, media, body string
		until                            string
		kind                             parlance.Kind
	}{
		{"a list where null alone is looked for", "vms", "/cameras", "application/json", `[1,2`, `[1`, parlance.KindSuccess},
		{"a list behind blanks", "vms", "/cameras", "application/json", " \n[1,2", " \n[1", parlance.KindSuccess},
		{"an object that may have the mark of a failure", "vms", "/cameras", "application/json", `{"id":1`, "", 0},
		{"an object that is too long to be searched", "vms", "/cameras", "application/json", `{"id":"` + strings.Repeat("x", 70_000), `{"id":"` + strings.Repeat("x", 64<<10-6), parlance.KindSuccess},
		{"the word null", "vms", "/cameras", "application/json", `null`, "", 0},
		{"an object, and then another", "vms", "/cameras", "application/json", `{"id":1}{"id":2}`, `{"id":1}`, parlance.KindSuccess},
		{"an object with the mark of a failure", "vms", "/cameras", "application/json", `{"errors":{"a":["b"]}}` + "\n", `{"errors":{"a":["b"]}}`, parlance.KindNoted},
		{"a log", "kubernetes", "/api/v1/namespaces/a/pods/b/log", "text/plain", "I0101 started", "I0", parlance.KindNoted},
		{"a log that begins with a time", "kubernetes", "/api/v1/namespaces/a/pods/b/log", "text/plain", "2026-01-01T", "2026-01-01T", parlance.KindNoted},
		{"a text that may be a guard", "kubernetes", "/log", "text/plain", "while (1);", "", 0},
		{"a page where an object is due", "kubernetes", "/api/v1/pods", "text/html", "<html><title>Log in", "", 0},
		{"an event", "kubernetes", "/api/v1/pods", "application/json", event + "\n", event, parlance.KindSuccess},
		{"an event in a sequence", "kubernetes", "/api/v1/pods", "application/json-seq", "\x1E" + event + "\n\x1E", "\x1E" + event, parlance.KindSuccess},
		{"an event that says that the rest fails", "kubernetes", "/api/v1/pods", "application/json", late + "\n" + event, late, parlance.KindFailed},
		{"an event that has not ended", "kubernetes", "/api/v1/pods", "application/json", event[:len(event)-1], "", 0},
		{"an envelope", "slack", "/api/x", "application/json", `{"ok":true}`, "", 0},
		{"an envelope that another one follows", "slack", "/api/x", "application/json", `{"ok":true} {"ok":false}`, `{"ok":true} {`, parlance.KindNoted},
		{"an envelope that a text follows", "slack", "/api/x", "application/json", `{"ok":true} bye`, "", 0},
		{"the envelope of a failure", "slack", "/api/x", "application/json", `{"ok":false,"error":"fatal_error"}`, `{"ok":false,"error":"fatal_error"}`, parlance.KindInternal},
		{"an empty object that may be a guard", "kubernetes", "/api/v1/pods", "application/json", `{} {`, "", 0},
		{"an empty object before a document", "kubernetes", "/api/v1/pods", "application/json", `{}&&{"a":1}`, "", 0},
		{"UTF-16", "vms", "/cameras", "application/json", "[\x001\x00", "", 0},
		{"a problem", "vms", "/cameras", problem, `[1]`, "", 0},
		{"XML", "vision", "/orders", "application/xml", "<RES><Code>110</Code></RES>", "", 0},
		{"JSON where XML is due", "soap", "/service", "application/json", `{"a":1`, `{"`, parlance.KindNoted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, tt.dialect)
			req, header := dialect.Request{Method: "GET", Path: tt.path}, http.Header{"Content-Type": {tt.media}}
			until := settled(d.Begin(req, 200, header), tt.body)
			if until != tt.until {
				t.Fatalf("%q settles it, not %q", until, tt.until)
			}
			if until == "" {
				return
			}
			for _, rest := range []string{"", tt.body[len(until):], `{"ok":false,"error":"x"}`, " \n[", "\x00", "]}"} {
				if o := d.Decode(req, dialect.Response{Status: 200, Header: header, Body: []byte(until + rest)}).Outcome; o.Kind != tt.kind {
					t.Errorf("with %q behind it, it is %v and not %v", rest, o.Kind, tt.kind)
				}
			}
		})
	}
}

func TestNothingButAGoodResponseIsSettledEarly(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	for name, b := range map[string]dialect.Beginning{
		"the zero value":        {},
		"a failure":             d.Begin(dialect.Request{}, 500, nil),
		"a response to HEAD":    d.Begin(dialect.Request{Method: "HEAD"}, 200, nil),
		"one without a content": d.Begin(dialect.Request{}, 204, nil),
	} {
		if until := settled(b, `[1,2,3]`+"\n[4"); until != "" {
			t.Errorf("%s is settled by %q", name, until)
		}
	}
}

// FuzzBeginning holds a settled part against all of a body: the rest never changes its
// meaning.
func FuzzBeginning(f *testing.F) {
	all := subjects()
	for i := range all {
		f.Add(uint8(i), uint8(i), "application/json", []byte(`{"type":"ADDED","object":{}}`+"\n"+`{"type":"ERROR","object":{}}`))
		f.Add(uint8(i), uint8(i+1), "text/plain", []byte("12 cameras\n{\"errors\":[\"a\"]}"))
		f.Add(uint8(i), uint8(i+2), "application/json", []byte(`[{"errors":["a"]}] {"ok":false}`))
		f.Add(uint8(i), uint8(i+3), "", []byte(`{"ok":true,"data":{}} {"ok":false}`))
		f.Add(uint8(i), uint8(i), "application/xml", []byte(`<a><b/></a><RES><Code>400</Code></RES>`))
	}
	requests := []dialect.Request{{}, {Method: "POST"}, {Method: "GET", Path: "/api/v1/pods"}, {Method: "POST", Path: "/api/chat.postMessage"}}
	f.Fuzz(func(t *testing.T, which, asked uint8, media string, body []byte) {
		d := all[int(which)%len(all)]
		req := requests[int(asked)%len(requests)]
		status := []int{200, 201, 202, 207}[int(asked/4)%4]
		header := dialect.HeaderMap{"Content-Type": {media}}
		part := settled(d.Begin(req, status, header), string(body))
		if part == "" {
			return
		}
		read := func(body string) dialect.Decoded {
			return d.Decode(req, dialect.Response{Status: status, Header: header, Body: []byte(body)})
		}
		want, got := read(part), read(string(body))
		if got.Outcome.Kind != want.Outcome.Kind || got.Outcome.Reason != want.Outcome.Reason || got.Outcome.Code != want.Outcome.Code {
			t.Errorf("%s %s %d: %q is %v %s, and %q is %v %s", d.Name(), req.Path, status, part, want.Outcome.Kind, want.Outcome.Code, body, got.Outcome.Kind, got.Outcome.Code)
		}
	})
}
