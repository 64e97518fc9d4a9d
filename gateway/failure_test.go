package gateway_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/testnet"
)

func TestAnUpstreamThatGivesNoResponse(t *testing.T) {
	t.Parallel()
	hang := wire(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	tests := []struct {
		name, upstream string
		status         int
	}{
		{"refuses", "http://" + testnet.Closed, 503},
		{"has no name", "http://nothing.invalid", 503},
		{"resets", wire(t, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }), 502},
		{"talks nonsense", wire(t, func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") }), 502},
		{"ends in the middle of the header", wire(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-") }), 502},
		{"ends in the middle of what must be read", wire(t, half("200 OK", `{"data":{"id"`)), 502},
		{"hangs", hang, 504},
		{"hangs in the middle of what must be read", wire(t, func(c net.Conn) {
			half("200 OK", `{"data":{"id"`)(c)
			io.Copy(io.Discard, c)
		}), 504},
		{"does not speak TLS", strings.Replace(wire(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n") }), "http:", "https:", 1), 502},
	}
	for _, tt := range tests {
		for _, responses := range []string{"problem", "vbapi", "vms"} {
			t.Run(tt.name+", in "+responses, func(t *testing.T) {
				t.Parallel()
				addr, log := before(t, tt.upstream, "vbapi", responses, func(c *gateway.Config) {
					if strings.HasPrefix(tt.name, "hangs") {
						c.Timeout = 50 * time.Millisecond
					}
					if tt.name == "has no name" { // without asking anybody
						c.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
							return nil, &net.DNSError{Err: "no such host", Name: "nothing.invalid", IsNotFound: true}
						}}
					}
				})
				resp, body := get(t, "GET", addr+"/things", "", "Accept", "application/json")
				if resp.StatusCode != tt.status || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
					t.Errorf("%d %s %s, want %d", resp.StatusCode, resp.Header.Get("Content-Type"), body, tt.status)
				}
				for _, inner := range []string{"127.0.0.1", "dial", "EOF", "malformed", "deadline", "SSH"} {
					if strings.Contains(body, inner) {
						t.Errorf("%q is none of the caller's business: %s", inner, body)
					}
				}
				id := resp.Header.Get("X-Request-Id")
				if text := log.String(); id == "" || !strings.Contains(text, "level=WARN") || !strings.Contains(text, "activity_id="+id) {
					t.Errorf("id %q; the log says %s", id, text)
				}
			})
		}
	}
}

// half responds with a body that ends early.
func half(status, body string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"+body)
	}
}

func TestHalfAFailureIsThatFailure(t *testing.T) {
	t.Parallel()
	addr, _ := before(t, wire(t, half("404 Not Found", `{"message":"no su`)), "vms", "problem")
	if resp, body := get(t, "GET", addr, ""); resp.StatusCode != 404 || !strings.Contains(body, `"status":404`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestAStreamThatBreaksOffIsCutForTheCallerToo(t *testing.T) {
	t.Parallel()
	addr, log := before(t, wire(t, half("200 OK", strings.Repeat("x", 50000))), "plain", "problem")
	resp, err := caller.Get(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		t.Errorf("the caller takes %d bytes for all", len(body))
	}
	if text := log.String(); !strings.Contains(text, "was cut off") || !strings.Contains(text, "activity_id="+resp.Header.Get("X-Request-Id")) {
		t.Errorf("the log says %s", text)
	}
}

func TestACallerWhoseBodyBreaksOffIsTold(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _ := before(t, u.URL, "plain", "problem")
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort")
	conn.(*net.TCPConn).CloseWrite()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || u.count() != 0 || !strings.Contains(string(body), "ended early") {
		t.Errorf("%d %s; the upstream saw %d", resp.StatusCode, body, u.count())
	}
}

func TestACallerWhoGoesAwayTakesHisRequestAlong(t *testing.T) {
	t.Parallel()
	came, gone := make(chan struct{}), make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		close(came)
		<-r.Context().Done()
		close(gone)
	})
	addr, _ := before(t, u.URL, "vms", "problem")
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-came
	conn.Close()
	<-gone // or the test never ends
}
