package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Scenario is one thing that happens between a caller and a service: its cause,
// the request that meets it, and what is promised to come of it.
type Scenario struct {
	Name     string                            // the code, and what tells it from others of the code: "150", "403-rate"; "" is no switch
	Comes    string                            // the status of the response to a person's request, and the code in its body: "500 150"
	Cause    string                            // for people
	Set      func(*setting)                    // the service is started so; nil for nothing
	Given    func(context.Context, *way) error // brings the cause about, before the request on each way; nil for nothing
	Meantime func()                            // what happens on the table's ways as soon as the first response is given; nil for nothing
	Ask      Ask
	Put      Putter                                // puts what is asked into an outbox; nil if it is just sent
	Patience time.Duration                         // how long the caller waits for a response; 0 is long enough
	Promise  Promise                               // of the table; the zero value is not in the table
	Check    func(parlance.Outcome) (fault string) // what else must hold of the outcome on both ways; nil for nothing
	Try      string                                // what a reader sees who sends the request by the gateway; "" is not to be tried
}

// comes is the status and the code in the body; "" for none.
func (c Scenario) comes() (int, string) {
	_, code, _ := strings.Cut(c.Comes, " ")
	return status(c.Comes), code
}

// Promise is what is to come of a request, in the words of a [Row].
type Promise struct {
	Said  string // what the service received and sent, on both ways: "401, POST /token 200, 200"
	Means string // what each response means: "unauthenticated/expired, success"
	Did   string // what the client end did about it
	Out   string // what came out of the gateway: "422 invalid/fields"
}

// Ask is a request.
type Ask struct {
	Method string
	Path   string   // with its query
	Header []string // "Name: value"
	Body   string
	Login  *Login // gets the token that is sent; nil for none

	Anonymous bool // a person's request carries no credential either
}

// Login is a request for a token.
type Login struct {
	Ask    Ask
	Member string // of its response, that has the token
}

func get(path string, header ...string) Ask { return Ask{Method: "GET", Path: path, Header: header} }

func send(method, path, body string, header ...string) Ask {
	return Ask{Method: method, Path: path, Header: header, Body: body}
}

const (
	jsonBody = "Content-Type: application/json"
	xmlBody  = "Content-Type: application/xml"
	formBody = "Content-Type: application/x-www-form-urlencoded"
)

func (a Ask) path() string {
	path, _, _ := strings.Cut(a.Path, "?")
	return path
}

func (a Ask) anonymous() Ask {
	a.Anonymous = true
	return a
}

// by is the request with a header that says who asks, unless it says so itself.
func (a Ask) by(token string) Ask {
	name, _, _ := strings.Cut(token, ":")
	says := func(line string) bool { return strings.HasPrefix(line, name+":") }
	if token != "" && !a.Anonymous && a.Login == nil && !slices.ContainsFunc(a.Header, says) {
		a.Header = append(slices.Clip(a.Header), token)
	}
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
	for _, line := range a.by(w.token).Header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	return req, nil
}

// do sends a request on a way and reads its response, for a Given.
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

// succeed sends requests on a way, for a Given, each of which has to succeed.
func (w *way) succeed(ctx context.Context, asks ...Ask) error {
	for _, a := range asks {
		status, body, err := w.do(ctx, a)
		if err != nil {
			return err
		}
		if status >= 400 {
			return fmt.Errorf("%s %s: %d %s", a.Method, a.Path, status, body)
		}
	}
	return nil
}
