package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
)

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
	each(t, e, "A task that ends while it is listed is in the list", func(s *scene) {
		s.adds(queue.Task{ID: "j"})
		turns := make(chan error, 1)
		listed := make(chan struct{})
		go func() {
			for {
				err := s.Queue().Cancel(s.ctx, "j")
				if err == nil {
					err = s.Queue().Again(s.ctx, "j")
				}
				select {
				case <-listed:
					turns <- err
					return
				default:
				}
				if err != nil {
					turns <- err
					return
				}
			}
		}()
		for range 200 {
			got, err := s.Queue().Tasks(s.ctx, queue.Filter{Kind: "k"})
			if err != nil || len(got) != 1 {
				s.Errorf("%d tasks, want 1: %v", len(got), err)
				break
			}
		}
		close(listed)
		s.must(<-turns)
	})
}
