package dialect_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
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
	o := parlance.OutcomeOfTransport(broken)
	d := vision.Decide(dialect.Request{Method: "POST"}, &o)
	fmt.Println(o.Kind, o.Reason, d.Act, d.RetrySafe)
	fmt.Println(d.Why)
	// Output:
	// unavailable refused retry true
	// the connection was refused: nothing was sent
}

// Compile a file of your own, and be told everything that is wrong with it.
func ExampleCompile() {
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
