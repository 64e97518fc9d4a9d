package translate_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

func open(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const (
	jsonType = "application/json"
	vbapiOK  = `{"data":{"id":7},"error":null,"debug":{"activityId":"a1"}}`
)

// described is a header in which every field describes the body, besides the cookie.
func described(contentType, length string) dialect.HeaderMap {
	h := dialect.HeaderMap{
		"Etag": {`"1"`}, "Last-Modified": {"Mon, 01 Jan 2024 00:00:00 GMT"}, "Accept-Ranges": {"bytes"}, "Content-Digest": {"x"},
		"Set-Cookie": {"a=1", "b=2"}, "Content-Type": {contentType},
	}
	if length != "" {
		h["Content-Length"] = []string{length}
	}
	return h
}

func TestAResponseIsTranslated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, to string
		method         string
		status         int
		contentType    string
		body           string
		want           int
		wantType       string
		has            string // in the body, "" for an empty one
		replaced       bool
		kept           translate.Kept
		needs          bool // the body
	}{
		{"a failure", "vms", "problem", "GET", 404, jsonType, `{"message":"no camera"}`, 404, "application/problem+json", `"detail":"no camera"`, true, 0, true},
		{"a failure under a good status", "vision", "problem", "POST", 200, "application/xml", `<RES><Code>400</Code><Message>no customer</Message></RES>`,
			400, "application/problem+json", "no customer", true, 0, true},
		{"an envelope that comes off", "vbapi", "plain", "GET", 200, jsonType, vbapiOK, 200, jsonType, `{"id":7}`, true, 0, true},
		{"an envelope that goes on", "plain", "vbapi", "GET", 200, jsonType, ` {"id":7} `, 200, jsonType, `{"data":{"id":7},"error":null`, true, 0, true},
		{"an envelope around nothing", "plain", "vbapi", "POST", 201, "", ``, 201, jsonType, `"data":{}`, true, 0, false},
		{"a page, which no envelope holds", "plain", "vbapi", "GET", 200, "text/html", `<p>`, 200, "text/html", ``, false, translate.KeptForm, false},
		{"broken JSON", "plain", "vbapi", "GET", 200, jsonType, `{"id":`, 200, jsonType, ``, false, translate.KeptBroken, true},
		{"a success without an envelope", "plain", "problem", "GET", 200, jsonType, `{"id":7}`, 200, jsonType, ``, false, 0, false},
		{"a success with a note", "vision", "problem", "GET", 203, "application/xml", `<THINGS/>`, 203, "application/xml", ``, false, 0, true},
		{"an empty list", "vms", "problem", "GET", 200, jsonType, `null`, 204, "", ``, true, 0, true},
		{"a redirect", "vbapi", "vbapi", "GET", 302, "text/html", `<p>`, 302, "text/html", ``, false, 0, true},
		{"an event stream", "vbapi", "vbapi", "GET", 200, "text/event-stream", `data: 1`, 200, "text/event-stream", ``, false, translate.KeptForm, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := translate.New(open(t, tt.from), open(t, tt.to))
			req := dialect.Request{Method: tt.method, Path: "/things"}
			h := described(tt.contentType, strconv.Itoa(len(tt.body)))
			before := maps.Clone(h)
			if got := tr.NeedsBody(req, tt.status, h); got != tt.needs && len(tt.body) > 0 {
				t.Errorf("it needs the body: %t", got)
			}
			r := tr.Translate(req, dialect.Response{Status: tt.status, Header: h, Body: []byte(tt.body)})
			r.Apply(h)
			if r.Status != tt.want || r.Replaced != tt.replaced || r.Kept != tt.kept {
				t.Errorf("got %d, replaced %t, kept %q", r.Status, r.Replaced, r.Kept)
			}
			if got := first(h, "Content-Type"); got != tt.wantType || !strings.Contains(string(r.Body), tt.has) || (tt.has == "") != (len(r.Body) == 0) {
				t.Errorf("got %q, %q", got, r.Body)
			}
			if length := first(h, "Content-Length"); tt.want != 204 && tt.replaced && length != strconv.Itoa(len(r.Body)) {
				t.Errorf("the length is %q of %d", length, len(r.Body))
			}
			if _, stands := h["Etag"]; stands == tt.replaced || len(h["Set-Cookie"]) != 2 {
				t.Errorf("the header is %v", h)
			}
			if r.Untouched() && !maps.EqualFunc(h, before, slices.Equal[[]string]) {
				t.Errorf("an untouched response got %v of %v", h, before)
			}
		})
	}
}

func first(h dialect.HeaderMap, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// A HEAD has the header of a GET (RFC 9110, 9.3.2), as far as it is known without the body.
func TestHEADHasTheHeaderOfAGETAndNoLengthThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, to, contentType string
		status                      int
		wantType, wantLength        string
		wantTag                     bool
	}{
		{"a body that nothing changes", "plain", "problem", jsonType, 200, jsonType, "58", true},
		{"a body that could be a failure", "vms", "problem", jsonType, 200, jsonType, "", true},
		{"an envelope that comes off", "vbapi", "plain", jsonType, 200, jsonType, "", false},
		{"a text without its envelope", "vbapi", "plain", "text/plain; charset=utf-8", 200, "text/plain; charset=utf-8", "", false},
		{"an envelope that goes on", "plain", "vbapi", jsonType, 200, jsonType, "", false},
		{"a picture, which no envelope holds", "plain", "vbapi", "image/png", 200, "image/png", "58", true},
		{"a failure", "vms", "problem", jsonType, 404, "application/problem+json", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := translate.New(open(t, tt.from), open(t, tt.to))
			h := described(tt.contentType, "58")
			req := dialect.Request{Method: "HEAD", Path: "/things"}
			if tt.status == 200 && tr.NeedsBody(req, tt.status, h) {
				t.Error("it needs a body")
			}
			r := tr.Translate(req, dialect.Response{Status: tt.status, Header: h})
			r.Apply(h)
			_, tag := h["Etag"]
			if len(r.Body) > 0 || first(h, "Content-Length") != tt.wantLength || first(h, "Content-Type") != tt.wantType || tag != tt.wantTag {
				t.Errorf("got %v and %q, want the type %q, the length %q, a tag %t", h, r.Body, tt.wantType, tt.wantLength, tt.wantTag)
			}
		})
	}
}

func TestAResponseThatIsNotReadIsPassedOn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, to string
		body           string
		kept           translate.Kept
	}{
		{"no envelope on either side", "plain", "problem", "", translate.KeptNone},
		{"an envelope that cannot come off", "vbapi", "plain", vbapiOK[:20], translate.KeptLong},
		{"an envelope that cannot go on", "plain", "vbapi", `{"id"`, translate.KeptLong},
		{"no envelope, in a dialect whose successes are read", "vms", "problem", `{"id"`, translate.KeptNone},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := described(jsonType, "")
			res := dialect.Response{Status: 200, Header: h, Body: []byte(tt.body), Cut: true}
			r := translate.New(open(t, tt.from), open(t, tt.to)).Translate(dialect.Request{Method: "GET", Path: "/things"}, res)
			r.Apply(h)
			if r.Replaced || r.Status != 200 || r.Kept != tt.kept || first(h, "Etag") == "" {
				t.Errorf("got %d, replaced %t, kept %q, %v", r.Status, r.Replaced, r.Kept, h)
			}
		})
	}
}

func TestAPartOfADocumentStaysOneAndARangeThatIsNoneKeepsItsLength(t *testing.T) {
	t.Parallel()
	tr := translate.New(open(t, "vms"), open(t, "problem"))
	req := dialect.Request{Method: "GET", Path: "/film"}
	part := described("video/mp4", "10")
	part["Content-Range"] = []string{"bytes 0-9/37"}
	if r := tr.Translate(req, dialect.Response{Status: 206, Header: part, Cut: true}); !r.Untouched() || r.Status != 206 {
		t.Errorf("a part became %+v", r)
	}
	none := described(jsonType, "15")
	none["Content-Range"] = []string{"bytes */37"}
	r := tr.Translate(req, dialect.Response{Status: 416, Header: none, Body: []byte(`{"message":"x"}`)})
	if r.Apply(none); r.Status != 416 || !r.Replaced || first(none, "Content-Range") != "bytes */37" || first(none, "Etag") != "" {
		t.Errorf("got %d %v", r.Status, none)
	}
}

func TestARetryThatCouldBeDoneTwiceIsAdvisedAgainst(t *testing.T) {
	t.Parallel()
	tr := translate.New(open(t, "vms"), open(t, "problem"))
	res := dialect.Response{Status: 503, Header: described(jsonType, ""), Body: []byte(`{"message":"back soon"}`)}
	for method, want := range map[string]parlance.Advice{"POST": parlance.AdviceStop, "GET": 0} {
		if got := tr.Translate(dialect.Request{Method: method, Path: "/things"}, res).Outcome.Retryable; got != want {
			t.Errorf("%s: got the advice %v, want %v", method, got, want)
		}
	}
}

// odd is an extension that writes a status which HTTP does not have.
type odd struct{}

func (odd) Concerns(dialect.Request, int, dialect.Header) bool                         { return false }
func (odd) Read(*dialect.Dialect, dialect.Request, dialect.Response, *dialect.Decoded) {}
func (odd) Write(_ *dialect.Dialect, _ dialect.Request, _ *parlance.Outcome, m *dialect.Encoded) {
	m.Status = 4711
}

func TestAStatusThatHTTPCannotCarryIsALoss(t *testing.T) {
	t.Parallel()
	tr := translate.New(open(t, "vms"), open(t, "problem").With(odd{}))
	r := tr.Translate(dialect.Request{}, dialect.Response{Status: 404, Header: dialect.HeaderMap{}})
	lost := slices.ContainsFunc(r.Losses, func(l parlance.Loss) bool { return l.Attribute == "status" && strings.Contains(l.Reason, "4711") })
	if r.Status != 500 || !lost {
		t.Errorf("got %d with %v", r.Status, r.Losses)
	}
}
