package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store"
)

// takes takes a job of kind k and expects that one; "" is none.
func (s *scene) takes(worker string, lease time.Duration, want string) jobs.Job {
	s.Helper()
	j, found, err := s.Jobs().Take(s.ctx, []string{"none", "k"}, worker, lease)
	s.must(err)
	if found != (want != "") || j.ID != want {
		s.Errorf("%s took %q, want %q", worker, j.ID, want)
	}
	return j
}

// must2 ends the test on the error of a method that returns something else too.
func (s *scene) must2(_ any, err error) {
	s.Helper()
	s.must(err)
}

// job expects a job as it is.
func (s *scene) job(want jobs.Job) {
	s.Helper()
	got, err := s.Jobs().Job(s.ctx, want.ID)
	s.must(err)
	if !got.Created.Equal(want.Created) || !s.about(got.Lease, want.Lease) {
		s.Errorf("created %v, leased until %v; want %v, %v", got.Created, got.Lease, want.Created, want.Lease)
	}
	got.Created, got.Lease = want.Created, want.Lease
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
func (s *scene) put(id string, created time.Time) jobs.Job {
	s.Helper()
	j := jobs.Job{
		ID: id, Kind: "k", Input: []byte("input\x00"), Owner: "owner", Activity: "activity", Created: created,
	}
	s.must(s.Jobs().Put(s.ctx, j))
	return j
}

// result is that of a job of which one record of two failed.
func (s *scene) result() jobs.Result {
	return jobs.Result{
		Outcome: parlance.Outcome{
			Kind: parlance.KindPartial, Code: "206", Detail: "one of two",
			Items: []parlance.Item{{Index: 1, Outcome: parlance.Outcome{Kind: parlance.KindInvalid}}},
		},
		ContentType: "application/json", Body: []byte("{}\xff"), Location: "/things/1\x00", At: s.in(0),
	}
}

func jobStore(t *testing.T, e Engine) {
	jobsTaken(t, e)
	jobsLeft(t, e)
	jobsAtOnce(t, e)
}

// jobsTaken are jobs on their way from being put to their end.
func jobsTaken(t *testing.T, e Engine) {
	each(t, e, "A job is put, taken, kept and ended", func(s *scene) {
		j := s.put("j", s.ago(1))
		s.job(j)
		s.wraps(s.Jobs().Put(s.ctx, jobs.Job{ID: "j", Kind: "other"}), parlance.ErrConflict)

		got := s.takes("w", time.Hour, "j")
		j.Attempt, j.Lease = 1, s.in(1)
		if got.Attempt != 1 || !s.about(got.Lease, j.Lease) || string(got.Input) != string(j.Input) {
			s.Errorf("taken: %+v", got)
		}
		s.job(j)
		s.takes("w2", time.Hour, "")

		cancelled, err := s.Jobs().Keep(s.ctx, "j", "w", 2*time.Hour, .25, "a quarter")
		if cancelled || err != nil {
			s.Errorf("kept: %v, %v", cancelled, err)
		}
		j.Lease, j.Progress, j.Note = s.in(2), .25, "a quarter"
		s.job(j)

		r := s.result()
		s.must(s.Jobs().End(s.ctx, "j", "w", r))
		j.Lease, j.Result = time.Time{}, &r
		s.job(j)
		s.takes("w", time.Hour, "")
		s.wraps(s.Jobs().End(s.ctx, "j", "w", jobs.Result{}), jobs.ErrLeaseLost)
		_, err = s.Jobs().Keep(s.ctx, "j", "w", time.Hour, 1, "")
		s.wraps(err, jobs.ErrLeaseLost)
		s.must(s.Jobs().Cancel(s.ctx, "j"))
		s.job(j)
	})
	each(t, e, "What was put is a job that waits, whatever else was said", func(s *scene) {
		s.must(s.Jobs().Put(s.ctx, jobs.Job{
			ID: "j", Kind: "k", Created: s.ago(1), Attempt: 7, Lease: s.in(1), Progress: 1, Note: "n", Stopping: true, Result: &jobs.Result{},
		}))
		s.job(jobs.Job{ID: "j", Kind: "k", Created: s.ago(1)})
	})
	each(t, e, "The oldest is taken first, and only of the kinds that were asked for", func(s *scene) {
		s.must(s.Jobs().Put(s.ctx, jobs.Job{ID: "other", Kind: "other", Created: s.ago(9)}))
		s.put("second", s.ago(2))
		s.put("third", s.ago(2))
		s.put("first", s.ago(3))
		if _, found, err := s.Jobs().Take(s.ctx, nil, "w", time.Hour); found || err != nil {
			s.Errorf("of no kind: %v, %v", found, err)
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
		s.must2(s.Jobs().Keep(s.ctx, "j", "w1", -time.Hour, 0, "")) // late, but nobody else has it
		if j := s.takes("w2", time.Hour, "j"); j.Attempt != 2 {
			s.Errorf("taken again: %+v", j)
		}
		_, err := s.Jobs().Keep(s.ctx, "j", "w1", time.Hour, 1, "")
		s.wraps(err, jobs.ErrLeaseLost)
		s.wraps(s.Jobs().End(s.ctx, "j", "w1", s.result()), jobs.ErrLeaseLost)
		s.must(s.Jobs().End(s.ctx, "j", "w2", s.result()))
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
		s.must(s.Jobs().Cancel(s.ctx, "j"))
		s.must(s.Jobs().Cancel(s.ctx, "j"))
		s.takes("w", time.Hour, "")
		j, err := s.Jobs().Job(s.ctx, "j")
		s.must(err)
		if !j.Stopping || j.Result == nil || j.Result.Outcome.Kind != parlance.KindFailed ||
			j.Result.Outcome.Reason != parlance.ReasonCanceled || j.Result.At.IsZero() {
			s.Errorf("%+v (result %+v)", j, j.Result)
		}
	})
	each(t, e, "One that was taken is asked to stop", func(s *scene) {
		s.put("j", s.ago(2))
		s.takes("w", time.Hour, "j")
		s.must(s.Jobs().Cancel(s.ctx, "j"))
		cancelled, err := s.Jobs().Keep(s.ctx, "j", "w", -time.Hour, 0, "")
		if !cancelled || err != nil {
			s.Errorf("kept: %v, %v", cancelled, err)
		}
		if j := s.takes("w2", time.Hour, "j"); !j.Stopping || j.Result != nil {
			s.Errorf("taken by the next: %+v", j)
		}
		s.must(s.Jobs().End(s.ctx, "j", "w2", s.result()))
	})
}

// jobsAtOnce are jobs that many want, or nobody does.
func jobsAtOnce(t *testing.T, e Engine) {
	each(t, e, "Nobody knows a job that was not put", func(s *scene) {
		_, err := s.Jobs().Job(s.ctx, "j")
		s.missing(err)
		s.missing(s.Jobs().Cancel(s.ctx, "j"))
		_, err = s.Jobs().Keep(s.ctx, "j", "w", time.Hour, 0, "")
		s.missing(err)
		s.missing(s.Jobs().End(s.ctx, "j", "w", s.result()))
	})
	each(t, e, "A job that waits is nobody's", func(s *scene) {
		s.put("j", s.ago(1))
		_, err := s.Jobs().Keep(s.ctx, "j", "", time.Hour, 0, "")
		s.wraps(err, jobs.ErrLeaseLost)
		s.wraps(s.Jobs().End(s.ctx, "j", "", s.result()), jobs.ErrLeaseLost)
	})
	each(t, e, "Of many at once one takes a job", func(s *scene) {
		s.put("j", s.ago(1))
		if won := s.race(func(i int) (bool, error) {
			_, found, err := s.Jobs().Take(s.ctx, []string{"k"}, fmt.Sprint(i), time.Hour)
			return found, err
		}); won != 1 {
			s.Errorf("%d took it", won)
		}
	})
	each(t, e, "Many at once take each a job of their own", func(s *scene) {
		for i := range racers {
			s.put(fmt.Sprint(i), s.ago(1))
		}
		if won := s.race(func(i int) (bool, error) {
			j, found, err := s.Jobs().Take(s.ctx, []string{"k"}, fmt.Sprint(i), time.Hour)
			return found && j.Attempt == 1, err
		}); won != racers {
			s.Errorf("%d took one", won)
		}
	})
	each(t, e, "A job is ended with its effect or not at all", func(s *scene) {
		s.put("j", s.ago(1))
		s.takes("w", time.Hour, "j")
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must(s.Jobs().End(ctx, "j", "w", s.result()))
			return errFailed
		}), errFailed)
		s.must(s.Jobs().End(s.ctx, "j", "w", s.result()))
	})
	each(t, e, "A result of nothing is one", func(s *scene) {
		j := s.put("j", s.ago(1))
		s.takes("w", time.Hour, "j")
		s.must(s.Jobs().End(s.ctx, "j", "w", jobs.Result{At: s.in(0)}))
		j.Attempt, j.Result = 1, &jobs.Result{At: s.in(0)}
		s.job(j)
	})
	each(t, e, "A result is kept for a while", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.put("j", s.ago(1))
		s.put("waits", s.ago(1))
		s.takes("w", time.Hour, "j")
		s.must(s.Jobs().End(s.ctx, "j", "w", s.result()))
		s.clock.Pass(store.KeepJobs - time.Hour)
		s.transact(func(context.Context) error { return nil })
		s.must2(s.Jobs().Job(s.ctx, "j"))
		s.clock.Pass(time.Hour + store.Sweep)
		s.transact(func(context.Context) error { return nil })
		_, err := s.Jobs().Job(s.ctx, "j")
		s.missing(err)
		s.takes("w", time.Hour, "waits")
	})
}
