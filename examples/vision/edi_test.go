package vision_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/memory"
)

// deaf loses the first response to a document: what was asked is done.
type deaf struct {
	http.RoundTripper
	lost bool
}

func (d *deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(r)
	if err == nil && r.URL.Path == complete && !d.lost {
		d.lost = true
		resp.Body.Close()
		return nil, http.ErrServerClosed
	}
	return resp, err
}

func TestDocumentsOfAFactoryArriveOnceThroughAnOutbox(t *testing.T) {
	t.Parallel()
	main := vision.Manufacture{DocRef: "A1", Customer: "JOE", SiteCode: "MAIN"}
	for _, c := range []struct {
		name     string
		closed   time.Duration // until then the warehouse is closed
		deaf     bool
		second   string // the site of the second document
		want     outbox.State
		attempts int
		doubt    bool
	}{
		{"all at once", 0, false, "WEST", outbox.Delivered, 1, false},
		{"the warehouse is closed for half an hour", 30 * time.Minute, false, "WEST", outbox.Delivered, 3, false},
		{"one is refused", 0, false, "PF", outbox.Refused, 1, false},
		// The second response says that the documents are there already.
		{"the response is lost", 0, true, "WEST", outbox.Refused, 2, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := open(t, true, limit.Rate{Quota: 100, Window: time.Minute})
				d, err := catalog.Open("vision")
				if err != nil {
					t.Fatal(err)
				}
				base := &deaf{RoundTripper: h.tape, lost: !c.deaf}
				box := outbox.New(memory.New(memory.WithClock(time.Now)).Queue(), outbox.WithLogger(slog.New(slog.DiscardHandler)),
					outbox.WithVendor("warehouse", d, client.WithBase(base), client.WithCredential(h.login)))
				h.send(http.MethodGet, stock, "") // now it has a token
				if c.closed > 0 {
					h.Maintenance.Close(time.Time{})
					time.AfterFunc(c.closed, h.Maintenance.Reopen)
				}
				id, err := vision.EDI{Box: box, Vendor: "warehouse", URL: h.url}.Complete(t.Context(),
					main, vision.Manufacture{DocRef: "A2", Customer: "JOE", SiteCode: c.second})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithTimeout(t.Context(), 2*time.Hour)
				defer stop()
				box.Run(ctx)
				got, err := box.Find(t.Context(), id)
				if err != nil || got.State != c.want || got.Attempt != c.attempts || got.Doubt != c.doubt {
					t.Errorf("%s in %d attempts, doubt %t (%s), %v; want %s in %d", got.State, got.Attempt, got.Doubt, got.Why, err, c.want, c.attempts)
				}
			})
		})
	}
}
