package storetest

import (
	"bytes"
	"fmt"
	"reflect"
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
		if want := []queue.Lane{{Name: "a", Shut: 1, Width: 1}, {Name: "b"}}; !reflect.DeepEqual(got, want) {
			s.Errorf("lanes %+v, want %+v", got, want)
		}
	})
}

// oldest are the oldest tasks of lanes.
func oldest(t *testing.T, e Engine) {
	each(t, e, "A lane tells its oldest task in each state", func(s *scene) {
		for i, id := range []string{"l1", "l2", "e1", "e2"} {
			s.must(s.Queue().Put(s.ctx, queue.Task{ID: id, Kind: "k", Lane: "a", Created: s.ago(9 - i)}))
		}
		s.adds(queue.Task{ID: "alone", Lane: "b"})
		s.takesAll(queue.Order{Worker: "w", Most: 10}, "alone", "e1", "e2", "l1", "l2")
		for _, id := range []string{"e1", "e2"} {
			s.ends(id, queue.Result{State: "delivered"}, queue.Step{})
		}
		for i, id := range []string{"w1", "w2"} {
			s.must(s.Queue().Put(s.ctx, queue.Task{ID: id, Kind: "k", Lane: "a", Created: s.ago(5 - i)}))
		}
		got, err := s.Queue().Lanes(s.ctx, "k", queue.Waiting, "delivered", queue.Leased, "refused")
		s.must(err)
		var none time.Time
		want := []queue.Lane{
			{Name: "a", Oldest: []time.Time{s.ago(5), s.ago(7), s.ago(9), none}},
			{Name: "b", Oldest: []time.Time{none, none, s.ago(1), none}},
		}
		for i := range got {
			for j := range got[i].Oldest {
				if at := &got[i].Oldest[j]; !at.IsZero() {
					*at = at.UTC()
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			s.Errorf("lanes %+v, want %+v", got, want)
		}
	})
}

// probes are the tasks of lanes that open again.
func probes(t *testing.T, e Engine) {
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
