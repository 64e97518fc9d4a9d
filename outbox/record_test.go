package outbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/outbox"
)

func TestTheEndOfARequestIsARecordWithAllItsAttempts(t *testing.T) {
	tries := 0
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "vendor-"+string(rune('a'+tries)))
		if tries++; tries < 3 {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusUnprocessableEntity)
	}, func(s *scene) {
		id, err := s.Put(activity.WithID(s.Context(), "checkout-7"), outbox.Request{Vendor: "vendor", Method: "PUT", URL: "http://vendor/orders/7?a=b", Owner: "ann", Operation: "order"})
		if err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Hour)
		d := s.is(id, outbox.Refused)
		if d.Activity != "checkout-7" || d.Request.Owner != "ann" {
			s.Errorf("got %+v", d)
		}
		r, err := s.store.Activity().Find(s.Context(), id)
		if err != nil {
			s.Fatal(err)
		}
		if r.Method != "PUT" || r.Path != "/orders/7" || r.Route != "order" || r.Caller != "ann" || r.Status != http.StatusUnprocessableEntity || r.Outcome.Kind != parlance.KindInvalid ||
			r.Took < 2*time.Minute || r.Took > 3*time.Minute || len(r.Calls) != 3 || !r.Names("vendor-b") {
			s.Errorf("got %+v", r)
		}
		if c := r.Calls[0]; c.Attempt != 1 || c.Host != "vendor" || c.Dialect != "http" || c.Act != parlance.ActRetry || c.Outcome.Kind != parlance.KindUnavailable {
			s.Errorf("got %+v", c)
		}
		if len(r.Lines) != 1 || !strings.Contains(strings.Join(r.Lines[0].Attrs, " "), "state=refused vendor=vendor put_by=checkout-7 why=") {
			s.Errorf("got %+v", r.Lines)
		}
	})
}

func TestARequestOfAWeekHasARecordThatIsBounded(t *testing.T) {
	virtual(t, "vision", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, func(s *scene) {
		id := s.put(outbox.Request{RetryUnsafe: "a second one is refused"})
		time.Sleep(8 * 24 * time.Hour)
		s.is(id, outbox.Dead)
		r, err := s.store.Activity().Find(s.Context(), id)
		if err != nil || len(r.Calls) != 200 || r.Dropped < 100 || r.Calls[199].Attempt != s.count() && r.Calls[199].Attempt != s.count()+1 {
			s.Errorf("%d calls, %d dropped, %d attempts, %v", len(r.Calls), r.Dropped, s.count(), err)
		}
	})
}
