package mock_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock"
	"github.com/parlance-api/parlance/server/limit"
)

// show sends a request to a handler and prints the response. header is Name: value.
func show(h http.Handler, method, target string, header ...string) {
	r := httptest.NewRequest(method, target, http.NoBody)
	for _, field := range header {
		name, value, _ := strings.Cut(field, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}

// Get any code of an API, as the API sends it.
func ExampleNew() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	m := mock.New(stripe)
	defer m.Close()
	show(m, "GET", "/v1/charges")
	show(m, "POST", "/v1/charges", "Prefer: code=card_declined; detail=No money")
	show(m, "GET", "/_mock/code/404/v1/charges")
	// Output:
	// 200 {}
	// 402 {"error":{"code":"card_declined","message":"No money","type":"card_error"}}
	// 404 {"error":{"message":"This is an example of 404","type":"invalid_request_error"}}
}

// Let the next request fail, to see that a client retries.
func ExampleMock_Next() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	m := mock.New(plain)
	defer m.Close()
	api := httptest.NewServer(m)
	defer api.Close()

	if err := m.Next(1, mock.Wish{Code: "503", RetryAfter: parlance.RetryNow}); err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(plain)}
	res, err := c.Get(api.URL + "/orders/7")
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	report, _ := client.ReportOf(res)
	for _, a := range report.Attempts {
		fmt.Println(a.Outcome.Status, a.Outcome.Kind)
	}
	// Output:
	// 503 unavailable
	// 200 success
}

// Go through all that an API can respond with, for a table test of a client.
func ExampleOutcomes() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	for _, o := range mock.Outcomes(vms) {
		if o.Kind.ServerFault() {
			fmt.Println(o.Outcome.Status, o.Kind, o.Decision.Act)
		}
	}
	// Output:
	// 599 internal retry
	// 500 internal retry
	// 502 bad_gateway retry
	// 503 unavailable retry
	// 504 timeout retry
}

// Read a wish as a mock does, for a tool of your own.
func ExampleParsePrefer() {
	wish, err := mock.ParsePrefer("code=422; fields=url,date", "respond-async")
	fmt.Println(wish.Code, wish.Fields, err)
	_, err = mock.ParsePrefer("cod=422")
	fmt.Println(err)
	// Output:
	// 422 [url date] <nil>
	// there is no wish "cod"; did you mean code? The wishes are code, cut, kind, note, fields, items, failed, sample, detail, element, latency, example and 2 more
}

// See what each request got, and why.
func ExampleWithObserver() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	m := mock.New(vms, mock.WithObserver(func(g mock.Given) {
		fmt.Println(g.Method, g.Path, g.Status, g.Outcome.Kind, "by", g.Why)
	}))
	defer m.Close()
	for _, prefer := range []string{"fields=url,date", "latency=1ms"} {
		r := httptest.NewRequest("POST", "/api/v1/cameras", http.NoBody)
		r.Header.Set("Prefer", prefer)
		m.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// POST /api/v1/cameras 422 invalid by Prefer: fields=url,date
	// POST /api/v1/cameras 200 success by Prefer: latency=1ms
}

// Refuse a credential that is not good, and requests that come too often.
func ExampleWithRate() {
	github, err := catalog.Open("github")
	if err != nil {
		panic(err)
	}
	m := mock.New(github, mock.WithAuth(), mock.WithRate(limit.Rate{Quota: 2, Window: time.Hour}))
	defer m.Close()
	for range 3 {
		r := httptest.NewRequest("GET", "/user", http.NoBody)
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		fmt.Println(w.Code, "left:", w.Header().Get("X-RateLimit-Remaining"))
	}
	// Output:
	// 401 left: 1
	// 401 left: 0
	// 429 left: 0
}

// Give a 202 whose work ends soon, and follow it.
func ExampleWithWork() {
	omilia, err := catalog.Open("omilia")
	if err != nil {
		panic(err)
	}
	m := mock.New(omilia, mock.WithWork(time.Millisecond))
	defer m.Close()
	api := httptest.NewServer(m)
	defer api.Close()

	c := &http.Client{Transport: client.New(omilia)}
	req, err := http.NewRequest("POST", api.URL+"/reports", strings.NewReader("{}"))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Prefer", "respond-async")
	accepted, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	fmt.Println(accepted.StatusCode)
	done, err := client.Poller{Client: c}.Follow(req.Context(), accepted)
	if err != nil {
		panic(err)
	}
	defer done.Body.Close()
	body, err := io.ReadAll(done.Body)
	fmt.Println(done.StatusCode, string(body), err)
	// Output:
	// 202
	// 200 {} <nil>
}

// Serve what was recorded.
func ExampleWithReplay() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	recorded, err := authoring.Cases("vms.cases.jsonl", []byte(
		`{"method": "GET", "path": "/api/v1/cameras/7", "status": 404, "headers": {"Content-Type": "application/json"}, "body": {"message": "", "errors": {"error": ["No camera 7"]}}}`))
	if err != nil {
		panic(err)
	}
	m := mock.New(vms, mock.WithReplay(recorded...))
	defer m.Close()
	show(m, "GET", "/api/v1/cameras/7")
	show(m, "GET", "/api/v1/cameras/8")
	// Output:
	// 404 {"message": "", "errors": {"error": ["No camera 7"]}}
	// 404 {"message":"","errors":{"error":["Nothing was recorded for GET /api/v1/cameras/8"]}}
}
