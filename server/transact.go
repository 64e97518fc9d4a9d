package server

import "context"

// Transactor runs what belongs together in one transaction of a store.
//
// fn is given a context that carries the transaction. Every method of the store
// that is called with it takes part, and so does the caller's own SQL (sqlite.Tx,
// postgres.Tx). Where fn returns nil all of it is committed, and durable when
// Transact returns; else none of it happened, and Transact returns fn's error.
//
// fn may be run again where the database asks for it, so it does nothing outside
// of the transaction; and it is quick, for others wait. Transact never returns while
// fn runs, also where ctx ends: what fn made its response in is used again. Within a transaction
// Transact runs fn in that one, and where it fails what it did alone is undone.
type Transactor interface {
	Transact(ctx context.Context, fn func(ctx context.Context) error) error
}

// Atomic is a handler's value that is made in a transaction: under
// idempotency.Middleware the effect, the key and the response are committed together, so that
// the effect happens once however often the request comes, and whenever the
// process is killed. Elsewhere it is run in a transaction of its own.
//
//	return server.Atomic(func(ctx context.Context) (any, error) {
//		tx := sqlite.Tx(ctx)
//		…
//		return server.Created("/orders/7", order), nil
//	}), nil
type Atomic func(ctx context.Context) (any, error)
