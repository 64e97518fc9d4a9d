package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// The gateway takes the options of a client: a credential that callers never see,
// and how often it asks the upstream.
func ExampleConfig() {
	stripe := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the upstream got", r.Header.Get("X-Api-Key"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusPaymentRequired)
		io.WriteString(w, `{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}`)
	}))
	defer stripe.Close()
	upstream, err := url.Parse(stripe.URL)
	if err != nil {
		panic(err)
	}
	speaks, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	to, err := catalog.Open("problem") // RFC 9457
	if err != nil {
		panic(err)
	}
	g, err := gateway.New(gateway.Config{
		Upstream: upstream, Speaks: speaks, To: to,
		Timeout: 20 * time.Second,
		MaxWait: 5 * time.Second,
		Client:  []client.Option{client.WithAPIKey("X-Api-Key", "k-123"), client.WithMaxAttempts(2)},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	srv := httptest.NewServer(g)
	defer srv.Close()

	res, err := http.Post(srv.URL+"/v1/charges", "application/x-www-form-urlencoded", nil)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	var problem struct {
		Status       int
		Code, Detail string
	}
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil {
		panic(err)
	}
	fmt.Println(res.Header.Get("Content-Type"))
	fmt.Println(problem.Status, problem.Code, problem.Detail)
	// Output:
	// the upstream got k-123
	// application/problem+json
	// 402 card_declined Your card was declined.
}

// Serve bounds the connections, and lets requests finish when the context ends.
func ExampleGateway_Serve() {
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	u, err := url.Parse(upstream.URL)
	if err != nil {
		panic(err)
	}
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: vms, To: problem, MaxConns: 1000, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- g.Serve(ctx, l) }()

	resp, err := http.Get("http://" + l.Addr().String() + "/cameras/7")
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	stop()
	fmt.Println(resp.StatusCode, <-done)
	// Output: 404 <nil>
}
