package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
)

// One line makes a client act as the provider's page says.
func ExampleNew() {
	srv := vms(http.StatusNotFound, `{"message":"no such camera"}`)
	defer srv.Close()

	d, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras/7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output: 404 {"message":"no such camera"}
}

// Check turns what is not good into an error, whatever its HTTP status.
func ExampleCheck() {
	srv := vms(http.StatusNotFound, `{"message":"no such camera"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras/7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	err = client.Check(resp)
	fmt.Println(errors.Is(err, parlance.ErrNotFound), err)
	var e *client.Error
	if errors.As(err, &e) {
		fmt.Println(e.Outcome.Detail)
	}
	// Output:
	// true not_found: no such camera (do not retry)
	// no such camera
}

// ReportOf tells what a response means and what remains to be done.
func ExampleReportOf() {
	srv := vms(http.StatusUnprocessableEntity, `{"message":"","errors":{"url":["The URL is too long"]}}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d)}

	resp, err := c.Get(srv.URL + "/cameras")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	if r, ok := client.ReportOf(resp); ok {
		fmt.Println(r.Outcome.Kind, r.Decision.Act)
		for _, f := range r.Outcome.Fields {
			fmt.Println(f.Path+":", f.Message)
		}
	}
	// Output:
	// invalid correct
	// url: The URL is too long
}

// A wait beyond the ceiling is handed back with its time, for the caller to park.
func ExampleWithMaxWait() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d, client.WithMaxWait(10*time.Second))}

	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	r, _ := client.ReportOf(resp)
	last := r.Attempts[len(r.Attempts)-1]
	fmt.Println(r.Decision.Act, last.Wait)
	fmt.Println(last.Held)
	// Output:
	// retry 1m30s
	// not retried: the wait of 1m30s is longer than 10s, the longest allowed (WithMaxWait)
}

// A login is renewed once, however many requests find its token expired.
func ExampleNewLogin() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer second" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		io.WriteString(w, "welcome")
	}))
	defer srv.Close()

	token := "first"
	login := client.NewLogin(func(ctx context.Context) (client.Grant, error) {
		defer func() { token = "second" }()
		return client.Grant{Token: token}, nil // here: call the vendor's sign-in
	}, nil)

	d, _ := catalog.Open("vbapi")
	c := &http.Client{Transport: client.New(d, client.WithCredential(login))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	r, _ := client.ReportOf(resp)
	fmt.Println(string(body), "after", len(r.Attempts), "attempts")
	// Output: welcome after 2 attempts
}

// An observer sees every attempt, for a log or a table.
func ExampleWithObserver() {
	srv := vms(http.StatusForbidden, `{"message":"not yours"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d, client.WithObserver(client.ObserverFunc(func(_ context.Context, _ *http.Request, a *client.Attempt) {
		fmt.Println(a.Number, a.Outcome.Status, a.Outcome.Kind, a.Decision.Act)
	})))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: 1 403 forbidden stop
}

// vms is a server that always sends the same response.
func vms(status int, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
}

// A token that has expired is renewed, and the request retried.
func ExampleNewOAuth() {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"access_token":"%s","refresh_token":"r1","expires_in":3600}`, r.FormValue("grant_type"))
	}))
	defer tokens.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer refresh_token" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer srv.Close()

	d, _ := catalog.Open("vision")
	login := client.NewOAuth(nil, tokens.URL, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"me"}, "client_secret": {"…"},
	})
	c := &http.Client{Transport: client.New(d, client.WithCredential(login))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	report, _ := client.ReportOf(resp)
	for _, a := range report.Attempts {
		fmt.Println(a.Outcome.Status, a.Outcome.Kind, a.Decision.Act)
	}
	// Output:
	// 401 unauthenticated refresh
	// 200 success done
}

// One request can ask for more patience than the others, or for none.
func ExampleWithCall() {
	srv := vms(http.StatusServiceUnavailable, `{"message":"Down for maintenance"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	c := &http.Client{Transport: client.New(d)}

	ctx := client.WithCall(context.Background(), client.Call{Operation: "list cameras", Once: true})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/cameras", nil)
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	report, _ := client.ReportOf(resp)
	fmt.Println(report.Decision.Act, "-", report.Attempts[0].Held)
	// Output: retry - not retried: the caller asked to send it once (Call.Once)
}

// An accepted request is followed to its end.
func ExamplePoller_Follow() {
	looks := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Location", "/jobs/1")
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if looks++; looks < 3 {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		fmt.Fprint(w, "12 pages")
	}))
	defer srv.Close()
	d, _ := catalog.Open("omilia")
	c := &http.Client{Transport: client.New(d)}

	accepted, err := c.Post(srv.URL+"/exports", "application/json", strings.NewReader("{}"))
	if err != nil {
		panic(err)
	}
	poller := client.Poller{Client: c, Every: time.Millisecond, Look: func(so *client.Report, _ time.Duration) {
		fmt.Println(so.Outcome.Kind)
	}}
	resp, err := poller.Follow(context.Background(), accepted)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	// Output:
	// accepted
	// accepted
	// accepted
	// 200 12 pages
}

// What failed of a bulk request goes again, in a request of its own.
func ExampleBulk_FollowUp() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println("the server saw", string(body))
		w.WriteHeader(http.StatusMultiStatus)
		fmt.Fprint(w, `{"data":[{"id":[],"status":200,"body":"ok"},{"id":[],"status":503,"body":"later"}],"error":null,"debug":{"activityId":"a"}}`)
	}))
	defer srv.Close()
	d, _ := catalog.Open("vbapi")
	c := &http.Client{Transport: client.New(d)}

	req, err := http.NewRequest(http.MethodPut, srv.URL+"/x-batch", strings.NewReader(`["north","south"]`))
	if err != nil {
		panic(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	again, rest, err := client.Bulk[string]{}.FollowUp(resp, []string{"north", "south"})
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(again.Body)
	fmt.Println("left:", rest, "as", string(body))
	// Output:
	// the server saw ["north","south"]
	// left: [south] as ["south"]
}

// What support needs to find what happened, and nothing that is secret.
func ExampleReport_SupportReport() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"data":null,"error":{"type":null,"title":"Internal","status":500,"detail":"broke","instance":"/x"},"debug":{"activityId":"1b4e28ba"}}`)
	}))
	defer srv.Close()
	d, _ := catalog.Open("vbapi")
	c := &http.Client{Transport: client.New(d)}
	resp, err := c.Get(srv.URL + "/products?token=secret")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	report, _ := client.ReportOf(resp)
	support := report.SupportReport()
	fmt.Println(report.Decision.Act, support.Contact)
	for _, a := range support.Attempts {
		fmt.Println(support.Method, a.Status, a.Kind, a.RequestID)
	}
	// Output:
	// escalate VBA Software support
	// GET 500 internal 1b4e28ba
}

// Every attempt can be logged, with its reason and the line of the dialect.
func ExampleLogTo() {
	srv := vms(http.StatusForbidden, `{"message":"not yours"}`)
	defer srv.Close()
	d, _ := catalog.Open("vms")
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "kind", "act", "why", "line":
			return a
		}
		return slog.Attr{}
	}}))
	c := &http.Client{Transport: client.New(d, client.WithObserver(client.LogTo(logger)))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	// Output: kind=forbidden act=stop why="403 means forbidden: There are no permissions for the resource. See the page on managing access to the API" line=vms.yaml:20
}

// An API key goes to the host that the caller names, and to no other.
func ExampleWithAPIKey() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"data":%q,"error":null,"debug":{}}`, r.Header.Get("X-Api-Key"))
	}))
	defer srv.Close()
	d, _ := catalog.Open("vbapi")
	c := &http.Client{Transport: client.New(d, client.WithAPIKey("x-api-key", "k-123"))}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	report, _ := client.ReportOf(resp)
	fmt.Println(string(report.Data))
	// Output: "k-123"
}

// A request whose response never came is sent again under the same idempotency
// key, so that a card that was charged already is not charged twice.
func ExampleError_Again() {
	var mu sync.Mutex
	charged := map[string]bool{}
	silent := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		charged[r.Header.Get("Idempotency-Key")] = true
		if silent {
			silent = false
			panic(http.ErrAbortHandler) // it is charged, and nobody is told
		}
		w.WriteHeader(http.StatusCreated)
	}))
	defer srv.Close()
	d, _ := catalog.Open("stripe")
	c := &http.Client{Transport: client.New(d, client.WithMaxAttempts(1))}
	charge := func(ctx context.Context) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/v1/charges", strings.NewReader("amount=2000"))
		if err != nil {
			return nil, err
		}
		return c.Do(req)
	}

	ctx := context.Background()
	resp, err := charge(ctx)
	var e *client.Error
	if errors.As(err, &e) && e.Decision.Act == parlance.ActRetry && e.Decision.RetrySafe {
		resp, err = charge(e.Again(ctx))
	}
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(resp.StatusCode, len(charged))
	// Output: 201 1
}

// http.Client follows redirects above any transport. Where an API uses none,
// CheckRedirect hands one back, and Check makes an error of it.
func ExampleCheck_redirect() {
	srv := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusMovedPermanently))
	defer srv.Close()
	d, err := dialect.Compile("straight.yaml", []byte(`
dialect: straight
codes:
  3xx: {kind: redirected, do: stop, not_used: true}
`))
	if err != nil {
		panic(err)
	}
	c := &http.Client{
		Transport:     client.New(d),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := c.Get(srv.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	var e *client.Error
	fmt.Println(resp.StatusCode, errors.As(client.Check(resp), &e), e.Decision.Act)
	// Output: 301 true stop
}
