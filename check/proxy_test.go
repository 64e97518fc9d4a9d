package check_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/check"
)

func TestAProxyHandsOnAllAndChecksIt(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/ok":
			write(w, 200, `{"x":"`+r.URL.RawQuery+r.Header.Get("X-A")+r.Host[:9]+`"}`)
		case "/v1/zip":
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(500)
			z := gzip.NewWriter(w)
			fmt.Fprint(z, `{"message":"dial tcp 10.0.0.7:5432: refused"}`)
			z.Close()
		case "/v1/moved":
			w.Header().Set("Location", "/v1/ok")
			w.WriteHeader(302)
		case "/v1/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/v1/gone":
			panic(http.ErrAbortHandler)
		}
	}))
	defer api.Close()
	upstream, err := url.Parse(api.URL + "/v1")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []check.Finding
	var ended sync.WaitGroup
	proxy := httptest.NewServer(check.Proxy(check.New(compiled(t, shop)), upstream, nil, func(x check.Exchange, f []check.Finding) {
		mu.Lock()
		all = append(all, f...)
		mu.Unlock()
		ended.Done()
	}))
	defer proxy.Close()
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string, read int64) (int, string) {
		t.Helper()
		ended.Add(1)
		r, err := http.NewRequestWithContext(t.Context(), "GET", proxy.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-A", "a")
		res, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(res.Body, read))
		return res.StatusCode, string(body)
	}
	for _, test := range []struct {
		path   string
		status int
		body   string
		rules  string
	}{
		{"/ok?q=1", 200, `{"x":"q=1a127.0.0.1"}`, ""},
		{"/zip", 500, `{"message":"dial tcp 10.0.0.7:5432: refused"}`, "tells_inside"},
		{"/moved", 302, "", "unlisted_status"},
		{"/stream", 200, "data: 1\n\n", ""},
		{"/gone", 502, "the API did not respond\n", "no_response"},
	} {
		status, body := get(test.path, int64(max(len(test.body), 1)))
		ended.Wait()
		mu.Lock()
		var rules []string
		for _, f := range all {
			rules = append(rules, f.Rule)
		}
		all = nil
		mu.Unlock()
		if status != test.status || body != test.body || strings.Join(rules, " ") != test.rules {
			t.Errorf("%s: got %d %q and %v, want %d %q and %s", test.path, status, body, rules, test.status, test.body, test.rules)
		}
	}
}
