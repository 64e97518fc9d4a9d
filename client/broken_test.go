package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/testnet"
)

// wire is a real listener that does to each connection what it is told, after
// it has read some of the request.
func wire(t *testing.T, do func(net.Conn)) (url string, served *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	served = new(atomic.Int32)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			served.Add(1)
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 4096))
				do(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String(), served
}

// An upstream that gives no response: the caller gets an error that says how, with
// the transport's own error in it. The ceiling of 0 has no test wait.
func TestNoResponseIsAnErrorThatSaysHow(t *testing.T) {
	t.Parallel()
	reset, resets := wire(t, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) })
	nonsense, _ := wire(t, func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") })
	tests := []struct {
		name, method, url string
		kind              parlance.Kind
		reason            parlance.Reason
		is                error
		safe              bool
	}{
		{"refused, so a POST may be repeated", "POST", "http://" + testnet.Closed, parlance.KindUnavailable, parlance.ReasonRefused, syscall.ECONNREFUSED, true},
		{"reset, so a GET may be repeated", "GET", reset, parlance.KindUnavailable, parlance.ReasonReset, nil, true},
		{"reset, so a POST may not be retried", "POST", reset, parlance.KindUnavailable, parlance.ReasonReset, nil, false},
		{"a response that is not HTTP", "GET", nonsense, parlance.KindBadGateway, parlance.ReasonMalformed, nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &http.Client{Transport: client.New(open(t, "vms"), client.WithMaxWait(0), client.WithBase(&http.Transport{DisableKeepAlives: true}))}
			req, _ := http.NewRequest(tt.method, tt.url, nil)
			_, err := c.Do(req)
			var e *client.Error
			var u *url.Error
			if !errors.As(err, &e) || !errors.As(err, &u) {
				t.Fatalf("got %v", err)
			}
			if e.Outcome.Kind != tt.kind || e.Outcome.Reason != tt.reason || e.Outcome.Status != 0 {
				t.Errorf("outcome %+v", e.Outcome)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
			sentinel, act := parlance.ErrUnavailable, parlance.ActRetry
			if tt.kind == parlance.KindBadGateway {
				sentinel, act = parlance.ErrBadGateway, parlance.ActStop
			}
			if !errors.Is(err, sentinel) {
				t.Errorf("%v has not its sentinel", err)
			}
			if e.Decision.RetrySafe != tt.safe || e.Decision.Act != act || len(e.Attempts) != 1 || (e.Attempts[0].Held != "") != (act == parlance.ActRetry) {
				t.Errorf("decision %+v, attempts %+v", e.Decision, e.Attempts)
			}
		})
	}
	t.Cleanup(func() {
		if n := resets.Load(); n != 2 {
			t.Errorf("the server that resets saw %d requests, want 2", n)
		}
	})
}

func TestAServerThatHangsEndsWithTheCallersTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := response{do: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		u := newUpstream(t, hang)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := u.client(t, "vms").Do(request(t, "GET", "").WithContext(ctx))
		var e *client.Error
		if !errors.As(err, &e) || e.Outcome.Kind != parlance.KindTimeout || e.Outcome.Reason != parlance.ReasonDeadline {
			t.Fatalf("got %v", err)
		}
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, parlance.ErrTimeout) {
			t.Errorf("%v is no timeout", err)
		}
		if spent := time.Since(start); spent != 5*time.Second || len(u.sightings()) != 1 {
			t.Errorf("%v and %d requests", spent, len(u.sightings()))
		}
	})
}

func TestAServerThatComesBackIsFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 200, body: "{}"})
		down := 2
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if down--; down >= 0 {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
			}
			return u.transport.RoundTrip(req)
		})
		resp, body := call(t, u.client(t, "vms", client.WithBase(base), client.WithMaxWait(time.Hour)), request(t, "POST", `{"a":1}`))
		if resp.StatusCode != 200 || body != "{}" || len(report(t, resp).Attempts) != 3 {
			t.Errorf("got %d after %d attempts", resp.StatusCode, len(report(t, resp).Attempts))
		}
		if seen := u.sightings(); len(seen) != 1 || seen[0].body != `{"a":1}` {
			t.Errorf("the server saw %+v", seen)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// half responds with a body that ends early.
func half(status, body string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"+body)
	}
}

func TestHalfAResponseReachesTheCallerAsFarAsItCame(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, dialect, method, status, body string
		kind                                parlance.Kind
		want                                int32 // requests
		broken                              bool
	}{
		{"half a failure is a failure", "vms", "GET", "400 Bad Request", `{"message":"to`, parlance.KindInvalid, 1, true},
		{"half a success whose rest decides proves nothing", "vbapi", "POST", "200 OK", `{"data":{"id`, parlance.KindUnavailable, 1, true},
		{"half a success that nothing can alter is the caller's", "omilia", "GET", "200 OK", `{"id":`, parlance.KindSuccess, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, served := wire(t, half(tt.status, tt.body))
			req, _ := http.NewRequest(tt.method, addr, nil)
			resp, err := (&http.Client{Transport: client.New(open(t, tt.dialect), client.WithMaxWait(0))}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if string(body) != tt.body || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("read %q, %v", body, err)
			}
			r := report(t, resp)
			if r.Outcome.Kind != tt.kind || (r.Broken != nil) != tt.broken || r.Whole {
				t.Errorf("%+v, broken %v", r.Outcome, r.Broken)
			}
			if served.Load() != tt.want {
				t.Errorf("the server saw %d requests", served.Load())
			}
		})
	}
}

func TestHalfASuccessIsAskedForAgainWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t,
			response{do: func(w http.ResponseWriter, _ *http.Request) {
				conn, _, _ := w.(http.Hijacker).Hijack()
				defer conn.Close()
				half("200 OK", `{"data":`)(conn)
			}},
			response{status: 200, body: `{"data":[],"error":null,"debug":{"activityId":"1b4e28ba-2fa1-11d2-883f-0016d3cca427"}}`})
		resp, body := call(t, u.client(t, "vbapi", client.WithMaxWait(time.Hour)), request(t, "GET", ""))
		if n := len(u.sightings()); n != 2 || body == "" {
			t.Errorf("%d requests, body %q", n, body)
		}
		if r := report(t, resp); r.Broken != nil || !r.Outcome.Kind.Good() || r.Attempts[0].Err == nil {
			t.Errorf("%+v", r)
		}
	})
}

func TestAForeignResponseHasNoReport(t *testing.T) {
	t.Parallel()
	if _, ok := client.ReportOf(&http.Response{StatusCode: 200}); ok {
		t.Error("a report of nothing")
	}
	if err := client.Check(&http.Response{StatusCode: 200}); !errors.Is(err, client.ErrForeign) {
		t.Errorf("Check: %v", err)
	}
}

func TestABaseThatForgetsIsForgiven(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	bare := roundTripper(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil })
	resp, err := client.New(d, client.WithBase(bare)).RoundTrip(request(t, "GET", ""))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); len(body) != 0 || err != nil || report(t, resp).Outcome.Kind != parlance.KindNotFound {
		t.Errorf("%q, %v", body, err)
	}
	nothing := roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })
	if _, err := client.New(d, client.WithBase(nothing), client.WithMaxWait(0)).RoundTrip(request(t, "GET", "")); err == nil {
		t.Error("nothing is not a response")
	}
	if _, err := client.New(d).RoundTrip(&http.Request{}); err == nil {
		t.Error("a request without a URL")
	}
}

func TestARequestThatCannotBeSentIsTheCallersToCorrect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(*http.Request)
	}{
		{"a line break in a field", func(r *http.Request) { r.Header.Set("X-Bad", "a\nb") }},
		{"a field without a name", func(r *http.Request) { r.Header[""] = []string{"a"} }},
		{"a scheme that nobody speaks", func(r *http.Request) { r.URL.Scheme = "gopher" }},
		{"no host", func(r *http.Request) { r.URL.Host = "" }},
		{"a method that is no word", func(r *http.Request) { r.Method = "GE T" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, "GET", "")
			tt.spoil(req)
			_, err := client.New(open(t, "http"), client.WithBase(&http.Transport{})).RoundTrip(req)
			var e *client.Error
			if !errors.As(err, &e) || len(e.Attempts) != 1 || e.Outcome.Kind != parlance.KindInvalid || e.Decision.Act != parlance.ActCorrect || !e.Decision.RetrySafe {
				t.Errorf("the error is %v: %+v", err, e)
			}
		})
	}
}
