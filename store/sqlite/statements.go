package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// link is a connection to the file and the statements of the store itself, each
// prepared when it is first used. It asks the driver, since what database/sql does
// for a small statement takes as long as the statement. The lock of the connection,
// which Raw holds, guards all of it.
type link struct {
	conn     *sql.Conn
	prepared map[string]prepared
	args     []driver.NamedValue // of the statement that is run
}

type prepared interface {
	driver.StmtExecContext
	driver.StmtQueryContext
	Close() error
}

// run gives f a statement and its arguments.
func (l *link) run(query string, args []any, f func(p prepared, args []driver.NamedValue) error) error {
	return l.conn.Raw(func(c any) error {
		p := l.prepared[query]
		if p == nil {
			made, err := c.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
			if err != nil {
				return err
			}
			if l.prepared == nil {
				l.prepared = make(map[string]prepared)
			}
			p = made.(prepared)
			l.prepared[query] = p
		}
		l.args = l.args[:0]
		defer func() { clear(l.args) }()
		for i, a := range args {
			v, err := value(a)
			if err != nil {
				return err
			}
			l.args = append(l.args, driver.NamedValue{Ordinal: i + 1, Value: v})
		}
		return f(p, l.args)
	})
}

// exec runs a statement and says how many rows it changed.
func (l *link) exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = l.run(query, args, func(p prepared, args []driver.NamedValue) error {
		result, err := p.ExecContext(ctx, args)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// rows calls each for every row that a query finds, with what reads it. Nothing else
// is done on the connection meanwhile.
func (l *link) rows(ctx context.Context, query string, args []any, each func(scan func(to ...any) error) error) error {
	return l.run(query, args, func(p prepared, args []driver.NamedValue) error {
		rows, err := p.QueryContext(ctx, args)
		if err != nil {
			return err
		}
		defer rows.Close()
		values := make([]driver.Value, len(rows.Columns()))
		for {
			switch err := rows.Next(values); {
			case err == io.EOF:
				return nil
			case err != nil:
				return err
			}
			if err := each(func(to ...any) error { return scan(values, to) }); err != nil {
				return err
			}
		}
	})
}

// row reads the one row that a query finds into what stands in to; false is that
// there is none.
func (l *link) row(ctx context.Context, query string, args []any, to ...any) (found bool, err error) {
	err = l.rows(ctx, query, args, func(scan func(to ...any) error) error {
		if found {
			return nil
		}
		found = true
		return scan(to...)
	})
	return found && err == nil, err
}

func (l *link) close() error {
	all := l.conn.Raw(func(any) (all error) {
		for _, p := range l.prepared {
			all = errors.Join(all, p.Close())
		}
		l.prepared = nil
		return all
	})
	return errors.Join(all, l.conn.Close())
}

// value is an argument of the store's as the driver takes it.
func value(a any) (driver.Value, error) {
	switch a := a.(type) {
	case string, []byte, int64, bool, float64:
		return a, nil
	case int:
		return int64(a), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(a)
}

// scan reads the columns of a row, which have no NULL but for an empty BLOB.
func scan(values []driver.Value, to []any) error {
	if len(values) != len(to) {
		return fmt.Errorf("sqlite: %d columns are read as %d", len(values), len(to))
	}
	for i, v := range values {
		fits := true
		switch to := to[i].(type) {
		case *string:
			*to, fits = v.(string)
		case *[]byte:
			switch v := v.(type) {
			case []byte:
				*to = v
			case string:
				*to = []byte(v)
			default:
				*to, fits = nil, v == nil
			}
		case *int64:
			*to, fits = v.(int64)
		case *int:
			var n int64
			n, fits = v.(int64)
			*to = int(n)
		case *bool:
			var n int64
			n, fits = v.(int64)
			*to = n != 0
		case *float64:
			*to, fits = v.(float64)
		default:
			fits = false
		}
		if !fits {
			return fmt.Errorf("sqlite: column %d is %T, and no %T", i+1, v, to[i])
		}
	}
	return nil
}

// links are several to the same file, for who reads.
type links struct {
	db   *sql.DB
	all  []*link
	next atomic.Uint32
}

// one is that whose turn it is. Who uses it may have to wait for another.
func (l *links) one() *link { return l.all[l.next.Add(1)%uint32(len(l.all))] }

// another is one more, for who takes long. He closes it.
func (l *links) another(ctx context.Context) (*link, error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &link{conn: conn}, nil
}

func (l *links) close() (all error) {
	for _, one := range l.all {
		all = errors.Join(all, one.close())
	}
	return all
}

// statements are those of callers on the connection that writes, prepared when they
// come first: to prepare one takes longer than to run it.
type statements struct {
	conn *sql.Conn

	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// statementsMost is how many are kept. Who writes values into the text of his
// statements, and not as arguments, gets no more of them prepared than that.
const statementsMost = 200

// exec runs a statement. None that gives rows is kept, for the rows of one that is
// run again would end.
func (s *statements) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s.mu.Lock()
	stmt := s.prepared[query]
	if stmt == nil && len(s.prepared) < statementsMost {
		var err error
		if stmt, err = s.conn.PrepareContext(ctx, query); err != nil {
			s.mu.Unlock()
			return nil, err
		}
		if s.prepared == nil {
			s.prepared = make(map[string]*sql.Stmt)
		}
		s.prepared[query] = stmt
	}
	s.mu.Unlock()
	if stmt == nil {
		return s.conn.ExecContext(ctx, query, args...)
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *statements) close() (all error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.prepared {
		all = errors.Join(all, stmt.Close())
	}
	s.prepared = nil
	return all
}
