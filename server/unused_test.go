package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestAConditionIsIgnoredIfTheDialectHasNo304(t *testing.T) {
	t.Parallel()
	written := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	file := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"1"`)
		http.ServeContent(w, r, "a.csv", written, strings.NewReader("a,b"))
	}
	for name, status := range map[string]int{"vision": 200, "vbapi": 304} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, name)
			for header, value := range map[string]string{"If-None-Match": `"1"`, "If-Modified-Since": written.Format(http.TimeFormat)} {
				var seen *http.Request
				outer := func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						next.ServeHTTP(w, r)
						seen = r
					})
				}
				for _, method := range []string{"GET", "HEAD"} {
					a := servertest.Ask(t, outer(s.Wrap(http.HandlerFunc(file))), method, "/", header, value)
					validated := a.Header.Get("Etag") != "" || a.Header.Get("Last-Modified") != ""
					if a.Status != status || validated != (status == 304) {
						t.Errorf("%s with %s: got %+v, want %d", method, header, a, status)
					}
					if seen.Header.Get(header) != value {
						t.Errorf("who stands around lost %s", header)
					}
				}
			}
		})
	}
}

func TestARedirectThatTheDialectDoesNotHaveIsNotFound(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vision")
	a := servertest.Ask(t, s.Wrap(http.RedirectHandler("/elsewhere", http.StatusFound)), "GET", "/here")
	if a.Status != 404 || a.Header.Get("Location") != "" || strings.Contains(a.Body, "<") || a.Header.Get(server.RequestIDHeader) == "" {
		t.Errorf("got %+v", a)
	}
	if !strings.Contains(log.String(), `"status":302`) {
		t.Errorf("the log does not say what the handler gave: %s", log)
	}
}
