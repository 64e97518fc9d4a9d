package guard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
)

// A switch closes the service for those who do not do the work.
func ExampleMaintenance() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	m := guard.Maintenance{Admit: func(r *http.Request) bool { return r.Header.Get("X-Operator") == "ann" }}
	h := api.Wrap(m.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return "here", nil })))

	m.Close(time.Time{}) // nobody knows how long
	show(h, "GET", "/cameras", "X-Operator", "")
	show(h, "GET", "/cameras", "X-Operator", "ann")
	show(h, "GET", "/healthz", "X-Operator", "")
	m.Reopen()
	show(h, "GET", "/cameras", "X-Operator", "")
	// Output:
	// 503 {"message":"","errors":{"error":["The service is closed for maintenance."]}}
	// 200 "here"
	// 200 "here"
	// 200 "here"
}

// Planned work is announced, begins and ends by itself.
func ExampleMaintenance_Plan() {
	var m guard.Maintenance
	night := time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)
	m.Plan(guard.Window{From: night, To: night.Add(time.Hour)})
	until, closed := m.At(night.Add(45 * time.Minute))
	fmt.Println(closed, until.Format(time.TimeOnly))
	_, closed = m.At(night.Add(time.Hour))
	fmt.Println(closed)
	// Output:
	// true 03:00:00
	// false
}

// While as many are served as can be, the rest is told to come back, at once.
func ExampleOverload() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	api := server.New(vbapi)
	busy, proceed := make(chan bool), make(chan bool)
	o := guard.Overload{Served: 1, Error: parlance.Outcome{RetryAfter: 3 * time.Second}}
	h := api.Wrap(o.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		busy <- true
		<-proceed
		return "done", nil
	})))
	ended := make(chan bool)
	go func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		close(ended)
	}()
	<-busy
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	close(proceed)
	<-ended
	// Output:
	// 503 3
}

// A route has so long; then its context ends, and the client gets a response.
func ExampleDeadline() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	h := api.Wrap(guard.Deadline(time.Millisecond)(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		<-r.Context().Done() // as a database does, that was given the context
		return nil, r.Context().Err()
	})))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/reports", nil))
	fmt.Println(w.Code)
	// Output:
	// 504
}

// A body that is too long is refused before it is read.
func ExampleMaxBody() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	h := api.Wrap(guard.MaxBody(16)(api.Handle(nil)))
	r := httptest.NewRequest("POST", "/items", strings.NewReader(strings.Repeat("x", 17)))
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 413 {"message":"","errors":{"error":["The body is longer than 16 bytes"]}}
}

// show prints the response to a request with a header field.
func show(h http.Handler, method, path, header, value string) {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set(header, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body)))
}
