package crash

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// engine is a durable store, and an effect that is inside of it.
type engine struct {
	// prepare is what has to be there before the first process; nil for nothing.
	prepare func(t *testing.T, dir string)

	// open opens what is kept in a folder, as each process does when it starts.
	open func(dir string) (store.Store, error)

	// do makes the effect, in the transaction of the context.
	do func(ctx context.Context, e effect) error

	// undo takes an effect back, in the transaction of the context, and reports whether
	// it was there.
	undo func(ctx context.Context, id string) (bool, error)

	// done lists all that was done.
	done func(ctx context.Context, s store.Store) ([]effect, error)

	// apart makes a mistake: the effect is committed apart from its key. It shows
	// that what is counted can be seen.
	apart bool

	// quiet waits until all is done that the processes had sent before they were killed;
	// nil where a dead one's work ends with it.
	quiet func(t *testing.T, dir string)

	// late is set where a server apart from ours holds the data: what a process had
	// sent to it before it was killed may be committed a moment after the next one
	// began. Until then a key is in flight, and one that was uncertain may yet be
	// responded.
	late bool
}

// effect is one thing that was done, and the request that did it.
type effect struct {
	ID string `json:"id"`
	By string `json:"by"` // its activity id
}

var engines = map[string]engine{
	"postgres":          inPostgres,
	"sqlite":            inSQLite,
	"sqlite, a mistake": {open: inSQLite.open, do: inSQLite.do, undo: inSQLite.undo, done: inSQLite.done, apart: true},
}

var inSQLite = engine{
	open: func(dir string) (store.Store, error) {
		s, err := sqlite.Open(filepath.Join(dir, "store.db"))
		if err != nil {
			return nil, err
		}
		return s, s.Transact(context.Background(), func(ctx context.Context) error {
			_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE IF NOT EXISTS effect (id TEXT, by TEXT)") // nothing keeps it from being there twice
			return err
		})
	},
	do: func(ctx context.Context, e effect) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO effect VALUES (?, ?)", e.ID, e.By)
		return err
	},
	undo: func(ctx context.Context, id string) (bool, error) {
		result, err := sqlite.Tx(ctx).ExecContext(ctx, "DELETE FROM effect WHERE id = ?", id)
		if err != nil {
			return false, err
		}
		n, err := result.RowsAffected()
		return n > 0, err
	},
	done: func(ctx context.Context, s store.Store) (all []effect, err error) {
		rows, err := s.(*sqlite.Store).Reader().QueryContext(ctx, "SELECT id, by FROM effect")
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var e effect
			if err := rows.Scan(&e.ID, &e.By); err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		return all, rows.Err()
	},
}

// urlFile holds where PostgreSQL is, which outlives the processes that are killed.
const urlFile = "postgres.url"

var inPostgres = engine{
	late: true,
	prepare: func(t *testing.T, dir string) {
		if err := os.WriteFile(filepath.Join(dir, urlFile), []byte(pgtest.Start(t).URL), 0o600); err != nil {
			t.Fatal(err)
		}
	},
	quiet: func(t *testing.T, dir string) {
		url, err := os.ReadFile(filepath.Join(dir, urlFile))
		if err != nil {
			t.Fatal(err)
		}
		c, err := pgx.Connect(t.Context(), string(url))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		for left := 1; left > 0; {
			if err := c.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parlance'").Scan(&left); err != nil {
				t.Fatal(err)
			}
		}
	},
	open: func(dir string) (store.Store, error) {
		url, err := os.ReadFile(filepath.Join(dir, urlFile))
		if err != nil {
			return nil, err
		}
		s, err := postgres.Open(context.Background(), string(url), postgres.WithTimeout(time.Minute)) // the machine may be busy
		if err != nil {
			return nil, err
		}
		return s, s.Transact(context.Background(), func(ctx context.Context) error {
			_, err := postgres.Tx(ctx).Exec(ctx, "CREATE TABLE IF NOT EXISTS effect (id TEXT, by TEXT)")
			return err
		})
	},
	do: func(ctx context.Context, e effect) error {
		_, err := postgres.Tx(ctx).Exec(ctx, "INSERT INTO effect VALUES ($1, $2)", e.ID, e.By)
		return err
	},
	undo: func(ctx context.Context, id string) (bool, error) {
		tag, err := postgres.Tx(ctx).Exec(ctx, "DELETE FROM effect WHERE id = $1", id)
		return tag.RowsAffected() > 0, err
	},
	done: func(ctx context.Context, s store.Store) (all []effect, err error) {
		err = s.Transact(ctx, func(ctx context.Context) error {
			rows, err := postgres.Tx(ctx).Query(ctx, "SELECT id, by FROM effect")
			if err != nil {
				return err
			}
			all, err = pgx.CollectRows(rows, pgx.RowToStructByPos[effect])
			return err
		})
		return all, err
	},
}
