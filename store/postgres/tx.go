package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// lazyTx is a transaction that begins with its first statement, in the same round trip.
type lazyTx struct {
	conn    *pgx.Conn
	timeout time.Duration
	tx      pgx.Tx // nil before it has begun; one that is closed if it could not
	err     error  // why it could not begin
}

var _ pgx.Tx = (*lazyTx)(nil)

var readCommitted = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// begun begins the transaction by itself, unless it has begun.
func (t *lazyTx) begun(ctx context.Context) pgx.Tx {
	if t.tx == nil {
		wait, cancel := context.WithTimeout(ctx, t.timeout)
		defer cancel()
		if t.tx, t.err = t.conn.BeginTx(wait, readCommitted); t.err != nil {
			t.tx = ended()
		}
	}
	return t.tx
}

// ended is a transaction that has ended.
func ended() pgx.Tx {
	b := &pgx.Batch{}
	b.BeginTx(readCommitted)
	return pgx.FailedBatchResults(b, pgx.ErrTxClosed).Tx()
}

// lost reports that the connection broke before the transaction had begun, so that it can be
// tried on another one.
func (t *lazyTx) lost() bool { return t.err != nil && t.conn.IsClosed() && !pgconn.Timeout(t.err) }

// first reports that a statement can begin the transaction. One without arguments may be
// several, and pgx takes no other options in a batch.
func (t *lazyTx) first(args []any) bool {
	if t.tx != nil || len(args) == 0 {
		return false
	}
	switch args[0].(type) {
	case pgx.QueryExecMode, pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
		return false
	}
	return true
}

// begin sends the statement that begins the transaction together with another one.
func (t *lazyTx) begin(ctx context.Context, sql string, args []any) pgx.BatchResults {
	b := &pgx.Batch{}
	b.BeginTx(readCommitted)
	b.Queue(sql, args...)
	results := t.conn.SendBatch(ctx, b)
	t.tx = results.Tx()
	_, t.err = results.Exec()
	return results
}

func (t *lazyTx) Exec(ctx context.Context, sql string, args ...any) (tag pgconn.CommandTag, err error) {
	if !t.first(args) {
		return t.begun(ctx).Exec(ctx, sql, args...)
	}
	results := t.begin(ctx, sql, args)
	tag, err = results.Exec()
	if closing := results.Close(); err == nil {
		err = closing
	}
	return tag, err
}

func (t *lazyTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if !t.first(args) {
		return t.begun(ctx).QueryRow(ctx, sql, args...)
	}
	return firstRow{t.begin(ctx, sql, args)}
}

// firstRow is the row of the statement that was sent with the one that began.
type firstRow struct{ results pgx.BatchResults }

func (r firstRow) Scan(dest ...any) error {
	err := r.results.QueryRow().Scan(dest...)
	if closing := r.results.Close(); err == nil {
		err = closing
	}
	return err
}

// The others begin it first.

func (t *lazyTx) Begin(ctx context.Context) (pgx.Tx, error) { return t.begun(ctx).Begin(ctx) }

func (t *lazyTx) Commit(ctx context.Context) error {
	err := t.begun(ctx).Commit(ctx)
	if t.err != nil && errors.Is(err, pgx.ErrTxClosed) { // its first statement failed before it was sent
		err = pgx.ErrTxCommitRollback
	}
	return err
}

func (t *lazyTx) Rollback(ctx context.Context) error {
	if t.tx == nil { // nothing was done
		t.tx = ended()
		return nil
	}
	return t.tx.Rollback(ctx)
}

func (t *lazyTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.begun(ctx).CopyFrom(ctx, table, columns, rows)
}

func (t *lazyTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.begun(ctx).SendBatch(ctx, b)
}

func (t *lazyTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.begun(ctx).Prepare(ctx, name, sql)
}

func (t *lazyTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.begun(ctx).Query(ctx, sql, args...)
}

func (t *lazyTx) LargeObjects() pgx.LargeObjects {
	return t.begun(context.Background()).LargeObjects()
}

// Conn begins it too, so that nothing is done outside of it.
func (t *lazyTx) Conn() *pgx.Conn {
	t.begun(context.Background())
	return t.conn
}
