package storm

import (
	"net/http"
	"sync"
	"time"
)

const (
	capacity = 300                    // requests a second
	service  = time.Second / capacity // of one request, always
	patience = time.Second            // of an attempt: its timeout
	shedFrom = capacity / 2           // half a second of work
)

// server is a queue before one worker, as an [http.RoundTripper], in the time of
// its bubble. It works on whatever it has taken in, wanted still or not. As
// nothing leaves the queue early, the time of a response is known when its request
// comes, and nobody has to play the worker.
type server struct {
	shed             bool // refuse what comes to a queue of shedFrom
	stalled, resumed time.Time
	record           *record

	mu   sync.Mutex
	free time.Time // when all that was taken in is done
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	wait, ok := s.take(time.Now(), visitOf(req.Context()))
	if !ok {
		return response(req, http.StatusServiceUnavailable), nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return response(req, http.StatusOK), nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// take says how long a request will take, and whether it is let in.
func (s *server) take(now time.Time, v *visit) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begin := now
	if s.free.After(now) {
		begin = s.free
	}
	if s.shed && s.work(now, begin) >= shedFrom*service {
		s.record.attempt(now, v, false)
		return 0, false
	}
	if !begin.Before(s.stalled) && begin.Before(s.resumed) {
		begin = s.resumed
	}
	s.free = begin.Add(service)
	if begin.Before(s.stalled) && s.free.After(s.stalled) {
		s.free = s.free.Add(s.resumed.Sub(s.stalled))
	}
	wait := s.free.Sub(now)
	s.record.attempt(now, v, wait < patience)
	return wait, true
}

// work is how much of it is done between two times: all but the stall.
func (s *server) work(from, to time.Time) time.Duration {
	w := to.Sub(from)
	if from.Before(s.stalled) {
		from = s.stalled
	}
	if to.After(s.resumed) {
		to = s.resumed
	}
	if idle := to.Sub(from); idle > 0 {
		w -= idle
	}
	return w
}

// backlog is how long it will take to do what has been taken in.
func (s *server) backlog(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work(now, s.free)
}

func response(req *http.Request, status int) *http.Response {
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req,
	}
}
