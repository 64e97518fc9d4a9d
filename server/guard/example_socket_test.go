package guard_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/guard"
)

// Give an http.Server the limits that net/http leaves open.
func ExampleApplyDefaultLimits() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	api := server.New(plain)
	hs := guard.ApplyDefaultLimits(&http.Server{
		Addr:        "localhost:8000",
		Handler:     api.Wrap(http.NewServeMux()),
		IdleTimeout: time.Minute, // a limit of your own stays
	})
	fmt.Println(hs.MaxHeaderBytes, hs.ReadHeaderTimeout, hs.IdleTimeout)
	// Output: 65536 10s 1m0s
}

// A client that stops in the middle of a body gets a 408.
func ExampleSlowBody() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	h := guard.SlowBody(10 * time.Millisecond)(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) { // in production: 10 s
		body, err := io.ReadAll(r.Body)
		return len(body), err
	}))
	srv := httptest.NewServer(api.Wrap(h))
	defer srv.Close()

	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		panic(err)
	}
	defer c.Close()
	io.WriteString(c, "POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf of it")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	fmt.Println(res.Status)
	// Output: 408 Request Timeout
}
