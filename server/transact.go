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

// Atomic is a handler's value that is made in a transaction. Under
// idempotency.Middleware the effect, the key and the response are committed together.
// The effect then happens once, even if the request is sent many times or the process
// is killed. Elsewhere it runs in a transaction of its own, in the store of
// [WithTransactor]. If there is no store, it fails as internal, nothing is done, and the
// log says what is missing.
//
//	return server.Atomic(func(ctx context.Context) (any, error) {
//		tx := sqlite.Tx(ctx)
//		…
//		return server.Created("/orders/7", order), nil
//	}), nil
type Atomic func(ctx context.Context) (any, error)
