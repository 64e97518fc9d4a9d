package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/parlance-api/parlance"
)

// Transact implements server.Transactor. While fn runs, all other writers wait. A
// method that is called with a context other than fn's would wait for fn forever.
//
// Several transactions share one commit. If one of them breaks it, the others run
// again. The end of ctx ends the wait for the turn. While fn runs, it refuses the next
// statement but does not interrupt the current one, since that would roll back the
// shared commit.
func (s *Store) Transact(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t := s.within(ctx); t != nil {
		if err := t.usable(ctx); err != nil {
			return err
		}
		return t.save(ctx, fn)
	}
	return s.call(ctx, fn, false)
}

// call waits for the turn of fn, and for its commit. If fn is plain, it has no savepoint, for
// which SQLite copies each page that is changed: all that it does before it fails may stay.
func (s *Store) call(ctx context.Context, fn func(ctx context.Context) error, plain bool) error {
	c := calls.Get().(*call)
	*c = call{ctx: ctx, fn: fn, plain: plain, turn: c.turn, ran: c.ran, done: c.done}
	select {
	case s.writer.queue <- c:
	case <-s.writer.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	gone := ctx.Done()
	for {
		select {
		case t := <-c.turn:
			gone = nil // from now on it is told what came of it
			t.take(c)
		case err := <-c.done:
			c.ctx, c.fn = nil, nil
			calls.Put(c) // the writer has done with it; one that was given up it may still have
			return explain(err)
		case <-gone:
			return ctx.Err()
		}
	}
}

// transaction is a call's turn.
type transaction struct {
	writer *writer

	mu   sync.Mutex
	over bool
	rows []func() // close what a caller's SQL left open
}

// take runs the call, and hands the turn back also where it panics: then its caller
// is gone, and has no other turn.
func (t *transaction) take(c *call) {
	c.left = true
	defer func() {
		t.mu.Lock()
		t.over = true
		t.mu.Unlock()
		c.ran <- struct{}{}
	}()
	if c.plain {
		c.err = c.fn(inTransaction{c.ctx, t})
	} else {
		c.err = t.save(c.ctx, c.fn)
	}
	c.left = false
}

// save runs fn in a savepoint, and undoes it where it fails or panics.
func (t *transaction) save(ctx context.Context, fn func(ctx context.Context) error) error {
	w := t.writer
	if _, err := w.write.exec(context.Background(), "SAVEPOINT parlance"); err != nil {
		return err
	}
	keep, undo, rows := len(w.keep), len(w.undo), len(t.rows)
	done := false
	defer func() {
		for _, end := range t.rows[rows:] {
			end()
		}
		t.rows = t.rows[:rows]
		queries := []string{"RELEASE parlance"}
		if !done {
			w.forget(keep, undo)
			queries = []string{"ROLLBACK TO parlance", "RELEASE parlance"}
		}
		for _, query := range queries {
			if w.lost.Load() {
				return
			}
			if _, err := w.write.exec(context.Background(), query); err != nil {
				w.lost.Store(true)
			}
		}
	}()
	err := fn(inTransaction{ctx, t})
	done = err == nil
	if err != nil && w.lost.Load() {
		if err = explain(err); !errors.Is(err, parlance.ErrUnavailable) {
			err = fmt.Errorf("sqlite: the transaction broke: %w: %w", parlance.ErrUnavailable, err)
		}
	}
	return err
}

// onKeep and onUndo say what the memory of the process does when the transaction
// is committed, or undone.
func (t *transaction) onKeep(fn func()) { t.then(&t.writer.keep, fn) }
func (t *transaction) onUndo(fn func()) { t.then(&t.writer.undo, fn) }

func (t *transaction) then(list *[]func(), fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*list = append(*list, fn)
}

// usable says why nothing can be done in the transaction any more, or nil.
func (t *transaction) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over:
		return errors.New("sqlite: the transaction has ended: use its context only within Transact")
	case t.writer.lost.Load():
		return fmt.Errorf("sqlite: the transaction was ended inside fn: %w", parlance.ErrUnavailable)
	}
	return nil
}

// usable says why nothing can be asked of the store with this context, or nil. What
// is answered from memory asks it first: a closed store knows nothing.
func (s *Store) usable(ctx context.Context) error {
	if t := s.within(ctx); t != nil {
		return t.usable(ctx)
	}
	select {
	case <-s.writer.closing:
		return errClosed
	default:
		return nil
	}
}

// inTransaction is a context that carries a transaction.
type inTransaction struct {
	context.Context
	t *transaction
}

type transactionKey struct{}

func (c inTransaction) Value(key any) any {
	if key == (transactionKey{}) || key == any(c.t.writer.store) {
		return c.t
	}
	return c.Context.Value(key)
}

// within is the transaction of this store that the context carries, or nil.
func (s *Store) within(ctx context.Context) *transaction {
	t, _ := ctx.Value(s).(*transaction)
	return t
}

// do runs one method that writes, in the transaction of ctx or in one of its own. fn
// changes what counts with its last statement only: in the transaction
// of ctx it has no savepoint, which would cost as much as what it does.
func (s *Store) do(ctx context.Context, fn func(t *transaction) error) error {
	if t := s.within(ctx); t != nil {
		if err := t.usable(ctx); err != nil {
			return err
		}
		return fn(t)
	}
	return s.Transact(ctx, func(ctx context.Context) error { return fn(s.within(ctx)) })
}

// doPlain is do for what may stay if fn fails, such as that of a single statement.
func (s *Store) doPlain(ctx context.Context, fn func(t *transaction) error) error {
	if s.within(ctx) != nil || ctx.Err() != nil {
		return s.do(ctx, fn)
	}
	return s.call(ctx, func(ctx context.Context) error { return fn(s.within(ctx)) }, true)
}

// exec, each and row are those of a link, in the transaction.
func (t *transaction) exec(query string, args ...any) (int64, error) {
	return t.writer.write.exec(context.Background(), query, args...)
}

func (t *transaction) each(query string, args []any, each func(scan func(to ...any) error) error) error {
	return t.writer.write.rows(context.Background(), query, args, each)
}

func (t *transaction) row(query string, args []any, to ...any) (bool, error) {
	return t.writer.write.row(context.Background(), query, args, to...)
}

// row is that of a link, in the transaction of ctx or beside all of them.
func (s *Store) row(ctx context.Context, query string, args []any, to ...any) (bool, error) {
	found := false
	err := s.each(ctx, query, args, func(scan func(to ...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(to...)
	})
	return found && err == nil, err
}

// each is that of a link, in the transaction of ctx or beside all of them.
func (s *Store) each(ctx context.Context, query string, args []any, each func(scan func(to ...any) error) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if t := s.within(ctx); t != nil {
		return t.each(query, args, each)
	}
	err := s.read.one().rows(ctx, query, args, each)
	if errors.Is(err, sql.ErrConnDone) {
		return errClosed // meanwhile
	}
	return explain(err)
}

// Queries is a transaction for a caller's own SQL.
type Queries interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is the transaction that the context of Transact carries, for a caller's own SQL.
// Use it within fn only. It cannot begin or end a transaction, and closes results that
// were left open. If ctx carries no transaction, it panics.
func Tx(ctx context.Context) Queries {
	t, ok := ctx.Value(transactionKey{}).(*transaction)
	if !ok {
		panic("sqlite: Tx outside of Transact: pass the context that fn got")
	}
	return queries{t}
}

type queries struct{ *transaction }

func (q queries) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := q.usable(ctx); err != nil {
		return nil, err
	}
	return q.writer.theirs.exec(context.WithoutCancel(ctx), query, args...)
}

func (q queries) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := q.usable(ctx); err != nil {
		return nil, err
	}
	rows, err := q.writer.conn.QueryContext(context.WithoutCancel(ctx), query, args...)
	if err == nil {
		q.then(&q.rows, func() { rows.Close() })
	}
	return rows, err
}

func (q queries) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if q.usable(ctx) != nil {
		gone, cancel := context.WithCancel(ctx)
		cancel() // a row has no other way to say it
		return q.writer.conn.QueryRowContext(gone, query, args...)
	}
	row := q.writer.conn.QueryRowContext(context.WithoutCancel(ctx), query, args...)
	q.then(&q.rows, func() { row.Scan() }) // which closes it
	return row
}
