package vms_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/vms"
)

// page is an error as a browser gets it: the reason is its title.
var page = regexp.MustCompile(`^<html><head><title>[^<]+</title></head><body>(\d{3})</body></html>$`)

// A stranger's request gets VMS's own response, whole: message and errors, an object of
// lists that says something, or a page for a caller that asks for HTML by name.
func TestAStrangerGetsAResponseInTheDialectWhateverIsSent(t *testing.T) {
	t.Parallel()
	const (
		long = 1<<20 + 1
		read = `{"id":1,"name":"Gate"}`
		form = "Content-Type: application/x-www-form-urlencoded"
	)
	notObject := `{"message":"Submitted data was invalid","errors":{"general":["The body must be of type object"]}}`
	missing := func(path string) string { return own("There is no resource at " + path + ".") }
	unclean := func(path string) string {
		return own("There is no resource at " + path + ". The clean form of this path is " + camera + ".")
	}
	noType := own("The content type must be application/json")
	tooLong := own("The body is longer than 1,048,576 bytes")
	for _, row := range []struct {
		name               string
		method, path, body string
		header             []string
		status             int
		whole              string // the body in JSON
	}{
		{name: "an unknown route", method: "GET", path: "/nowhere", status: 404, whole: missing("GET /nowhere")},
		{name: "an unknown route, posted to", method: "POST", path: "/nowhere", body: `{}`, status: 404, whole: missing("POST /nowhere")},
		{name: "the root", method: "GET", path: "/", status: 404, whole: missing("GET /")},
		{name: "a camera whose number is none", method: "GET", path: cameras + "/x", status: 404, whole: own(`No camera \"x\"`)},
		{name: "a path with two slashes", method: "GET", path: "/" + camera, status: 404, whole: unclean("GET /" + camera)},
		{name: "a path that climbs", method: "GET", path: "/.." + camera, status: 404, whole: unclean("GET /.." + camera)},
		{name: "a path with dots", method: "GET", path: "/x/.." + camera, status: 404, whole: unclean("GET /x/.." + camera)},
		{name: "a path with a slash at its end", method: "GET", path: camera + "/", status: 404, whole: missing("GET " + camera + "/")},
		{name: "a wrong method", method: "PUT", path: cameras, body: gate, status: 405, whole: own("The method PUT is not allowed at " + cameras + ". Allowed: POST.")},
		{name: "a method that nobody knows", method: "BREW", path: camera, status: 405, whole: own("The method BREW is not allowed at " + camera + ". Allowed: DELETE, GET, HEAD.")},
		{name: "OPTIONS", method: "OPTIONS", path: cameras, status: 405, whole: own("The method OPTIONS is not allowed at " + cameras + ". Allowed: POST.")},
		{name: "OPTIONS of all", method: "OPTIONS", path: "*", status: 400, whole: `{"message":"The target * names no resource. Call a path.","errors":{}}`},
		{name: "a wrong content type", method: "POST", path: cameras, body: "name=Gate", header: []string{form}, status: 415, whole: noType},
		{name: "no content type", method: "POST", path: cameras, body: gate, header: []string{"Content-Type: "}, status: 415, whole: noType},
		{name: "a body too large", method: "POST", path: cameras, body: `{"name":"` + strings.Repeat("x", long) + `"}`, status: 413, whole: tooLong},
		{name: "a body too large that is nothing", method: "POST", path: "/api/v1/items", body: strings.Repeat(" ", long), status: 413, whole: tooLong},
		{name: "no body", method: "POST", path: cameras, header: []string{"Content-Type: application/json"}, status: 400, whole: `{"message":"The body is empty","errors":{}}`},
		{name: "no JSON", method: "POST", path: cameras, body: `{`, status: 400, whole: `{"message":"The body is not valid JSON: line 1, column 2","errors":{}}`},
		{name: "an empty list", method: "POST", path: cameras, body: `[]`, status: 422, whole: notObject},
		{name: "a list for an object", method: "POST", path: cameras, body: `[` + gate + `]`, status: 422, whole: notObject},
		{name: "null", method: "POST", path: cameras, body: `null`, status: 422, whole: notObject},
		{name: "a field of a wrong type", method: "POST", path: cameras, body: `{"name":7}`, status: 422, whole: `{"message":"Submitted data was invalid","errors":{"name":["The name must be of type string"]}}`},
		{name: "a condition", method: "GET", path: camera, header: []string{"If-None-Match: *"}, status: 200, whole: read},
		{name: "a date", method: "GET", path: camera, header: []string{"If-Modified-Since: Fri, 20 Nov 2026 16:00:00 GMT"}, status: 200, whole: read},
		{name: "a precondition", method: "GET", path: camera, header: []string{`If-Match: "1"`}, status: 200, whole: read},
		{name: "a range", method: "GET", path: camera, header: []string{"Range: bytes=0-3"}, status: 200, whole: read},
		{name: "a range of a picture", method: "GET", path: snapshot, header: []string{"Range: bytes=0-3", "If-None-Match: *"}, status: 200, whole: "GIF89a"},
		{name: "HEAD", method: "HEAD", path: camera, status: 200},
		{name: "HEAD of what is not there", method: "HEAD", path: "/nowhere", status: 404},
		{name: "HEAD where only POST is", method: "HEAD", path: cameras, status: 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, vms.Config{})
			one(h)
			for _, accept := range []string{"Accept: */*", "Accept: ", asJSON, browser} {
				a := response(golden.Raw(t, h.url, row.method, row.path, row.body, slices.Concat(curl, []string{operator, accept}, row.header)...))
				kind := "application/json"
				switch {
				case row.whole == "GIF89a":
					kind = "image/gif"
				case accept == browser && row.status >= 400:
					kind = "text/html; charset=utf-8"
				}
				if a.Status != row.status || a.Header.Get("Content-Type") != kind || a.Header.Get("X-Request-Id") == "" {
					t.Errorf("%s: got %d %v %s\nwant %d, %s and a request ID", accept, a.Status, a.Header, a.Body, row.status, kind)
				}
				switch said := page.FindStringSubmatch(a.Body); {
				case row.method == "HEAD":
					if a.Body != "" || a.Header.Get("Content-Length") == "" {
						t.Errorf("%s: got %v %q, want a length and no body", accept, a.Header, a.Body)
					}
				case kind == "text/html; charset=utf-8":
					if said == nil || said[1] != fmt.Sprint(row.status) {
						t.Errorf("%s: got %s, want a page of %d", accept, a.Body, row.status)
					}
				case a.Body != row.whole:
					t.Errorf("%s: got %s\nwant %s", accept, a.Body, row.whole)
				}
				if row.status >= 400 && row.method != "HEAD" {
					a.readsWithoutComplaint(t, row.whole)
				}
			}
		})
	}
}

// Who is not known learns nothing about what there is.
func TestAStrangerWithoutATokenGetsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	h := open(t, vms.Config{})
	one(h)
	for _, asked := range []string{"GET " + camera, "GET /nowhere", "PUT " + cameras, "OPTIONS " + cameras, "GET /" + camera} {
		method, path, _ := strings.Cut(asked, " ")
		a := response(golden.Raw(t, h.url, method, path, "", curl[:2]...))
		if want := own("A credential is required"); a.Status != 401 || a.Body != want || a.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: got %d %v %s, want 401 %s", asked, a.Status, a.Header, a.Body, want)
		}
	}
}

// own is an error whose reason stands under a key of its own.
func own(reason string) string {
	return `{"message":"","errors":{"error":["` + reason + `"]}}`
}

// response is a response as it came, before anybody has read it.
type response golden.Bare

// curl are the header fields that curl sends with a body of JSON.
var curl = []string{"User-Agent: curl/8.14.1", "Accept: */*", "Content-Type: application/json"}

// readsWithoutComplaint wants the reason of the body in JSON in what is read of the
// response, whatever its form.
func (a response) readsWithoutComplaint(t *testing.T, inJSON string) {
	t.Helper()
	d, err := catalog.Open("vms")
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Message string
		Errors  map[string][]string
	}
	if err := json.Unmarshal([]byte(inJSON), &e); err != nil {
		t.Fatal(err)
	}
	said := append(slices.Clone(e.Errors["error"]), e.Message)
	got := d.Decode(dialect.Request{}, dialect.Response{Status: a.Status, Header: dialect.HeaderMap(a.Header), Body: []byte(a.Body)})
	o := got.Outcome
	if len(got.Diagnostics) > 0 || o.Detail == "" || !slices.ContainsFunc(said, func(s string) bool { return s != "" && strings.HasPrefix(o.Detail, s) }) {
		t.Errorf("got %+v %v, want the detail of %s", o, got.Diagnostics, inJSON)
	}
}
