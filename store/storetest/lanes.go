package storetest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
)

// adds puts a task of kind k.
func (s *scene) adds(t queue.Task) {
	s.Helper()
	t.Kind, t.Created = "k", s.ago(1)
	s.must(s.Queue().Put(s.ctx, t))
}

// rests and ends end the turn of a task.
func (s *scene) rests(id string, after time.Duration, step queue.Step) {
	s.Helper()
	s.must(s.Queue().Rest(s.ctx, id, "w", queue.Rest{After: after}, step))
}

func (s *scene) ends(id string, r queue.Result, step queue.Step) {
	s.Helper()
	r.At = s.in(0)
	s.must(s.Queue().End(s.ctx, id, "w", r, step))
}

// passes lets a moment pass. An engine with a clock of its own needs none.
func (s *scene) passes() {
	if !s.engine.OwnTime {
		s.clock.Pass(time.Second)
	}
}

// moment is the shortest time that every engine knows.
const moment = time.Microsecond

func lanes(t *testing.T, e Engine) {
	each(t, e, "Of a lane as many are done at the same time as the worker allows", func(s *scene) {
		for i := range 5 {
			s.adds(queue.Task{ID: fmt.Sprint("a", i), Lane: "a"})
		}
		s.adds(queue.Task{ID: "b", Lane: "b"})
		s.takesAll(queue.Order{Worker: "w", Most: 10, Wide: 2}, "a0", "a1", "b")
		s.takesAll(queue.Order{Worker: "w", Most: 10, Wide: 2})
		s.ends("a0", queue.Result{}, queue.Step{})
		s.takesAll(queue.Order{Worker: "w", Most: 10, Wide: 2}, "a2")
		s.rests("a1", 0, queue.Step{})
		s.passes()
		s.takesAll(queue.Order{Worker: "w", Most: 10}, "a1", "a3", "a4")
	})
	each(t, e, "What a process is busy with is left out, although its lease has ended", func(s *scene) {
		s.adds(queue.Task{ID: "busy", Key: "k"})
		s.adds(queue.Task{ID: "late", Deadline: s.ago(1)})
		s.takesAll(queue.Order{Worker: "w", Lease: moment, Most: 2}, "busy", "late")
		s.passes()
		s.adds(queue.Task{ID: "other"})
		s.takesAll(queue.Order{Worker: "w2", Most: 5, Wide: 5, Except: []string{"busy", "late", "unknown"}}, "other")
		s.takesAll(queue.Order{Worker: "w2", Most: 5, Wide: 5, Except: []string{"busy", "late"}})
		s.ends("busy", queue.Result{}, queue.Step{}) // it is still that worker's
		if got := s.takesAll(queue.Order{Worker: "w2", Most: 5, Wide: 5}, "late"); len(got) == 1 && (!got[0].Lost || got[0].Attempt != 2) {
			s.Errorf("%+v", got)
		}
	})
	each(t, e, "A long input is kept as a short one", func(s *scene) {
		long := bytes.Repeat([]byte("long "), 100_000)
		s.adds(queue.Task{ID: "long", Input: long})
		if got := s.takes("w", time.Hour, "long"); !bytes.Equal(got.Input, long) {
			s.Errorf("taken with %d bytes, want %d", len(got.Input), len(long))
		}
		s.ends("long", queue.Result{State: "done"}, queue.Step{})
		s.must(s.Queue().Again(s.ctx, "long"))
		got, err := s.Queue().Task(s.ctx, "long")
		s.must(err)
		if !bytes.Equal(got.Input, long) {
			s.Errorf("found with %d bytes, want %d", len(got.Input), len(long))
		}
		s.wraps(s.Queue().Put(s.ctx, queue.Task{ID: "long", Kind: "k", Input: long}), parlance.ErrConflict)
		s.must(s.Queue().Cancel(s.ctx, "long"))
		s.must(s.Queue().Erase(s.ctx, "long"))
		if got, err = s.Queue().Task(s.ctx, "long"); err != nil || len(got.Input) > 0 {
			s.Errorf("erased with %d bytes, %v", len(got.Input), err)
		}
	})
	each(t, e, "A worker gets no more than it asks for", func(s *scene) {
		for i := range 3 {
			s.adds(queue.Task{ID: fmt.Sprint(i), Deadline: map[bool]time.Time{true: s.ago(1)}[i == 2]})
		}
		s.takesAll(queue.Order{Worker: "w", Most: 2}, "0", "2")
		s.takesAll(queue.Order{Worker: "w", Most: 2}, "1")
	})
	each(t, e, "A task is not taken before it is due", func(s *scene) {
		s.adds(queue.Task{ID: "later", Due: s.in(1)})
		s.takes("w", time.Hour, "")
		s.must(s.Queue().Again(s.ctx, "later")) // nobody has it, so it is due now
		s.takes("w", time.Hour, "later")
		s.rests("later", time.Hour, queue.Step{})
		s.takes("w", time.Hour, "")
		if e.OwnTime {
			return
		}
		s.clock.Pass(time.Hour)
		s.takes("w", time.Hour, "later")
	})
}

// shutLanes are lanes that a worker shut.
func shutLanes(t *testing.T, e Engine) {
	each(t, e, "A lane that is shut holds all its tasks, and no others", func(s *scene) {
		s.adds(queue.Task{ID: "a1", Lane: "a"})
		s.adds(queue.Task{ID: "a2", Lane: "a"})
		s.takes("w", time.Hour, "a1")
		s.adds(queue.Task{ID: "b", Lane: "b"})
		s.rests("a1", 0, queue.Step{Shut: time.Hour})
		s.takesAll(queue.Order{Worker: "w", Most: 10}, "b")
		got, err := s.Queue().Lanes(s.ctx, "k")
		s.must(err)
		if len(got) != 2 || !s.about(got[0].Opens, s.in(1)) {
			s.Fatalf("lanes %+v", got)
		}
		got[0].Opens = time.Time{}
		for i := range got {
			got[i].First = got[i].First.UTC()
		}
		if want := []queue.Lane{{Name: "a", Shut: 1, Width: 1, First: s.ago(1)}, {Name: "b"}}; !reflect.DeepEqual(got, want) {
			s.Errorf("lanes %+v, want %+v", got, want)
		}
	})
	each(t, e, "A lane that opens is probed by one task, and each that works doubles them", func(s *scene) {
		for i := range 9 {
			s.adds(queue.Task{ID: fmt.Sprint(i), Lane: "a"})
		}
		s.takes("w", time.Hour, "0")
		s.rests("0", time.Hour, queue.Step{Shut: moment})
		s.passes()
		o := queue.Order{Worker: "w", Most: 10}
		if got := s.takesAll(o, "1"); got[0].Shut != 1 {
			s.Errorf("shut %d times, want 1", got[0].Shut)
		}
		s.rests("1", time.Hour, queue.Step{Shut: moment})
		s.passes()
		if got := s.takesAll(o, "2"); got[0].Shut != 2 {
			s.Errorf("shut %d times, want 2", got[0].Shut)
		}
		s.takesAll(o)
		s.ends("2", queue.Result{}, queue.Step{Works: true})
		s.takesAll(o, "3", "4")
		s.ends("3", queue.Result{}, queue.Step{}) // this one says nothing of the lane
		s.takesAll(o, "5")
		s.ends("4", queue.Result{}, queue.Step{Works: true})
		s.takesAll(o, "6", "7", "8")
	})
	each(t, e, "What was taken before the lane was shut says nothing of it", func(s *scene) {
		for i := range 5 {
			s.adds(queue.Task{ID: fmt.Sprint(i), Lane: "a"})
		}
		s.takesAll(queue.Order{Worker: "w", Most: 3}, "0", "1", "2")
		s.passes()
		s.rests("0", time.Hour, queue.Step{Shut: moment})
		s.rests("1", time.Hour, queue.Step{Shut: moment})
		s.ends("2", queue.Result{}, queue.Step{Works: true})
		s.passes()
		if got := s.takesAll(queue.Order{Worker: "w", Most: 3}, "3"); got[0].Shut != 1 {
			s.Errorf("shut %d times, want 1", got[0].Shut)
		}
	})
	each(t, e, "A task whose deadline is over is taken, wherever it waits", func(s *scene) {
		s.adds(queue.Task{ID: "1", Lane: "a", Key: "k"})
		s.adds(queue.Task{ID: "held", Lane: "a", Key: "k", Deadline: s.ago(1)})
		s.adds(queue.Task{ID: "later", Lane: "b", Due: s.in(1), Deadline: s.ago(1)})
		s.adds(queue.Task{ID: "not yet", Lane: "b", Due: s.in(1), Deadline: s.in(1)})
		s.takesAll(queue.Order{Worker: "w", Most: 2}, "held", "later")
		s.takesAll(queue.Order{Worker: "w", Most: 9, Wide: 2}, "1")
		s.rests("1", 0, queue.Step{Shut: time.Hour})
		s.rests("held", time.Hour, queue.Step{})
		s.takesAll(queue.Order{Worker: "w", Most: 9}, "held")
		s.takesAll(queue.Order{Worker: "w", Most: 9})
	})
	each(t, e, "The next worker is told that the one before never ended its turn", func(s *scene) {
		s.adds(queue.Task{ID: "j"})
		if got := s.takes("w", -time.Hour, "j"); got.Lost {
			s.Error("lost the first time")
		}
		if got := s.takes("w", time.Hour, "j"); !got.Lost {
			s.Error("not lost after the lease ended")
		}
		s.rests("j", 0, queue.Step{})
		if got := s.takes("w", time.Hour, "j"); got.Lost {
			s.Error("lost after a rest")
		}
	})
}

// turns are tasks with a key, which come one after the other.
func turns(t *testing.T, e Engine) {
	keyed := func(s *scene, ids ...string) {
		for _, id := range ids {
			s.adds(queue.Task{ID: id, Key: id[:1], Lane: "lane of " + id})
		}
	}
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

// settled are tasks that have ended.
func settled(t *testing.T, e Engine) {
	put := func(s *scene) {
		s.adds(queue.Task{ID: "j", Input: []byte("input")})
		s.takes("w", time.Hour, "j")
		s.must(s.Queue().Rest(s.ctx, "j", "w", queue.Rest{Data: []byte("data\xff"), Progress: .5, Note: "half"}, queue.Step{Record: []byte(`{"n":1}`)}))
		s.passes()
		if got := s.takes("w", time.Hour, "j"); string(got.Data) != "data\xff" || got.Note != "half" || got.Progress != .5 {
			s.Errorf("taken again: %+v", got)
		}
		s.ends("j", queue.Result{State: "refused", Body: []byte("body"), Erase: time.Hour, Forget: 3 * time.Hour}, queue.Step{Record: []byte(`{"n":2}`)})
	}
	each(t, e, "Each turn adds to the story of a task", func(s *scene) {
		put(s)
		got, err := s.Queue().Steps(s.ctx, "j")
		s.must(err)
		if want := []queue.Record{{Attempt: 1, Text: []byte(`{"n":1}`)}, {Attempt: 2, Text: []byte(`{"n":2}`)}}; !reflect.DeepEqual(got, want) {
			s.Errorf("%+v, want %+v", got, want)
		}
		_, err = s.Queue().Steps(s.ctx, "unknown")
		s.missing(err)
	})
	each(t, e, "A task that has ended can be done again, unless its input is gone", func(s *scene) {
		put(s)
		s.must(s.Queue().Again(s.ctx, "j"))
		if got := s.takes("w", time.Hour, "j"); got.Attempt != 3 || string(got.Input) != "input" || got.Result != nil {
			s.Errorf("taken again: %+v", got)
		}
		s.wraps(s.Queue().Again(s.ctx, "j"), parlance.ErrConflict)
		s.wraps(s.Queue().Erase(s.ctx, "j"), parlance.ErrConflict)
		s.wraps(s.Queue().Settle(s.ctx, "j", queue.Result{}), parlance.ErrConflict)
		s.ends("j", queue.Result{State: "done", Body: []byte("body")}, queue.Step{})
		s.must(s.Queue().Erase(s.ctx, "j"))
		got, err := s.Queue().Task(s.ctx, "j")
		s.must(err)
		if len(got.Input)+len(got.Data)+len(got.Result.Body) > 0 || got.Result.State != "done" {
			s.Errorf("erased: %+v %+v", got, got.Result)
		}
		s.wraps(s.Queue().Again(s.ctx, "j"), parlance.ErrConflict)
		s.missing(s.Queue().Again(s.ctx, "unknown"))
		s.missing(s.Queue().Erase(s.ctx, "unknown"))
		s.missing(s.Queue().Settle(s.ctx, "unknown", queue.Result{}))
	})
	each(t, e, "Bodies are erased first, and then the task is deleted", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		put(s)
		s.clock.Pass(2 * time.Hour)
		s.adds(queue.Task{ID: "sweeps"})
		if got, err := s.Queue().Task(s.ctx, "j"); err != nil || got.Input != nil || got.Result.Body != nil || got.Result.State != "refused" {
			s.Errorf("%+v, %v", got, err)
		}
		s.clock.Pass(2 * time.Hour)
		s.adds(queue.Task{ID: "sweeps again"})
		_, err := s.Queue().Task(s.ctx, "j")
		s.missing(err)
	})
}

// empty are lanes without tasks.
func empty(t *testing.T, e Engine) {
	each(t, e, "A lane goes with its last task", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		has := func(want ...string) {
			s.Helper()
			lanes, err := s.Queue().Lanes(s.ctx, "k")
			s.must(err)
			var names []string
			for _, l := range lanes {
				names = append(names, l.Name)
			}
			if !slices.Equal(names, want) {
				s.Errorf("lanes %q, want %q", names, want)
			}
		}
		s.adds(queue.Task{ID: "j", Lane: "l"})
		s.takes("w", time.Hour, "j")
		s.ends("j", queue.Result{Forget: time.Hour}, queue.Step{Shut: 3 * time.Hour})
		s.clock.Pass(2 * time.Hour)
		s.adds(queue.Task{ID: "sweeps", Lane: "a"})
		has("a", "l") // which is shut still
		s.clock.Pass(2 * time.Hour)
		s.adds(queue.Task{ID: "sweeps again", Lane: "a"})
		has("a")
		s.adds(queue.Task{ID: "j", Lane: "l"})
		has("a", "l")
		s.takesAll(queue.Order{Worker: "w", Most: 5}, "j", "sweeps", "sweeps again")
	})
}

// again are tasks that are done once more after their end.
func again(t *testing.T, e Engine) {
	each(t, e, "A task that is done again has what its end left, and as much time as at first", func(s *scene) {
		s.adds(queue.Task{ID: "j", Deadline: s.ago(0).Add(-30 * time.Minute)}) // half an hour after it was created
		s.takes("w", time.Hour, "j")
		s.ends("j", queue.Result{State: "dead", Data: []byte("left")}, queue.Step{})
		s.must(s.Queue().Again(s.ctx, "j"))
		got := s.takes("w", time.Hour, "j")
		if want := s.in(0).Add(30 * time.Minute); string(got.Data) != "left" || got.Deadline.Sub(want).Abs() > 10*time.Minute {
			s.Errorf("%q, until %v, want %v", got.Data, got.Deadline, want)
		}
		if e.OwnTime {
			return
		}
		if want := s.in(0).Add(30 * time.Minute); !got.Deadline.Equal(want) {
			s.Errorf("until %v, want %v", got.Deadline, want)
		}
	})
}

// listed are tasks that are asked for.
func listed(t *testing.T, e Engine) {
	each(t, e, "Tasks are listed by state, lane and page", func(s *scene) {
		for i, lane := range []string{"ä 1", "ä 2", "b", "b"} {
			s.adds(queue.Task{ID: fmt.Sprint(i), Lane: lane, Input: []byte("input")})
		}
		s.must(s.Queue().Put(s.ctx, queue.Task{ID: "other", Kind: "other"}))
		s.takesAll(queue.Order{Worker: "w", Most: 9, Wide: 1}, "0", "1", "2")
		s.rests("1", 0, queue.Step{})
		s.rests("2", time.Hour, queue.Step{})
		s.must(s.Queue().Cancel(s.ctx, "1"))
		for _, c := range []struct {
			filter queue.Filter
			want   string
		}{
			{queue.Filter{}, "[other 3 2 1 0]"},
			{queue.Filter{Kind: "k"}, "[3 2 1 0]"},
			{queue.Filter{Kind: "k", Lane: "ä"}, "[1 0]"},
			{queue.Filter{Kind: "k", Lane: "ä 2"}, "[1]"},
			{queue.Filter{State: queue.StateCanceled}, "[1]"},
			{queue.Filter{Kind: "k", State: queue.Waiting}, "[3 2]"},
			{queue.Filter{Kind: "k", State: queue.Leased}, "[0]"},
			{queue.Filter{Kind: "k", Most: 2}, "[3 2]"},
			{queue.Filter{Kind: "k", Most: 2, Before: "2"}, "[1 0]"},
			{queue.Filter{Kind: "none"}, "[]"},
		} {
			got, err := s.Queue().Tasks(s.ctx, c.filter)
			s.must(err)
			ids := []string{}
			for _, t := range got {
				ids = append(ids, t.ID)
				if t.Input != nil {
					s.Errorf("%s is listed with its input", t.ID)
				}
			}
			if fmt.Sprint(ids) != c.want {
				s.Errorf("%+v: %s, want %s", c.filter, ids, c.want)
			}
		}
		_, err := s.Queue().Tasks(s.ctx, queue.Filter{Before: "unknown"})
		s.missing(err)
	})
}
