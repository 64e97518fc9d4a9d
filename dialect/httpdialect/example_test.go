package httpdialect_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// See what a request is to the dialect of the API that it goes to.
func ExampleRequest() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	req, err := http.NewRequest("POST", "https://api.stripe.com/v1/charges", nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set("Idempotency-Key", "order-7")
	sent := httpdialect.Request(stripe, req)
	fmt.Println(sent.Method, sent.Path, sent.Key)
	// With a key the vendor does a POST once, however often it comes.
	failed := parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503}
	fmt.Println(stripe.Decide(sent, &failed).RetrySafe)
	// Output:
	// POST /v1/charges order-7
	// true
}

// Respond to a HEAD with the header of the GET.
func ExampleReceived() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("HEAD", "/cameras/7", nil)
	fmt.Println(httpdialect.Received(plain, r).Method)
	// Output: GET
}

// Read a response whose body a program has read itself.
func ExampleResponse() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	res := &http.Response{StatusCode: 402, Header: http.Header{"Content-Type": {"application/json"}}}
	body := []byte(`{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}`)
	o := stripe.Decode(dialect.Request{Method: "POST", Path: "/v1/charges"}, httpdialect.Response(res, body)).Outcome
	fmt.Println(o.Kind, o.Code, o.Detail)
	// Output: failed card_declined Your card was declined.
}

// Look at a response, then hand it on with its body as it was.
func ExamplePeek() {
	github, err := catalog.Open("github")
	if err != nil {
		panic(err)
	}
	req := httptest.NewRequest("GET", "/repos/acme/rocket", nil)
	res := &http.Response{
		StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"message":"Not Found"}`)), Request: req,
	}
	read, err := httpdialect.Peek(res, dialect.MaxBody)
	if err != nil {
		panic(err)
	}
	o := github.Decode(httpdialect.Request(github, req), read).Outcome
	fmt.Println(o.Kind, "-", o.Detail)
	rest, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(rest))
	// Output:
	// not_found - Not Found
	// {"message":"Not Found"}
}

// Read a recorded response, as curl -i prints it.
func ExamplePeek_recorded() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	recorded := strings.NewReader("HTTP/1.1 422 Unprocessable Content\r\n" +
		"Content-Type: application/json\r\n\r\n" +
		`{"message":"Submitted data was invalid","errors":{"url":["is no URL"]}}`)
	res, err := http.ReadResponse(bufio.NewReader(recorded), nil)
	if err != nil {
		panic(err)
	}
	read, err := httpdialect.Peek(res, dialect.MaxBody)
	if err != nil {
		panic(err)
	}
	req := dialect.Request{Method: "POST", Path: "/api/v1/cameras"}
	outcome := vms.Decode(req, read).Outcome
	fmt.Println(outcome.Kind, "-", outcome.Detail)
	fmt.Println(outcome.Fields[0].Path, outcome.Fields[0].Message)
	fmt.Println(vms.Decide(req, &outcome).Act)
	// Output:
	// invalid - Submitted data was invalid
	// url is no URL
	// correct
}

// Write an error in the words of an API, without package server.
func ExampleWrite() {
	problem, err := catalog.Open("problem") // RFC 9457
	if err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		o := parlance.Outcome{Kind: parlance.KindNotFound, Title: "Not Found", Detail: "No such camera."}
		m := problem.Encode(nil, httpdialect.Received(problem, r), &o, dialect.Payload{})
		if err := httpdialect.Write(w, m); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest("GET", "/cameras/7", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 404 application/problem+json
	// {"title":"Not Found","status":404,"detail":"No such camera.","kind":"not_found"}
}

// Put the fields of an encoded response into a header of one's own.
func ExampleSetHeader() {
	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	o := parlance.Outcome{Kind: parlance.KindUnavailable, RetryAfter: 30e9}
	h := http.Header{}
	httpdialect.SetHeader(h, d.Encode(nil, dialect.Request{}, &o, dialect.Payload{}))
	fmt.Println(h.Get("Retry-After"))
	// Output: 30
}

// See which status is sent.
func ExampleStatus() {
	fmt.Println(httpdialect.Status(dialect.Encoded{Status: 404}), httpdialect.Status(dialect.Encoded{Status: 4711}))
	// Output: 404 500
}

// Translate a response on its way through a proxy (httputil.ReverseProxy).
func ExampleReplace() {
	github, err := catalog.Open("github")
	if err != nil {
		panic(err)
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	modify := func(res *http.Response) error {
		sent := httpdialect.Request(github, res.Request)
		if res.StatusCode < 400 {
			return nil
		}
		read, err := httpdialect.Peek(res, dialect.MaxBody)
		if err != nil {
			return err
		}
		o := github.Decode(sent, read).Outcome
		httpdialect.Replace(res, problem.Encode(nil, sent, &o, dialect.Payload{}))
		return nil
	}
	res := &http.Response{
		StatusCode: 404, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"message":"Not Found"}`)), Request: httptest.NewRequest("GET", "/repos/acme/rocket", nil),
	}
	if err := modify(res); err != nil {
		panic(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(res.StatusCode, res.Header.Get("Content-Type"))
	fmt.Println(strings.HasPrefix(string(body), `{"status":404,"detail":"Not Found","kind":"not_found"`))
	// Output:
	// 404 application/problem+json
	// true
}

// Learn when to come back from a response that has no dialect.
func ExampleRetryAfter() {
	res := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"120"}}}
	fmt.Println(httpdialect.RetryAfter(res))
	// Output: 2m0s
}
