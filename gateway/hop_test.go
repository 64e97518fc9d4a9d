package gateway_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

func TestAnInterimResponseHasItsOwnFieldsAndTheLastOneHasThoseOfTheServer(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		says(200, "text/plain", "hello")(w, r)
	})
	g, _ := build(t, u.URL, "vms", "problem")
	around := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=1")
		g.ServeHTTP(w, r)
	}))
	t.Cleanup(around.Close)
	var hints http.Header
	req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(_ int, h textproto.MIMEHeader) error { hints = http.Header(h); return nil },
	}), "GET", around.URL, nil)
	resp, err := caller.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if hints.Get("Link") == "" || len(hints) != 1 {
		t.Errorf("the interim response has %v, want the link alone", hints)
	}
	if resp.Header.Get("Strict-Transport-Security") == "" || resp.Header.Get("Link") != "" {
		t.Errorf("the last response has %v, want the field of the server, and no link", resp.Header)
	}
}

func TestFieldsForOneConnectionAreNotPassedOn(t *testing.T) {
	t.Parallel()
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Connection"], h["X-Own"], h["Keep-Alive"], h["X-Other"] = []string{"x-own"}, []string{"1"}, []string{"timeout=5"}, []string{"1"}
		says(200, "text/plain", "hello")(w, r)
	})
	addr, _ := before(t, u.URL, "vms", "problem")
	resp, _ := get(t, "GET", addr, "", "Connection", "x-secret, x-more", "X-Secret", "1", "X-More", "1", "Proxy-Authorization", "Basic eDp4", "Te", "deflate, trailers", "X-Kept", "1")
	sent := u.seen[0].Header
	for _, name := range []string{"Connection", "X-Secret", "X-More", "Proxy-Authorization"} {
		if len(sent[name]) > 0 {
			t.Errorf("the upstream got %s: %q", name, sent[name])
		}
	}
	if !slices.Equal(sent["Te"], []string{"trailers"}) || sent.Get("X-Kept") != "1" {
		t.Errorf("the upstream got TE %q and X-Kept %q, want trailers and 1", sent["Te"], sent["X-Kept"])
	}
	for _, name := range []string{"X-Own", "Keep-Alive"} {
		if len(resp.Header[name]) > 0 {
			t.Errorf("the caller got %s: %q", name, resp.Header[name])
		}
	}
	if resp.Header.Get("X-Other") != "1" {
		t.Error("the caller did not get X-Other")
	}
}

// switcher switches to a protocol and sends back the first line.
func switcher(t *testing.T, protocol string) (url string) {
	t.Helper()
	u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+protocol+"\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(conn, line)
	}))
	t.Cleanup(u.Close)
	return u.URL
}

func TestBytesRightAfterARequestToSwitchReachTheUpstream(t *testing.T) {
	t.Parallel()
	addr, _ := before(t, switcher(t, "echo"), "vms", "problem")
	conn := dial(t, addr)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n")
	b := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(b, nil); err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v %v, want a 101", resp, err)
	}
	if line, err := b.ReadString('\n'); line != "hello\n" {
		t.Errorf("got %q %v, want what was sent", line, err)
	}
}

func TestAnotherProtocolThanTheOneAskedForIsNoResponse(t *testing.T) {
	t.Parallel()
	addr, log := before(t, switcher(t, "other"), "vms", "problem")
	resp, _ := get(t, "GET", addr, "", "Connection", "Upgrade", "Upgrade", "echo")
	if resp.StatusCode != 502 || !strings.Contains(log.String(), "switched to the protocol") {
		t.Errorf("got %d, want 502; the log: %s", resp.StatusCode, log)
	}
}

func TestAMalformedNameOfAProtocolIsTheCallersFault(t *testing.T) {
	t.Parallel()
	addr, _ := before(t, switcher(t, "echo"), "vms", "problem")
	conn := dial(t, addr)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \x80\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != 400 {
		t.Errorf("got %v %v, want 400", resp, err)
	}
}

func TestAShortBodyIsSentWithItsHeaderInOnePacket(t *testing.T) {
	t.Parallel()
	first := make(chan string, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 4<<10)
		n, _ := conn.Read(buf)
		first <- string(buf[:n])
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}()
	addr, _ := before(t, "http://"+l.Addr().String(), "vms", "problem")
	get(t, "POST", addr, `{"name":"Entrance"}`, "Content-Type", "application/json")
	if got := <-first; !strings.HasSuffix(got, `{"name":"Entrance"}`) {
		t.Errorf("the first packet is %q, want it to end with the body", got)
	}
}

// In HTTP/2 a response with trailers may have a length, and in HTTP/1.1 it may not.
func TestTrailersOfHTTP2ReachACallerOfHTTP1(t *testing.T) {
	t.Parallel()
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Length", "3")
		io.WriteString(w, "sum")
		w.Header().Set("X-Sum", "7")
	}))
	up.EnableHTTP2 = true
	up.StartTLS()
	t.Cleanup(up.Close)
	addr, _ := before(t, up.URL, "plain", "problem", func(c *gateway.Config) { c.Transport = up.Client().Transport })
	if resp, body := get(t, "GET", addr, ""); body != "sum" || resp.Trailer.Get("X-Sum") != "7" || resp.ProtoMajor != 1 {
		t.Errorf("%s: %q, %v", resp.Proto, body, resp.Trailer)
	}
}
