package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
	"github.com/parlance-api/parlance/dialect"
)

// secure is a TLS server, and the authority of its certificate.
func secure(t *testing.T) (s *httptest.Server, authority *x509.CertPool) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	s.Config.ErrorLog = quiet
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = x509.NewCertPool()
	authority.AddCert(s.Certificate())
	return s, authority
}

// refusing is a TLS server that takes no client, and reads on until the client has
// read why.
func refusing(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				tls.Server(conn, c).Handshake() // fails, and says so to the client
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	return "https://" + l.Addr().String()
}

// broken is one cause of a request without a response.
type broken struct {
	name   string
	url    string
	base   *http.Transport
	body   io.Reader // a POST of it; nil for a GET
	length int64     // its Content-Length, if it is another than it has
	kind   parlance.Kind
	reason parlance.Reason
	act    parlance.Act
	opens  bool   // it counts against the server
	why    string // a part of it
}

// causes are those that no retry cures.
func causes(t *testing.T) []broken {
	t.Helper()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	t.Cleanup(plain.Close)
	server, authority := secure(t)
	certificate := server.TLS.Certificates
	wary := refusing(t, &tls.Config{Certificates: certificate, ClientAuth: tls.RequireAnyClientCert})
	old := refusing(t, &tls.Config{Certificates: certificate, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(proxy.Close)
	denying := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(denying.Close)
	through := func(s *httptest.Server) *http.Transport {
		u, _ := url.Parse(s.URL)
		return &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: &tls.Config{RootCAs: authority}}
	}
	trusting := func(authority *x509.CertPool) *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority}, ForceAttemptHTTP2: true}
	}
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	says := func(text string) string { u, _ := wire(t, func(c net.Conn) { io.WriteString(c, text) }); return u }
	unread := func() io.Reader {
		return io.MultiReader(strings.NewReader("pay"), iotest.ErrReader(errors.New("the disk is gone")))
	}
	stream := func(text string) io.Reader { return io.MultiReader(strings.NewReader(text)) }
	file := func() io.Reader {
		f, err := os.Open(t.TempDir()) // a folder cannot be read
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	short, err := os.Create(filepath.Join(t.TempDir(), "short"))
	if err != nil {
		t.Fatal(err)
	}

	body := broken{kind: parlance.KindInvalid, reason: parlance.ReasonBody, act: parlance.ActCorrect}
	address := broken{kind: parlance.KindUnavailable, reason: parlance.ReasonUnroutable, act: parlance.ActStop, why: "no route to the address"}
	shake := broken{kind: parlance.KindUnavailable, reason: parlance.ReasonTLS, act: parlance.ActStop}
	proxied := broken{kind: parlance.KindUnavailable, reason: parlance.ReasonProxy, act: parlance.ActStop, url: server.URL}
	theirFault := broken{kind: parlance.KindBadGateway, reason: parlance.ReasonMalformed, act: parlance.ActStop, opens: true}
	with := func(b broken, set func(*broken)) broken {
		if set(&b); b.base == nil {
			b.base = &http.Transport{}
		}
		return b
	}
	all := []broken{
		with(address, func(b *broken) {
			b.name, b.url = "a port out of range", "http://127.0.0.1:99999"
			b.kind, b.reason, b.act, b.why = parlance.KindInvalid, parlance.ReasonNotSent, parlance.ActCorrect, "invalid port"
		}),
		with(address, func(b *broken) { b.name, b.url = "an address without a route", "http://255.255.255.255" }),
		with(address, func(b *broken) { b.name, b.url = "an address that no host has", "http://224.0.0.1" }),
		with(shake, func(b *broken) {
			b.name, b.url, b.base, b.why = "an unknown authority", server.URL, &http.Transport{TLSClientConfig: &tls.Config{}}, "does not know the authority"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.base, b.why = "a wrong host name", strings.Replace(server.URL, "127.0.0.1", "localhost", 1), trusting(authority), "not for the name localhost"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.base, b.why = "a certificate that has expired", server.URL, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority, Time: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }}}, "has expired"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.base, b.why = "a client certificate is wanted", wary, trusting(authority), "client certificate"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.base, b.why = "a client certificate is wanted, TLS 1.2", old, trusting(authority), "client certificate"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.why = "TLS against a plain port", "https://"+plain.Listener.Addr().String(), "does not speak TLS"
		}),
		with(shake, func(b *broken) {
			b.name, b.url, b.why = "plain against a TLS port", says("\x15\x03\x01\x00\x02\x02\x16\r\n"), "begin with https"
		}),
		with(proxied, func(b *broken) { b.name, b.base, b.why = "a proxy that answers 407", through(proxy), "wants a user" }),
		with(proxied, func(b *broken) { b.name, b.base, b.why = "a proxy that answers 403", through(denying), "Forbidden" }),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.why = "a malformed status line", says("SSH-2.0-OpenSSH_9.9\r\n"), "not valid HTTP"
		}),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.why = "a malformed field", says("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "not valid HTTP"
		}),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.why = "two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "not valid HTTP"
		}),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.why = "an unknown transfer coding", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: zip\r\n\r\n"), "not valid HTTP"
		}),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.why = "a header that is too large", says("HTTP/1.1 200 OK\r\nA: "+strings.Repeat("a", 1000)+"\r\n\r\n"), "longer than allowed"
			b.base = &http.Transport{MaxResponseHeaderBytes: 500}
		}),
		with(theirFault, func(b *broken) {
			b.name, b.url, b.base, b.why = "no HTTP/2 without TLS", plain.URL, &http.Transport{Protocols: h2c}, "does not speak HTTP/2"
		}),
	}
	for _, to := range []broken{{name: "HTTP/1.1", url: plain.URL}, {name: "HTTP/2", url: server.URL, base: trusting(authority)}} {
		for _, b := range []broken{
			{name: "a body that cannot be read", body: unread(), why: "could not be read"},
			{name: "a body that cannot be read, of a stated length", body: unread(), length: 100, why: "could not be read"},
			{name: "a body that is too short", body: stream("pay"), length: 10, why: "shorter than its Content-Length of 10"},
			{name: "a body that is too long", body: stream("payment"), length: 3, why: "than its Content-Length of 3"},
			{name: "a body in memory that is too short", body: strings.NewReader("pay"), length: 10, why: "shorter than its Content-Length of 10"},
			{name: "a body in memory that is too long", body: strings.NewReader("payment"), length: 3, why: "longer than its Content-Length of 3"},
			{name: "a file that cannot be read", body: file(), length: 10, why: "could not be read"},
		} {
			all = append(all, with(body, func(c *broken) {
				c.name, c.url, c.base, c.body, c.length, c.why = b.name+", "+to.name, to.url, to.base, b.body, b.length, b.why
			}))
		}
	}
	return append(all, with(body, func(b *broken) {
		b.name, b.url, b.body, b.length, b.why = "a file that is too short", plain.URL, short, 10, "than its Content-Length of 10"
	}))
}

// A fault of the request or of our own set-up is not the server's. No fault of these
// is cured by a retry, so none is paid for.
func TestWhatNoRetryCuresIsHandedBackAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range causes(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			defer c.base.CloseIdleConnections()
			var opened atomic.Bool
			gate := breaker.New(breaker.Settings{Failures: 1, OnChange: func(string, bool) { opened.Store(true) }})
			budget := client.NewBudget(1, 0)
			d := open(t, "vms")
			method := http.MethodGet
			if c.body != nil {
				method = http.MethodPost
			}
			req, err := http.NewRequestWithContext(t.Context(), method, c.url, c.body)
			if err != nil {
				t.Fatal(err)
			}
			if c.length != 0 {
				req.ContentLength = c.length
			}
			if c.body != nil && req.GetBody == nil {
				req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(c.body), nil } // no reason not to retry
			}
			resp, err := client.New(d, client.WithBase(c.base), client.WithGate(gate), client.WithBudget(budget), client.WithHedge(time.Hour)).RoundTrip(req)
			if err == nil {
				resp.Body.Close()
				t.Fatalf("the server responded with %d", resp.StatusCode)
			}
			var e *client.Error
			if !errors.As(err, &e) || len(e.Attempts) != 1 {
				t.Fatalf("the error is %v, after %d attempts", err, len(e.Attempts))
			}
			if o := e.Outcome; o.Kind != c.kind || o.Reason != c.reason || o.Status != 0 {
				t.Errorf("it came to %v/%v with status %d, want %v/%v: %v", o.Kind, o.Reason, o.Status, c.kind, c.reason, err)
			}
			if e.Decision.Act != c.act || !strings.Contains(e.Decision.Why, c.why) {
				t.Errorf("the decision is to %v: %s; want to %v: %s", e.Decision.Act, e.Decision.Why, c.act, c.why)
			}
			if e.Attempts[0].Held != "" || e.Attempts[0].Wait != 0 {
				t.Errorf("a retry was thought of: %+v", e.Attempts[0])
			}
			if opened.Load() != c.opens || c.reason.Local() == c.opens {
				t.Errorf("the breaker opened: %t, want %t; the fault is our own: %t", opened.Load(), c.opens, c.reason.Local())
			}
			if n := retriesLeft(t, budget, c.url); n != 1 {
				t.Errorf("%d retries are left of the budget of one", n)
			}
		})
	}
}

// retriesLeft is how many retries a budget still pays for.
func retriesLeft(t *testing.T, budget *client.Budget, where string) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t, response{status: 503, body: vmsError})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, where, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Scheme = "http"
		resp, _ := call(t, u.client(t, "vms", client.WithBudget(budget), client.WithMaxWait(time.Hour), client.WithMaxAttempts(3)), req)
		n = len(report(t, resp).Attempts) - 1
	})
	return n
}

func TestARequestThatEndsWithItsContextIsNoFaultOfTheServer(t *testing.T) {
	t.Parallel()
	stop := errors.New("somebody pressed stop")
	bodies := map[string]func(context.Context) io.Reader{
		"no body": func(context.Context) io.Reader { return nil },
		"a body that breaks": func(ctx context.Context) io.Reader {
			r, w := io.Pipe()
			context.AfterFunc(ctx, func() { w.CloseWithError(stop) })
			return r
		},
	}
	ends := map[string]struct {
		begin  func(context.Context) (ctx context.Context, end func())
		reason map[string]parlance.Reason // by the body
	}{
		"canceled for a reason": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			return ctx, func() { cancel(stop) }
		}, map[string]parlance.Reason{"no body": parlance.ReasonCanceled, "a body that breaks": parlance.ReasonCanceled}},
		"out of time for a reason": {func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithDeadlineCause(ctx, time.Now(), stop)
			return ctx, cancel
		}, map[string]parlance.Reason{"no body": parlance.ReasonDeadline, "a body that breaks": parlance.ReasonBody}},
	}
	for body, read := range bodies {
		for name, c := range ends {
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					<-r.Context().Done()
				}
			}))
			ctx, end := c.begin(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL, read(ctx))
			if err != nil {
				t.Fatal(err)
			}
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				out := req.WithContext(ctx)
				if req.Body != nil { // the body is found to be broken before the end of the context is
					out = req.WithContext(context.WithoutCancel(ctx))
				}
				end()
				return http.DefaultTransport.RoundTrip(out)
			})
			_, err = client.New(open(t, "vms"), client.WithBase(base)).RoundTrip(req)
			var e *client.Error
			if !errors.As(err, &e) || e.Outcome.Reason != c.reason[body] || len(e.Attempts) != 1 {
				t.Errorf("%s, %s: %v", body, name, err)
			}
			server.Close()
		}
	}
}

func TestAMachineThatIsFullIsNoFaultOfTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		full := true
		u := newUpstream(t, response{status: 200, body: "{}"})
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if full {
				full = false
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EMFILE)}
			}
			return u.transport.RoundTrip(req)
		})
		gate := breaker.New(breaker.Settings{Failures: 1})
		resp, _ := call(t, u.client(t, "plain", client.WithBase(base), client.WithGate(gate)), request(t, "POST", "pay"))
		a := report(t, resp).Attempts
		if len(a) != 2 || a[0].Outcome.Reason != parlance.ReasonNotSent || !strings.Contains(a[0].Decision.Why, "no free file or port") {
			t.Errorf("the attempts are %+v", a)
		}
	})
}

// Whatever sends a request, a fault of our own side is found at the first attempt.
func TestAFaultOfOurOwnSideIsHandedBackHoweverItIsSent(t *testing.T) {
	t.Parallel()
	server, _ := secure(t)
	var dials atomic.Int32
	base := func() *http.Transport {
		return &http.Transport{TLSClientConfig: &tls.Config{}, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, addr)
		}}
	}
	once := func(t *testing.T, err error) {
		t.Helper()
		var e *client.Error
		if !errors.As(err, &e) || len(e.Attempts) != 1 || e.Outcome.Reason != parlance.ReasonTLS || e.Decision.Act != parlance.ActStop {
			t.Errorf("the error is %v", err)
		}
		if n := dials.Swap(0); n != 1 {
			t.Errorf("%d connections were made", n)
		}
	}
	t.Run("a look at accepted work", func(t *testing.T) {
		accepted := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", server.URL)
			w.WriteHeader(http.StatusAccepted)
		}))
		defer accepted.Close()
		d := open(t, "http")
		resp, err := (&http.Client{Transport: client.New(d, client.WithBase(base()))}).Get(accepted.URL)
		if err != nil {
			t.Fatal(err)
		}
		dials.Store(0)
		resp, err = client.Poller{Client: &http.Client{Transport: client.New(d, client.WithBase(base()))}, Every: time.Millisecond}.Follow(t.Context(), resp)
		resp.Body.Close()
		var pending *client.PendingError
		if !errors.As(err, &pending) || pending.Where != server.URL {
			t.Errorf("the error is %v", err)
		}
		once(t, err)
	})
	t.Run("a request for a token", func(t *testing.T) {
		_, err := client.NewOAuth(&http.Client{Transport: client.New(open(t, "http"), client.WithBase(base()))}, server.URL, byCode).Token(t.Context())
		once(t, err)
	})
	t.Run("a follow-up of a bulk request", func(t *testing.T) {
		var good atomic.Bool
		lists := roundTripper(func(req *http.Request) (*http.Response, error) {
			if good.CompareAndSwap(false, true) {
				resp := &http.Response{StatusCode: 207, Header: http.Header{"Content-Type": {"application/json"}}}
				resp.Body = io.NopCloser(strings.NewReader(`[{"id":"1","status":200},{"id":"2","status":503}]`))
				return resp, nil
			}
			return base().RoundTrip(req)
		})
		d, err := dialect.Compile("lists.yaml", []byte("dialect: lists\ncodes_are_statuses: true\nidempotency: {header: Idempotency-Key}\ncodes:\n  207: partial\nshapes:\n  - {status: 207, json: [{id!: $item.id, status!: \"$item.code:int\"}]}\n"))
		if err != nil {
			t.Fatal(err)
		}
		hc := &http.Client{Transport: client.New(d, client.WithBase(lists))}
		resp, err := hc.Post(server.URL, "application/json", strings.NewReader(`["1","2"]`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		all := client.Bulk[string]{ID: func(id string) string { return id }, Take: func(parlance.Item, parlance.Decision) bool { return true }}
		req, left, err := all.FollowUp(resp, []string{"1", "2"})
		if err != nil || len(left) != 1 {
			t.Fatalf("%v are left, %v", left, err)
		}
		_, err = hc.Do(req)
		once(t, err)
	})
}

// Without TLS a proxy responds in the place of the server. No dialect speaks of it.
func TestAProxyThatAnswers407IsNotTakenForTheServer(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		io.WriteString(w, "<html>log in</html>")
	}))
	defer proxy.Close()
	through, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range catalog.Names() {
		gate := breaker.New(breaker.Settings{Failures: 1})
		var logins atomic.Int32
		c := client.New(open(t, name), client.WithBase(&http.Transport{Proxy: http.ProxyURL(through), DisableKeepAlives: true}),
			client.WithGate(gate), client.WithCredential(counting(&logins)))
		for range 2 {
			resp, err := c.RoundTrip(request(t, "POST", "pay"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if body := read(t, resp); resp.StatusCode != 407 || body != "<html>log in</html>" {
				t.Errorf("%s: the caller got %d %q", name, resp.StatusCode, body)
			}
			r := report(t, resp)
			if len(r.Attempts) != 1 || r.Outcome.Kind != parlance.KindUnavailable || r.Outcome.Reason != parlance.ReasonProxy {
				t.Errorf("%s: %v/%v after %d attempts", name, r.Outcome.Kind, r.Outcome.Reason, len(r.Attempts))
			}
			if d := r.Decision; d.Act != parlance.ActStop || !d.RetrySafe || !strings.Contains(d.Why, "the proxy wants a user") {
				t.Errorf("%s: %+v", name, d)
			}
		}
		if n := logins.Load(); n != 1 {
			t.Errorf("%s: %d logins", name, n)
		}
	}
}
