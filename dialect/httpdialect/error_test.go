package httpdialect_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/testnet"
)

// Each failure is made by a real socket.
func TestATransportThatFailsIsClassedAsWhatItIs(t *testing.T) {
	t.Parallel()
	listen := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go serve(c)
			}
		}()
		return l.Addr().String()
	}
	reset := listen(func(c net.Conn) {
		c.Read(make([]byte, 1))
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	})
	silent := listen(func(c net.Conn) {
		defer c.Close()
		c.Read(make([]byte, 1<<16))
		<-t.Context().Done()
	})
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(unknown.Close)

	connects := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	socks := func(reply byte) string { // RFC 1928, 6
		return listen(func(c net.Conn) {
			defer c.Close()
			b := make([]byte, 100)
			c.Read(b)
			c.Write([]byte{5, 0})
			c.Read(b)
			c.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
		})
	}

	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", testnet.Closed) // no name server anywhere
	}}
	for _, c := range []struct {
		name, url string
		proxy     string
		timeout   time.Duration
		cancel    bool
		kind      parlance.Kind
		reason    parlance.Reason
		undone    bool
	}{
		{name: "nobody listens", url: "http://" + testnet.Closed, kind: parlance.KindUnavailable, reason: parlance.ReasonRefused, undone: true},
		{name: "a name that does not resolve", url: "http://nobody.invalid", kind: parlance.KindUnavailable, reason: parlance.ReasonDNS, undone: true},
		{name: "a server that speaks no TLS", url: "https://" + plain.Listener.Addr().String(), kind: parlance.KindUnavailable, reason: parlance.ReasonTLS, undone: true},
		{name: "a certificate of an unknown authority", url: unknown.URL, kind: parlance.KindUnavailable, reason: parlance.ReasonTLS, undone: true},
		{name: "nobody listens for a proxy", url: "https://server.test", proxy: "http://" + testnet.Closed, kind: parlance.KindUnavailable, reason: parlance.ReasonNotSent, undone: true},
		{name: "a proxy that reaches no server", url: "https://server.test", proxy: "http://" + connects(http.StatusBadGateway), kind: parlance.KindUnavailable, reason: parlance.ReasonRefused, undone: true},
		{name: "a proxy that waits for a server in vain", url: "https://server.test", proxy: "http://" + connects(http.StatusGatewayTimeout), kind: parlance.KindUnavailable, reason: parlance.ReasonRefused, undone: true},
		{name: "a proxy that refuses", url: "https://server.test", proxy: "http://" + connects(http.StatusForbidden), kind: parlance.KindUnavailable, reason: parlance.ReasonProxy, undone: true},
		{name: "a proxy of SOCKS that refuses", url: "http://127.0.0.1:9", proxy: "socks5://" + socks(2), kind: parlance.KindUnavailable, reason: parlance.ReasonProxy, undone: true},
		{name: "a proxy of SOCKS that is refused", url: "http://127.0.0.1:9", proxy: "socks5://" + socks(5), kind: parlance.KindUnavailable, reason: parlance.ReasonRefused, undone: true},
		{name: "a connection that breaks", url: "http://" + reset, kind: parlance.KindUnavailable, reason: parlance.ReasonReset},
		{name: "no response in time", url: "http://" + silent, timeout: 50 * time.Millisecond, kind: parlance.KindTimeout, reason: parlance.ReasonDeadline},
		{name: "a caller that gives up", url: "http://" + silent, cancel: true, kind: parlance.KindUnavailable, reason: parlance.ReasonCanceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.timeout > 0 {
				ctx, cancel = context.WithTimeout(ctx, c.timeout)
				defer cancel()
			}
			if c.cancel {
				cancel()
			}
			transport := &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext, TLSClientConfig: &tls.Config{}}
			defer transport.CloseIdleConnections()
			if proxy, _ := url.Parse(c.proxy); c.proxy != "" {
				transport.Proxy = http.ProxyURL(proxy)
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := transport.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
				t.Fatal("it responded")
			}
			o := httpdialect.NoResponse(err)
			if o.Kind != c.kind || o.Reason != c.reason || o.Status != 0 || o.Reason.NoEffect() != c.undone {
				t.Errorf("%v is %s/%s, undone %t", err, o.Kind, o.Reason, o.Reason.NoEffect())
			}
		})
	}
}
