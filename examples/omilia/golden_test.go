package omilia_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/internal/golden"
)

// request is one whose body is sent as JSON. A header is "Name: value".
func request(t *testing.T, base, method, path, body string, header ...string) *http.Request {
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

// answer is what came back, and what the dialect's client end made of it.
type answer struct {
	*http.Response
	body string
	*client.Report
}

// clientEnd sends a request so often at most.
func clientEnd(t *testing.T, base http.RoundTripper, attempts int) *http.Client {
	t.Helper()
	d, err := catalog.Open("omilia")
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: client.New(d, client.WithBase(base), client.WithAttempts(attempts))}
}

func send(t *testing.T, base http.RoundTripper, r *http.Request, attempts int) answer {
	t.Helper()
	res, err := clientEnd(t, base, attempts).Do(r)
	return read(t, res, err)
}

func read(t *testing.T, res *http.Response, err error) answer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	report, ok := client.Outcome(res)
	if !ok {
		report = nil // it did not come by the client end
	}
	return answer{res, string(body), report}
}

// does is what the client end does about it, in a sentence.
func (a answer) does() string {
	d := a.Decision
	switch d.Act {
	case parlance.Done:
		return "is done"
	case parlance.Inspect:
		return "is done, and tells the user"
	case parlance.Poll:
		return "looks again"
	case parlance.Correct:
		return "corrects it"
	case parlance.Refresh:
		return "gets a new token and repeats"
	case parlance.Escalate:
		return "reports it"
	case parlance.Retry:
		switch {
		case !d.RepeatSafe:
			return "would repeat it if that were safe"
		case d.After > 0:
			return "repeats it after " + d.After.String()
		}
		return "repeats it, later each time"
	}
	return "stops"
}

// What is another each time.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|127\.0\.0\.1:\d+`)

// compare holds both halves of an exchange, body for body, against a golden.
func compare(t *testing.T, name string, r *http.Request, sent string, a answer) {
	t.Helper()
	var b strings.Builder
	half := func(first string, h http.Header, body string) {
		fmt.Fprintln(&b, first)
		for _, name := range slices.Sorted(maps.Keys(h)) {
			for _, value := range h[name] {
				fmt.Fprintf(&b, "%s: %s\n", name, value)
			}
		}
		fmt.Fprintf(&b, "\n%s\n", body)
	}
	if len(sent) > 1000 {
		sent = fmt.Sprintf("(%d bytes)", len(sent))
	}
	half(r.Method+" "+r.URL.RequestURI(), r.Header, sent)
	fmt.Fprintln(&b)
	half(a.Status, a.Response.Header, a.body)
	got := changing.ReplaceAllStringFunc(b.String(), func(text string) string {
		switch {
		case strings.HasSuffix(text, "GMT"):
			return "DATE"
		case strings.HasPrefix(text, "127."):
			return "HOST"
		}
		return "ID"
	})
	golden.Compare(t, name, got)
}
