package dialect_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Read a response and see what its provider says to do about it.
func ExampleDialect_Decode() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	req := dialect.Request{Method: "POST", Path: "/api/v1/items"}
	read := vms.Decode(req, dialect.Response{
		Status: 422,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format"]}}`),
	})
	o := read.Outcome
	fmt.Println(o.Kind, o.Reason, o.Detail)
	for _, f := range o.Fields {
		fmt.Println(f.Path+":", f.Message)
	}
	decision := vms.Decide(req, &o)
	fmt.Println(decision.Act, decision.RetrySafe, decision.Line)
	// Output:
	// invalid fields Submitted data was invalid
	// url: The URL value is in invalid format
	// correct false vms.yaml:22
}

// Write an Outcome as the response of an API, and see what it could not carry.
func ExampleDialect_Encode() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	o := parlance.Outcome{Kind: parlance.KindNotFound, Detail: "No such camera", Fields: []parlance.Field{{Path: "id"}}}
	m := plain.Encode(nil, dialect.Request{}, &o, dialect.Payload{})
	fmt.Printf("%d %s\n", m.Status, m.Body)
	for _, l := range m.Losses {
		fmt.Println("lost", l.Attribute+":", l.Reason)
	}
	// Output:
	// 404 {"message":"No such camera"}
	// lost fields: there is no place for them
}

// Put a payload into the envelope of an API.
func ExamplePayload() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	o := parlance.Outcome{Kind: parlance.KindSuccess, RequestID: "a1"}
	m := vbapi.Encode(nil, dialect.Request{}, &o, dialect.Payload{Body: []byte(`[{"id":1}]`)})
	fmt.Printf("%s\n", m.Body)
	// Output: {"data":[{"id":1}],"error":null,"debug":{"activityId":"a1"}}
}

// Decide on a transport that failed without a response.
func ExampleDialect_Decide_transport() {
	vision, err := catalog.Open("vision")
	if err != nil {
		panic(err)
	}
	_, broken := http.Get("http://127.0.0.1:1/nobody-listens-here")
	o := httpdialect.NoResponse(broken)
	d := vision.Decide(dialect.Request{Method: "POST"}, &o)
	fmt.Println(o.Kind, o.Reason, d.Act, d.RetrySafe)
	fmt.Println(d.Why)
	// Output:
	// unavailable refused retry true
	// the connection was refused: nothing was sent
}

// Compile a file of your own, and read a response with it.
func ExampleCompile() {
	shop, err := dialect.Compile("shop.yaml", []byte(`dialect: shop
codes:
  404: not_found
  429: {kind: rate_limited, retry: {after: 60s}}
  out_of_stock: {kind: failed, status: 409}
shapes:
  - {name: error, status: 4xx, json: {message!: $detail, code?: $code}}
`))
	if err != nil {
		panic(err)
	}
	o := shop.Decode(dialect.Request{}, dialect.Response{
		Status: 409,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"message":"No pears left","code":"out_of_stock"}`),
	}).Outcome
	fmt.Println(o.Kind, o.Code, "-", o.Detail)
	// Output: failed out_of_stock - No pears left
}

// The error lists every fault of a file, each with its place and a hint.
func ExampleCompile_faults() {
	source := []byte(`dialect: shop
codes:
  404: notfound
shapes:
  - {name: error, json: {message: $detial}}
`)
	_, err := dialect.Compile("shop.yaml", source)
	var faults *dialect.FileError
	if errors.As(err, &faults) {
		for _, d := range faults.Diagnostics {
			fmt.Printf("%d:%d %s\n%s\n%s\n", d.Line, d.Column, d.Rule, authoring.Excerpt(source, d), d.Hint)
		}
	}
	// Output:
	// 3:8 unknown_kind
	// 3 |   404: notfound
	//   |        ^
	// did you mean "not_found"?
	// 5:35 unknown_attribute
	// 5 |   - {name: error, json: {message: $detial}}
	//   |                                   ^
	// did you mean "detail"?
}

// Classify the responses that pass through a proxy. The caller gets the body as it
// was; only a body that can change the meaning is read.
func ExampleDialect_Classify() {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":false,"error":"ratelimited"}`) // Slack sends its errors under a 200
	}))
	defer upstream.Close()
	slack, err := catalog.Open("slack")
	if err != nil {
		panic(err)
	}
	target, err := url.Parse(upstream.URL)
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(res *http.Response) error {
		req := httpdialect.Request(slack, res.Request)
		read := httpdialect.Response(res, nil)
		if slack.NeedsBody(req, read.Status, read.Header) {
			var err error
			if read, err = httpdialect.Peek(res, dialect.MaxBody); err != nil {
				return err
			}
		}
		c := slack.Classify(req, read)
		fmt.Println(res.StatusCode, "means", c.Kind, "-", c.Decision.Act)
		return nil
	}
	front := httptest.NewServer(proxy)
	defer front.Close()

	res, err := http.Get(front.URL + "/api/chat.postMessage")
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(body))
	// Output:
	// 200 means rate_limited - retry
	// {"ok":false,"error":"ratelimited"}
}
