package openapi_test

import (
	"fmt"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/openapi"
)

const cameras = `
openapi: 3.1.0
info: {title: Cameras, version: "1"}
paths:
  /cameras/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}, example: 7}]
      responses:
        "200":
          description: the camera
          content: {application/json: {example: {id: 7, name: Hall}}}
`

// The body of a success, as the document shows it.
func ExampleDocument_Payload() {
	doc, err := openapi.Read("cameras.yaml", []byte(cameras))
	if err != nil {
		fmt.Println(err)
		return
	}
	body, ok := doc.Payload(dialect.Request{Method: "GET", Path: "/cameras/12"}, 200, "", false)
	fmt.Println(string(body.Body), ok)
	// Output: {"id":7,"name":"Hall"} true
}

// The requests that a check sends: a good one, and others with one fault each.
func ExampleOperation_Wrong() {
	doc, err := openapi.Read("cameras.yaml", []byte(cameras))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range doc.Operations() {
		fmt.Println(o.Call().Method, o.Call().Target)
		for _, c := range o.Wrong() {
			fmt.Println(c.Method, c.Target, "because", c.Wrong)
		}
	}
	// Output:
	// GET /cameras/7
	// GET /cameras/not-a-value because the path parameter id is a word
}

// The responses that a document shows: a check holds them against a dialect.
func ExampleDocument_Shown() {
	doc, err := openapi.Read("cameras.yaml", []byte(cameras))
	if err != nil {
		fmt.Println(err)
		return
	}
	for s := range doc.Shown() {
		fmt.Println(s.Operation.Method, s.Operation.Path, s.Status, string(s.Body))
	}
	// Output: GET /cameras/{id} 200 {"id":7,"name":"Hall"}
}
