package caddyparlance_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/quic-go/quic-go/http3"
)

// TestEachProtocolIsServed asks by HTTP/1.1, 2 and 3: a failure is translated, and a success, a
// stream and its trailers pass untouched.
func TestEachProtocolIsServed(t *testing.T) {
	next := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			for _, event := range []string{"one", "two"} {
				_, _ = fmt.Fprintf(w, "data: %s\n\n", event)
				_ = http.NewResponseController(w).Flush()
				<-next // the caller has read it
			}
		case "/trailers":
			w.Header().Set("Trailer", "Checksum")
			w.Header().Set("Content-Type", jsonType)
			_, _ = io.Copy(w, r.Body)
			w.Header().Set("Checksum", "7")
		default:
			says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`)(w, r)
		}
	})
	s := loadTLS(t, `
ADDRESS {
	tls CERTIFICATE
	parlance problem
	reverse_proxy `+u.URL+` {
		flush_interval -1
		transport parlance {
			speaks plain
		}
	}
}`)
	one := &http.Transport{TLSClientConfig: s.trust.Clone(), Protocols: new(http.Protocols)}
	one.Protocols.SetHTTP1(true)
	two := &http.Transport{TLSClientConfig: s.trust.Clone(), Protocols: new(http.Protocols)}
	two.Protocols.SetHTTP2(true)
	three := &http3.Transport{TLSClientConfig: s.trust.Clone()}
	t.Cleanup(func() { one.CloseIdleConnections(); two.CloseIdleConnections(); _ = three.Close() })

	for protocol, by := range map[string]http.RoundTripper{"HTTP/1.1": one, "HTTP/2.0": two, "HTTP/3.0": three} {
		t.Run(protocol, func(t *testing.T) {
			send := func(path, body string) *http.Response {
				t.Helper()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.address()+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := by.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Proto != protocol {
					t.Errorf("%s came by %s", path, resp.Proto)
				}
				return resp
			}
			whole := func(resp *http.Response) string {
				t.Helper()
				text, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Error(err)
				}
				_ = resp.Body.Close()
				return string(text)
			}

			if resp := send("/things/7", "{}"); resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(whole(resp), `"detail":"no such thing"`) {
				t.Errorf("a failure came as %d %v", resp.StatusCode, resp.Header)
			}
			resp := send("/trailers", `{"id":7}`)
			if got := whole(resp); got != `{"id":7}` || resp.Trailer.Get("Checksum") != "7" {
				t.Errorf("a success came as %s, trailer %v", got, resp.Trailer)
			}
			resp = send("/events", "")
			events := bufio.NewReader(resp.Body)
			for _, want := range []string{"data: one\n", "data: two\n"} {
				if line, err := events.ReadString('\n'); line != want || err != nil {
					t.Errorf("an event came as %q, %v; want %q", line, err, want)
				}
				next <- struct{}{} // it came before the stream went on
				_, _ = events.ReadString('\n')
			}
			whole(resp)
		})
	}
}

// address is the address as a URL has it.
func (s *server) address() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

func TestAWebSocketPasses(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			says(http.StatusUpgradeRequired, jsonType, `{"message":"only WebSocket"}`)(w, r)
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
		_ = rw.Flush()
		_, _ = io.Copy(conn, rw) // frames are bytes to a proxy
	})
	s := loadTLS(t, `
ADDRESS {
	tls CERTIFICATE
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
		}
	}
}`)
	conn, err := tls.Dial("tcp", s.address(), s.trust)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /chat HTTP/1.1\r\nHost: "+s.address()+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", resp, err)
	}
	for _, frame := range []string{"\x81\x82abcd\x09\x0b", "\x88\x80wxyz"} {
		_, _ = io.WriteString(conn, frame)
		echo := make([]byte, len(frame))
		if _, err := io.ReadFull(in, echo); err != nil || string(echo) != frame {
			t.Errorf("a frame came back as %q, %v", echo, err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.address()+"/chat", nil)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := (&http.Transport{TLSClientConfig: s.trust.Clone()}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Body.Close()
	if refused.StatusCode != http.StatusUpgradeRequired || refused.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a refused upgrade came as %d %v", refused.StatusCode, refused.Header)
	}
}
