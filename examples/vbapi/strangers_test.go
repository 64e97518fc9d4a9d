package vbapi_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/server/limit"
)

// whole is an envelope that is complete: of a success, or of an error with all of its
// members.
var whole = regexp.MustCompile(`^\{"data":(null,"error":\{"type":"https://httpstatuses.com/(\d+)","title":"[^"]+","status":(\d+),"detail":".+","instance":"/[^"]*"\}|[{\[].*[}\]],"error":null),"debug":\{"activityId":"[0-9a-f-]{36}"\}\}$`)

func TestWhateverAStrangerSendsHasTheWholeEnvelope(t *testing.T) {
	t.Parallel()
	h := open(t, false, limit.Rate{})
	token, err := h.login.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, path, body, header string
		status                           int
	}{
		{"an unknown route", "GET", "/nowhere", "", "", 404},
		{"a wrong method", "DELETE", products, "", "", 405},
		{"a wrong content type", "POST", products, "a", "Content-Type: text/plain", 415},
		{"a missing content type", "POST", products, `{"id":"a"}`, "Content-Type: ", 415},
		{"a body too large", "POST", products, strings.Repeat(" ", 1<<20+1), "", 413},
		{"an empty body", "POST", products, "", "", 400},
		{"an empty list of records", "PUT", batch, "[]", "", 200},
		{"an object for a list", "PUT", batch, "{}", "", 400},
		{"a list for an object", "POST", products, "[]", "", 400},
		{"a path with two slashes", "GET", "/" + products, "", "", 404},
		{"a path with dots", "GET", "/x/.." + products, "", "", 404},
		{"a condition", "GET", products, "", "If-None-Match: *", 200},
		{"a date", "GET", products, "", "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT", 200},
		{"a precondition", "GET", products, "", `If-Match: "1"`, 200},
		{"a range", "GET", products, "", "Range: bytes=0-3", 200},
		{"options", "OPTIONS", products, "", "", 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			headers := []string{"X-Api-Key: " + vbapi.Key, "Authorization: Bearer " + token}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			res, err := http.DefaultTransport.RoundTrip(golden.Request(t, h.url, c.method, c.path, c.body, headers...))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			said := whole.FindStringSubmatch(string(body))
			if res.StatusCode != c.status || said == nil || said[2] != said[3] {
				t.Errorf("got %d %s\nwant %d with a whole envelope", res.StatusCode, body, c.status)
			}
			if kind := res.Header.Get("Content-Type"); kind != "application/json" {
				t.Errorf("got the type %s", kind)
			}
		})
	}
	t.Run("HEAD", func(t *testing.T) {
		t.Parallel()
		for path, status := range map[string]int{products: 200, "/nowhere": 404} {
			res, err := http.DefaultTransport.RoundTrip(golden.Request(t, h.url, "HEAD", path, "", "X-Api-Key: "+vbapi.Key, "Authorization: Bearer "+token))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != status || res.Header.Get("Content-Type") != "application/json" || res.ContentLength <= 0 {
				t.Errorf("%s: got %d %v", path, res.StatusCode, res.Header)
			}
		}
	})
}
