package gateway_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

func TestARequestIsForwardedAsItIs(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _ := before(t, u.URL+"/base", "plain", "problem")
	get(t, "POST", addr+"/a%2Fb/c?x=1&y=%zz;z", "the body",
		"X-Own", "1", "Authorization", "Bearer his", "Connection", "X-Hop", "X-Hop", "1", "X-Forwarded-For", "6.6.6.6", "User-Agent", "me")
	r := u.seen[0]
	if r.Method != "POST" || r.URL.EscapedPath() != "/base/a%2Fb/c" || r.URL.RawQuery != "x=1&y=%zz;z" || u.body[0] != "the body" {
		t.Errorf("the upstream saw %s %s %q", r.Method, r.URL, u.body[0])
	}
	if h := r.Header; h.Get("X-Own") != "1" || h.Get("Authorization") != "Bearer his" || h.Get("User-Agent") != "me" || h.Get("X-Hop") != "" {
		t.Errorf("header %v", h)
	}
	if h := r.Header; h.Get("X-Forwarded-For") != "127.0.0.1" || h.Get("X-Forwarded-Proto") != "http" || h.Get("Via") != "1.1 parlance" || "http://"+h.Get("X-Forwarded-Host") != addr {
		t.Errorf("forwarding header %v", h)
	}
	if host, _ := url.Parse(u.URL); r.Host != host.Host {
		t.Errorf("host %s", r.Host)
	}
}

func TestOnlyCodingsThatCanBeReadAreAskedFor(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, replies, accept, want string }{
		{"none where the caller asks for none", "problem", "", ""},
		{"gzip where it passes through", "problem", "br, gzip;q=0.8", "gzip"},
		{"nothing where the caller refuses gzip", "problem", "br, gzip;q=0", ""},
		{"nothing where an envelope goes on", "vbapi", "gzip", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(200, jsonType, "{}"))
			addr, _ := before(t, u.URL, "plain", tt.replies)
			var header []string
			if tt.accept != "" {
				header = []string{"Accept-Encoding", tt.accept}
			}
			get(t, "GET", addr, "", header...)
			if got := u.seen[0].Header.Get("Accept-Encoding"); got != tt.want {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
}

func TestGzipPassesAndIsTakenOffWhatIsTranslated(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Path == "/gone" {
			w.WriteHeader(404)
		}
		z := gzip.NewWriter(w)
		io.WriteString(z, `{"message":"zipped"}`)
		z.Close()
	})
	addr, _ := before(t, u.URL, "plain", "problem")
	resp, body := get(t, "GET", addr, "", "Accept-Encoding", "gzip")
	if z, err := gzip.NewReader(strings.NewReader(body)); resp.Header.Get("Content-Encoding") != "gzip" || err != nil {
		t.Errorf("%v %v %v", resp.Header, z, err)
	}
	resp, body = get(t, "GET", addr+"/gone", "", "Accept-Encoding", "gzip")
	if resp.StatusCode != 404 || resp.Header.Get("Content-Encoding") != "" || !strings.Contains(body, "zipped") {
		t.Errorf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
}

// The upstream ends only when the caller has read the beginning, so that a
// gateway which holds the beginning back never ends.
func TestStreamsArriveBeforeTheUpstreamEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, contentType, speaks, replies string }{
		{"a success of unknown length", "application/x-ndjson", "plain", "problem"},
		{"server-sent events", "text/event-stream", "plain", "problem"},
		{"server-sent events, between two envelopes", "text/event-stream", "vbapi", "vbapi"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			read := make(chan struct{})
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				io.WriteString(w, "first\n")
				w.(http.Flusher).Flush()
				<-read
				io.WriteString(w, "second\n")
			})
			addr, _ := before(t, u.URL, tt.speaks, tt.replies)
			resp, err := caller.Get(addr)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b := bufio.NewReader(resp.Body)
			if line, err := b.ReadString('\n'); line != "first\n" {
				t.Fatalf("read %q, %v", line, err)
			}
			close(read)
			if rest, err := io.ReadAll(b); string(rest) != "second\n" || err != nil {
				t.Errorf("read %q, %v", rest, err)
			}
		})
	}
}

func TestARequestStreamsToo(t *testing.T) {
	t.Parallel()
	heard := make(chan string)
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 5)
		io.ReadFull(r.Body, first)
		heard <- string(first)
		io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(u.Close)
	addr, _ := before(t, u.URL, "plain", "problem")
	here, there := io.Pipe()
	go func() {
		io.WriteString(there, "first")
		<-heard // only then the rest
		there.Close()
	}()
	resp, err := caller.Post(addr, "text/plain", here)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestASwitchedProtocolPasses(t *testing.T) {
	t.Parallel()
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(conn, "you said "+line)
	}))
	t.Cleanup(u.Close)
	addr, _ := before(t, u.URL, "vision", "vbapi")
	conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	b := bufio.NewReader(conn)
	resp, err := http.ReadResponse(b, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "echo" {
		t.Fatalf("%v %v", resp, err)
	}
	io.WriteString(conn, "hello\n")
	if line, _ := b.ReadString('\n'); line != "you said hello\n" {
		t.Errorf("got %q", line)
	}
}

// In virtual time: what is waited for, and what is sent again.
func TestTheGatewayWaitsAndRetriesAsThePageSays(t *testing.T) {
	t.Parallel()
	short, long := `{"a":1}`, strings.Repeat("x", 100<<10)
	tests := []struct {
		name, method, body string
		after              string // Retry-After
		want               int    // requests that the upstream saw
		status             int
		spent              time.Duration
	}{
		{"a GET is retried", "GET", "", "3", 2, 200, 3 * time.Second},
		{"a PUT whose body is short is retried with it", "PUT", short, "10", 2, 200, 10 * time.Second},
		{"a PUT whose body is long is sent once", "PUT", long, "3", 1, 503, 0},
		{"a POST is sent once", "POST", short, "3", 1, 503, 0},
		{"a wait beyond the ceiling is the caller's", "GET", "", "11", 1, 503, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var seen []string
				transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if seen = append(seen, string(body)); len(seen) == 1 {
						says(503, jsonType, `{"message":"wait"}`, "Retry-After", tt.after)(w, r)
					}
				})
				g, _ := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = transport })
				start := time.Now()
				w := httptest.NewRecorder()
				g.ServeHTTP(w, httptest.NewRequest(tt.method, "http://gateway.test/things", strings.NewReader(tt.body)))
				if w.Code != tt.status || len(seen) != tt.want || time.Since(start) != tt.spent {
					t.Errorf("%d after %d requests and %v, want %d after %d and %v", w.Code, len(seen), time.Since(start), tt.status, tt.want, tt.spent)
				}
				for _, body := range seen {
					if body != tt.body {
						t.Errorf("the upstream got a body of %d bytes", len(body))
					}
				}
			})
		})
	}
}

func TestAnUpstreamThatHangsIsGivenTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		g, log := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = transport })
		start := time.Now()
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", "http://gateway.test/things", nil))
		if w.Code != 504 || time.Since(start) != time.Minute || !strings.Contains(w.Body.String(), `"status":504`) {
			t.Errorf("%d %s after %v\n%s", w.Code, w.Body, time.Since(start), log)
		}
	})
}

func TestAStreamMayTakeLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			time.Sleep(time.Hour)
			io.WriteString(w, "data: late\n\n")
		})
		g, _ := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = transport })
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", "http://gateway.test/things", nil))
		if w.Body.String() != "data: late\n\n" {
			t.Errorf("got %q", w.Body)
		}
	})
}

func TestTheGatewayRenewsItsOwnCredential(t *testing.T) {
	t.Parallel()
	token := "old"
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(401)
			return
		}
		io.WriteString(w, "welcome")
	})
	login := client.NewLogin(func(context.Context) (client.Grant, error) {
		defer func() { token = "new" }()
		return client.Grant{Token: token}, nil
	}, nil)
	addr, _ := before(t, u.URL, "vision", "problem", func(c *gateway.Config) { c.Client = []client.Option{client.WithCredential(login)} })
	if resp, body := get(t, "GET", addr, ""); resp.StatusCode != 200 || body != "welcome" || u.count() != 2 {
		t.Errorf("%d %q after %d requests", resp.StatusCode, body, u.count())
	}

	broken := client.NewLogin(func(context.Context) (client.Grant, error) {
		return client.Grant{}, errors.New("the secret is s3cret")
	}, nil)
	addr, log := before(t, u.URL, "vision", "problem", func(c *gateway.Config) { c.Client = []client.Option{client.WithCredential(broken)} })
	resp, body := get(t, "GET", addr, "")
	if resp.StatusCode != 502 || strings.Contains(body, "s3cret") || !strings.Contains(log.String(), "s3cret") {
		t.Errorf("%d %s; the log says %s", resp.StatusCode, body, log)
	}
}

// Under */* vms responds with a page that names no field, and vision must not be
// led to plain text, where its own code is lost.
func TestTheUpstreamIsAskedForTheFormThatTellsTheMost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, speaks, accept, want string }{
		{"where the caller says nothing", "vms", "", "application/json, */*;q=0.5"},
		{"where the caller takes anything", "vms", "*/*", "application/json, */*;q=0.5"},
		{"where the caller names the form of our response", "vms", "application/problem+json", "application/problem+json, application/json;q=0.9"},
		{"before what the caller takes at need", "vision", "application/problem+json, */*;q=0.5", "application/problem+json, */*;q=0.5, application/xml;q=0.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(404, "text/plain", "gone"))
			addr, _ := before(t, u.URL, tt.speaks, "problem")
			var header []string
			if tt.accept != "" {
				header = []string{"Accept", tt.accept}
			}
			get(t, "GET", addr, "", header...)
			if got := u.seen[0].Header.Get("Accept"); got != tt.want {
				t.Errorf("asked for %q, want %q", got, tt.want)
			}
		})
	}
}
