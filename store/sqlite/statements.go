package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// statements are those of the store itself, each prepared when it is first used.
type statements struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func (s *statements) get(query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.prepared[query]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.prepare(context.Background(), query)
	if err != nil {
		return nil, err
	}
	if s.prepared == nil {
		s.prepared = map[string]*sql.Stmt{}
	}
	s.prepared[query] = stmt
	return stmt, nil
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all error
	for _, stmt := range s.prepared {
		all = errors.Join(all, stmt.Close())
	}
	s.prepared = nil
	return all
}

// exec runs a statement and says how many rows it changed.
func (s *statements) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.get(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// rows calls each for every row that a query finds, with what reads it.
func (s *statements) rows(ctx context.Context, query string, args []any, each func(scan func(to ...any) error) error) error {
	stmt, err := s.get(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row reads the one row that a query finds into what stands in to; false is that
// there is none.
func (s *statements) row(ctx context.Context, query string, args []any, to ...any) (bool, error) {
	stmt, err := s.get(query)
	if err != nil {
		return false, err
	}
	err = stmt.QueryRowContext(ctx, args...).Scan(to...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
