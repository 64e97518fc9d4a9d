package storm

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/timeout"
	"github.com/hashicorp/go-retryablehttp"
	"resty.dev/v3"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// peer is one way to send a request: a library set up as its own documentation
// shows it, with an attempt timeout of a second.
type peer struct {
	name string
	new  func(*testing.T, http.RoundTripper) sender
}

// sender sends a GET, as often as it likes.
type sender func(*http.Request)

const ours = "parlance"

// peers are what the table compares; the first is what the others are measured by.
var peers = []peer{
	{"no retry", once},
	{ours, parlance},
	{"go-retryablehttp", hashicorp},
	{"failsafe-go", failsafe},
	{"resty", restyClient},
	{"aws standard", awsStandard},
}

func done(resp *http.Response, err error) {
	if err == nil {
		_ = resp.Body.Close()
	}
}

func once(_ *testing.T, base http.RoundTripper) sender {
	return func(req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), patience)
		defer cancel()
		done(base.RoundTrip(req.WithContext(ctx)))
	}
}

// parlance has its defaults: 4 attempts; waits of 1 to 2 s, of 1 to 4, of 1 to 8;
// a budget of 100 that a success fills by 0.1.
func parlance(t *testing.T, base http.RoundTripper) sender {
	d, err := catalog.Open("plain")
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: client.New(d, client.WithBase(base), client.WithAttemptTimeout(patience))}
	return func(req *http.Request) { done(c.Do(req)) }
}

func hashicorp(_ *testing.T, base http.RoundTripper) sender {
	c := retryablehttp.NewClient()
	c.HTTPClient = &http.Client{Transport: base, Timeout: patience}
	c.Logger = nil
	return func(req *http.Request) {
		wrapped, err := retryablehttp.FromRequest(req)
		if err != nil {
			panic(err)
		}
		done(c.Do(wrapped))
	}
}

// failsafe has the retry policy of its page on HTTP.
func failsafe(_ *testing.T, base http.RoundTripper) sender {
	policy := failsafehttp.NewRetryPolicyBuilder().WithBackoff(time.Second, 30*time.Second).WithMaxRetries(3).Build()
	c := &http.Client{Transport: failsafehttp.NewRoundTripper(base, policy, timeout.New[*http.Response](patience))}
	return func(req *http.Request) { done(c.Do(req)) }
}

func restyClient(t *testing.T, base http.RoundTripper) sender {
	c := resty.New().SetTransport(base).SetTimeout(patience).SetRetryCount(3)
	t.Cleanup(func() { _ = c.Close() })
	return func(req *http.Request) { _, _ = c.R().SetContext(req.Context()).Get(req.URL.String()) }
}

// awsStandard is the SDK's own loop around its standard retryer, with errors of
// the kinds that the rest of the SDK hands to it.
func awsStandard(_ *testing.T, base http.RoundTripper) sender {
	c := &http.Client{Transport: base, Timeout: patience}
	loop := retry.NewAttemptMiddleware(retry.NewStandard(), func(r any) any { return r })
	send := middleware.FinalizeHandlerFunc(func(ctx context.Context, in middleware.FinalizeInput) (out middleware.FinalizeOutput, md middleware.Metadata, err error) {
		resp, err := c.Do(in.Request.(*http.Request).WithContext(ctx))
		if err != nil {
			return out, md, &smithyhttp.RequestSendError{Err: err}
		}
		done(resp, nil)
		if resp.StatusCode >= 300 {
			err = &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: resp}, Err: errors.New(resp.Status)}
		}
		return out, md, err
	})
	return func(req *http.Request) {
		_, _, _ = loop.HandleFinalize(req.Context(), middleware.FinalizeInput{Request: req}, send)
	}
}

// fullJitter is the loop that everybody writes: three retries, each after a
// random part of a wait that doubles. No library, and no budget.
func fullJitter(_ *testing.T, base http.RoundTripper) sender {
	c := &http.Client{Transport: base, Timeout: patience}
	return func(req *http.Request) {
		for top := time.Second; ; top *= 2 {
			resp, err := c.Do(req)
			done(resp, err)
			if err == nil && resp.StatusCode < 500 || top > 4*time.Second || req.Context().Err() != nil {
				return
			}
			time.Sleep(rand.N(top))
		}
	}
}
