package golden

import (
	"context"
	"testing"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/memory"
)

// Kept is a Recorder, and what it has kept.
type Kept struct {
	*activity.Recorder
	t     testing.TB
	store activity.Store
}

// Keep begins to keep records, in memory.
func Keep(t testing.TB) Kept {
	store := memory.New().Activity()
	k := Kept{activity.NewRecorder(store), t, store}
	t.Cleanup(func() { _ = k.Close(context.Background()) }) // which Find may have done
	return k
}

// Find is the record of a request that was answered, by the id in its answer. None
// is kept after it.
func (k Kept) Find(id string) *activity.Record {
	k.t.Helper()
	if err := k.Close(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	r, err := k.store.Find(k.t.Context(), id)
	if err != nil {
		k.t.Fatal(err)
	}
	return r
}
