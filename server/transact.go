package server

import "context"

// Transactor runs a function in one transaction of a store.
//
// fn gets a context that carries the transaction. Every method of the store that is
// called with this context takes part, and so does the caller's own SQL (sqlite.Tx,
// postgres.Tx). If fn returns nil, all of it is committed, and durable when Transact
// returns. Otherwise all of it is rolled back, and Transact returns fn's error. If the
// store broke under fn, that error also wraps parlance.ErrUnavailable.
//
// The database may require fn to run again, so fn must have no effect outside the
// transaction. It must be quick, since other transactions wait. Transact never returns
// while fn runs, even if ctx ends, because the memory for fn's response is reused.
// Inside another transaction, Transact runs fn in that one. If fn then fails, only fn's
// own changes are undone.
type Transactor interface {
	Transact(ctx context.Context, fn func(ctx context.Context) error) error
}

// Atomic is a handler's value that is made in a transaction of a store. Under
// idempotency.Middleware the effect, the key and the response are committed together, in
// the store of the keys. The effect then happens once, even if the request is sent many
// times or the process is killed. [AtomicIn] makes an Atomic.
type Atomic struct {
	store Transactor
	run   func(ctx context.Context) (any, error)
}

// AtomicIn returns a function that makes the Atomics of a store. Call it when the program
// starts: it panics without a store.
//
//	atomic := server.AtomicIn(store)
//	mux.Handle("POST /orders", api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
//		return atomic(func(ctx context.Context) (any, error) {
//			tx := sqlite.Tx(ctx)
//			…
//			return server.Created("/orders/7", order), nil
//		}), nil
//	}))
func AtomicIn(store Transactor) func(run func(ctx context.Context) (any, error)) Atomic {
	if store == nil {
		panic("server: AtomicIn needs a store")
	}
	return func(run func(ctx context.Context) (any, error)) Atomic { return Atomic{store, run} }
}

// Run makes the value in the transaction that ctx carries. It is for code that begins this
// transaction itself, as package jobs does.
func (a Atomic) Run(ctx context.Context) (any, error) { return a.run(ctx) }
