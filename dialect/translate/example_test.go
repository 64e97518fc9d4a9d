package translate_test

import (
	"fmt"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// Translate a response without net/http: bytes in, bytes out.
func Example() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	t := translate.New(vms, problem)

	// The engine sends the request of the caller with the header that the upstream needs.
	sent := dialect.HeaderMap{"Accept": {"application/problem+json"}}
	req := dialect.Request{Method: "GET", Path: "/cameras/7", Header: sent, Key: t.Key(sent)}
	t.Request(req, sent)
	fmt.Println(sent["Accept"])

	// It has the head of the response.
	header := dialect.HeaderMap{"Content-Type": {"application/json"}, "Content-Length": {"28"}, "Etag": {`"7"`}, "Set-Cookie": {"a=1"}}
	res := dialect.Response{Status: 404, Header: header, Cut: true}
	if t.NeedsBody(req, res.Status, header) {
		res.Body, res.Cut = []byte(`{"message":"no such camera"}`), false
	}

	r := t.Translate(req, res)
	r.Apply(header)
	fmt.Println(r.Status, r.Outcome.Kind)
	for _, name := range []string{"Content-Type", "Content-Length", "Etag", "Set-Cookie"} {
		fmt.Printf("%s: %q\n", name, header[name])
	}
	fmt.Printf("%s\n", r.Body)
	// Output:
	// [application/problem+json, application/json;q=0.9]
	// 404 not_found
	// Content-Type: ["application/problem+json"]
	// Content-Length: ["104"]
	// Etag: []
	// Set-Cookie: ["a=1"]
	// {"status":404,"detail":"no such camera","kind":"not_found","help":"The requested resource is not there"}
}

// Find out, as a body arrives, that it is a stream, which no envelope can hold.
func ExampleBeginning() {
	const watch = `{"type":"ADDED"}` + "\n" + `{"type":"DELETED"}`
	var b translate.Beginning
	for n := range len(watch) + 1 {
		if b.Settled([]byte(watch[:n])) > 0 {
			fmt.Printf("pass it on after %q\n", watch[:n])
			break
		}
	}
	// Output: pass it on after "{\"type\":\"ADDED\"}\n{"
}
