package outbox_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/queue"
)

func TestAStateIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, known := range map[string]bool{"": true, "waiting": true, "canceled": true, "Waiting": false, "leased": false, "x": false} {
		s, err := outbox.ParseState(text)
		if (err == nil) != known || known && string(s) != text || !known && !strings.Contains(err.Error(), "waiting, delivering, delivered, refused, uncertain, dead, canceled") {
			t.Errorf("%q: got %q, %v", text, s, err)
		}
	}
}

func TestARequestEndsAsTheResponseSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, dialect string
		request       outbox.Request
		respond       http.HandlerFunc
		want          outbox.State
		attempts      int
		doubt         bool
	}{
		{"a success", "http", outbox.Request{}, status(201), outbox.Delivered, 1, false},
		{"a refusal", "http", outbox.Request{}, status(422), outbox.Refused, 1, false},
		{"a 500 of a POST without a key", "vision", outbox.Request{}, status(500), outbox.Uncertain, 1, true},
		{"a 500 of a PUT", "vision", outbox.Request{Method: "PUT"}, status(500, 200), outbox.Delivered, 2, false},
		{"a 500 of a POST with a key", "stripe", outbox.Request{}, status(500, 503, 200), outbox.Delivered, 3, false},
		{"a 500 of a POST with a reason", "vision", outbox.Request{RetryUnsafe: "it is idempotent"}, status(500, 200), outbox.Delivered, 2, false},
		{"a 429 of a POST without a key", "vbapi", outbox.Request{}, status(429, 200), outbox.Delivered, 2, false},
		{"an internal error to be reported", "vbapi", outbox.Request{}, status(500), outbox.Uncertain, 1, true},
		{"a broken connection", "vision", outbox.Request{}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, outbox.Uncertain, 1, true},
		{"another address", "http", outbox.Request{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusPermanentRedirect)
		}, outbox.Refused, 1, false},
		{"done, and see elsewhere", "http", outbox.Request{}, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusSeeOther) }, outbox.Delivered, 1, false},
		{"accepted without a place", "http", outbox.Request{}, status(202), outbox.Uncertain, 1, true},
		{"a conflict", "http", outbox.Request{}, status(409), outbox.Refused, 1, false},
		{"a conflict that a lost response explains", "http", outbox.Request{RetryUnsafe: "it has a number"}, status(500, 409), outbox.Uncertain, 2, true},
		{"an entry that is gone, as the first attempt would leave it", "http", outbox.Request{Method: "DELETE"}, status(500, 404), outbox.Uncertain, 2, true},
		{"a precondition that the first attempt would break", "http", outbox.Request{Method: "PUT"}, status(500, 412), outbox.Uncertain, 2, true},
		{"a refusal that a lost response does not explain", "http", outbox.Request{Method: "PUT"}, status(500, 422), outbox.Refused, 2, true},
		{"a duplicate that the dialect calls done", "telegram", outbox.Request{RetryUnsafe: "it is the same text"}, func() http.HandlerFunc {
			lost := status(500)
			var again atomic.Bool
			return func(w http.ResponseWriter, r *http.Request) {
				if !again.Swap(true) {
					lost(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"ok":false,"error_code":400,"description":"Bad Request: message is not modified"}`)
			}
		}(), outbox.Delivered, 2, false},
		{"a credential that is refused, then mended", "http", outbox.Request{}, status(401, 401, 200), outbox.Delivered, 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, c.dialect, c.respond, func(s *scene) {
				id := s.put(c.request)
				time.Sleep(6 * time.Hour)
				d := s.is(id, c.want)
				if s.count() != c.attempts || d.Doubt != c.doubt {
					s.Errorf("%d attempts, doubt %t; want %d, %t", s.count(), d.Doubt, c.attempts, c.doubt)
				}
				story, err := s.Story(s.Context(), id)
				if err != nil || len(story) != c.attempts || story[len(story)-1].State != c.want || story[0].Why == "" {
					s.Errorf("story %+v, %v", story, err)
				}
			})
		})
	}
}

func TestAnAttemptThatHangsOrIsBrokenOffProvesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request outbox.Request
		halt    bool
		want    outbox.State
	}{
		{"it hangs, and cannot be sent again", outbox.Request{}, false, outbox.Uncertain},
		{"it hangs, and can", outbox.Request{Method: "PUT"}, false, outbox.Delivered},
		{"the process ends, and it cannot be sent again", outbox.Request{}, true, outbox.Uncertain},
		{"the process ends, and it can", outbox.Request{Method: "PUT"}, true, outbox.Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hung atomic.Bool
			virtual(t, "vision", func(w http.ResponseWriter, r *http.Request) {
				if !hung.Swap(true) {
					<-r.Context().Done()
				}
			}, func(s *scene) {
				id := s.put(c.request)
				time.Sleep(30 * time.Second)
				if c.halt {
					s.halt()
				}
				time.Sleep(time.Hour)
				if d := s.is(id, c.want); d.Due.After(s.start.Add(2 * time.Hour)) {
					s.Errorf("due at %v", d.Due)
				}
			}, outbox.WithDrain(10*time.Second))
		})
	}
}

// poison panics in the middle of an attempt.
type poison struct{ attempts atomic.Int64 }

func (p *poison) RoundTrip(*http.Request) (*http.Response, error) {
	p.attempts.Add(1)
	panic("poison")
}

func TestARequestThatPanicsTakesNoWorkerAlong(t *testing.T) {
	var base poison
	d, err := catalog.Open("http")
	if err != nil {
		t.Fatal(err)
	}
	ends := 0
	virtual(t, "http", status(200), func(s *scene) {
		put := func(r outbox.Request) string {
			r.Vendor, r.URL = "poison", "http://poison/x"
			id, err := s.Put(s.Context(), r)
			if err != nil {
				s.Fatal(err)
			}
			return id
		}
		once, again := put(outbox.Request{}), put(outbox.Request{Method: "PUT", Deadline: s.start.Add(time.Hour)})
		good := s.put(outbox.Request{})
		time.Sleep(2 * time.Hour)
		s.is(once, outbox.Uncertain)
		s.is(again, outbox.Dead)
		s.is(good, outbox.Delivered)
		if n := base.attempts.Load(); n < 3 || n > 20 {
			s.Errorf("%d attempts", n)
		}
	}, outbox.WithVendor("poison", d, client.WithBase(&base)), outbox.WithWorkers(1), outbox.WithEnd(func(context.Context, outbox.Delivery) error {
		if ends++; ends == 1 {
			panic("poison, too")
		}
		return nil
	}))
}

func TestAWorkerThatDiesLeavesTheTruth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request outbox.Request
		want    outbox.State
	}{
		{"without a key", outbox.Request{Method: "POST"}, outbox.Uncertain},
		{"with a method that can be repeated", outbox.Request{Method: "PUT"}, outbox.Delivered},
		{"with a reason", outbox.Request{RetryUnsafe: "it may"}, outbox.Delivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, "vision", status(200), func(s *scene) {
				s.halt() // so that no worker here takes it first
				c.request.NotBefore = s.start.Add(time.Minute)
				id := s.put(c.request)
				// Another process takes it and dies.
				if err := s.store.Queue().Again(s.Context(), id); err != nil {
					s.Fatal(err)
				}
				taken, err := s.store.Queue().Take(s.Context(), queue.Order{Kinds: []string{outbox.Kind}, Worker: "dies", Lease: time.Hour})
				if err != nil || len(taken) != 1 {
					s.Fatal(taken, err)
				}
				s.run(s.Outbox)
				time.Sleep(50 * time.Minute)
				s.is(id, outbox.Delivering)
				time.Sleep(20 * time.Minute)
				if d := s.is(id, c.want); !d.Doubt && c.want == outbox.Uncertain {
					s.Errorf("%+v", d)
				}
			})
		})
	}
}
