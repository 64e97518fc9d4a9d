// Package frameworks_test holds the three services against a client of Parlance.
package frameworks_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/frameworks/chi"
	"github.com/parlance-api/parlance/examples/frameworks/huma"
	"github.com/parlance-api/parlance/examples/frameworks/oapi"
	"github.com/parlance-api/parlance/server"
)

// call is a request, and what a client of the dialect reads in its response.
type call struct {
	name, method, path, body string
	status                   int
	kind                     parlance.Kind
	field                    string // the path of the only bad input
	detail                   string // a part of the text
}

func TestEveryFailureOfAFrameworkComesOutInTheDialect(t *testing.T) {
	t.Parallel()
	added := call{name: "an order is added", method: "POST", path: "/orders", body: `{"product":"cup","count":2}`, kind: parlance.KindSuccess}
	for _, service := range []struct {
		name, dialect string
		open          func(...server.Option) (http.Handler, error)
		created       int
		calls         []call
	}{
		{name: "chi", dialect: "vbapi", open: chi.New, created: 201, calls: []call{
			{name: "no such order", method: "GET", path: "/orders/7", status: 404, kind: parlance.KindNotFound, detail: `"7"`},
			{name: "no such route", method: "GET", path: "/carts", status: 404, kind: parlance.KindNotFound},
			{name: "no such method", method: "DELETE", path: "/orders/1", status: 405, kind: parlance.KindInvalid},
			{name: "the query is wrong", method: "GET", path: "/orders?limit=x", status: 400, kind: parlance.KindInvalid},
			{name: "the stock is exceeded", method: "POST", path: "/orders", body: `{"product":"cup","count":101}`, status: 400, kind: parlance.KindInvalid},
		}},
		{name: "huma", dialect: "vms", open: huma.New, created: 200, calls: []call{
			{name: "no such order", method: "GET", path: "/orders/7", status: 404, kind: parlance.KindNotFound, detail: `"7"`},
			{name: "no such route", method: "GET", path: "/carts", status: 404, kind: parlance.KindNotFound},
			{name: "huma finds a field too small", method: "POST", path: "/orders", body: `{"product":"cup","count":0}`, status: 400, kind: parlance.KindInvalid, field: "count"},
			{name: "huma finds a parameter that is no number", method: "GET", path: "/orders?limit=x", status: 400, kind: parlance.KindInvalid, field: "limit"},
			{name: "huma finds a body that is no JSON", method: "POST", path: "/orders", body: `{`, status: 400, kind: parlance.KindInvalid},
			{name: "the stock is exceeded", method: "POST", path: "/orders", body: `{"product":"cup","count":101}`, status: 400, kind: parlance.KindInvalid, field: "count"},
		}},
		{name: "oapi-codegen", dialect: "problem", open: oapi.New, created: 201, calls: []call{
			{name: "no such order", method: "GET", path: "/orders/7", status: 404, kind: parlance.KindNotFound, detail: `"7"`},
			{name: "no such route", method: "GET", path: "/carts", status: 404, kind: parlance.KindNotFound},
			{name: "a parameter in the path is no number", method: "GET", path: "/orders/seven", status: 400, kind: parlance.KindInvalid, field: "id"},
			{name: "a parameter in the query is missing", method: "GET", path: "/orders", status: 400, kind: parlance.KindInvalid, field: "limit"},
			{name: "the body is no JSON", method: "POST", path: "/orders", body: `{`, status: 400, kind: parlance.KindInvalid},
			{name: "the stock is exceeded", method: "POST", path: "/orders", body: `{"product":"cup","count":101}`, status: 400, kind: parlance.KindInvalid, field: "count"},
		}},
	} {
		t.Run(service.name, func(t *testing.T) {
			t.Parallel()
			h, err := service.open(server.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(h)
			t.Cleanup(srv.Close)
			d, err := catalog.Open(service.dialect)
			if err != nil {
				t.Fatal(err)
			}
			added.status = service.created
			read := added
			read.method, read.path, read.body, read.status = "GET", "/orders/1", "", 200
			listed := read
			listed.path = "/orders?limit=5"
			hc := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}
			for _, c := range append([]call{added, read, listed}, service.calls...) {
				t.Run(c.name, func(t *testing.T) { c.check(t, hc, srv.URL) })
			}
		})
	}
}

// check sends the request over a socket.
func (c call) check(t *testing.T, hc *http.Client, url string) {
	r, err := http.NewRequest(c.method, url+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := hc.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := parlance.Outcome{Kind: parlance.KindSuccess}
	var failed *client.Error
	switch err := client.Check(resp); {
	case errors.As(err, &failed):
		got = failed.Outcome
	case err != nil:
		t.Fatal(err)
	}
	if resp.StatusCode != c.status || got.Kind != c.kind {
		t.Errorf("got %d and %v, want %d and %v: %s", resp.StatusCode, got.Kind, c.status, c.kind, body)
	}
	if !strings.Contains(got.Detail, c.detail) {
		t.Errorf("got the detail %q, want %q in it: %s", got.Detail, c.detail, body)
	}
	if c.field != "" && !slices.ContainsFunc(got.Fields, func(f parlance.Field) bool { return f.Path == c.field && f.Message != "" }) {
		t.Errorf("got the fields %v, want %q: %s", got.Fields, c.field, body)
	}
	// A success, and a failure that is none of the dialect, would have no such ID.
	if c.kind != parlance.KindSuccess && resp.Header.Get("X-Request-Id") == "" && got.RequestID == "" {
		t.Errorf("the failure has no request ID: %s", body)
	}
}
