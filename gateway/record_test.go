package gateway_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store/storetest"
)

// kept is a Recorder, and what finds a record when all are written.
func kept(t *testing.T) (*activity.Recorder, func(id string) *activity.Record) {
	t.Helper()
	k := storetest.Keep(t)
	return k.Recorder, k.Find
}

func TestTheIDThatACallerGotFindsWhatWasAskedForHim(t *testing.T) {
	t.Parallel()
	theirs := []string{"X-Request-Id", "theirs"}
	for name, c := range map[string]struct {
		upstream string
		speaks   string
		replies  string
		want     parlance.Outcome
	}{
		"a failure": {serve(t, says(422, jsonType, `{"message":"no such camera"}`, theirs...)).URL, "vms", "problem",
			parlance.Outcome{Kind: parlance.KindInvalid, Status: 422}},
		"a success that passes": {serve(t, says(200, jsonType, `{"id":7}`, theirs...)).URL, "plain", "problem",
			parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}},
		"a success in an envelope": {serve(t, says(200, jsonType, `{"id":7}`, theirs...)).URL, "plain", "vbapi",
			parlance.Outcome{Kind: parlance.KindSuccess, Status: 200}},
		"an upstream that is not there": {"http://" + testnet.Closed, "vms", "problem",
			parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorder, find := kept(t)
			addr, _ := before(t, c.upstream, c.speaks, c.replies, func(config *gateway.Config) { config.Recorder = recorder })
			resp, _ := get(t, "GET", addr+"/cameras/7", "", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			id := resp.Header.Get("X-Request-Id")
			r := find(id)
			if r.Method != "GET" || r.Path != "/cameras/7" || r.Status != c.want.Status || r.Took <= 0 || r.Trace != "0af7651916cd43dd8448eb211c80319c" ||
				r.Outcome.Kind != c.want.Kind || r.Outcome.Status != c.want.Status || r.Outcome.RequestID != id {
				t.Errorf("got %+v", r)
			}
			u, _ := url.Parse(c.upstream)
			if len(r.Calls) == 0 {
				t.Fatalf("no call is in %+v", r)
			}
			call := r.Calls[0]
			if call.Host != u.Host || call.Path != "/cameras/7" || call.Method != "GET" || call.Dialect != c.speaks || call.Attempt != 1 ||
				call.Act == 0 || call.Start.Before(r.Start) || call.Took <= 0 || name != "an upstream that is not there" && call.Outcome.RequestID != "theirs" {
				t.Errorf("got %+v", call)
			}
		})
	}
}

func TestAResponseThatNobodyGotWholeIsRecordedAsThat(t *testing.T) {
	t.Parallel()
	t.Run("the upstream breaks off", func(t *testing.T) {
		t.Parallel()
		recorder, find := kept(t)
		addr, _ := before(t, wire(t, half("200 OK", strings.Repeat("x", 50000))), "plain", "problem", func(c *gateway.Config) { c.Recorder = recorder })
		resp, err := caller.Get(addr)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		// To its end: who closes it before is a caller that went away.
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Error("it came whole")
		}
		if r := find(resp.Header.Get("X-Request-Id")); r.Status != 200 || r.Outcome.Kind != parlance.KindBadGateway || r.Outcome.Reason != parlance.ReasonReset || len(r.Calls) != 1 || len(r.Lines) != 1 {
			t.Errorf("got %+v", r)
		}
	})
	t.Run("the caller goes away", func(t *testing.T) {
		t.Parallel()
		came := make(chan struct{})
		u := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			close(came)
			<-r.Context().Done()
		})
		recorder, find := kept(t)
		ended := make(chan string, 1)
		g, _ := build(t, u.URL, "vms", "problem", func(c *gateway.Config) { c.Recorder = recorder })
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := activity.NewID()
			defer func() { ended <- id }()
			g.ServeHTTP(w, r.WithContext(activity.WithID(r.Context(), id)))
		}))
		t.Cleanup(srv.Close)
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("GET /cameras HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		<-came
		conn.Close()
		if r := find(<-ended); r.Status != 0 || r.Outcome.Reason != parlance.ReasonCanceled || r.Path != "/cameras" {
			t.Errorf("got %+v", r)
		}
	})
}

func TestUnderAServerThatRecordsTheCallsAreInItsRecord(t *testing.T) {
	t.Parallel()
	outer, find := kept(t)
	inner, _ := kept(t)
	g, _ := build(t, serve(t, says(404, jsonType, `{"message":"no such camera"}`, "X-Request-Id", "theirs")).URL, "vms", "problem",
		func(c *gateway.Config) { c.Recorder = inner })
	srv := httptest.NewServer(server.New(open(t, "problem"), server.WithRecorder(outer)).Wrap(g))
	t.Cleanup(srv.Close)
	resp, _ := get(t, "GET", srv.URL+"/cameras/7", "")
	if r := find(resp.Header.Get("X-Request-Id")); r.Status != 404 || len(r.Calls) != 1 || r.Calls[0].Outcome.RequestID != "theirs" {
		t.Errorf("got %+v", r)
	}
}
