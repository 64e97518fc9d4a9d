package gateway_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/internal/testnet"
)

// requests are the lines of a log that tell of a request as a whole.
func requests(log *testlog.Log) []string {
	var out []string
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "attempts=") {
			out = append(out, line)
		}
	}
	return out
}

func TestTheLogTellsOfEachRequestThatFailedOrWasRetriedInOneLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc // nil for an upstream that refuses connections
		access  bool
		want    string // "" for no line
	}{
		{"a success", says(200, jsonType, `{}`), false, ""},
		{"a success, with an access log", says(200, jsonType, `{}`, "X-Request-Id", "theirs"), true,
			`level=INFO msg=request method=PUT path=/things status=200 upstream_status=200 kind=success act=done attempts=1 took=`},
		{"a fault of the caller", says(404, jsonType, `{"message":"no"}`, "X-Request-Id", "theirs"), false,
			`level=INFO msg="the request failed" method=PUT path=/things status=404 upstream_status=404 kind=not_found`},
		{"a fault of the upstream", says(500, jsonType, `{"message":"no"}`, "X-Request-Id", "theirs"), false,
			`level=WARN msg="the request failed" method=PUT path=/things status=500 upstream_status=500 kind=internal`},
		{"no response", nil, false, `level=WARN msg="no response from the upstream" method=PUT path=/things status=503 kind=unavailable`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			upstream := "http://" + testnet.Closed
			if tt.handler != nil {
				upstream = serve(t, tt.handler).URL
			}
			addr, log, stop := served(t, upstream, "vms", "problem", func(c *gateway.Config) { c.AccessLog = tt.access; c.MaxWait = 100 * time.Millisecond })
			resp, _ := get(t, "PUT", addr+"/things?token=s3cret", "")
			stop() // the line comes after the response
			lines := requests(log)
			if tt.want == "" {
				if len(lines) > 0 {
					t.Fatalf("the log says %s", lines)
				}
				return
			}
			if len(lines) != 1 || !strings.Contains(lines[0], tt.want) || strings.Contains(lines[0], "s3cret") {
				t.Fatalf("the log says %s\nwant %s", lines, tt.want)
			}
			if strings.Contains(log.String(), "theirs") && (!strings.Contains(lines[0], "upstream_request_id=theirs") || !strings.Contains(lines[0], "activity_id=")) {
				t.Errorf("the IDs are missing: %s; the caller has %s", lines[0], resp.Header.Get("X-Request-Id"))
			}
		})
	}
}

func TestTheLogTellsOfARequestThatWasRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		transport := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked == 1 {
				says(503, jsonType, `{"message":"wait"}`, "Retry-After", "2")(w, r)
			}
		})
		g, log := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = transport })
		g.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://gateway.test/things", nil))
		want := `level=INFO msg="the request was retried" method=GET path=/things status=200 upstream_status=200 kind=success act=done attempts=2 took=2s`
		if lines := requests(log); len(lines) != 1 || !strings.Contains(lines[0], want) {
			t.Errorf("the log says %s\nwant %s", lines, want)
		}
	})
}

// In virtual time: a server that restarts gets some retries, and a caller no long wait.
func TestRetriesOfARefusedConnectionEndAfterASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusing := &refuses{}
		g, log := build(t, "http://upstream.test", "vms", "problem", func(c *gateway.Config) { c.Transport = refusing })
		start := time.Now()
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("POST", "http://gateway.test/things", nil))
		if took := time.Since(start); w.Code != 503 || took > time.Second || refusing.asked < 3 {
			t.Errorf("%d after %v and %d attempts\n%s", w.Code, took, refusing.asked, log)
		}
	})
}

// refuses is a transport that cannot connect.
type refuses struct{ asked int }

func (r *refuses) RoundTrip(*http.Request) (*http.Response, error) {
	r.asked++
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
