package golden

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	_ "github.com/parlance-api/parlance/internal/testnet" // for the transport that all share
)

// Request is one whose body is sent as JSON. A header is "Name: value".
func Request(t testing.TB, base, method, path, body string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
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

// Response is a response with the Report of the client, nil if no client read it.
type Response struct {
	*http.Response
	Text string // its body
	*client.Report
}

// ClientEnd is a client for a dialect of the catalog. It sends a request at most so
// often.
func ClientEnd(t testing.TB, dialect string, base http.RoundTripper, attempts int) *http.Client {
	t.Helper()
	d, err := catalog.Open(dialect)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: client.New(d, client.WithBase(base), client.WithMaxAttempts(attempts))}
}

// Send sends a request through the client of a dialect.
func Send(t testing.TB, dialect string, base http.RoundTripper, r *http.Request, attempts int) Response {
	t.Helper()
	res, err := ClientEnd(t, dialect, base, attempts).Do(r)
	return Read(t, res, err)
}

// Read reads what an http.Client returned.
func Read(t testing.TB, res *http.Response, err error) Response {
	t.Helper()
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
		report = nil // no client of ours read it
	}
	return Response{res, string(body), report}
}

// Check compares a response with its row: the decision of the client, and the log under
// the ID of the response. The response must not contain the secrets of the services that
// the example calls.
func (a Response) Check(t testing.TB, does string, log fmt.Stringer, want string, secrets ...string) {
	t.Helper()
	if a.Does() != does {
		t.Errorf("the client end %s, and should be one that %s", a.Does(), does)
	}
	if !strings.Contains(log.String(), want) || want != "" && !strings.Contains(log.String(), a.Response.Header.Get("X-Request-Id")) {
		t.Errorf("want %q under the id of the response in the log, got %s", want, log)
	}
	for _, secret := range secrets {
		if strings.Contains(a.Text, secret) {
			t.Errorf("the response contains %q", secret)
		}
	}
}

// Does is what the client does with the response, in a sentence.
func (a Response) Does() string {
	d := a.Decision
	switch d.Act {
	case parlance.ActDone:
		return "is done"
	case parlance.ActInspect:
		return "is done, and tells the user"
	case parlance.ActPoll:
		return "looks again"
	case parlance.ActCorrect:
		return "corrects it"
	case parlance.ActRefresh:
		return "gets a new token and retries"
	case parlance.ActEscalate:
		return "reports it"
	case parlance.ActRetry:
		switch {
		case !d.RetrySafe:
			return "would retry it if that were safe"
		case d.After > 0:
			return "retries it after " + d.After.String()
		}
		return "retries it, later each time"
	}
	return "stops"
}

// fleeting is what differs each time and occurs once in an exchange, so it needs no
// number as on a Tape.
var fleeting = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|127\.0\.0\.1:\d+`)

// Exchange holds both halves of an exchange, body for body, against a golden.
func Exchange(t testing.TB, name string, r *http.Request, sent string, a Response) {
	t.Helper()
	var b strings.Builder
	if len(sent) > 1000 {
		sent = fmt.Sprintf("(%d bytes)", len(sent))
	}
	write(&b, r.Method+" "+r.URL.RequestURI(), r.Header, sent)
	fmt.Fprintln(&b)
	write(&b, a.Status, a.Response.Header, a.Text)
	got := fleeting.ReplaceAllStringFunc(b.String(), func(text string) string {
		switch {
		case strings.HasSuffix(text, "GMT"):
			return "DATE"
		case strings.HasPrefix(text, "127."):
			return "HOST"
		}
		return "ID"
	})
	Compare(t, name, got)
}
