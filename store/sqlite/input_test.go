package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
)

// TestALongInputStandsBesideItsTask so that a turn does not write it anew, and goes with it.
func TestALongInputStandsBesideItsTask(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, err := Open(filepath.Join(t.TempDir(), "store.db"), WithClock(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, q := context.Background(), s.Queue()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	has := func(want int) {
		t.Helper()
		var beside, inside int
		_, err := s.row(ctx, "SELECT (SELECT count(*) FROM parlance_input), (SELECT count(*) FROM parlance_task WHERE length(input) > ?)", []any{longInput}, &beside, &inside)
		if must(err); beside != want || inside != 0 {
			t.Errorf("%d beside their tasks and %d in them, want %d and none", beside, inside, want)
		}
	}
	for _, id := range []string{"a", "b"} {
		must(q.Put(ctx, queue.Task{ID: id, Kind: "k", Input: make([]byte, longInput+1)}))
	}
	has(2)
	for _, id := range []string{"a", "b"} {
		if _, err := q.Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Minute}); err != nil {
			t.Fatal(err)
		}
		must(q.End(ctx, id, "w", queue.Result{Forget: time.Hour}, queue.Step{}))
	}
	must(q.Erase(ctx, "a"))
	has(1)
	now = now.Add(2 * time.Hour)
	must(q.Put(ctx, queue.Task{ID: "sweeps", Kind: "k"}))
	has(0)
}
