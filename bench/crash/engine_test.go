package crash

import (
	"context"
	"path/filepath"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/sqlite"
)

// engine is a durable store, and an effect that is inside of it.
type engine struct {
	// open opens what is kept in a folder, as each process does when it starts.
	open func(dir string) (store.Store, error)

	// do makes the effect, in the transaction of the context.
	do func(ctx context.Context, e effect) error

	// done lists all that was done.
	done func(ctx context.Context, s store.Store) ([]effect, error)

	// apart makes a mistake: the effect is committed apart from its key. It shows
	// that what is counted can be seen.
	apart bool
}

// effect is one thing that was done, and the request that did it.
type effect struct {
	ID string `json:"id"`
	By string `json:"by"` // its activity id
}

var engines = map[string]engine{
	"sqlite":            inSQLite,
	"sqlite, a mistake": {open: inSQLite.open, do: inSQLite.do, done: inSQLite.done, apart: true},
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
