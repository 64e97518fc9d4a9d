package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/breaker"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/testnet"
)

// say writes bytes to a server and reads one response.
func say(t *testing.T, addr, text string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, text)
	method, _, _ := strings.Cut(text, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v to %.60q", err, text)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

const chunked = "PUT /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

// Each mistake of chunked framing (RFC 9112, 7.1) is the caller's, and so the breaker says
// nothing of the upstream.
func TestABodyThatIsMalformedIsTheCallersFaultAndOpensNoBreaker(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _ := before(t, u.URL, "plain", "problem", func(c *gateway.Config) {
		c.Client = []client.Option{client.WithGate(breaker.New(breaker.Settings{Failures: 1, Pause: time.Hour}))}
	})
	for _, body := range []string{
		"zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcdef\r\n0\r\n\r\n", "-1\r\nabc\r\n", "\r\nabc\r\n", "ffffffffffffffffff\r\nabc\r\n",
		"0x3\r\nabc\r\n0\r\n\r\n", "+3\r\nabc\r\n0\r\n\r\n", "3\r\nabcX0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r\n0\r\nno field\r\n\r\n",
		strings.Repeat("1;"+strings.Repeat("x", 2000)+"\r\na\r\n", 40) + "0\r\n\r\n",
		"3\nabc\n0\n\n", "3;" + strings.Repeat("x", 5000) + "\r\nabc\r\n0\r\n\r\n",
	} {
		resp, text := say(t, addr, chunked+body)
		if resp.StatusCode != 400 || !resp.Close || !strings.Contains(text, `"kind":"invalid"`) || !strings.Contains(text, `"reason":"request_body"`) {
			t.Errorf("%.20q gets %d %s, close %t", body, resp.StatusCode, text, resp.Close)
		}
	}
	if resp, _ := get(t, "GET", addr, ""); resp.StatusCode != 200 {
		t.Errorf("after that the upstream is not asked: %d", resp.StatusCode)
	}
}

// told tells what each attempt came to.
type told chan parlance.Outcome

func (g told) Enter(*http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	return 0, func(_ *http.Response, a *client.Attempt) { g <- a.Outcome }, nil
}

// Whether his body or the context ends first, it says nothing of the upstream.
func TestACallerWhoGoesAwayWhileHeSendsIsNoFaultOfTheUpstream(t *testing.T) {
	t.Parallel()
	for _, request := range []string{chunked + "5\r\nab", "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nab"} {
		for range 20 {
			came, outcomes := make(chan bool, 1), make(told, 1)
			u := wire(t, func(c net.Conn) {
				came <- true
				io.Copy(io.Discard, c)
			})
			addr, _ := before(t, u, "plain", "problem", func(c *gateway.Config) { c.Client = []client.Option{client.WithGate(outcomes)} })
			conn := dial(t, addr)
			io.WriteString(conn, request)
			<-came
			conn.Close()
			if o := <-outcomes; o.Status != 0 || !o.Reason.Local() {
				t.Errorf("%.20q: the attempt came to %v/%v", request, o.Kind, o.Reason)
			}
		}
	}
}

func TestABodyThatIsTooLongIsTheCallersFault(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	g, _ := build(t, u.URL, "plain", "problem")
	s := httptest.NewServer(http.MaxBytesHandler(g, 10))
	defer s.Close()
	for name, body := range map[string]string{
		"held":     "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n" + strings.Repeat("x", 20),
		"streamed": chunked + "14\r\n" + strings.Repeat("x", 20) + "\r\n0\r\n\r\n",
	} {
		if resp, text := say(t, s.URL, body); resp.StatusCode != 413 || !strings.Contains(text, "too long") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, text)
		}
	}
}

// holds is a gate that refuses, or asks for a long wait.
type holds struct {
	wait time.Duration
	err  error
}

func (h holds) Enter(*http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	return h.wait, nil, h.err
}

func TestWhatTheGatewayItselfRefusesIsSaidAsItsOwn(t *testing.T) {
	t.Parallel()
	u := serve(t, says(500, jsonType, `{"message":"broken"}`))
	endpoint := func(status int, body string, header ...string) *client.Login {
		s := serve(t, says(status, jsonType, body, header...))
		return client.NewOAuth(nil, s.URL, url.Values{"grant_type": {"client_credentials"}})
	}
	tests := []struct {
		name       string
		option     client.Option
		status     int
		reason     string
		retryAfter string
	}{
		{"an open breaker", client.WithGate(breaker.New(breaker.Settings{Failures: 1, Pause: time.Hour})), 503, "not_sent", "3600"},
		{"a gate that refuses", client.WithGate(holds{0, errors.New("secret: no")}), 503, "not_sent", "1"},
		{"a gate that asks for a long wait", client.WithGate(holds{90*time.Second - 1, nil}), 503, "not_sent", "90"},
		{"a token endpoint that is down", client.WithCredential(client.NewOAuth(nil, "http://"+testnet.Closed, url.Values{"a": {"b"}})), 503, "not_sent", "1"},
		{"a token endpoint that is busy", client.WithCredential(endpoint(503, `{}`, "Retry-After", "7")), 503, "not_sent", "7"},
		{"a token endpoint that fails", client.WithCredential(endpoint(500, `{}`)), 503, "not_sent", "1"},
		{"a token endpoint that refuses the credential", client.WithCredential(endpoint(401, `{"error":"invalid_client"}`)), 502, "own_credential", ""},
		{"a log-in that refuses the credential", client.WithCredential(client.NewLogin(func(context.Context) (client.Grant, error) {
			return client.Grant{}, errors.New("secret: wrong password")
		}, nil)), 502, "own_credential", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, _ := before(t, u.URL, "vms", "problem", func(c *gateway.Config) { c.Client = []client.Option{tt.option} })
			resp, body := get(t, "POST", addr+"/things", "{}")
			if tt.name == "an open breaker" { // only now
				resp, body = get(t, "POST", addr+"/things", "{}")
			}
			if resp.StatusCode != tt.status || !strings.Contains(body, `"reason":"`+tt.reason+`"`) || resp.Header.Get("Retry-After") != tt.retryAfter || strings.Contains(body, "secret") || tt.retryAfter != "" && !strings.Contains(body, `"retry_after":`+tt.retryAfter+"}") {
				t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
			}
		})
	}
}

func TestACredentialThatTheUpstreamRefusesIsTheFaultOfTheOneWhoseItIs(t *testing.T) {
	t.Parallel()
	u := serve(t, says(401, jsonType, `{"message":"the key k1 is revoked"}`, "WWW-Authenticate", "Bearer"))
	addr, _ := before(t, u.URL, "vms", "problem", func(c *gateway.Config) {
		c.Client = []client.Option{client.WithAPIKey("Authorization", "k1")}
	})
	resp, body := get(t, "GET", addr, "")
	if resp.StatusCode != 502 || !strings.Contains(body, `"reason":"own_credential"`) || strings.Contains(body, "k1") || resp.Header.Get("WWW-Authenticate") != "" {
		t.Errorf("the gateway's: %d %v %s", resp.StatusCode, resp.Header, body)
	}
	resp, body = get(t, "GET", addr, "", "Authorization", "mine")
	if resp.StatusCode != 401 || !strings.Contains(body, "revoked") || resp.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("the caller's: %d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// The retry after the 503 hangs until the time is up.
func TestTheLastResponseIsTranslatedIfTheTimeIsUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, contentType, first, detail string }{
		{"with its message", jsonType, `{"message":"rebuilding the index"}`, `"detail":"rebuilding the index"`},
		{"without a text that no shape reads", "text/html", "<p>10.0.0.7 is down</p>", ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int32
				transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
					if asked.Add(1) > 1 {
						<-r.Context().Done()
						return
					}
					says(503, tt.contentType, tt.first, "Retry-After", "2")(w, r)
				})
				g, _ := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = transport })
				w := httptest.NewRecorder()
				g.ServeHTTP(w, httptest.NewRequest("GET", "http://gateway.test/things", nil))
				if w.Code != 503 || asked.Load() != 2 || !strings.Contains(w.Body.String(), tt.detail) || strings.Contains(w.Body.String(), "10.0.0.7") || w.Header().Get("X-Request-Id") == "" {
					t.Errorf("%d %s after %d requests", w.Code, w.Body, asked.Load())
				}
			})
		})
	}
}

// The upstream waits for the rest of a body that streams, or has it and responds nothing.
func TestTheTimeThatIsUpIsTheFaultOfTheOneWhoWasAwaited(t *testing.T) {
	t.Parallel()
	hang := wire(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	addr, _ := before(t, hang, "plain", "problem", func(c *gateway.Config) { c.Timeout = 100 * time.Millisecond })
	for body, want := range map[string]int{"3\r\nabc\r\n": 408, "3\r\nabc\r\n0\r\n\r\n": 504} {
		resp, text := say(t, addr, chunked+body)
		if resp.StatusCode != want || !resp.Close || !strings.Contains(text, `"kind":"timeout"`) {
			t.Errorf("%q: %d %s, close %t", body, resp.StatusCode, text, resp.Close)
		}
	}
}

// raw is an upstream that sends the same bytes to each request, until it cannot.
func raw(t *testing.T, first, again string) (url string) {
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
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				_, err := io.WriteString(conn, first)
				for again != "" && err == nil {
					_, err = io.WriteString(conn, again)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestAStatusBelowAHundredIsNoResponse(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"problem", "vbapi"} {
		addr, log := before(t, raw(t, "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", ""), "plain", to)
		resp, body := get(t, "GET", addr, "")
		if resp.StatusCode != 502 || !strings.Contains(log.String(), "below 100") {
			t.Errorf("%s: %d %s, want 502; the log: %s", to, resp.StatusCode, body, log)
		}
	}
}

func TestInterimResponsesWithoutEndAreNoResponse(t *testing.T) {
	t.Parallel()
	const hint = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
	addr, log := before(t, raw(t, "", hint), "plain", "problem")
	conn := dial(t, addr)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	hints, b := 0, bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(b, nil)
		if err != nil {
			t.Fatalf("after %d hints: %v", hints, err)
		}
		if resp.StatusCode == 103 {
			hints++
			continue
		}
		if resp.StatusCode != 502 || hints != 100 {
			t.Errorf("%d after %d hints, want 502 after 100", resp.StatusCode, hints)
		}
		break
	}
	if !strings.Contains(log.String(), "too many interim responses") {
		t.Errorf("the log does not say why: %s", log)
	}
}
