package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store"
)

// takes takes a task of kind k and expects that one; "" is none.
func (s *scene) takes(worker string, lease time.Duration, want string) queue.Task {
	s.Helper()
	got := s.takesAll(queue.Order{Worker: worker, Lease: lease}, append([]string{}, strings.Fields(want)...)...)
	if len(got) != 1 {
		return queue.Task{}
	}
	return got[0]
}

// takesAll takes tasks of kind k and expects those.
func (s *scene) takesAll(o queue.Order, want ...string) []queue.Task {
	s.Helper()
	o.Kinds = []string{"none", "k"}
	if o.Lease == 0 {
		o.Lease = time.Hour
	}
	got, err := s.Queue().Take(s.ctx, o)
	s.must(err)
	var ids []string
	for _, t := range got {
		ids = append(ids, t.ID)
	}
	if slices.Sort(ids); !slices.Equal(ids, want) {
		s.Errorf("%s took %q, want %q", o.Worker, ids, want)
	}
	return got
}

// must2 ends the test on the error of a method that returns something else too.
func (s *scene) must2(_ any, err error) {
	s.Helper()
	s.must(err)
}

// job expects a job as it is.
func (s *scene) job(want queue.Task) {
	s.Helper()
	got, err := s.Queue().Task(s.ctx, want.ID)
	s.must(err)
	if !got.Created.Equal(want.Created) || !s.about(got.Due, want.Due) || !s.about(got.Taken, want.Taken) {
		s.Errorf("created %v, due %v, taken %v; want %v, %v, %v", got.Created, got.Due, got.Taken, want.Created, want.Due, want.Taken)
	}
	got.Created, got.Due, got.Taken = want.Created, want.Due, want.Taken
	if got.Result != nil && want.Result != nil {
		result := *got.Result
		if !result.At.Equal(want.Result.At) {
			s.Errorf("ended at %v, want %v", result.At, want.Result.At)
		}
		result.At = want.Result.At
		got.Result = &result
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("job %+v (result %+v), want %+v (%+v)", got, got.Result, want, want.Result)
	}
}

// put puts a job.
func (s *scene) put(id string, created time.Time) queue.Task {
	s.Helper()
	j := queue.Task{
		ID: id, Kind: "k", Input: []byte("input\x00"), Owner: "owner", Activity: "activity", Created: created,
	}
	s.must(s.Queue().Put(s.ctx, j))
	j.Due = s.in(0)
	return j
}

// result is that of a job of which one record of two failed.
func (s *scene) result() queue.Result {
	return queue.Result{
		Outcome: parlance.Outcome{
			Kind: parlance.KindPartial, Code: "206", Detail: "one of two",
			Items: []parlance.Item{{Index: 1, Outcome: parlance.Outcome{Kind: parlance.KindInvalid}}},
		},
		ContentType: "application/json", Body: []byte("{}\xff"), Location: "/things/1\x00", State: "done", At: s.in(0),
	}
}

func tasks(t *testing.T, e Engine) {
	jobsTaken(t, e)
	jobsLeft(t, e)
	jobsAtOnce(t, e)
	lanes(t, e)
	shutLanes(t, e)
	oldest(t, e)
	probes(t, e)
	turns(t, e)
	otherTurns(t, e)
	settled(t, e)
	empty(t, e)
	again(t, e)
	listed(t, e)
}

// jobsTaken are jobs on their way from being put to their end.
func jobsTaken(t *testing.T, e Engine) {
	each(t, e, "A job is put, taken, kept and ended", func(s *scene) {
		j := s.put("j", s.ago(1))
		s.job(j)
		s.wraps(s.Queue().Put(s.ctx, queue.Task{ID: "j", Kind: "other"}), parlance.ErrConflict)

		got := s.takes("w", time.Hour, "j")
		j.Attempt, j.Due, j.Taken, j.Leased = 1, s.in(1), s.in(0), true
		if got.Attempt != 1 || !s.about(got.Due, j.Due) || string(got.Input) != string(j.Input) {
			s.Errorf("taken: %+v", got)
		}
		s.job(j)
		s.takes("w2", time.Hour, "")

		cancelled, err := s.Queue().Keep(s.ctx, "j", "w", 2*time.Hour, .25, "a quarter")
		if cancelled || err != nil {
			s.Errorf("kept: %v, %v", cancelled, err)
		}
		j.Due, j.Progress, j.Note = s.in(2), .25, "a quarter"
		s.job(j)

		r := s.result()
		s.must(s.Queue().End(s.ctx, "j", "w", r, queue.Step{}))
		j.Due, j.Leased, j.Result = time.Time{}, false, &r
		s.job(j)
		s.takes("w", time.Hour, "")
		s.wraps(s.Queue().End(s.ctx, "j", "w", queue.Result{}, queue.Step{}), queue.ErrLeaseLost)
		_, err = s.Queue().Keep(s.ctx, "j", "w", time.Hour, 1, "")
		s.wraps(err, queue.ErrLeaseLost)
		s.must(s.Queue().Cancel(s.ctx, "j"))
		s.job(j)
	})
	each(t, e, "What was put is a job that waits, whatever else was said", func(s *scene) {
		s.must(s.Queue().Put(s.ctx, queue.Task{
			ID: "j", Kind: "k", Created: s.ago(1), Attempt: 7, Taken: s.in(1), Leased: true, Lost: true, Shut: 3, Held: true,
			Progress: 1, Note: "n", Data: []byte("d"), Stopping: true, Result: &queue.Result{},
		}))
		s.job(queue.Task{ID: "j", Kind: "k", Created: s.ago(1), Due: s.in(0)})
	})
	each(t, e, "What is due first is taken first, and only of the kinds that were asked for", func(s *scene) {
		s.must(s.Queue().Put(s.ctx, queue.Task{ID: "other", Kind: "other", Created: s.ago(9)}))
		s.put("first", s.ago(2))
		s.put("second", s.ago(2))
		s.put("third", s.ago(3))
		if taken, err := s.Queue().Take(s.ctx, queue.Order{Worker: "w", Lease: time.Hour}); len(taken) > 0 || err != nil {
			s.Errorf("of no kind: %v, %v", taken, err)
		}
		for _, id := range []string{"first", "second", "third", ""} {
			s.takes("w", time.Hour, id)
		}
	})
}

// jobsLeft are jobs that their worker left, or that are called off.
func jobsLeft(t *testing.T, e Engine) {
	each(t, e, "A job whose lease has ended is another's", func(s *scene) {
		s.put("j", s.ago(2))
		s.takes("w1", -time.Hour, "j")
		s.must2(s.Queue().Keep(s.ctx, "j", "w1", -time.Hour, 0, "")) // late, but nobody else has it
		if j := s.takes("w2", time.Hour, "j"); j.Attempt != 2 {
			s.Errorf("taken again: %+v", j)
		}
		_, err := s.Queue().Keep(s.ctx, "j", "w1", time.Hour, 1, "")
		s.wraps(err, queue.ErrLeaseLost)
		s.wraps(s.Queue().End(s.ctx, "j", "w1", s.result(), queue.Step{}), queue.ErrLeaseLost)
		s.must(s.Queue().End(s.ctx, "j", "w2", s.result(), queue.Step{}))
	})
	each(t, e, "A lease ends in time", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.put("j", s.ago(2))
		s.takes("w1", time.Hour, "j")
		s.clock.Pass(time.Hour - 1)
		s.takes("w2", time.Hour, "")
		s.clock.Pass(1)
		s.takes("w2", time.Hour, "j")
	})
	each(t, e, "One that was never taken is cancelled at once", func(s *scene) {
		s.put("j", s.ago(2))
		s.must(s.Queue().Cancel(s.ctx, "j"))
		s.must(s.Queue().Cancel(s.ctx, "j"))
		s.takes("w", time.Hour, "")
		j, err := s.Queue().Task(s.ctx, "j")
		s.must(err)
		if !j.Stopping || j.Result == nil || j.Result.Outcome.Kind != parlance.KindFailed ||
			j.Result.Outcome.Reason != parlance.ReasonCanceled || j.Result.At.IsZero() {
			s.Errorf("%+v (result %+v)", j, j.Result)
		}
	})
	each(t, e, "One that was taken is asked to stop", func(s *scene) {
		s.put("j", s.ago(2))
		s.takes("w", time.Hour, "j")
		s.must(s.Queue().Cancel(s.ctx, "j"))
		cancelled, err := s.Queue().Keep(s.ctx, "j", "w", -time.Hour, 0, "")
		if !cancelled || err != nil {
			s.Errorf("kept: %v, %v", cancelled, err)
		}
		if j := s.takes("w2", time.Hour, "j"); !j.Stopping || j.Result != nil {
			s.Errorf("taken by the next: %+v", j)
		}
		s.must(s.Queue().End(s.ctx, "j", "w2", s.result(), queue.Step{}))
	})
}

// jobsAtOnce are jobs that many want, or nobody does.
func jobsAtOnce(t *testing.T, e Engine) {
	each(t, e, "Nobody knows a job that was not put", func(s *scene) {
		_, err := s.Queue().Task(s.ctx, "j")
		s.missing(err)
		s.missing(s.Queue().Cancel(s.ctx, "j"))
		_, err = s.Queue().Keep(s.ctx, "j", "w", time.Hour, 0, "")
		s.missing(err)
		s.missing(s.Queue().End(s.ctx, "j", "w", s.result(), queue.Step{}))
	})
	each(t, e, "A job that waits is nobody's", func(s *scene) {
		s.put("j", s.ago(1))
		_, err := s.Queue().Keep(s.ctx, "j", "", time.Hour, 0, "")
		s.wraps(err, queue.ErrLeaseLost)
		s.wraps(s.Queue().End(s.ctx, "j", "", s.result(), queue.Step{}), queue.ErrLeaseLost)
	})
	each(t, e, "Of many at once one takes a job", func(s *scene) {
		s.put("j", s.ago(1))
		if won := s.race(func(i int) (bool, error) {
			taken, err := s.Queue().Take(s.ctx, queue.Order{Kinds: []string{"k"}, Worker: fmt.Sprint(i), Lease: time.Hour})
			return len(taken) > 0, err
		}); won != 1 {
			s.Errorf("%d took it", won)
		}
	})
	each(t, e, "Many at once take each a job of their own", func(s *scene) {
		for i := range racers {
			s.put(fmt.Sprint(i), s.ago(1))
		}
		if won := s.race(func(i int) (bool, error) {
			taken, err := s.Queue().Take(s.ctx, queue.Order{Kinds: []string{"k"}, Worker: fmt.Sprint(i), Lease: time.Hour})
			return len(taken) == 1 && taken[0].Attempt == 1, err
		}); won != racers {
			s.Errorf("%d took one", won)
		}
	})
	each(t, e, "A job is ended with its effect or not at all", func(s *scene) {
		s.put("j", s.ago(1))
		s.takes("w", time.Hour, "j")
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Queue().End(ctx, "j", "w", s.result(), queue.Step{}))
			return errFailed
		}), errFailed)
		s.must(s.Queue().End(s.ctx, "j", "w", s.result(), queue.Step{}))
	})
	each(t, e, "A result of nothing is one", func(s *scene) {
		j := s.put("j", s.ago(1))
		s.takes("w", time.Hour, "j")
		s.must(s.Queue().End(s.ctx, "j", "w", queue.Result{At: s.in(0)}, queue.Step{}))
		j.Attempt, j.Due, j.Taken, j.Result = 1, time.Time{}, s.in(0), &queue.Result{At: s.in(0)}
		s.job(j)
	})
	each(t, e, "A result is kept for a while", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.put("j", s.ago(1))
		s.put("waits", s.ago(1))
		s.takes("w", time.Hour, "j")
		r := s.result()
		r.Forget = queue.Keep
		s.must(s.Queue().End(s.ctx, "j", "w", r, queue.Step{}))
		s.clock.Pass(queue.Keep - time.Hour)
		s.transact(func(context.Context) error { return nil })
		s.must2(s.Queue().Task(s.ctx, "j"))
		s.clock.Pass(time.Hour + store.Sweep)
		s.transact(func(context.Context) error { return nil })
		_, err := s.Queue().Task(s.ctx, "j")
		s.missing(err)
		s.takes("w", time.Hour, "waits")
	})
}
