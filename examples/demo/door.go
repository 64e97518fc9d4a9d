package demo

import (
	"net/http"
	"sync/atomic"
)

// door is a handler that leads to another, which can be changed while it serves.
type door struct{ to atomic.Pointer[http.Handler] }

func (d *door) lead(to http.Handler) { d.to.Store(&to) }

// ServeHTTP finds a door that leads nowhere only while the demo starts.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if to := d.to.Load(); to != nil {
		(*to).ServeHTTP(w, r)
	}
}
