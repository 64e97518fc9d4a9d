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
	var json string
	err := l.db.QueryRowContext(ctx, "SELECT record FROM parlance_activity WHERE id = ?", id).Scan(&json)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("sqlite: no activity %q: %w", id, parlance.ErrNotFound)
	case err != nil && strings.Contains(err.Error(), "no such table"):
		return nil, errors.New("sqlite: this file has no Parlance tables")
	case err != nil:
		return nil, fmt.Errorf("sqlite: activity %q: %w", id, explain(err))
	}
	return parse(id, json)
}

// Close closes the file.
func (l *ReadOnly) Close() error { return l.db.Close() }
