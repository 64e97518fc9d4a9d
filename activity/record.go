package activity

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
)

// Record describes one request. It holds no credentials, and only chosen, redacted
// values of bodies. MarshalJSON documents its JSON form.
type Record struct {
	ID       string
	Trace    string // W3C trace id; "" for none
	Start    time.Time
	Took     time.Duration
	Method   string
	Route    string // the pattern that served it
	Path     string
	Caller   string // Principal.ID; "" if unknown
	Status   int
	Outcome  parlance.Outcome
	Request  []byte // chosen values, redacted
	Response []byte
	Calls    []Call // made to other services on its behalf
	Lines    []Line // logged under it
	Original string // the id of the request whose response was replayed; "" if none was
	Dropped  int    // lines, calls and items of the outcome beyond the bounds
}

// Names reports whether a call, or a line about a service behind, has this request ID of
// another service.
func (r *Record) Names(requestID string) bool {
	if requestID == "" {
		return false
	}
	return slices.ContainsFunc(r.Calls, func(c Call) bool { return c.Outcome.RequestID == requestID }) ||
		slices.ContainsFunc(r.Lines, func(l Line) bool { return slices.Contains(l.Attrs, "upstream_request_id="+requestID) })
}

// Call is one attempt at another service.
type Call struct {
	Start   time.Time
	Took    time.Duration
	Dialect string
	Method  string
	Host    string
	Path    string
	Attempt int
	Outcome parlance.Outcome
	Act     parlance.Act
	Why     string
}

// Line is one log record.
type Line struct {
	Time    time.Time
	Level   slog.Level
	Message string
	Attrs   []string // name=value
}

// Store keeps records, the latest one of each id. Add may hold them back for up to 100
// ms; Find finds them even then. Within a transaction of the store they are committed
// with it.
type Store interface {
	Add(ctx context.Context, r *Record) error

	// Find finds a record by its id. If there is none, the error wraps
	// parlance.ErrNotFound.
	Find(ctx context.Context, id string) (*Record, error)

	// Prune deletes records from before that time, and then the oldest ones until the
	// rest has at most this many bytes; 0 is no bound. It returns how many it deleted.
	Prune(ctx context.Context, before time.Time, bytes int64) (int64, error)
}

// Joiner is a [Store] in a database with other data, so that a record can be committed
// together with that data.
type Joiner interface {
	Store

	// Joins reports whether ctx carries a transaction that Add would take part in.
	Joins(ctx context.Context) bool
}
