// Package guard protects a [server.Server] from too much load, from work and bodies
// that take too long, and from requests during planned work.
//
//	overload := &guard.Overload{Served: 100}
//	h := api.Wrap(overload.Wrap(guard.MaxBody(1 << 20)(mux)))
//	log.Fatal(guard.ApplyDefaultLimits(&http.Server{Addr: addr, Handler: h}).ListenAndServe())
//
// [Overload] bounds the requests at one time, [Deadline] the time of a handler,
// [MaxBody] and [SlowBody] the size and the time of a body. [Maintenance] closes the
// service.
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

// The defaults of Overload.
const (
	DefaultServed     = 256
	DefaultQueueWait  = time.Second
	DefaultRetryAfter = time.Second
)

// Overload bounds how many requests are served at one time. A few more wait in order
// for a short time; the rest is refused at once. A request that waits longer than its
// client does is served in vain. Without the bound, an overloaded service would
// complete fewer requests, and all of them late. It must not change while it serves.
// The zero value uses the defaults.
type Overload struct {
	Served int           // at one time; 0 is DefaultServed
	Queue  int           // that may wait besides; 0 is none
	Wait   time.Duration // the longest wait of one; 0 is DefaultQueueWait

	// Error is the outcome of a refusal. If its Kind is zero, the kind is unavailable.
	// If its RetryAfter is zero, it is DefaultRetryAfter. Use rate_limited if the API's
	// page documents 429.
	Error parlance.Outcome

	once    sync.Once
	serving chan struct{} // one for each that is served
	waiting chan struct{} // one for each that is served or waits
}

// Wrap serves as many requests as allowed, and refuses the rest. Keep health endpoints
// outside it.
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
	case <-r.Context().Done(): // nobody is there to get a response, or not in time
	}
	return false
}

func (o *Overload) shed(w http.ResponseWriter, r *http.Request) {
	err := wording.Error(o.Error, parlance.KindUnavailable, "")
	err.Outcome.RetryAfter = cmp.Or(err.Outcome.RetryAfter, DefaultRetryAfter)
	err.Outcome.Detail = cmp.Or(err.Outcome.Detail, "The server handles as many requests as it can"+wording.Again(err.Outcome.RetryAfter))
	server.WriteError(w, r, err)
}
