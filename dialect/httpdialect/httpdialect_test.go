package httpdialect_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

func open(t *testing.T, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestARequestHasTheKeyThatTheDialectNames(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/v1/charges?expand=card", nil)
	r.Header.Set("Idempotency-Key", "k1")
	for name, key := range map[string]string{"stripe": "k1", "github": ""} {
		got := httpdialect.Request(open(t, name), r)
		if got.Method != "POST" || got.Path != "/v1/charges" || got.Key != key || got.Header.Values("Idempotency-Key")[0] != "k1" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAHeadThatWasReceivedIsReadAsAGet(t *testing.T) {
	t.Parallel()
	d := open(t, "plain")
	for method, want := range map[string]string{"HEAD": "GET", "GET": "GET", "POST": "POST"} {
		r := httptest.NewRequest(method, "/", nil)
		if got := httpdialect.Received(d, r).Method; got != want {
			t.Errorf("%s is received as %s, want %s", method, got, want)
		}
		if got := httpdialect.Request(d, r).Method; got != method {
			t.Errorf("%s is sent as %s", method, got)
		}
	}
}

// closing notes that a body was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestABodyThatWasPeekedAtIsStillWhole(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	for limit, want := range map[int]string{0: "", 4: "0123", 9: "012345678", 10: text, 11: text, 1000: text} {
		body := &closing{Reader: iotest.OneByteReader(strings.NewReader(text))}
		res := &http.Response{StatusCode: 200, Header: http.Header{"X-A": {"1"}}, Body: body}
		got, err := httpdialect.Peek(res, limit)
		if err != nil || string(got.Body) != want || got.Cut != (limit < len(text)) || got.Status != 200 || got.Header.Values("X-A")[0] != "1" {
			t.Errorf("up to %d: %+v, %v; want %q", limit, got, err, want)
		}
		if all, err := io.ReadAll(res.Body); string(all) != text || err != nil {
			t.Errorf("up to %d, what is left is %q, %v", limit, all, err)
		}
		if err := res.Body.Close(); err != nil || !body.closed {
			t.Errorf("up to %d: closed %t, %v", limit, body.closed, err)
		}
	}
}

func TestABodyThatBreaksOffBreaksOffAgain(t *testing.T) {
	t.Parallel()
	broke := errors.New("it broke off")
	res := &http.Response{StatusCode: 500, Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broke)))}
	got, err := httpdialect.Peek(res, 100)
	if !errors.Is(err, broke) || string(got.Body) != "half" || !got.Cut {
		t.Errorf("%+v, %v", got, err)
	}
	if all, err := io.ReadAll(res.Body); string(all) != "half" || !errors.Is(err, broke) {
		t.Errorf("what is left is %q, %v", all, err)
	}
}

func TestAResponseWithoutABodyIsReadAsNone(t *testing.T) {
	t.Parallel()
	got, err := httpdialect.Peek(&http.Response{StatusCode: 204}, 10)
	if err != nil || got.Status != 204 || len(got.Body) > 0 || got.Cut {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFieldsOfAMessageReplaceThoseOfTheirNames(t *testing.T) {
	t.Parallel()
	h := http.Header{"X-Other": {"stays"}, "Warning": {"old", "older"}}
	httpdialect.SetHeader(h, dialect.Encoded{Header: []dialect.HeaderField{{Name: "warning", Value: "a"}, {Name: "ETag", Value: "e"}, {Name: "Warning", Value: "b"}}})
	if want := (http.Header{"X-Other": {"stays"}, "Warning": {"a", "b"}, "Etag": {"e"}}); !reflect.DeepEqual(h, want) {
		t.Errorf("got %v, want %v", h, want)
	}
}

func TestAMessageIsWrittenAsHTTPAllows(t *testing.T) {
	t.Parallel()
	typed := []dialect.HeaderField{{Name: "Content-Type", Value: "application/json"}}
	for _, test := range []struct {
		name   string
		m      dialect.Encoded
		status int
		length string
		media  string
		body   string
	}{
		{"with a body", dialect.Encoded{Status: 404, Header: typed, Body: []byte("{}")}, 404, "2", "application/json", "{}"},
		{"without one", dialect.Encoded{Status: 404}, 404, "0", "", ""},
		{"a 204", dialect.Encoded{Status: 204, Header: typed, Body: []byte("{}")}, 204, "", "application/json", ""},
		{"a 304", dialect.Encoded{Status: 304, Body: []byte("{}")}, 304, "", "", ""},
		{"a 205", dialect.Encoded{Status: 205, Header: typed, Body: []byte("{}")}, 205, "0", "", ""},
		{"a status that is none", dialect.Encoded{Status: 4711, Header: typed, Body: []byte("{}")}, 500, "2", "application/json", "{}"},
		{"an interim status", dialect.Encoded{Status: 103, Header: typed, Body: []byte("{}")}, 500, "2", "application/json", "{}"},
	} {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "9")
		if err := httpdialect.Write(w, test.m); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		h := w.Header()
		if w.Code != test.status || h.Get("Content-Length") != test.length || h.Get("Content-Type") != test.media || w.Body.String() != test.body {
			t.Errorf("%s: %d %v %q; want %d, length %q, type %q, %q", test.name, w.Code, h, w.Body, test.status, test.length, test.media, test.body)
		}
	}
}

func TestAMessageReplacesAResponseAndWhatDescribesIt(t *testing.T) {
	t.Parallel()
	old := &closing{Reader: strings.NewReader("old")}
	res := &http.Response{
		StatusCode: 200, Status: "200 OK", Body: old, ContentLength: 3, TransferEncoding: []string{"chunked"}, Trailer: http.Header{"X-T": nil},
		Header: http.Header{"Content-Encoding": {"br"}, "Etag": {"1"}, "Set-Cookie": {"a"}, "Content-Type": {"text/html"}},
	}
	httpdialect.Replace(res, dialect.Encoded{Status: 404, Header: []dialect.HeaderField{{Name: "Content-Type", Value: "application/json"}}, Body: []byte("{}")})
	if want := (http.Header{"Set-Cookie": {"a"}, "Content-Type": {"application/json"}, "Content-Length": {"2"}}); !reflect.DeepEqual(res.Header, want) {
		t.Errorf("the header is %v, want %v", res.Header, want)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "{}" || res.StatusCode != 404 || res.Status != "" || res.ContentLength != 2 || res.TransferEncoding != nil || res.Trailer != nil {
		t.Errorf("%+v, %q, %v", res, body, err)
	}
	if !old.closed {
		t.Error("the old body is open")
	}
	var fresh http.Response
	httpdialect.Replace(&fresh, dialect.Encoded{Status: 204})
	if fresh.StatusCode != 204 || len(fresh.Header) > 0 || fresh.ContentLength != 0 {
		t.Errorf("%+v", fresh)
	}
}

func TestRetryAfterIsReadInTheFormsOfADialect(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "0": parlance.RetryNow, "90": 90 * time.Second, "1795190490": 90 * time.Second, "2026-11-20T16:01:30Z": 90 * time.Second,
		"Fri, 20 Nov 2026 16:01:30 GMT": 90 * time.Second,
	} {
		h := http.Header{"Date": {"Fri, 20 Nov 2026 16:00:00 GMT"}, "Retry-After": {value}}
		if got := httpdialect.RetryAfter(&http.Response{StatusCode: 401, Header: h}); got != want {
			t.Errorf("%q is read as %s, not %s", value, got, want)
		}
	}
}

func TestAMarkInAPathIsNoQuery(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("a.yaml", []byte("dialect: a\ncodes: {200: success}\noperations: [{method: POST, path: /search, safe: true}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for target, safe := range map[string]bool{
		"/search": true, "/search?q=1": true, "/search/": true, "/search%3Fq=1": false, "/search%23q": false, "/search%3F": false, "/a?/search": false,
	} {
		req := httptest.NewRequest("POST", "https://api.test"+target, nil)
		if got := d.Idempotent(httpdialect.Request(d, req)); got != safe {
			t.Errorf("%s: safe %v, not %v", target, got, safe)
		}
	}
}
