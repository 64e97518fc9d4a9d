package servertest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

// Do sends a request and reads the response.
func Do(t testing.TB, c *http.Client, r *http.Request) Response {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Read(res)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// As asks with the name of an agent.
func As(t testing.TB, c *http.Client, name, method, url string) Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Api-Key", name)
	return Do(t, c, r)
}

// Post sends a body to a server that listens. Headers are name, value, ….
func Post(t testing.TB, l *httptest.Server, path, body string, headers ...string) Response {
	t.Helper()
	a, err := Send(t.Context(), l, "POST", path, body, headers...)
	if err != nil {
		t.Error(err)
	}
	return a
}

// Send is Post by any method, for a request that may fail.
func Send(ctx context.Context, l *httptest.Server, method, path, body string, headers ...string) (Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, l.URL+path, strings.NewReader(body))
	if err != nil {
		return Response{}, err
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := l.Client().Do(r)
	if err != nil {
		return Response{}, err
	}
	return Read(res)
}

// PostBulk sends a document and returns the response.
func PostBulk(t testing.TB, url, document string) (status int, contentType, body string) {
	t.Helper()
	res, err := http.Post(url, "application/octet-stream", strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

// Serve serves h on a socket until the test ends.
func Serve(t testing.TB, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// Meaning reads a response in a dialect of the catalog.
func Meaning(t testing.TB, name string, a Response) parlance.Outcome {
	t.Helper()
	d := catalogtest.Open(t, name)
	return d.Decode(dialect.Request{}, dialect.Response{Status: a.Status, Header: dialect.HeaderMap(a.Header), Body: []byte(a.Body)}).Outcome
}

// Whole reports a fault that no response may have, for any request: in its status, in its
// headers, or in a body that is not of its type.
func Whole(w *httptest.ResponseRecorder) error {
	if w.Code < 200 || w.Code > 599 {
		return errors.New("no status of a response")
	}
	for name, values := range w.Header() {
		for _, v := range values {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return errors.New("a control character in " + name)
			}
		}
	}
	kind, body := w.Header().Get("Content-Type"), w.Body.Bytes()
	switch {
	case len(body) == 0:
	case strings.Contains(kind, "json") && !json.Valid(body):
		return errors.New("this is not JSON")
	case strings.Contains(kind, "xml"):
		d := xml.NewDecoder(bytes.NewReader(body))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// IDs matches an activity ID.
var IDs = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
