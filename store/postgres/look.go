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
)

// ReadOnly reads the activity records of a database, for a support desk. It needs only
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
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return parse(json)
	case errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("postgres: no activity %q: %w", id, parlance.ErrNotFound)
	case errors.As(err, &refused) && (refused.Code == "42P01" || refused.Code == "3F000"): // no such table, no such schema
		return nil, fmt.Errorf("postgres: the schema %q of this database has no Parlance tables", l.store.schema)
	}
	return nil, fmt.Errorf("postgres: activity %q: %w", id, explain(ctx, err, false))
}

// Close closes the connections.
func (l *ReadOnly) Close() error {
	l.pool.Close()
	return nil
}
