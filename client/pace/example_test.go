package pace_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/pace"
)

// The server said that nothing is left for a minute, so it is not asked. A wait
// within the ceiling is waited for.
func ExampleNew() {
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("RateLimit", `"default";r=0;t=60`)
	}))
	defer srv.Close()

	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithGate(pace.New(d)), client.WithMaxWait(10*time.Second))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()

	_, err = c.Get(srv.URL)
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Outcome.Reason, e.Decision.Act, "after", e.Decision.After.Round(time.Minute))
	}
	fmt.Println("asked", asked, "times")
	// Output:
	// not_sent retry after 1m0s
	// asked 1 times
}
