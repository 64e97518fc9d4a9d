package memory_test

import (
	"testing"

	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/memory"
	"github.com/parlance-api/parlance/store/storetest"
)

func TestMemoryIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Engine{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			s := memory.New(memory.WithClock(clock.Now))
			t.Cleanup(func() { s.Close() })
			return s
		},
	})
}
