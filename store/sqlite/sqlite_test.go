package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/sqlite"
	"github.com/parlance-api/parlance/store/storetest"
)

func TestSQLiteIsAStore(t *testing.T) {
	t.Parallel()
	var paths sync.Map // of each store
	open := func(t *testing.T, path string, clock *storetest.Clock) store.Store {
		t.Helper()
		s, err := sqlite.Open(path, sqlite.WithClock(clock.Now))
		if err != nil {
			t.Fatal(err)
		}
		paths.Store(s, path)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			return open(t, filepath.Join(t.TempDir(), "a file?of#its own%.db"), clock)
		},
		Reopen: func(t *testing.T, s store.Store, clock *storetest.Clock) store.Store {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			path, _ := paths.Load(s)
			return open(t, path.(string), clock)
		},
	})
}
