package bench

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/hashicorp/go-retryablehttp"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// callers are what a user would pick to retry requests with, in their usual
// setting, and none of them.
func callers(b *testing.B, base http.RoundTripper) []struct {
	name string
	rt   http.RoundTripper
} {
	b.Helper()
	retryable := retryablehttp.NewClient()
	retryable.HTTPClient.Transport = base
	retryable.Logger = nil
	all := []struct {
		name string
		rt   http.RoundTripper
	}{{"net-http", base}}
	for _, name := range []string{"http", "plain", "vision", "vms"} {
		d, err := catalog.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, struct {
			name string
			rt   http.RoundTripper
		}{"parlance-" + name, client.New(d, client.WithBase(base))})
	}
	all = append(all, struct {
		name string
		rt   http.RoundTripper
	}{"go-retryablehttp", &retryablehttp.RoundTripper{Client: retryable}})
	return append(all, struct {
		name string
		rt   http.RoundTripper
	}{"failsafe-go", failsafehttp.NewRoundTripper(base, failsafehttp.NewRetryPolicyBuilder().Build())})
}

// BenchmarkCall is the success path over loopback, its connection kept alive:
// what a caller pays for each request that goes well.
func BenchmarkCall(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		io.WriteString(w, `{"id":1,"name":"a camera"}`)
	}))
	b.Cleanup(srv.Close)
	b.Run("accept=stated", func(b *testing.B) { measure(b, srv.Client().Transport, srv.URL+"/cameras", "application/json") })
	// Where the caller asks for no form, the client asks for the one that tells most.
	b.Run("accept=none", func(b *testing.B) { measure(b, srv.Client().Transport, srv.URL+"/cameras", "") })
}

// BenchmarkNull is the same without a wire: what a client adds of its own.
func BenchmarkNull(b *testing.B) {
	measure(b, null{}, "http://upstream.test/cameras", "application/json")
}

func measure(b *testing.B, base http.RoundTripper, url, accept string) {
	for _, c := range callers(b, base) {
		b.Run(c.name, func(b *testing.B) {
			req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
			if err != nil {
				b.Fatal(err)
			}
			if accept != "" {
				req.Header.Set("Accept", accept)
			}
			b.ReportAllocs()
			for b.Loop() {
				resp, err := c.rt.RoundTrip(req)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
			}
		})
	}
}

// null responds without a wire.
type null struct{}

var nullHeader = http.Header{"Content-Type": {"application/json"}}

func (null) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: nullHeader, Body: http.NoBody, Request: req}, nil
}
