package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// Store keeps background work. A job that was put survives its process:
// whoever has the store takes it again when its lease has ended.
type Store interface {
	server.Transactor

	// Put adds a job: ID, Kind, Input, Owner, Activity and Created; all else is the
	// store's. Within a transaction it is there where that commits. An error wraps
	// parlance.ErrConflict where the id is taken.
	Put(ctx context.Context, j Job) error

	// Take leases the oldest waiting job of one of these kinds, or one whose lease
	// has ended, for so long, by the store's clock. false is that there is none. A
	// worker is one goroutine of one process: no two have the same name.
	Take(ctx context.Context, kinds []string, worker string, lease time.Duration) (Job, bool, error)

	// Keep renews a lease, for so long from now, and notes how far the work is.
	// cancelled reports that somebody asked to stop; an error wraps ErrLeaseLost where
	// another has it now, or where it has ended.
	Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (cancelled bool, err error)

	// End keeps the result. An error wraps ErrLeaseLost where another has the job, or
	// where it has ended.
	End(ctx context.Context, id, worker string, result Result) error

	// Job finds one; an error wraps parlance.ErrNotFound where there is none.
	Job(ctx context.Context, id string) (Job, error)

	// Cancel asks for a stop. One that was never taken is ended at once: failed,
	// canceled. One that has ended is no error, one that nobody knows wraps
	// parlance.ErrNotFound.
	Cancel(ctx context.Context, id string) error
}

// Job is one piece of background work.
type Job struct {
	ID       string
	Kind     string // which function does it
	Input    []byte
	Owner    string // server.Principal.ID of who asked for it
	Activity string // the request that asked for it
	Created  time.Time
	Attempt  int       // how often it was taken
	Lease    time.Time // until when it is taken, by the store's clock; zero where it waits
	Progress float64   // from 0 to 1
	Note     string    // what it is at, for people
	Stopping bool      // somebody asked to stop
	Result   *Result
}

// Result is what a job came to.
type Result struct {
	Outcome     parlance.Outcome
	ContentType string
	Body        []byte
	Location    string // where that which it made is found, as [server.Reply] has it
	At          time.Time
}

// ErrLeaseLost is that a job is another worker's now: its lease had ended.
var ErrLeaseLost = errors.New("jobs: the lease of the job was lost")
