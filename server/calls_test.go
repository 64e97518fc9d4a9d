package server_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/internal/testnet"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/storetest"
)

func TestACallToAServiceBehindStandsInTheRecordOfItsRequest(t *testing.T) {
	t.Parallel()
	bank := servertest.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "secret", http.StatusServiceUnavailable)
	}))
	calls := &http.Client{Transport: server.RecordCalls(nil)}
	pay := func(_ http.ResponseWriter, r *http.Request) (any, error) {
		for _, url := range []string{bank.URL + "/pay?token=secret", "http://" + testnet.Closed + "/rates"} {
			req, err := http.NewRequestWithContext(r.Context(), "POST", url, nil)
			if err != nil {
				return nil, err
			}
			if res, err := calls.Do(req); err == nil {
				res.Body.Close()
			}
		}
		return "paid", nil
	}
	b := storetest.Keep(t)
	recorded, _ := servertest.New(t, "omilia", server.WithRecorder(b.Recorder))
	id := servertest.Ask(t, recorded.Handle(pay), "GET", "/").ID()
	r := b.Find(id)
	if len(r.Calls) != 2 {
		t.Fatalf("got %+v", r.Calls)
	}
	for i, want := range []struct {
		host, path string
		outcome    parlance.Outcome
	}{
		{bank.Listener.Addr().String(), "/pay", parlance.Outcome{Kind: parlance.KindUnavailable, Status: 503, RetryAfter: 7 * time.Second}},
		{testnet.Closed, "/rates", parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonRefused}},
	} {
		c := r.Calls[i]
		if c.Method != "POST" || c.Host != want.host || c.Path != want.path || c.Start.Before(r.Start) || c.Took <= 0 ||
			c.Outcome.Kind != want.outcome.Kind || c.Outcome.Reason != want.outcome.Reason || c.Outcome.Status != want.outcome.Status ||
			c.Outcome.RetryAfter != want.outcome.RetryAfter {
			t.Errorf("call %d is %+v", i, c)
		}
	}

	unrecorded, _ := servertest.New(t, "omilia")
	if a := servertest.Ask(t, unrecorded.Handle(pay), "GET", "/"); a.Body != `"paid"` {
		t.Errorf("without a recorder: %d %s", a.Status, a.Body)
	}
}

// However it is given up, it is a timeout.
func TestACallThatTookTooLongIsATimeoutInTheRecord(t *testing.T) {
	t.Parallel()
	for _, limit := range []struct{ client, context time.Duration }{{time.Second, time.Hour}, {time.Hour, time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			bank := &http.Client{Timeout: limit.client, Transport: server.RecordCalls(memhttp.Serve(t,
				http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })))}
			b := storetest.Keep(t)
			s, _ := servertest.New(t, "omilia", server.WithRecorder(b.Recorder))
			house := memhttp.Serve(t, s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				ctx, cancel := context.WithTimeout(r.Context(), limit.context)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, "GET", "http://bank/", nil)
				if err != nil {
					return nil, err
				}
				_, err = bank.Do(req)
				return nil, server.Upstream(err)
			}))
			r, err := http.NewRequestWithContext(t.Context(), "GET", "http://house/", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := house.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			record := b.Find(res.Header.Get("X-Request-Id"))
			if len(record.Calls) != 1 || record.Calls[0].Outcome.Kind != parlance.KindTimeout || res.StatusCode != 504 {
				t.Errorf("%v: %s, %+v", limit, res.Status, record.Calls)
			}
		})
	}
}
