package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/internal/raced"
	"github.com/parlance-api/parlance/queue"
)

// keyedTasks adds tasks whose keys are the first letters of their IDs.
func keyedTasks(s *scene, ids []string) {
	for _, id := range ids {
		s.adds(queue.Task{ID: id, Key: id[:1], Lane: "lane of " + id})
	}
}

// turns are tasks with a key, which come one after the other.
func turns(t *testing.T, e Engine) {
	keyed := func(s *scene, ids ...string) { keyedTasks(s, ids) }
	all := queue.Order{Worker: "w", Most: 10}
	each(t, e, "The tasks of a key are taken in the order they were put, one after the other", func(s *scene) {
		keyed(s, "a1", "b1", "a2", "a3")
		s.takesAll(all, "a1", "b1")
		s.rests("a1", time.Hour, queue.Step{})
		s.takesAll(all)
		s.must(s.Queue().Again(s.ctx, "a1"))
		s.takesAll(all, "a1")
		s.ends("a1", queue.Result{}, queue.Step{})
		s.takesAll(all, "a2")
		s.ends("a2", queue.Result{}, queue.Step{})
		s.ends("b1", queue.Result{}, queue.Step{})
		keyed(s, "b2")
		s.takesAll(all, "a3", "b2")
	})
	each(t, e, "A result that blocks keeps the others of its key waiting until it is settled", func(s *scene) {
		keyed(s, "a1", "a2", "b1", "b2")
		s.takesAll(all, "a1", "b1")
		s.ends("a1", queue.Result{Blocks: true}, queue.Step{})
		s.ends("b1", queue.Result{Blocks: true}, queue.Step{})
		keyed(s, "a3")
		s.takesAll(all)
		s.must(s.Queue().Settle(s.ctx, "a1", queue.Result{State: "done", At: s.in(0)}))
		s.takesAll(all, "a2")
		s.must(s.Queue().Again(s.ctx, "b1"))
		s.takesAll(all, "b1")
	})
}

// otherTurns are turns of tasks that are canceled, done again, or never put.
func otherTurns(t *testing.T, e Engine) {
	keyed := func(s *scene, ids ...string) { keyedTasks(s, ids) }
	all := queue.Order{Worker: "w", Most: 10}
	each(t, e, "A task that is canceled lets the next one have its turn", func(s *scene) {
		keyed(s, "a1", "a2", "a3", "a4")
		s.must(s.Queue().Cancel(s.ctx, "a3"))
		s.takesAll(all, "a1")
		s.must(s.Queue().Cancel(s.ctx, "a2"))
		s.takesAll(all)
		s.ends("a1", queue.Result{}, queue.Step{})
		s.takesAll(all, "a4")
	})
	each(t, e, "A task that is to be done again waits for the one that has the turn", func(s *scene) {
		keyed(s, "a1", "a2", "a3")
		s.takesAll(all, "a1")
		s.ends("a1", queue.Result{}, queue.Step{})
		s.takesAll(all, "a2")
		s.must(s.Queue().Again(s.ctx, "a1"))
		s.takesAll(all)
		s.ends("a2", queue.Result{}, queue.Step{})
		s.takesAll(all, "a1")
		s.ends("a1", queue.Result{}, queue.Step{})
		s.takesAll(all, "a3")
	})
	each(t, e, "Nobody waits for a task that was not put in the end", func(s *scene) {
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Queue().Put(ctx, queue.Task{ID: "a1", Kind: "k", Key: "a"}))
			return errFailed
		}), errFailed)
		keyed(s, "a2")
		s.takesAll(all, "a2")
	})
	each(t, e, "Ten thousand keys are taken in order", func(s *scene) {
		keys := 10_000
		if raced.Enabled {
			keys = 500
		}
		const turns, together = 2, 500
		for i := 0; i < keys*turns; i += together {
			s.transact(func(ctx context.Context) error {
				for j := i; j < i+together; j++ {
					if err := s.Queue().Put(ctx, queue.Task{ID: fmt.Sprintf("%d of %d", j/keys, j%keys), Kind: "k", Key: fmt.Sprint(j % keys), Created: s.ago(1)}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		ended := map[string]int{}
		for total := 0; total < keys*turns; {
			s.transact(func(ctx context.Context) error {
				tasks, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Hour, Most: together})
				if err == nil && len(tasks) == 0 {
					return fmt.Errorf("nothing can be taken after %d", total)
				}
				for _, task := range tasks {
					if want := fmt.Sprintf("%d of %s", ended[task.Key], task.Key); task.ID != want {
						s.Errorf("%s was taken, want %s", task.ID, want)
					}
					ended[task.Key]++
					if err == nil {
						err = s.Queue().End(ctx, task.ID, "w", queue.Result{State: "done", At: s.in(0)}, queue.Step{})
					}
				}
				total += len(tasks)
				return err
			})
			s.passes()
		}
	})
	each(t, e, "Many at once that put and end tasks of a key leave none behind", func(s *scene) {
		var busy atomic.Int64
		if won := s.race(func(i int) (bool, error) {
			if err := s.Queue().Put(s.ctx, queue.Task{ID: fmt.Sprint(i), Kind: "k", Key: "a"}); err != nil {
				return false, err
			}
			for s.ctx.Err() == nil {
				worker := fmt.Sprint("w", i)
				got, err := s.Queue().Take(s.ctx, queue.Order{Kinds: []string{"k"}, Worker: worker, Lease: time.Hour})
				if err != nil {
					return false, err
				}
				if len(got) == 0 {
					continue
				}
				if busy.Add(1) != 1 {
					return false, fmt.Errorf("%s was taken beside another of its key", got[0].ID)
				}
				busy.Add(-1)
				return true, s.Queue().End(s.ctx, got[0].ID, worker, queue.Result{At: s.in(0)}, queue.Step{})
			}
			return false, s.ctx.Err()
		}); won != racers {
			s.Errorf("%d of %d were done", won, racers)
		}
	})
}
