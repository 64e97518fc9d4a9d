package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/internal/find"
)

// ReadOnly reads the activity records and the queue of a database, for a support desk. It needs only
// the right to read, makes no table and writes nothing. Processes hold records back for
// up to 100 ms; it does not see those. It is safe for concurrent use.
type ReadOnly struct {
	store *Store
	pool  *pgxpool.Pool
}

// OpenReadOnly makes a ReadOnly for a URL, with the options of [Open]. It connects at
// the first query.
func OpenReadOnly(url string, options ...Option) (*ReadOnly, error) {
	s := &Store{schema: "parlance", timeout: 3 * time.Second}
	for _, o := range options {
		o.apply(s)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: the URL cannot be read: %w", err)
	}
	s.configure(config.ConnConfig)
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	config.AfterConnect = s.notNewer
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &ReadOnly{s, pool}, nil
}

// Find finds a record, as the view Activity of a Store does.
func (l *ReadOnly) Find(ctx context.Context, id string) (*activity.Record, error) {
	var json []byte
	err := l.pool.QueryRow(ctx, l.store.sql("SELECT record FROM parlance.activity WHERE id = $1"), text(id)).Scan(&json)
	switch {
	case err == nil:
		return parse(json)
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("postgres: no activity %q: %w", id, parlance.ErrNotFound)
	}
	return nil, l.unreadable(ctx, err)
}

// FindCall finds the latest record that has this request ID of another service, by
// [activity.Record.Names]. It reads the records from the latest one on, so an ID that none
// has takes as long as it takes to read all of them.
func (l *ReadOnly) FindCall(ctx context.Context, requestID string) (*activity.Record, error) {
	inside, err := find.Inside(requestID)
	if err != nil {
		return nil, err
	}
	return find.Call("postgres", requestID, l.records(ctx,
		"SELECT record FROM parlance.activity WHERE strpos(record::text, $1) > 0 ORDER BY started DESC NULLS LAST", inside))
}

// Failures are the latest records of requests that failed, the latest one first.
func (l *ReadOnly) Failures(ctx context.Context, most int) ([]*activity.Record, error) {
	return find.All(l.records(ctx, "SELECT record FROM parlance.activity WHERE kind = ANY($1) ORDER BY started DESC NULLS LAST LIMIT $2", find.Failing(), most))
}

// records are those that a query finds.
func (l *ReadOnly) records(ctx context.Context, query string, args ...any) find.Records {
	failed := func(err error) error { return l.unreadable(ctx, err) }
	return func(yield func(*activity.Record, error) bool) {
		rows, err := l.pool.Query(ctx, l.store.sql(query), args...)
		if err != nil {
			yield(nil, failed(err))
			return
		}
		defer rows.Close()
		find.Each(rows, func() (*activity.Record, error) {
			var json []byte
			if err := rows.Scan(&json); err != nil {
				return nil, failed(err)
			}
			return parse(json)
		}, failed)(yield)
	}
}

// Queue reads the queue.
func (l *ReadOnly) Queue() queue.Reader {
	return taskReader{func(ctx context.Context, fn func(ctx context.Context, q querier) error) error {
		return l.unreadable(ctx, fn(ctx, l.pool))
	}, l.store.sql}
}

// unreadable is the error of a query.
func (l *ReadOnly) unreadable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code {
		case "42P01", "3F000", "42703": // no such table, schema, or column
			files, _ := migrations.ReadDir("schema")
			var tables int
			if l.pool.QueryRow(ctx, l.store.sql("SELECT max(version) FROM parlance.version")).Scan(&tables) == nil {
				return fmt.Errorf("postgres: reading the schema %q: %w", l.store.schema, &store.VersionError{Tables: tables, Program: len(files)})
			}
			return fmt.Errorf("postgres: the schema %q of this database has no Parlance tables", l.store.schema)
		}
	}
	return fmt.Errorf("postgres: reading: %w", explain(ctx, err, false))
}

// Close closes the connections.
func (l *ReadOnly) Close() error {
	l.pool.Close()
	return nil
}
