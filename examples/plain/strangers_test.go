package plain_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/plain"
)

// said is a failure in the dialect, whole: one message that says something.
var said = regexp.MustCompile(`^\{"message":"[A-Z][^"]+"\}$`)

func TestWhateverAStrangerSendsGetsAResponseInTheDialect(t *testing.T) {
	t.Parallel()
	h := open(t, plain.Config{})
	const sea = `{"id":1,"title":"The Sea"}`
	for _, c := range []struct {
		name, method, path, body, header string
		status                           int
		want                             string // "" is any message
	}{
		{"an unknown route", "GET", "/nowhere", "", "", 404, `{"message":"There is no resource at GET /nowhere."}`},
		{"a wrong method", "DELETE", "/books", "", "", 405, `{"message":"The method DELETE is not allowed at /books. Allowed: POST."}`},
		{"a wrong content type", "POST", "/books", "a", "Content-Type: text/plain", 415, ""},
		{"a missing content type", "POST", "/books", `{"title":"a"}`, "Content-Type: ", 415, ""},
		{"a body too large", "POST", "/books", strings.Repeat(" ", 1<<20+1), "", 413, ""},
		{"an empty body", "POST", "/books", "", "", 400, ""},
		{"an empty list", "POST", "/books", "[]", "", 400, ""},
		{"a list for an object", "POST", "/books", `[{"title":"a"}]`, "", 400, ""},
		{"a path with two slashes", "GET", "//books/1", "", "", 404, ""},
		{"a path with dots", "GET", "/x/../books/1", "", "", 404, ""},
		{"a condition", "GET", "/books/1", "", "If-None-Match: *", 200, sea},
		{"a date", "GET", "/books/1", "", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", 200, sea},
		{"a precondition", "GET", "/books/1", "", `If-Match: "1"`, 200, sea},
		{"a range", "GET", "/books/1", "", "Range: bytes=0-3", 200, sea},
		{"a path that climbs", "GET", "/../books/1", "", "", 404, ""},
		{"no credential", "GET", "/books/1", "", "Authorization: ", 401, `{"message":"A credential is required"}`},
		{"options of no resource", "OPTIONS", "*", "", "", 400, `{"message":"The target * names no resource. Call a path."}`},
		{"options", "OPTIONS", "/books/1", "", "", 405, `{"message":"The method OPTIONS is not allowed at /books/1. Allowed: GET, HEAD."}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			headers := []string{librarian}
			if c.method == "POST" {
				headers = append(headers, "Content-Type: application/json")
			}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			res := golden.Raw(t, h.url, c.method, c.path, c.body, headers...)
			if res.Status != c.status || c.want != "" && res.Body != c.want || c.want == "" && !said.MatchString(res.Body) {
				t.Errorf("got  %d %s\nwant %d %s", res.Status, res.Body, c.status, c.want)
			}
			if kind := res.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("got the type %q, want application/json", kind)
			}
			if id := res.Header.Get("X-Request-Id"); len(id) != 36 {
				t.Errorf("got the request ID %q, want a UUID", id)
			}
		})
	}
	t.Run("HEAD", func(t *testing.T) {
		t.Parallel()
		for path, status := range map[string]int{"/books/1": 200, "/nowhere": 404} {
			res := golden.Raw(t, h.url, "HEAD", path, "", librarian)
			if res.Status != status || res.Body != "" || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Content-Length") == "" {
				t.Errorf("%s: got %+v, want %d with the header of a GET", path, res, status)
			}
		}
	})
}
