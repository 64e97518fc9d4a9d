package check

import (
	"net/http"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// T is the part of testing.TB that a check needs. A *testing.T and a *testing.B are one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// Response checks one response of an API, and reports each rule that it breaks as an error
// of the test. The body of res still gives all of it, and has to be closed. The request is
// that of res.Request; without one, a GET is assumed.
//
// Whether the ID of a request is unique cannot be seen in one response: see Transport.
func Response(t T, d *dialect.Dialect, res *http.Response) {
	t.Helper()
	x, err := exchangeOf(d, res.Request, res)
	if err != nil {
		t.Errorf("the body of the response cannot be read: %v", err)
		return
	}
	report(t, New(d), x)
}

// Transport checks each response that passes through it, and reports each rule that one
// breaks as an error of the test. It hands the response on as it is. base sends the requests;
// nil is http.DefaultTransport. It is safe for concurrent use. Do not use it after the end of
// the test.
//
// Up to dialect.MaxBody bytes of a body are read before the response is handed on. The body
// of a stream, such as text/event-stream, is not read.
func Transport(t T, d *dialect.Dialect, base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{t, New(d), base}
}

type transport struct {
	t    T
	c    *Checker
	base http.RoundTripper
}

// RoundTrip sends a request and checks the response.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.t.Helper()
	res, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	x, err := exchangeOf(t.c.d, r, res)
	if err != nil {
		return res, nil // the caller gets the error where it stands in the body
	}
	report(t.t, t.c, x)
	return res, nil
}

func report(t T, c *Checker, x Exchange) {
	t.Helper()
	for _, f := range c.Check(x) {
		t.Errorf("%s", f)
	}
}

// exchangeOf reads a response, and leaves its body readable.
func exchangeOf(d *dialect.Dialect, r *http.Request, res *http.Response) (x Exchange, err error) {
	if r != nil {
		x.Request = httpdialect.Request(d, r)
		if r.URL != nil {
			x.At = withoutCredentials(r.URL.String())
		}
	}
	if streams(res) {
		x.Response = httpdialect.Response(res, nil)
		return x, nil
	}
	x.Response, err = httpdialect.Peek(res, dialect.MaxBody)
	return x, err
}

// streams reports a response whose body may never end.
func streams(res *http.Response) bool {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return true
	}
	if res.StatusCode >= 300 {
		return false
	}
	switch media := httpheader.MediaType(res.Header.Get("Content-Type")); media {
	case "text/event-stream", "application/x-ndjson", "application/jsonl", "application/grpc", "application/octet-stream", "multipart/x-mixed-replace":
		return true
	}
	return false
}
