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
	"github.com/parlance-api/parlance/internal/jsontext"
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
func (l *ReadOnly) FindCall(ctx context.Context, requestID string) (found *activity.Record, err error) {
	inside, err := jsontext.Marshal(requestID) // as it stands within a text of JSON
	if err != nil {
		return nil, err
	}
	err = l.each(ctx, func(r *activity.Record) bool {
		if r.Names(requestID) {
			found = r
		}
		return found == nil
	}, "SELECT record FROM parlance.activity WHERE strpos(record::text, $1) > 0 ORDER BY started DESC NULLS LAST", string(inside[1:len(inside)-1]))
	if err == nil && found == nil {
		err = fmt.Errorf("postgres: no activity with a call %q: %w", requestID, parlance.ErrNotFound)
	}
	return found, err
}

// Failures are the latest records of requests that failed, the latest one first.
func (l *ReadOnly) Failures(ctx context.Context, most int) (all []*activity.Record, err error) {
	var failing []string
	for _, k := range parlance.Kinds() {
		if k.Failing() {
			failing = append(failing, k.String())
		}
	}
	err = l.each(ctx, func(r *activity.Record) bool {
		all = append(all, r)
		return true
	}, "SELECT record FROM parlance.activity WHERE kind = ANY($1) ORDER BY started DESC NULLS LAST LIMIT $2", failing, most)
	return all, err
}

// each calls yield with each record that a query finds, as long as it wants more.
func (l *ReadOnly) each(ctx context.Context, yield func(*activity.Record) bool, query string, args ...any) error {
	rows, err := l.pool.Query(ctx, l.store.sql(query), args...)
	if err != nil {
		return l.unreadable(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		var json []byte
		if err := rows.Scan(&json); err != nil {
			return l.unreadable(ctx, err)
		}
		r, err := parse(json)
		if err != nil {
			return err
		}
		if !yield(r) {
			return nil
		}
	}
	return l.unreadable(ctx, rows.Err())
}

// unreadable is the error of a query.
func (l *ReadOnly) unreadable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) && (refused.Code == "42P01" || refused.Code == "3F000") { // no such table, no such schema
		return fmt.Errorf("postgres: the schema %q of this database has no Parlance tables", l.store.schema)
	}
	return fmt.Errorf("postgres: activity: %w", explain(ctx, err, false))
}

// Close closes the connections.
func (l *ReadOnly) Close() error {
	l.pool.Close()
	return nil
}
