// Package guard protects a [server.Server]: from too much load ([Overload]), from work that
// takes too long ([Deadline]), from bodies that are too large or too slow ([MaxBody],
// [SlowBody]), and from requests during planned work ([Maintenance]).
//
//	overload := &guard.Overload{Served: 100}
//	h := api.Wrap(overload.Wrap(guard.MaxBody(1 << 20)(mux)))
//	log.Fatal(guard.ApplyDefaultLimits(&http.Server{Addr: addr, Handler: h}).ListenAndServe())
package guard

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// What Overload does unless it is told otherwise.
const (
	DefaultServed     = 256
	DefaultQueueWait  = time.Second
	DefaultRetryAfter = time.Second
)

// Overload bounds how many requests are served at one time. A few more wait
// their turn, shortly and in order; the rest is refused at once, for who waits
// longer than its client does is served for nobody. A service under too much load
// so answers as many as it can, in the time that they take. It must not change
// while it serves. The zero value is of use.
type Overload struct {
	Served int           // at one time; 0 is DefaultServed
	Queue  int           // that may wait besides; 0 is none
	Wait   time.Duration // that one waits at most; 0 is DefaultQueueWait

	// Error is what is said of what is shed. Its Kind zero is unavailable, its
	// RetryAfter zero DefaultRetryAfter. rate_limited is for an API whose page says
	// 429.
	Error parlance.Outcome

	once    sync.Once
	serving chan struct{} // one for each that is served
	waiting chan struct{} // one for each that is served or waits
}

// Wrap serves as many as may be served, and sheds the rest. Health endpoints
// stand outside of it.
func (o *Overload) Wrap(next http.Handler) http.Handler {
	o.once.Do(func() {
		o.serving = make(chan struct{}, cmp.Or(o.Served, DefaultServed))
		o.waiting = make(chan struct{}, cap(o.serving)+o.Queue)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case o.waiting <- struct{}{}:
		default:
			o.shed(w, r)
			return
		}
		defer func() { <-o.waiting }()
		if !o.turn(r) {
			o.shed(w, r)
			return
		}
		defer func() { <-o.serving }()
		next.ServeHTTP(w, r)
	})
}

// turn waits until the request may be served.
func (o *Overload) turn(r *http.Request) bool {
	select {
	case o.serving <- struct{}{}:
		return true
	default:
	}
	patience := time.NewTimer(cmp.Or(o.Wait, DefaultQueueWait))
	defer patience.Stop()
	select {
	case o.serving <- struct{}{}:
		return true
	case <-patience.C:
	case <-r.Context().Done(): // nobody is there to be answered, or not in time
	}
	return false
}

func (o *Overload) shed(w http.ResponseWriter, r *http.Request) {
	err := wording.Error(o.Error, parlance.KindUnavailable, "")
	err.Outcome.RetryAfter = cmp.Or(err.Outcome.RetryAfter, DefaultRetryAfter)
	err.Outcome.Detail = cmp.Or(err.Outcome.Detail, "The server handles as many requests as it can"+wording.Again(err.Outcome.RetryAfter))
	server.WriteError(w, r, err)
}
