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

// Maintenance closes a service for planned work: by a switch, or in windows that
// were planned. While it is closed, what comes in fails with
// unavailable/maintenance, and is told when it ends, where that is known. The
// zero value is open, and its methods may be called while it serves.
//
// What has begun is finished: work that needs a service that is idle waits for
// http.Server.Shutdown, or for the last deadline to pass.
type Maintenance struct {
	// Open are the paths that are served all the same: one that ends in "/" with
	// all that is below it. nil are /healthz, /livez and /readyz, which must go on
	// answering for the process itself, or it would be restarted.
	Open []string

	// Admit lets some in who do the work; nil lets in nobody. Where it asks who
	// calls, the Maintenance stands behind [auth.Authenticate].
	Admit func(*http.Request) bool

	// Error is what is said, such as a text for people. Its Kind zero is
	// unavailable, with the reason maintenance.
	Error parlance.Outcome

	mu      sync.Mutex
	closed  bool
	until   time.Time
	windows []Window
}

// Window is planned work, from From until before To.
type Window struct{ From, To time.Time }

// Close closes the service now. until is when it is expected back, zero where
// nobody knows; it stays closed until Reopen is called, and then is later than it
// said.
func (m *Maintenance) Close(until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.until = true, until
}

// Reopen ends what Close began. A planned window is not ended by it.
func (m *Maintenance) Reopen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.until = false, time.Time{}
}

// Plan sets the windows, in place of those before; none cancels all. They may
// touch and overlap.
func (m *Maintenance) Plan(windows ...Window) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.windows = slices.Clone(windows)
}

// At reports whether the service is closed at a time, and until when: zero where
// nobody knows.
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

// Wrap refuses what comes in while the service is closed.
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
			err.Outcome.RetryAfter = until.Sub(now)
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
