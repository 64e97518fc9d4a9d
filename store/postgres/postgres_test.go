package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/storetest"
)

var schemas atomic.Int64

// patient is for a machine that is busy: what waits for nothing must not fail for it.
var patient = postgres.WithTimeout(time.Minute)

// open opens the store in a schema.
func open(t testing.TB, pg *pgtest.Server, schema string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), pg.URL+"&pool_max_conns=8", postgres.WithSchema(schema), patient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fresh opens an empty store in a schema of its own.
func fresh(t testing.TB, pg *pgtest.Server) (*postgres.Store, string) {
	t.Helper()
	schema := fmt.Sprintf("Store %d", schemas.Add(1)) // a name that must be quoted
	return open(t, pg, schema), schema
}

func TestPostgresIsAStore(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	type named struct {
		*postgres.Store
		schema string
	}
	storetest.Run(t, storetest.Engine{
		OwnTime: true,
		Open: func(t *testing.T, _ *storetest.Clock) store.Store {
			s, schema := fresh(t, pg)
			return named{s, schema}
		},
		Reopen: func(t *testing.T, s store.Store, _ *storetest.Clock) store.Store {
			schema := s.(named).schema
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return named{open(t, pg, schema), schema}
		},
	})
}
