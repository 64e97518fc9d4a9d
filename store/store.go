// Package store is one place for all that a server keeps, so that what belongs
// together is committed together. Its engines are packages below it: sqlite for one
// process with nothing to install, postgres for any number of them, memory for tests
// and for a process that may lose everything when it ends. Each passes the suite of
// storetest.
package store

import (
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
)

// Store is an engine: one set of transactions, and a view of it for each
// mechanism that keeps something. Every method of a view takes part in the
// transaction that its context carries; the limits alone never do. It is safe for
// concurrent use, and the views cost nothing to ask for.
//
// A method fails with an error that wraps parlance.ErrUnavailable where the engine
// cannot do its work now: the disk is full, the database is locked, damaged or
// closed. What was acknowledged before stays.
type Store interface {
	server.Transactor

	Idempotency() idempotency.Store
	Limits() limit.Store
	Seats() license.Store
	Jobs() jobs.Store
	Tokens() auth.TokenStore
	Activity() activity.Store

	// Close waits for what is under way and refuses all that comes after it. A
	// second Close does nothing.
	Close() error
}

// What has ended is kept for a while and then deleted, at the next work after at
// most [Sweep]: an answered key at its Expires, a seat whose lease has ended, a job
// KeepJobs after its result, and a token KeepTokens after it expired.
const (
	Sweep      = time.Minute
	KeepJobs   = 7 * 24 * time.Hour
	KeepTokens = 24 * time.Hour
)
