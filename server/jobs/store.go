package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// Store keeps background work. A job survives its process: any process that has the
// store can take it again when its lease has ended.
type Store interface {
	server.Transactor

	// Put adds a job with ID, Kind, Input, Owner, Activity and Created; the store sets
	// the other fields. Within a transaction, the job exists once that commits. If the
	// id is taken, the error wraps parlance.ErrConflict.
	Put(ctx context.Context, j Job) error

	// Take leases the oldest job of these kinds that waits or whose lease has ended.
	// The lease is measured by the store's clock. false means that there is no such
	// job. A worker is one goroutine of one process, and has a name of its own.
	Take(ctx context.Context, kinds []string, worker string, lease time.Duration) (Job, bool, error)

	// Keep renews a lease from now on, and notes how far the work is. It returns true
	// if somebody asked to stop the job. If another worker has the job, or it has
	// ended, the error wraps ErrLeaseLost.
	Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (canceled bool, err error)

	// End records the result. If another worker has the job, or it has ended, the error
	// wraps ErrLeaseLost.
	End(ctx context.Context, id, worker string, result Result) error

	// Job finds a job; if it does not exist, the error wraps parlance.ErrNotFound.
	Job(ctx context.Context, id string) (Job, error)

	// Cancel asks a job to stop. If it was never taken, it ends at once: failed,
	// canceled. If it has ended, Cancel does nothing and returns nil. If it does not
	// exist, the error wraps parlance.ErrNotFound.
	Cancel(ctx context.Context, id string) error
}

// Job is one piece of background work.
type Job struct {
	ID       string
	Kind     string // selects the Work
	Input    []byte
	Owner    string // server.Principal.ID of the caller that asked for it
	Activity string // the request that asked for it
	Created  time.Time
	Attempt  int       // how often it was taken
	Lease    time.Time // until when it is taken, by the store's clock; zero while it waits
	Progress float64   // from 0 to 1
	Note     string    // the current step, for people
	Stopping bool      // somebody asked to stop
	Result   *Result
}

// Result is the outcome of a job and its response.
type Result struct {
	Outcome     parlance.Outcome
	ContentType string
	Body        []byte
	Location    string // URL of the created resource, as in [server.Reply]
	At          time.Time
}

// ErrLeaseLost reports that the lease of a job had ended and another worker may have
// it.
var ErrLeaseLost = errors.New("jobs: the lease of the job was lost")
