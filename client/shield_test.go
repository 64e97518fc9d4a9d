package client_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
)

// net/http sends a request with an Idempotency-Key again by itself, where a kept
// connection breaks under it. A server whose dialect has no such key does it
// twice.
func TestAKeyThatTheDialectDoesNotHaveRetriesNothingUnderneath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vision", "plain", "vbapi", "vms", "problem"} {
		for _, body := range []string{"pay", ""} {
			d, err := catalog.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			var posts atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					if r.Header.Get("Idempotency-Key") != "k" {
						t.Errorf("%s: the key did not come: %v", name, r.Header)
					}
					io.Copy(io.Discard, r.Body)
					posts.Add(1)
					panic(http.ErrAbortHandler) // done, and no response
				}
				io.WriteString(w, "{}")
			}))
			base := &http.Transport{}
			c := &http.Client{Transport: client.New(d, client.WithBase(base))}
			first, err := c.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, first.Body)
			first.Body.Close() // the connection is kept
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Idempotency-Key", "k")
			resp, err := c.Do(req)
			if err == nil {
				resp.Body.Close()
				t.Errorf("%s: it responded", name)
			}
			if n := posts.Load(); n != 1 {
				t.Errorf("%s with body %q: the server did it %d times", name, body, n)
			}
			base.CloseIdleConnections()
			s.Close()
		}
	}
}

// What breaks TLS after the handshake proves nothing: the request may have been
// read.
func TestABrokenTLSRecordAfterTheRequestRetriesNoPost(t *testing.T) {
	t.Parallel()
	ts := httptest.NewUnstartedServer(nil)
	ts.StartTLS()
	certificate := ts.TLS.Certificates[0]
	ts.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var posts atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}})))
				if err != nil {
					return
				}
				io.Copy(io.Discard, r.Body)
				posts.Add(1)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") // not in TLS
				io.Copy(io.Discard, conn)
			}()
		}
	}()
	d, err := catalog.Open("plain")
	if err != nil {
		t.Fatal(err)
	}
	base := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer base.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+l.Addr().String(), strings.NewReader("pay"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.New(d, client.WithBase(base)).RoundTrip(req)
	if err == nil {
		resp.Body.Close()
	}
	var failed *client.Error
	if !errors.As(err, &failed) || failed.Outcome.Reason != parlance.ReasonReset || posts.Load() != 1 {
		t.Errorf("the server did it %d times: %v", posts.Load(), err)
	}
}

func TestTheSecretDoesNotFollowARedirectOfTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stolen.Add(1)
		io.WriteString(w, `{"access_token":"t"}`)
	}))
	defer elsewhere.Close()
	endpoint := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer endpoint.Close()
	login := client.NewOAuth(nil, endpoint.URL, url.Values{"grant_type": {"client_credentials"}, "client_secret": {"S3"}})
	if token, err := login.Token(t.Context()); err == nil || stolen.Load() > 0 {
		t.Errorf("the token is %q, %v; the other host was asked %d times", token, err, stolen.Load())
	}
}

func TestALifeInQuotesIsReadAsANumber(t *testing.T) {
	t.Parallel()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"access_token":"t","expires_in":"3600"}`)
	}))
	defer endpoint.Close()
	if token, err := client.NewOAuth(nil, endpoint.URL, url.Values{"grant_type": {"client_credentials"}}).Token(t.Context()); token != "t" {
		t.Errorf("the token is %q, %v", token, err)
	}
}
