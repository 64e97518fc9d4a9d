package outbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/outbox"
)

func TestALimitHoldsAllItsRequestsAndIsProbedByOne(t *testing.T) {
	var shut atomic.Bool
	shut.Store(true)
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if shut.Load() && r.URL.Path == "/orders" {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		for i := range 100 {
			s.put(outbox.Request{Method: "PUT", Body: fmt.Append(nil, i)})
		}
		other := s.put(outbox.Request{URL: "http://elsewhere/x"})
		time.Sleep(9 * time.Minute)
		s.is(other, outbox.Delivered)
		if n := s.count(); n > 8+1 { // as many as were on their way, and the one to elsewhere
			s.Errorf("%d requests before the limit opens", n)
		}
		before := s.count()
		time.Sleep(2 * time.Minute)
		if n := s.count() - before; n != 1 {
			s.Errorf("%d probes, want 1", n)
		}
		shut.Store(false)
		time.Sleep(20 * time.Minute)
		left, err := s.List(s.Context(), outbox.Filter{State: outbox.Waiting})
		if err != nil || len(left) > 0 {
			s.Errorf("%d wait still, %v", len(left), err)
		}
		lanes, err := s.Limits(s.Context())
		if err != nil || len(lanes) != 2 || !lanes[0].Opens.IsZero() || !lanes[1].Opens.IsZero() {
			s.Errorf("limits %+v, %v", lanes, err)
		}
	})
}

func TestOrderIsKeptAndAnUncertainRequestBlocksIt(t *testing.T) {
	virtual(t, "vision", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/2" {
			w.WriteHeader(500)
		}
	}, func(s *scene) {
		var ids []string
		for i := range 4 {
			ids = append(ids, s.put(outbox.Request{URL: fmt.Sprintf("http://vendor/%d", i+1), Order: "customer 7"}))
		}
		time.Sleep(time.Hour)
		s.is(ids[0], outbox.Delivered)
		s.is(ids[1], outbox.Uncertain)
		if d := s.is(ids[2], outbox.Waiting); !d.Held {
			s.Errorf("%+v", d)
		}
		if err := s.Resolve(s.Context(), ids[1], outbox.Delivered, "the warehouse has the document"); err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.is(ids[3], outbox.Delivered)
		var paths []string
		for _, r := range s.asked() {
			paths = append(paths, r.Path)
		}
		if got := strings.Join(paths, " "); got != "/1 /2 /3 /4" {
			s.Errorf("got %s", got)
		}
		if d := s.is(ids[1], outbox.Delivered); d.Why != "the warehouse has the document" {
			s.Errorf("%+v", d)
		}
	})
}

func TestAVendorThatHangsLeavesWorkersToTheOthers(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/hangs") {
			<-r.Context().Done()
		}
	}, func(s *scene) {
		for i := range 1000 {
			s.put(outbox.Request{Method: "PUT", URL: fmt.Sprintf("http://vendor%d/hangs", i%7)})
		}
		time.Sleep(10 * time.Second)
		if n := s.count(); n != 7*8 {
			s.Errorf("%d requests hang, want 8 of each limit", n)
		}
		var others []string
		for i := range 100 {
			others = append(others, s.put(outbox.Request{URL: fmt.Sprintf("http://other%d/x", i%10)}))
		}
		time.Sleep(time.Second)
		for _, id := range others {
			s.is(id, outbox.Delivered)
		}
	})
}
