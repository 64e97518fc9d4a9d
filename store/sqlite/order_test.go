package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlance-api/parlance/internal/raced"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/sqlite"
)

func TestTenThousandKeysAreTakenInOrder(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	q := db.Queue()
	keys := 10_000
	if raced.Enabled {
		keys = 500
	}
	const each = 2
	if err := db.Transact(t.Context(), func(ctx context.Context) error {
		for n := range each {
			for key := range keys {
				if err := q.Put(ctx, queue.Task{ID: fmt.Sprintf("%d of %d", n, key), Kind: "k", Key: fmt.Sprint(key), Created: time.Now()}); err != nil {
					return err
				}
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	ended := map[string]int{}
	for total := 0; total < keys*each; {
		if err := db.Transact(t.Context(), func(ctx context.Context) error {
			tasks, err := q.Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Minute, Most: 1000})
			if err == nil && len(tasks) == 0 {
				return fmt.Errorf("nothing can be taken after %d", total)
			}
			for _, task := range tasks {
				if want := fmt.Sprintf("%d of %s", ended[task.Key], task.Key); task.ID != want {
					t.Errorf("%s was taken, want %s", task.ID, want)
				}
				ended[task.Key]++
				if err == nil {
					err = q.End(ctx, task.ID, "w", queue.Result{State: "done"}, queue.Step{})
				}
			}
			total += len(tasks)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
