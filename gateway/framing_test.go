package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// The next request on such a connection could be a part of the body for a server before the
// gateway (RFC 9112, 6.1).
func TestALengthBesideAChunkedBodyClosesTheConnection(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _, _ := served(t, u.URL, "plain", "problem")
	const head, body, plain = "POST / HTTP/1.1\r\nHost: x\r\n", "3\r\nabc\r\n0\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
	for _, tt := range []struct {
		name   string
		sent   []string // in a packet each
		closes bool
	}{
		{"chunked alone", []string{head + "Transfer-Encoding: chunked\r\n\r\n" + body}, false},
		{"a length before", []string{head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + body}, true},
		{"a length behind, in small letters", []string{head + "Transfer-Encoding: chunked\r\ncontent-length: 3\r\n\r\n" + body}, true},
		{"in two packets", []string{head + "Transfer-Encoding: chunked\r\nConte", "nt-Length: 3\r\n\r\n" + body}, true},
		{"after a request with a length", []string{plain, head + "Transfer-Encoding: chunked\r\n\r\n" + body}, false},
		{"behind another request in one packet", []string{plain + head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + body}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, addr)
			b := bufio.NewReader(conn)
			requests := strings.Count(strings.Join(tt.sent, ""), "POST")
			for _, packet := range tt.sent {
				io.WriteString(conn, packet)
			}
			var last *http.Response
			for range requests {
				resp, err := http.ReadResponse(b, nil)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				last = resp
			}
			if last.StatusCode != 200 || last.Close != tt.closes {
				t.Errorf("%d, close %t", last.StatusCode, last.Close)
			}
		})
	}
}

func TestARequestThatIsNoneForAnUpstreamIsRefused(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _, _ := served(t, u.URL, "plain", "problem")
	for _, head := range []string{"PRI * HTTP/2.0\r\n\r\n", "PRI / HTTP/1.1\r\nHost: x\r\n\r\n", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"} {
		if resp, body := say(t, addr, head); resp.StatusCode != 400 || !resp.Close {
			t.Errorf("%q: %d %s, close %t", head, resp.StatusCode, body, resp.Close)
		}
	}
	if u.count() != 0 {
		t.Errorf("the upstream saw %s %s", u.seen[0].Method, u.seen[0].URL)
	}
}

func TestAFieldThatConnectionNamesBesideCloseIsDropped(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _, _ := served(t, u.URL, "plain", "problem")
	say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Own: 2\r\n\r\n")
	if h := u.seen[0].Header; h.Get("X-Hop") != "" || h.Get("X-Own") != "2" || h.Get("Connection") != "" {
		t.Errorf("the upstream saw %v", h)
	}
}

func TestANegativeTimeForARetryIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"-5": "", "7": "7"} {
		for _, status := range []int{200, 202, 404} {
			u := serve(t, says(status, "text/plain", "ok", "Retry-After", value))
			addr, _ := before(t, u.URL, "plain", "plain")
			if resp, _ := get(t, "POST", addr, ""); resp.Header.Get("Retry-After") != want {
				t.Errorf("%d with %s gets %q", status, value, resp.Header.Get("Retry-After"))
			}
		}
	}
}
