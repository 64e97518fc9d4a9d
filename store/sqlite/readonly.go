package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/internal/find"
)

// ReadOnly reads the activity records and the queue of a file, for a support desk. It works even
// while another process has the file open, which [Open] refuses. It makes no file and
// writes nothing. The other process holds records back for up to 100 ms; it does not
// see those. It is safe for concurrent use.
type ReadOnly struct{ db *sql.DB }

// OpenReadOnly opens an existing file. If there is none, the error is fs.ErrNotExist.
func OpenReadOnly(path string) (*ReadOnly, error) {
	path, err := filepath.Abs(path)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db, err := sql.Open("sqlite", address(path, 5*time.Second, "query_only(1)")+"&mode=ro")
	if err != nil {
		return nil, fmt.Errorf("sqlite: opening %s: %w", path, explain(err))
	}
	if tables, known := versions(context.Background(), db); tables > known {
		db.Close()
		return nil, fmt.Errorf("sqlite: opening %s: %w", path, &store.VersionError{Tables: tables, Program: known})
	}
	return &ReadOnly{db}, nil
}

// Find finds a record, as the view Activity of a Store does.
func (l *ReadOnly) Find(ctx context.Context, id string) (*activity.Record, error) {
	var text string
	err := l.db.QueryRowContext(ctx, "SELECT record FROM parlance_activity WHERE id = ?", id).Scan(&text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("sqlite: no activity %q: %w", id, parlance.ErrNotFound)
	case err != nil:
		return nil, l.unreadable(ctx, err)
	}
	return parse(id, text)
}

// FindCall finds the latest record that has this request ID of another service, by
// [activity.Record.Names]. It reads the records from the latest one on, so an ID that none
// has takes as long as it takes to read all of them.
func (l *ReadOnly) FindCall(ctx context.Context, requestID string) (*activity.Record, error) {
	inside, err := find.Inside(requestID)
	if err != nil {
		return nil, err
	}
	return find.Call("sqlite", requestID, l.records(ctx,
		"SELECT id, record FROM parlance_activity WHERE instr(record, ?) > 0 ORDER BY start DESC", inside))
}

// Failures are the latest records of requests that failed, the latest one first.
func (l *ReadOnly) Failures(ctx context.Context, most int) ([]*activity.Record, error) {
	return find.All(l.records(ctx, "SELECT id, record FROM parlance_activity WHERE kind IN ("+failing+") ORDER BY start DESC LIMIT ?", most))
}

// failing are the kinds that failed, as SQL writes a list.
var failing = "'" + strings.Join(find.Failing(), "', '") + "'"

// records are those that a query finds.
func (l *ReadOnly) records(ctx context.Context, query string, args ...any) find.Records {
	return func(yield func(*activity.Record, error) bool) {
		rows, err := l.db.QueryContext(ctx, query, args...)
		if err != nil {
			yield(nil, l.unreadable(ctx, err))
			return
		}
		defer rows.Close()
		find.Each(rows, func() (*activity.Record, error) {
			var id, text string
			if err := rows.Scan(&id, &text); err != nil {
				return nil, l.unreadable(ctx, err)
			}
			return parse(id, text)
		}, func(err error) error { return l.unreadable(ctx, err) })(yield)
	}
}

// Queue reads the queue, with the time of this machine.
func (l *ReadOnly) Queue() queue.Reader { return taskReader{l.each, time.Now} }

// each calls each for every row that a query finds.
func (l *ReadOnly) each(ctx context.Context, query string, args []any, each func(scan func(to ...any) error) error) error {
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return l.unreadable(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return l.unreadable(ctx, rows.Err())
}

// unreadable is the error of a query.
func (l *ReadOnly) unreadable(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "no such table"), strings.Contains(err.Error(), "no such column"):
		if tables, known := versions(ctx, l.db); tables > 0 {
			return fmt.Errorf("sqlite: reading: %w", &store.VersionError{Tables: tables, Program: known})
		}
		return errors.New("sqlite: this file has no Parlance tables")
	}
	return fmt.Errorf("sqlite: reading: %w", explain(err))
}

// Close closes the file.
func (l *ReadOnly) Close() error { return l.db.Close() }
