package limit_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

// Every response says what is left; one too many is told when to come back.
func ExampleLimiter() {
	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
	l := limit.Limiter{Store: memory.New().Limits(), Policies: []limit.Policy{
		{Name: "hour", Rate: limit.Rate{Quota: 2, Window: time.Hour}, By: limit.Address},
	}}
	h := api.Wrap(l.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return "here", nil })))

	for range 3 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/cameras", nil))
		fmt.Printf("%d %s %s %q\n", w.Code, w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"), w.Header().Get("Retry-After"))
	}
	// Output:
	// 200 "hour";q=2;w=3600 "hour";r=1;t=1800 ""
	// 200 "hour";q=2;w=3600 "hour";r=0;t=3600 ""
	// 429 "hour";q=2;w=3600 "hour";r=0;t=3600 "1800"
}

// A caller has a few requests under way at one time, and no more.
func ExampleSessions() {
	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
	l := limit.Sessions{Store: memory.New().Seats(), Name: "downloads", Most: 1, By: limit.Address}
	busy, proceed, ended := make(chan bool), make(chan bool), make(chan bool)
	h := api.Wrap(l.Wrap(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		busy <- true
		<-proceed
		return "here", nil
	})))
	go func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/recordings/7", nil))
		close(ended)
	}()
	<-busy
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/recordings/8", nil))
	fmt.Println(w.Code)
	close(proceed)
	<-ended
	// Output:
	// 429
}
