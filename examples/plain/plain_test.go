package plain_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/examples/internal/caller"
	"github.com/parlance-api/parlance/examples/plain"
)

func start(t *testing.T, c plain.Config) (*caller.Caller, *caller.Log) {
	log := new(caller.Log)
	c.Logger = log.Logger()
	s, err := plain.New(c)
	if err != nil {
		t.Fatal(err)
	}
	call := caller.New(t, s.Handler())
	as(call, "librarian")
	return call, log
}

func as(c *caller.Caller, user string) {
	c.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+plain.Password)))
}

func TestBooks(t *testing.T) {
	t.Parallel()
	c, _ := start(t, plain.Config{})
	c.Want("GET", "/books/1", "", 200, `{"id":1,"title":"The Sea"}`)
	c.Want("GET", "/books/2", "", 404, `{"message":"There is no book \"2\""}`)
	c.Want("POST", "/books", `{}`, 400, `{"message":"A book needs a title"}`)
	c.Want("POST", "/books", `{`, 400, `{"message":"The body is not the JSON that was expected"}`)
	c.Want("POST", "/books", `{"title":"The Sky"}`, 201, `{"id":2,"title":"The Sky"}`)
	c.Want("GET", "/books/2", "", 200, `{"id":2,"title":"The Sky"}`)
	as(c, "reader")
	c.Want("POST", "/books", `{"title":"Mine"}`, 403, `{"message":"Only a librarian adds books"}`)
	as(c, "nobody")
	if a := c.Want("GET", "/books/1", "", 401, `{"message":"Name and password are needed"}`); a.Header.Get("Www-Authenticate") == "" {
		t.Error("the answer does not say how to authenticate")
	}
}

func TestAServiceBehind(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]struct {
		behind http.HandlerFunc
		status int
		body   string
		log    string
	}{
		"works":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"lent":3}`)) }, 200, `{"lent":3}`, ""},
		"fails":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "stack trace", 500) }, 502, `{"message":"The report writer answered wrongly"}`, "answered 500"},
		"is no JSON": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) }, 502, `{"message":"The report writer answered wrongly"}`, "sent no JSON"},
		"cuts its words": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte(`[`))
		}, 503, `{"message":"The report writer cannot be reached"}`, "unexpected EOF"},
		"hangs":   {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 503, `{"message":"The report writer cannot be reached"}`, "deadline"},
		"is gone": {nil, 503, `{"message":"The report writer cannot be reached"}`, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			config := plain.Config{Backend: gone.URL, Timeout: time.Minute}
			if name == "hangs" {
				config.Timeout = 20 * time.Millisecond
			}
			if c.behind != nil {
				behind := httptest.NewServer(c.behind)
				t.Cleanup(behind.Close)
				config.Backend = behind.URL
			}
			call, log := start(t, config)
			a := call.Want("GET", "/reports", "", c.status, c.body)
			if !strings.Contains(log.String(), c.log) || strings.Contains(a.Body, config.Backend) {
				t.Errorf("want %q in the log and no address in the answer, got %s", c.log, log)
			}
			if c.log != "" && !strings.Contains(log.String(), a.Header.Get("X-Request-Id")) {
				t.Errorf("the log does not have the id %q", a.Header.Get("X-Request-Id"))
			}
		})
	}
}
