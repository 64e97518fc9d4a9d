package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// attempts is how often a transaction is run where the database asks for it.
const attempts = 10

var errNotBegun = errors.New("the transaction was not begun")

type txKey struct{}

// Tx is the transaction that ctx carries, for a program's own SQL; nil if there is
// none. Do not commit it or roll it back: Transact does. It is for one goroutine at a
// time.
func Tx(ctx context.Context) pgx.Tx {
	tx, _ := ctx.Value(txKey{}).(pgx.Tx)
	return tx
}

// tx is the transaction of this store.
func (s *Store) tx(ctx context.Context) pgx.Tx {
	tx, _ := ctx.Value(s).(pgx.Tx)
	return tx
}

// usable is errClosed where the store is closed. What is asked in a transaction may
// be: Close waits for it. What is answered from memory asks this first.
func (s *Store) usable(ctx context.Context) error {
	if s.closed.Load() && s.tx(ctx) == nil {
		return errClosed
	}
	return nil
}

// Transact implements server.Transactor with a transaction at READ COMMITTED. If the
// transaction cannot be serialized or is in a deadlock (40001, 40P01), fn runs again,
// up to ten times. Each transaction has a connection of its own. It begins with its first
// statement, in the same round trip, so only the context of that statement bounds it.
func (s *Store) Transact(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if outer := s.tx(ctx); outer != nil {
		tx, err := outer.Begin(ctx)
		if err != nil {
			return explain(ctx, err, outer.Conn().IsClosed())
		}
		return bare(explain(ctx, s.within(ctx, tx, fn), outer.Conn().IsClosed()))
	}
	return bare(s.again(ctx, func() error {
		return s.on(ctx, s.pool, func(c *pgx.Conn) error {
			tx := &lazyTx{conn: c, timeout: s.timeout}
			err := s.within(ctx, tx, fn)
			if err != nil && tx.lost() {
				err = errors.Join(errNotBegun, err)
			}
			return err
		})
	}))
}

// bare is an error of the function itself, if it is one.
func bare(err error) error {
	if c, ok := err.(callers); ok {
		return c.error
	}
	return err
}

// within runs fn in tx and ends that. A caller who goes away ends neither the
// commit of what was done nor the rollback: the connection is another's then.
func (s *Store) within(ctx context.Context, tx pgx.Tx, fn func(ctx context.Context) error) error {
	ending := func(end func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*s.timeout)
		defer cancel()
		return end(ctx)
	}
	done := false
	defer func() { // after a panic too
		if !done {
			_ = ending(tx.Rollback) // where it fails the connection is gone, and the transaction with it
		}
	}()
	if err := fn(context.WithValue(context.WithValue(ctx, s, tx), txKey{}, tx)); err != nil {
		return callers{err}
	}
	err := ending(tx.Commit)
	done = err == nil
	return err
}

// querier is a connection or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// do runs one method of a view in the transaction of ctx, or in one of its own: fn
// is one statement or one batch, which PostgreSQL runs in one transaction. It is
// bounded, so that a server that fell silent does not hold its caller forever.
func (s *Store) do(ctx context.Context, fn func(ctx context.Context, q querier) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, 3*s.timeout)
	defer cancel()
	if tx := s.tx(ctx); tx != nil {
		return explain(ctx, fn(bounded, tx), tx.Conn().IsClosed())
	}
	return s.again(ctx, func() error {
		return s.on(ctx, s.pool, func(c *pgx.Conn) error { return fn(bounded, c) })
	})
}

// aside is do for what never takes part in a transaction.
func (s *Store) aside(ctx context.Context, fn func(ctx context.Context, q querier) error) error {
	bounded, cancel := context.WithTimeout(ctx, 3*s.timeout)
	defer cancel()
	return s.again(ctx, func() error {
		return s.on(ctx, s.side, func(c *pgx.Conn) error { return fn(bounded, c) })
	})
}

// on runs fn on a connection, which it waits for as long as the store is patient.
func (s *Store) on(ctx context.Context, pool *pgxpool.Pool, fn func(c *pgx.Conn) error) error {
	if s.closed.Load() && pool == s.pool {
		return errClosed
	}
	wait, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	c, err := pool.Acquire(wait)
	if err != nil {
		if s.closed.Load() && ctx.Err() == nil {
			return errClosed
		}
		return noConnection{explain(ctx, err, true)}
	}
	defer c.Release()
	err = fn(c.Conn())
	lost := c.Conn().IsClosed()
	if lost && ctx.Err() == nil {
		// Where one was lost most were, and each would fail somebody else.
		s.pool.Reset()
		s.side.Reset()
	}
	return explain(ctx, err, lost)
}

// again runs fn until the database asks for it no more. Who lost to another waits
// a little, each for a time of his own.
func (s *Store) again(ctx context.Context, fn func() error) error {
	for n := 1; ; n++ {
		err := fn()
		if err == nil || n == attempts || ctx.Err() != nil || s.closed.Load() || !asksAgain(err) {
			return err
		}
		if n > 1 {
			select {
			case <-time.After(rand.N(time.Millisecond << n)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
