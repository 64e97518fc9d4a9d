package check_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/check"
	"github.com/parlance-api/parlance/dialect"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Errorf(format string, args ...any) { fmt.Printf(format, args...) }

// A test of an API holds a response against the page.
func ExampleResponse() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"message":"","errors":{"error":["dial tcp 10.0.3.7:5432: connection refused"]}}`)
	}))
	defer api.Close()
	res, err := http.Get(api.URL + "/api/v1/cameras")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	res.Request.URL.Host = "vms.example" // the test server has another port each time

	var t printer // in a test, this is its *testing.T
	check.Response(t, vms, res)
	// Output:
	// error: the error holds an address inside the network [tells_inside]
	//   GET http://vms.example/api/v1/cameras: 500, body 1:35, /errors/error/0
	//   | {"message":"","errors":{"error":["dial tcp 10.0.3.7:5432: connection refused"]}}
	//   |                                   ^
	//   page: vms.yaml:49
	// hint: Write such texts to the log under the request ID, and send a text of your own.
}

// A client of a test checks all that it gets.
func ExampleTransport() {
	plain, err := catalog.Open("plain")
	if err != nil {
		fmt.Println(err)
		return
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/books/1")
		w.WriteHeader(http.StatusFound)
	}))
	defer api.Close()

	var t printer // in a test, this is its *testing.T
	req, err := http.NewRequest(http.MethodGet, api.URL+"/books", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	rename := roundTripper(func(r *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(r)
		r.URL.Host = "books.example" // the test server has another port each time
		return res, err
	})
	res, err := check.Transport(t, plain, rename).RoundTrip(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	res.Body.Close()
	// Output:
	// error: the page does not list status 302 [unlisted_status]
	//   GET http://books.example/books: 302, status
	//   | HTTP 302
	//   |      ^
	//   page: plain.yaml
	// hint: Send a status that the page lists, or add a row for it to the dialect.
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A Checker takes exchanges from anywhere.
func ExampleChecker() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := check.New(vbapi)
	for _, f := range c.Check(check.Exchange{
		Request:  dialect.Request{Method: "GET", Path: "/products/7"},
		Response: dialect.Response{Status: 418, Header: dialect.HeaderMap{}},
	}) {
		fmt.Println(f.Rule, f.Place)
	}
	// Output:
	// unlisted_status status
}

// Recorded responses are read one line at a time.
func ExampleJSONL() {
	vms, err := catalog.Open("vms")
	if err != nil {
		fmt.Println(err)
		return
	}
	recorded := strings.NewReader(`{"method": "DELETE", "path": "/cameras/7", "status": 204, "body": "{}"}`)
	c := check.New(vms)
	for x, err := range check.JSONL(recorded, "monday.jsonl") {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		for _, f := range c.Check(x) {
			fmt.Println(f.Source, f.Line, f.Rule)
		}
	}
	// Output:
	// monday.jsonl 1 unexpected_body
}

// The coverage says which codes of the page were never seen.
func ExampleChecker_Coverage() {
	d, err := dialect.Compile("shop.yaml", []byte("dialect: shop\ncodes: {200: success, 404: not_found}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	c := check.New(d)
	c.Check(check.Exchange{Response: dialect.Response{Status: 200}})
	all := c.Coverage()
	fmt.Printf("%d of %d; never seen: %s (%s)\n", all.Seen, all.Total, all.Missing[0].Code, all.Missing[0].Line)
	// Output:
	// 1 of 2; never seen: 404 (shop.yaml:2)
}
