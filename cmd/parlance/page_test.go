package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/server/guard"
)

// What the tests of the five pages share. Each statement of a page is held where a
// reader of it stands: by the whole response of the running service, by what the client
// end does about it, and by what explain and decode say of it.

// met is a response as it came, whole.
type met struct {
	method, path string
	status       int
	header       http.Header
	body         string
}

// meet sends a request as it stands, and returns the response before anybody has read
// it. A header is "Name: value". A body is JSON if no header says otherwise.
func meet(t *testing.T, method, url, body string, header ...string) met {
	t.Helper()
	r := asking(t, t.Context(), method, url, body, append([]string{"Accept: */*"}, header...)...) // as curl sends it
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return met{method, r.URL.Path, res.StatusCode, res.Header, string(text)}
}

// is compares status and body, and the headers that are named: "Name: value", and
// "Name:" for one that must be missing.
func (m met) is(t *testing.T, status int, body string, header ...string) {
	t.Helper()
	if m.status != status || m.body != body {
		t.Errorf("got  %d %s\nwant %d %s", m.status, m.body, status, body)
	}
	for _, h := range header {
		name, want, _ := strings.Cut(h, ":")
		if got := m.header.Get(name); got != strings.TrimSpace(want) {
			t.Errorf("%s: got %q, want %q", name, got, strings.TrimSpace(want))
		}
	}
}

// decodes wants texts in what decode says of the response.
func (m met) decodes(t *testing.T, dialect string, want ...string) {
	t.Helper()
	var in strings.Builder
	in.WriteString("HTTP/1.1 " + strconv.Itoa(m.status) + " " + http.StatusText(m.status) + "\r\n")
	_ = m.header.Write(&in)
	in.WriteString("\r\n" + m.body)
	says(t, in.String(), []string{"decode", "--dialect", dialect, "--method", m.method, "--path", m.path}, want)
}

// explains wants texts in what explain says of a code.
func explains(t *testing.T, dialect, code string, want ...string) {
	t.Helper()
	says(t, "", []string{"explain", dialect, code}, want)
}

// says wants texts in what the command prints, whatever the line breaks between them.
func says(t *testing.T, stdin string, args, want []string) {
	t.Helper()
	stdout, stderr, exit := invoke(t, stdin, args...)
	said := strings.Join(strings.Fields(stdout), " ")
	for _, text := range want {
		if exit != 0 || !strings.Contains(said, text) {
			t.Errorf("parlance %s: exit %d, want %q in\n%s%s", strings.Join(args, " "), exit, text, stdout, stderr)
		}
	}
}

// asking is a request. A header is "Name: value". A body is JSON if no header says
// otherwise.
func asking(t *testing.T, ctx context.Context, method, url, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return r
}

// reported sends a request by the client end, which follows no redirect, and returns the
// report, the body, and what Check says.
func reported(t *testing.T, d *dialect.Dialect, r *http.Request, options ...client.Option) (*client.Report, string, error) {
	t.Helper()
	res, err := (&http.Client{
		Transport:     client.New(d, options...),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	report, ok := client.ReportOf(res)
	if !ok {
		t.Fatalf("%s %s: no report", r.Method, r.URL)
	}
	return report, string(body), client.Check(res)
}

// cataloged opens a dialect of the catalog.
var cataloged = catalogtest.Open

// onSocket serves a service on a socket, with the limits of a program, and returns its URL.
func onSocket(t *testing.T, h http.Handler) string {
	t.Helper()
	socket := httptest.NewUnstartedServer(h)
	guard.ApplyDefaultLimits(socket.Config)
	socket.Start()
	t.Cleanup(socket.Close)
	return socket.URL
}

// backend is the service behind one of the five.
type backend struct {
	*httptest.Server
	now atomic.Value // the http.HandlerFunc that it is now
}

// newBackend sends everybody this response until it is told otherwise.
func newBackend(t *testing.T, status int, contentType, body string) *backend {
	t.Helper()
	b := new(backend)
	b.sends(status, contentType, body)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.now.Load().(http.HandlerFunc)(w, r) }))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) does(h http.HandlerFunc) { b.now.Store(h) }

func (b *backend) sends(status int, contentType, body string) {
	b.does(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}
