package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// A request that fails is an error of its kind, with what remains to be done.
func ExampleError() {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close() // nobody listens there now
	d, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}

	_, err = c.Post(srv.URL+"/v1/charges", "application/x-www-form-urlencoded", strings.NewReader("amount=2000"))
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Outcome.Kind, e.Outcome.Reason, errors.Is(err, parlance.ErrUnavailable))
		fmt.Println(e.Decision.Act, "safe:", e.Decision.RetrySafe, "with a key:", e.Key != "")
	}
	// Output:
	// unavailable refused true
	// retry safe: true with a key: true
}

// key is a Credential: it takes the token from wherever it is kept.
type key struct{ value string }

func (k key) Token(context.Context) (string, error) { return k.value, nil }
func (k key) Invalidate(string)                     {}

// A credential is sent in the header and scheme that the dialect names.
func ExampleWithCredential() {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Authorization"))
	}))
	defer srv.Close()
	d, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithCredential(key{"sk_test_7"}))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: Bearer sk_test_7
}

// A user and a password are sent to the host that the caller names.
func ExampleWithBasic() {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.BasicAuth())
	}))
	defer srv.Close()
	d, err := catalog.Open("twilio")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithBasic("AC7", "s3cret"))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: AC7 s3cret true
}

// weekend is a Gate: it refuses writes while closed is set.
type weekend struct{ closed bool }

func (w weekend) Enter(req *http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	if w.closed && req.Method != http.MethodGet {
		return 0, nil, errors.New("no orders at the weekend")
	}
	return 0, nil, nil
}

// A gate is asked before each attempt. If it refuses, nothing is sent.
func ExampleWithGate() {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("the server got a", r.Method)
	}))
	defer srv.Close()
	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithGate(weekend{closed: true}))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()

	_, err = c.Post(srv.URL, "application/json", strings.NewReader("{}"))
	var e *client.Error
	fmt.Println(errors.Is(err, client.ErrNotSent), errors.As(err, &e), e.Outcome.Reason)
	// Output:
	// the server got a GET
	// true true not_sent
}

// If a safe request is late, a second one is sent; the first good response counts.
func ExampleWithHedge() {
	first := make(chan bool, 1)
	first <- true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
			<-r.Context().Done() // this one hangs until the client gives it up
		default:
			io.WriteString(w, "a pear")
		}
	}))
	defer srv.Close()
	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithHedge(time.Millisecond))} // in production: the time that 95% of responses need
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	report, _ := client.ReportOf(resp)
	fmt.Println(string(body), "hedged:", report.Attempts[0].Hedged)
	// Output: a pear hedged: true
}

// A request is sent three times at most.
func ExampleWithMaxAttempts() {
	srv := unavailable()
	defer srv.Close()
	d := impatient()
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(3))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	report, _ := client.ReportOf(resp)
	for _, a := range report.Attempts {
		fmt.Println(a.Number, a.Outcome.Status, a.Again)
	}
	// Output:
	// 1 503 true
	// 2 503 true
	// 3 503 false
}

// Clients of one host share a budget for retries. If it is spent, the response is
// returned and nothing more is sent.
func ExampleWithBudget() {
	srv := unavailable()
	defer srv.Close()
	budget := client.NewBudget(1, 0.1) // one retry, and a tenth for each success
	for range 2 {
		c := &http.Client{Transport: client.New(impatient(), client.WithBudget(budget), client.WithMaxAttempts(2))}
		resp, err := c.Get(srv.URL)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
		report, _ := client.ReportOf(resp)
		fmt.Println(resp.StatusCode, "after", len(report.Attempts), "attempts")
	}
	// Output:
	// 503 after 2 attempts
	// 503 after 1 attempts
}

// An attempt that takes too long is a timeout, and can be retried.
func ExampleWithAttemptTimeout() {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done() // until the client gives up
	}))
	defer srv.Close()
	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithAttemptTimeout(time.Millisecond), client.WithMaxAttempts(1))}
	_, err = c.Get(srv.URL)
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Outcome.Kind, e.Decision.Act, e.Decision.RetrySafe)
	}
	// Output: timeout retry true
}

// Only the beginning of a long body is read for its meaning. The caller gets all of it.
func ExampleWithMaxBody() {
	srv := vms(http.StatusForbidden, `{"message":"`+strings.Repeat("no ", 1000)+`"}`)
	defer srv.Close()
	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithMaxBody(64))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	report, _ := client.ReportOf(resp)
	fmt.Println(report.Outcome.Kind, report.Cut, len(body))
	// Output: forbidden true 3014
}

// A transport of your own sends the requests: a proxy, a pool, a recorder.
func ExampleWithBase() {
	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "over TLS") }))
	defer srv.Close()
	c := &http.Client{Transport: client.New(d, client.WithBase(srv.Client().Transport))} // it trusts the server's certificate
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(body))
	// Output: over TLS
}

// A request can have an idempotency key of your own, such as the number of an order.
func ExampleCall() {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Idempotency-Key"))
	}))
	defer srv.Close()
	d, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d)}
	ctx := client.WithCall(context.Background(), client.Call{Operation: "charge", Key: "order-7"})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/v1/charges", strings.NewReader("amount=2000"))
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: order-7
}

// unavailable is a server that is down.
func unavailable() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
}

// impatient is the dialect of an API that asks for retries almost at once.
func impatient() *dialect.Dialect {
	d, err := dialect.Compile("impatient.yaml", []byte("dialect: impatient\ncodes:\n  503: {kind: unavailable, retry: {after: 1ms}}\n"))
	if err != nil {
		panic(err)
	}
	return d
}

// A link in a response may lead to another host, which must not get the key.
func ExampleWithOrigins() {
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Printf("the other host got %q\n", r.Header.Get("X-Key"))
	}))
	defer stranger.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Printf("the API got %q\n", r.Header.Get("X-Key"))
		fmt.Fprintf(w, `{"next":%q}`, stranger.URL)
	}))
	defer api.Close()

	d, err := catalog.Open("http")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithAPIKey("X-Key", "k"), client.WithOrigins(api.URL))}
	for _, url := range []string{api.URL, stranger.URL} {
		resp, err := c.Get(url)
		if err != nil {
			panic(err)
		}
		resp.Body.Close()
	}
	// Output:
	// the API got "k"
	// the other host got ""
}

// A server that restarts gets some retries within a moment, and the caller no long wait.
func ExampleWithMaxUnreachable() {
	t := client.New(dialect.Generic(), client.WithMaxUnreachable(20*time.Millisecond))
	_, err := (&http.Client{Transport: t}).Get("http://127.0.0.1:1") // nothing listens there
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	// Output: true
}
