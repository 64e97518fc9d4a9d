package demo

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Scenario is one thing that happens between a caller and a service: its cause,
// the request that meets it, and what is promised to come of it.
type Scenario struct {
	Cause    string                            // for people
	Given    func(context.Context, *way) error // brings the cause about, before the request on each way; nil for nothing
	Ask      Ask
	Patience time.Duration // how long the caller waits for an answer; 0 is long enough
	Promise  Promise
	Check    func(parlance.Outcome) (fault string) // what else must hold of the outcome on both ways; nil for nothing
	Try      string                                // what a reader sees who sends the request by the gateway; "" is not to be tried
	Both     bool                                  // there is something to see straight, too
}

// Promise is what is to come of a request, in the words of a [Row].
type Promise struct {
	Said  string // what the service saw and answered, on either way: "401, POST /token 200, 200"
	Means string // what each answer means: "unauthenticated/expired, success"
	Did   string // what the client end did about it
	Out   string // what came out of the gateway: "422 invalid/fields"
}

// Ask is a request. {n} in its path and body is a number that no other request
// has.
type Ask struct {
	Method string
	Path   string   // with its query
	Header []string // "Name: value"
	Body   string
}

func get(path string, header ...string) Ask { return Ask{"GET", path, header, ""} }

func send(method, path, body string, header ...string) Ask {
	return Ask{method, path, header, body}
}

const (
	jsonBody = "Content-Type: application/json"
	xmlBody  = "Content-Type: application/xml"
)

func (a Ask) path() string {
	path, _, _ := strings.Cut(a.Path, "?")
	return path
}

// numbered fills in {n}.
func (a Ask) numbered(n int64) Ask {
	text := strconv.FormatInt(n, 10)
	a.Path = strings.ReplaceAll(a.Path, "{n}", text)
	a.Body = strings.ReplaceAll(a.Body, "{n}", text)
	return a
}

// request makes the request to be sent on a way.
func (w *way) request(ctx context.Context, a Ask) (*http.Request, error) {
	var body io.Reader
	if a.Body != "" {
		body = strings.NewReader(a.Body)
	}
	req, err := http.NewRequestWithContext(ctx, a.Method, w.base+a.Path, body)
	if err != nil {
		return nil, err
	}
	for _, line := range a.Header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	return req, nil
}

// do sends a request on a way and reads its answer, for a Given.
func (w *way) do(ctx context.Context, ask Ask) (status int, body []byte, err error) {
	req, err := w.request(ctx, ask)
	if err != nil {
		return 0, nil, err
	}
	res, err := w.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}
