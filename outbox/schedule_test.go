package outbox_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
)

func TestVisionsScheduleIsKeptToTheSecondForADay(t *testing.T) {
	var reports []client.SupportReport
	virtual(t, "vision", status(500), func(s *scene) {
		id := s.put(outbox.Request{RetryUnsafe: "the warehouse refuses a second document with the same DocRef", Deadline: s.start.Add(24 * time.Hour)})
		time.Sleep(24*time.Hour + time.Minute)
		want := []time.Duration{0, 5 * time.Minute}
		for at := 35 * time.Minute; at < 24*time.Hour; at += 30 * time.Minute {
			want = append(want, at)
		}
		got := s.times()
		if len(got) != len(want) {
			s.Fatalf("%d attempts, want %d: %v", len(got), len(want), got)
		}
		for i := range want {
			// The next look at the store is at most a second later.
			if d := got[i] - want[i]; d < 0 || d > time.Duration(i)*time.Second {
				s.Errorf("attempt %d at %v, want %v", i+1, got[i], want[i])
			}
		}
		d := s.is(id, outbox.Dead)
		if !d.Doubt || d.Why != "its deadline is over" {
			s.Errorf("%+v", d)
		}
		if len(reports) != 1 || reports[0].Dialect != "vision" || reports[0].Method != "POST" {
			s.Errorf("reports %+v", reports)
		}
	}, outbox.WithReport(func(_ context.Context, _ outbox.Delivery, r client.SupportReport) { reports = append(reports, r) }))
}

func TestADeadRequestThatIsRetriedHasItsTimeAgain(t *testing.T) {
	var up atomic.Bool
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Method: "PUT", Deadline: s.start.Add(time.Hour)})
		time.Sleep(2 * time.Hour)
		s.is(id, outbox.Dead)
		if err := s.Retry(s.Context(), id); err != nil {
			s.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		s.is(id, outbox.Waiting)
		up.Store(true)
		time.Sleep(29 * time.Minute)
		s.is(id, outbox.Delivered)
	})
}

func TestAWaitOfAYearIsThatOfOneRequest(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/year" {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		year := s.put(outbox.Request{Method: "PUT", URL: "http://vendor/year"})
		time.Sleep(time.Minute)
		other := s.put(outbox.Request{})
		time.Sleep(23 * time.Hour)
		s.is(other, outbox.Waiting)
		time.Sleep(2 * time.Hour)
		s.is(other, outbox.Delivered)
		if d := s.is(year, outbox.Waiting); d.Due.Sub(s.start) < 364*24*time.Hour {
			s.Errorf("due at %v", d.Due)
		}
		time.Sleep(7 * 24 * time.Hour)
		s.is(year, outbox.Dead)
	}, outbox.WithPoll(time.Minute))
}
