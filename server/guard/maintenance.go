package guard

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Maintenance closes a service for planned work: by a switch, or in planned windows.
// While it is closed, new requests fail with unavailable/maintenance. The response has
// the end of the work, if it is known. The zero value is open. Its methods may be
// called while it serves.
//
// Requests that have begun are finished. For work that needs an idle service, wait for
// http.Server.Shutdown, or for the last deadline to pass.
type Maintenance struct {
	// Open are the paths that are always served. One that ends in "/" includes all
	// paths below it. nil means /healthz, /livez and /readyz: if these failed, the
	// process would be restarted.
	Open []string

	// Admit selects requests to serve all the same, such as those of the people who do
	// the work; nil selects none. If it needs the caller, put the Maintenance behind
	// [auth.Authenticate].
	Admit func(*http.Request) bool

	// Error is the outcome of a refusal, such as a text for people. If its Kind is
	// zero, the kind is unavailable, with the reason maintenance.
	Error parlance.Outcome

	mu      sync.Mutex
	closed  bool
	until   time.Time
	windows []Window
}

// Window is planned work, from From until before To.
type Window struct{ From, To time.Time }

// Close closes the service now, until Reopen is called. until is the expected end, or
// zero if it is unknown. It is only announced: the service does not open by itself.
func (m *Maintenance) Close(until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.until = true, until
}

// Reopen ends the effect of Close. A planned window continues.
func (m *Maintenance) Reopen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.until = false, time.Time{}
}

// Plan sets the windows and replaces those before; none cancels all. They may touch and
// overlap.
func (m *Maintenance) Plan(windows ...Window) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.windows = slices.Clone(windows)
}

// At reports whether the service is closed at a time, and until when: zero if it is
// unknown.
func (m *Maintenance) At(now time.Time) (until time.Time, closed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	until = now
	if m.closed {
		closed = true
		if !m.until.After(now) {
			return time.Time{}, true // it should be over, and is not
		}
		until = m.until
	}
	for again := true; again; { // a window may begin in another, or where it ends
		again = false
		for _, w := range m.windows {
			if !w.From.After(until) && w.To.After(until) {
				until, closed, again = w.To, true, true
			}
		}
	}
	if !closed {
		return time.Time{}, false
	}
	return until, true
}

// Wrap refuses requests while the service is closed.
func (m *Maintenance) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		until, closed := m.At(now)
		if !closed || m.admits(r) {
			next.ServeHTTP(w, r)
			return
		}
		err := wording.Error(m.Error, parlance.KindUnavailable, parlance.ReasonMaintenance)
		if !until.IsZero() {
			err.Outcome.RetryAfter = max(until.Sub(now), parlance.RetryNow+1) // the shortest wait is no "now"
		}
		server.WriteError(w, r, err)
	})
}

func (m *Maintenance) admits(r *http.Request) bool {
	open := m.Open
	if open == nil {
		open = []string{"/healthz", "/livez", "/readyz"}
	}
	return slices.ContainsFunc(open, func(path string) bool {
		return r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
	}) || m.Admit != nil && m.Admit(r)
}
