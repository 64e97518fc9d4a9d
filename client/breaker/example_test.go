package breaker_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
)

// After three failures in a row the server is left alone.
func ExampleNew() {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer srv.Close()

	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	spare := breaker.New(breaker.Settings{Failures: 3, Pause: time.Minute})
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1), client.WithGate(spare))}

	for range 5 {
		resp, err := c.Get(srv.URL)
		if err != nil {
			fmt.Println("not sent:", errors.Is(err, breaker.ErrOpen))
			continue
		}
		resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	fmt.Println("asked", asked, "times")
	// Output:
	// 500
	// 500
	// 500
	// not sent: true
	// not sent: true
	// asked 3 times
}
