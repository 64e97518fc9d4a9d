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
	"github.com/parlance-api/parlance/internal/jsontext"
)

// ReadOnly reads the activity records of a file, for a support desk. It works even
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
		return nil, unreadable(err)
	}
	return parse(id, text)
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
	}, "SELECT id, record FROM parlance_activity WHERE instr(record, ?) > 0 ORDER BY start DESC", string(inside[1:len(inside)-1]))
	if err == nil && found == nil {
		err = fmt.Errorf("sqlite: no activity with a call %q: %w", requestID, parlance.ErrNotFound)
	}
	return found, err
}

// Failures are the latest records of requests that failed, the latest one first.
func (l *ReadOnly) Failures(ctx context.Context, most int) (all []*activity.Record, err error) {
	err = l.each(ctx, func(r *activity.Record) bool {
		all = append(all, r)
		return true
	}, "SELECT id, record FROM parlance_activity WHERE kind IN ("+failing+") ORDER BY start DESC LIMIT ?", most)
	return all, err
}

// failing are the kinds that failed, as SQL writes a list.
var failing = func() string {
	var all []string
	for _, k := range parlance.Kinds() {
		if k.Failing() {
			all = append(all, "'"+k.String()+"'")
		}
	}
	return strings.Join(all, ", ")
}()

// each calls yield with each record that a query finds, as long as it wants more.
func (l *ReadOnly) each(ctx context.Context, yield func(*activity.Record) bool, query string, args ...any) error {
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return unreadable(err)
		}
		r, err := parse(id, text)
		if err != nil {
			return err
		}
		if !yield(r) {
			return nil
		}
	}
	return unreadable(rows.Err())
}

// unreadable is the error of a query.
func unreadable(err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "no such table"):
		return errors.New("sqlite: this file has no Parlance tables")
	}
	return fmt.Errorf("sqlite: activity: %w", explain(err))
}

// Close closes the file.
func (l *ReadOnly) Close() error { return l.db.Close() }
