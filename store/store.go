// Package store keeps everything that a server keeps in one place, so that related
// changes are committed together. Its engines are packages below it:
//
//   - sqlite: for one process, with nothing to install.
//   - postgres: for any number of processes.
//   - memory: for tests, and for a process that may lose everything when it ends.
//
// Each engine passes the suite of storetest. A program opens one and gives its views to
// the packages of server:
//
//	db, err := sqlite.Open("app.db")
//	…
//	defer db.Close()
//	once := idempotency.Middleware(db.Idempotency(), idempotency.Transactional())
//	queue := jobs.New(api, db.Queue(), jobs.Kind("export", export))
package store

import (
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
)

// Store is an engine. It has transactions, and a view for each mechanism that keeps
// something. Every method of a view takes part in the transaction that its context
// carries; only the limits never do. It is safe for concurrent use, and a view costs
// nothing to get.
//
// If the engine cannot work now, a method fails with an error that wraps
// parlance.ErrUnavailable: the disk is full, or the database is locked, damaged or
// closed. Work that was acknowledged before stays.
type Store interface {
	server.Transactor

	Idempotency() idempotency.Store
	Limits() limit.Store
	Seats() license.Store
	Queue() queue.Store
	Tokens() auth.TokenStore
	Activity() activity.Store

	// Close waits for the work in progress and refuses all later calls. A second Close
	// does nothing.
	Close() error
}

// Old data is deleted with the next work after at most [Sweep]: a completed key at its
// Expires, and a seat when its lease has ended. A task is erased and deleted when its
// [queue.Result] says so, and a token KeepTokens after it expired.
const (
	Sweep      = time.Minute
	KeepTokens = 24 * time.Hour
)
