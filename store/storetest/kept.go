package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/memory"
)

// Kept is a Recorder and its records, in memory.
type Kept struct {
	*activity.Recorder
	t    testing.TB
	kept *kept
}

// Keep starts a Recorder that ends with the test.
func Keep(t testing.TB, options ...activity.Option) *Kept {
	k := &kept{Store: memory.New().Activity()}
	k.added.L = &k.mu
	recorder := activity.NewRecorder(k, options...)
	t.Cleanup(func() {
		if err := recorder.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &Kept{recorder, t, k}
}

// Find is the record of a request, by the id in its response. It waits until the record
// is kept, since a response may be read before its handler has ended.
func (k *Kept) Find(id string) *activity.Record {
	k.t.Helper()
	k.kept.mu.Lock()
	defer k.kept.mu.Unlock()
	for {
		r, err := k.kept.Find(context.Background(), id)
		if err == nil {
			return r
		}
		if id == "" || !errors.Is(err, parlance.ErrNotFound) {
			k.t.Fatalf("the record of %q: %v", id, err)
		}
		k.kept.added.Wait()
	}
}

// kept is a store that tells of what is added.
type kept struct {
	activity.Store
	mu    sync.Mutex
	added sync.Cond
}

func (k *kept) Add(ctx context.Context, r *activity.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.added.Broadcast()
	return k.Store.Add(ctx, r)
}
