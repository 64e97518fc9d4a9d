package authoring_test

import (
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// Hold a dialect against a recorded response.
func ExampleTest() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	cases, err := authoring.Cases("vms.cases.jsonl", []byte(
		`{"name": "no seat left", "status": 402, "headers": {"Content-Type": "application/json"}, "body": {"message": "No seat left"}, "outcome": {"kind": "quota", "detail": "No license left"}, "act": "stop"}`))
	if err != nil {
		panic(err)
	}
	report := authoring.Test(vms, cases...)
	for _, r := range report.Results {
		for _, d := range r.Differences {
			fmt.Printf("%s (%s:%d) %s %s: want %s, got %s\n", r.Name, r.File, r.Line, d.Part, d.Attribute, d.Want, d.Got)
		}
	}
	fmt.Println(report.Passed, "passed,", report.Failed, "failed")
	fmt.Println("shapes", report.Coverage.Shapes.Reached, "of", report.Coverage.Shapes.Total)
	// Output:
	// no seat left (vms.cases.jsonl:1) reads detail: want "No license left", got "No seat left"
	// 6 passed, 1 failed
	// shapes 6 of 11
}

// Write every error that an API can send, as for a table test of a client.
func ExampleExamples() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	for _, e := range authoring.Examples(stripe) {
		if e.Kind != parlance.KindRateLimited {
			continue
		}
		m := stripe.Encode(nil, e.Request, &e.Outcome, e.Payload)
		fmt.Println(m.Status, string(m.Body))
	}
	// Output:
	// 429 {"error":{"message":"This is an example of 429","type":"invalid_request_error"}}
	// 429 {"error":{"code":"lock_timeout","message":"This is an example of lock_timeout","type":"invalid_request_error"}}
	// 429 {"error":{"code":"rate_limit","message":"This is an example of rate_limit","type":"invalid_request_error"}}
}

// Write one error by its code, as the response to an actual request.
func ExampleOutcomeFor() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	req := dialect.Request{Method: "GET", Path: "/products/7", Header: http.Header{"Authorization": {"Bearer abc"}}}
	o, ok := authoring.OutcomeFor(vbapi, req, "401")
	fmt.Println(ok, o.Kind, o.Reason) // with a token in the request it has expired
	_, ok = authoring.OutcomeFor(vbapi, req, "card_declined")
	fmt.Println(ok)
	// Output:
	// true unauthenticated expired
	// false
}

// Ask what a code means.
func ExampleExplain() {
	vision, err := catalog.Open("vision")
	if err != nil {
		panic(err)
	}
	for _, e := range authoring.Explain(vision, "500") {
		fmt.Println(e.Key, e.Kind, e.Decision.Act, e.Decision.Schedule, e.Decision.Then, e.Line)
	}
	// Output: 500, 999 internal retry [5m0s 30m0s] escalate vision.yaml:45
}

// Ask what an API cannot say before a gateway responds in its words.
func ExampleLosses() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	for _, l := range authoring.Losses(plain, parlance.KindConflict) {
		if l.Attribute == "kind" || l.Attribute == "fields" {
			fmt.Println(l.Attribute+":", l.Reason)
		}
	}
	// Output:
	// kind: status 400 means invalid here
	// fields: there is no place for them; the detail holds their texts
}

// List the faults and warnings of a file, with the line that each points at.
func ExampleLint() {
	source := []byte("dialect: shop\ncodes:\n  404: notfound\nshapes:\n  - {name: error, status: 4xx, json: {message: $detail}}\n")
	for _, d := range authoring.Lint("shop.yaml", source) {
		fmt.Println(d.Error())
		fmt.Println(authoring.Excerpt(source, d))
		fmt.Println(d.Hint)
	}
	// Output:
	// shop.yaml:3:8: error: unknown kind "notfound"; expected one of success, noted, partial, accepted, empty, redirected, invalid, failed, unauthenticated, forbidden, not_found, conflict, rate_limited, quota, internal, bad_gateway, unavailable, timeout [unknown_kind]
	// 3 |   404: notfound
	//   |        ^
	// did you mean "not_found"?
}

// Lay a file out in the canonical way.
func ExampleFormat() {
	laidOut, err := authoring.Format([]byte("codes: { 404 : 'not_found' }   # no such thing\ndialect: \"shop\"\n"))
	if err != nil {
		panic(err)
	}
	fmt.Print(string(laidOut))
	// Output:
	// dialect: shop
	// codes: {404: not_found}        # no such thing
}

// See which parts of a response a dialect foresees.
func ExampleEvidenceOf() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	e := authoring.EvidenceOf(stripe, dialect.Request{}, dialect.Response{
		Status: 402,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined.","mood":"sad"}}`),
	})
	fmt.Println("the code is listed:", e.Listed)
	for _, m := range e.Named {
		fmt.Println("known:", m.Path)
	}
	fmt.Println("strange:", e.Strange)
	// Output:
	// the code is listed: true
	// known: error
	// known: error.type
	// known: error.code
	// known: error.message
	// strange: [error.mood]
}

// The places of the texts that a dialect reads.
func ExampleTraceOf() {
	d, err := dialect.Compile("shop.yaml", []byte(`dialect: shop
codes: {404: not_found, out_of_stock: {kind: conflict, status: 409}}
shapes:
  - {name: error, status: 4xx, json: {error!: {code?: $code, message!: $detail}}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{"error": {"code": "out_of_stock", "message": "One is left"}}`
	trace := authoring.TraceOf(d, dialect.Request{}, dialect.Response{Status: 409, Body: []byte(body)})
	for _, t := range trace.Texts {
		fmt.Printf("%s at %d, %s: %s\n", t.Attribute, t.Offset, t.Member, t.Value)
	}
	trace = authoring.TraceOf(d, dialect.Request{}, dialect.Response{Status: 409, Body: []byte(`{"error": {"code": "x"}}`)})
	fmt.Printf("%s departs at %s: %s\n", trace.Shape.Name, trace.Departs.Member, trace.Departs.Message)
	// Output:
	// code at 19, /error/code: out_of_stock
	// detail at 46, /error/message: One is left
	// error departs at /error: "message" is missing
}
