package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// The guide, docs/server.md, lists what net/http responds before any handler.
func TestWhatNetHTTPRespondsByItselfIsAsTheGuideSays(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	l := httptest.NewUnstartedServer(s.Wrap(s.Handle(servertest.Returns(1, nil))))
	l.Config = guard.ApplyDefaultLimits(&http.Server{Handler: l.Config.Handler, ErrorLog: discarded})
	l.Start()
	t.Cleanup(l.Close)
	for name, c := range map[string]struct {
		request, status, body string
	}{
		"no request":                 {"hello\r\n\r\n", "400 Bad Request", "400 Bad Request"},
		"no Host":                    {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "400 Bad Request: missing required Host header"},
		"a malformed header":         {"GET / HTTP/1.1\r\nHost: h\r\na b: c\r\n\r\n", "400 Bad Request", "400 Bad Request"},
		"too much header":            {"GET / HTTP/1.1\r\nHost: h\r\nA: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", "431 Request Header Fields Too Large", "431 Request Header Fields Too Large"},
		"another expectation":        {"GET / HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n", "417 Expectation Failed", ""},
		"another coding of transfer": {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501 Not Implemented", "Unsupported transfer encoding"},
		"another version":            {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505 HTTP Version Not Supported", "505 HTTP Version Not Supported: unsupported protocol version"},
		"a target that is a star":    {"OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200 OK", "1"}, // reaches the handler
	} {
		conn, err := net.Dial("tcp", l.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, c.request) // it may be refused before its end
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		body, _ := io.ReadAll(res.Body)
		if !strings.HasPrefix(res.Status, c.status) || !strings.HasPrefix(string(body), c.body) || c.body == "" && len(body) > 0 || !res.Close {
			t.Errorf("%s: got %s %q, to be closed %v", name, res.Status, body, res.Close)
		}
		conn.Close()
	}
}
