package activity

import (
	"context"
	"log/slog"
	"time"

	"github.com/parlance-api/parlance"
)

// Record is the story of one request. Nothing in it is a credential; of bodies
// only what was chosen, redacted. Its JSON form stands in MarshalJSON.
type Record struct {
	ID       string
	Trace    string // W3C trace id, "" for none
	Start    time.Time
	Took     time.Duration
	Method   string
	Route    string // the pattern that served it
	Path     string
	Caller   string // Principal.ID, "" for nobody
	Status   int
	Outcome  parlance.Outcome
	Request  []byte // chosen parts, redacted
	Response []byte
	Calls    []Call // made to others on its behalf
	Lines    []Line // what was logged under it
	Dropped  int    // lines, calls and items of the outcome that were too many
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

// Store keeps records, the last one of each id. Add may hold them back for up to
// 100 ms, in which Find finds them all the same; within a transaction of the store
// they are committed with it.
type Store interface {
	Add(ctx context.Context, r *Record) error

	// Find finds one by its id; an error wraps parlance.ErrNotFound where there is
	// none.
	Find(ctx context.Context, id string) (*Record, error)

	// Prune deletes what is older than that, and then the oldest beyond so many
	// bytes; 0 keeps all of them. It returns how many it deleted.
	Prune(ctx context.Context, before time.Time, bytes int64) (int64, error)
}

// Joiner is a [Store] that lies with others in one database, so that a record can
// be committed together with what it tells of.
type Joiner interface {
	Store

	// Joins reports that ctx carries a transaction that Add would take part in.
	Joins(ctx context.Context) bool
}
