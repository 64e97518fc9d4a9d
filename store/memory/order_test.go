package memory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
)

// TestTasksStandWhereTheyBelongWhateverIsUndone holds that the orders are those of the tasks,
// after any changes, of which a part is undone.
func TestTasksStandWhereTheyBelongWhateverIsUndone(t *testing.T) {
	t.Parallel()
	now := time.Now()
	db := New(WithClock(func() time.Time { return now }))
	q := tasks{db}
	random := rand.New(rand.NewPCG(1, 2))
	undo := errors.New("undone")
	for i := range 3000 {
		err := db.Transact(t.Context(), func(ctx context.Context) error {
			for range 1 + random.IntN(3) {
				now = now.Add(time.Duration(random.IntN(20)) * time.Second)
				act(ctx, q, random, i)
			}
			if random.IntN(2) == 0 {
				return undo
			}
			return nil
		})
		if err != nil && !errors.Is(err, undo) {
			t.Fatal(err)
		}
	}
	got := 0
	for p, o := range db.orders {
		got += len(o.all)
		for i, e := range o.all {
			if e.index != i || o.of[e.id] != e || i > 0 && o.Less(i, (i-1)/2) {
				t.Errorf("%v: %s is out of order", p, e.id)
			}
		}
	}
	want := 0
	for id, k := range db.tasks {
		for _, p := range k.places() {
			want++
			if o := db.orders[p.place]; o == nil || o.of[id] == nil || !o.of[id].at.Equal(p.at) {
				t.Errorf("%s does not stand in %v at %v", id, p.place, p.at)
			}
		}
	}
	if got != want || want == 0 {
		t.Errorf("%d places, want %d", got, want)
	}
}

// act does something with a task.
func act(ctx context.Context, q tasks, random *rand.Rand, i int) {
	id := fmt.Sprint(random.IntN(max(i, 1)))
	switch random.IntN(6) {
	case 0:
		_ = q.Cancel(ctx, id)
	case 1:
		_ = q.Again(ctx, id)
	case 2:
		list, _ := q.Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: 10 * time.Second, Most: 3, Wide: 4})
		for _, t := range list {
			if random.IntN(2) == 0 {
				_ = q.Rest(ctx, t.ID, "w", queue.Rest{After: time.Minute}, queue.Step{Shut: 5 * time.Second})
			} else if random.IntN(2) == 0 {
				_ = q.End(ctx, t.ID, "w", queue.Result{State: "done", Blocks: t.Key != "", Forget: time.Hour}, queue.Step{Works: true})
			}
		}
	case 3:
		_ = q.Settle(ctx, id, queue.Result{State: "settled"})
	default:
		_ = q.Put(ctx, queue.Task{ID: fmt.Sprint(i), Kind: "k", Lane: fmt.Sprint(random.IntN(3)), Key: []string{"", "", "a", "b"}[random.IntN(4)], Deadline: q.clock().Add(time.Hour)})
	}
}
