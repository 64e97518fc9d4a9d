package license_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/store/memory"
)

// Who works takes a seat; while all are taken the next one is refused, until one
// is given back or its lease ends.
func ExampleSeats() {
	omilia, err := catalog.Open("omilia")
	if err != nil {
		panic(err)
	}
	api := server.New(omilia)
	seats := &license.Seats{Store: memory.New().Seats(), Pool: "agents", Count: 1, Error: parlance.Outcome{Code: "1040"}}
	seats.Holder = func(r *http.Request) string { return r.Header.Get("X-Agent") }
	mux := http.NewServeMux()
	mux.Handle("GET /dialogs", seats.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return []string{}, nil
	})))
	mux.Handle("DELETE /session", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		return nil, seats.Release(r.Context(), r.Header.Get("X-Agent"))
	}))
	h := api.Wrap(mux)

	show(h, "GET", "/dialogs", "X-Agent", "ann")
	show(h, "GET", "/dialogs", "X-Agent", "bob")
	show(h, "DELETE", "/session", "X-Agent", "ann")
	show(h, "GET", "/dialogs", "X-Agent", "bob")
	// Output:
	// 200 []
	// 403 {"errors":[{"code":"1040","detail":"No available licenses","meta":{},"source":"","status":403,"title":"Forbidden"}]}
	// 204
	// 200 []
}

// What is created is counted with it, or neither happens.
func ExampleCap() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	limit := license.Cap{Store: memory.New().Seats(), Name: "cameras", Most: 1,
		Error: parlance.Outcome{Fields: []parlance.Field{{Path: "license", Message: "The license limit is exceeded"}}}}
	create := api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		err := limit.Create(r.Context(), func(context.Context) error {
			return nil // the INSERT, by the transaction of its context
		})
		if err != nil {
			return nil, err
		}
		return server.Created("/cameras/1", map[string]int{"id": 1}), nil
	})

	show(create, "POST", "/cameras", "X-Agent", "ann")
	show(create, "POST", "/cameras", "X-Agent", "ann")
	// Output:
	// 201 {"id":1}
	// 402 {"message":"","errors":{"license":["The license limit is exceeded"]}}
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
