package sqlite

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
)

// While nothing is due, the file is not asked again. It is when something has changed, or when
// the time has come.
func TestAQuietQueueIsAskedWhenItsTimeComes(t *testing.T) {
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
	take := func(want ...string) {
		t.Helper()
		taken, err := q.Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Minute, Most: 10})
		must(err)
		ids := []string{}
		for _, task := range taken {
			ids = append(ids, task.ID)
		}
		if list(ids) != list(want) {
			t.Errorf("got %v, want %v", ids, want)
		}
	}
	known := func() (until time.Duration) {
		q, _ := s.writer.quiet.Load(list([]string{"k"}))
		return time.Unix(0, q.(quiet).until).Sub(time.Unix(0, now.UnixNano()))
	}
	put := func(id string, after, deadline time.Duration) {
		t.Helper()
		must(q.Put(ctx, queue.Task{ID: id, Kind: "k", Lane: "l", Created: now, Due: now.Add(after), Deadline: now.Add(deadline)}))
	}
	put("a", time.Hour, 2*time.Hour)
	put("b", 3*time.Hour, time.Hour/2)
	take()
	if got := known(); got != time.Hour/2 {
		t.Errorf("nothing is to be done for %v, want the deadline", got)
	}
	now = now.Add(time.Hour / 2)
	take("b")
	must(q.End(ctx, "b", "w", queue.Result{}, queue.Step{}))
	take()
	put("c", 0, 9*time.Hour) // a change
	take("c")
	take()
	if got := known(); got != time.Minute {
		t.Errorf("nothing is to be done for %v, want the lease", got)
	}
	must(q.Rest(ctx, "c", "w", queue.Rest{After: time.Second}, queue.Step{Shut: 2 * time.Hour}))
	take()
	now = now.Add(time.Second)
	take() // c is due, and its lane is shut
	if got := known(); got != 30*time.Minute-time.Second {
		t.Errorf("nothing is to be done for %v, want until a is due, since its lane could open", got)
	}
	now = now.Add(30 * time.Minute)
	take()
	if got := known(); got != time.Hour-time.Second {
		t.Errorf("nothing is to be done for %v, want the deadline, since the lane is shut", got)
	}
	now = now.Add(time.Hour)
	take("a")
}
