package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/jobs"
)

type jobStore struct{ *Store }

// job is one as it is kept, and what nobody else needs to know of it.
type job struct {
	jobs.Job
	worker string // who leased it last
	order  int    // among those that were created at the same time
}

// copied makes a job whose memory is nobody else's.
func copied(j jobs.Job) jobs.Job {
	j.Input = bytes.Clone(j.Input)
	if j.Result != nil {
		r := *j.Result
		r.Body = bytes.Clone(r.Body)
		j.Result = &r
	}
	return j
}

func (s jobStore) Put(ctx context.Context, j jobs.Job) error {
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		if _, taken := s.jobs[j.ID]; taken {
			return fmt.Errorf("memory: a job %q already exists: %w", j.ID, parlance.ErrConflict)
		}
		s.puts++
		set(t, s.jobs, j.ID, job{order: s.puts, Job: copied(jobs.Job{
			ID: j.ID, Kind: j.Kind, Input: j.Input, Owner: j.Owner, Activity: j.Activity, Created: j.Created,
		})})
		return nil
	})
}

func (s jobStore) Take(ctx context.Context, kinds []string, worker string, lease time.Duration) (taken jobs.Job, found bool, err error) {
	err = s.do(ctx, func(t *transaction, now time.Time) error {
		var oldest job
		for _, j := range s.jobs {
			if j.Result != nil || j.Lease.After(now) || !slices.Contains(kinds, j.Kind) {
				continue
			}
			if c := j.Created.Compare(oldest.Created); !found || c < 0 || c == 0 && j.order < oldest.order {
				oldest, found = j, true
			}
		}
		if found {
			oldest.worker, oldest.Lease = worker, now.Add(lease)
			oldest.Attempt++
			set(t, s.jobs, oldest.ID, oldest)
			taken = copied(oldest.Job)
		}
		return nil
	})
	return taken, found, err
}

func (s jobStore) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (canceled bool, err error) {
	err = s.do(ctx, func(t *transaction, now time.Time) error {
		j, err := s.leased(id, worker)
		if err != nil {
			return err
		}
		j.Lease, j.Progress, j.Note = now.Add(lease), progress, note
		canceled = j.Stopping
		set(t, s.jobs, id, j)
		return nil
	})
	return canceled, err
}

func (s jobStore) End(ctx context.Context, id, worker string, result jobs.Result) error {
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		j, err := s.leased(id, worker)
		if err != nil {
			return err
		}
		j.Lease, j.Result = time.Time{}, &result
		j.Job = copied(j.Job)
		set(t, s.jobs, id, j)
		return nil
	})
}

// leased finds a job that is this worker's.
func (s jobStore) leased(id, worker string) (job, error) {
	j, err := s.find(id)
	if err == nil && (j.Result != nil || j.Lease.IsZero() || j.worker != worker) {
		err = fmt.Errorf("memory: job %q: %w", id, jobs.ErrLeaseLost)
	}
	return j, err
}

func (s jobStore) find(id string) (job, error) {
	j, known := s.jobs[id]
	if !known {
		return j, fmt.Errorf("memory: no job %q: %w", id, parlance.ErrNotFound)
	}
	return j, nil
}

func (s jobStore) Job(ctx context.Context, id string) (found jobs.Job, err error) {
	err = s.do(ctx, func(*transaction, time.Time) error {
		j, err := s.find(id)
		found = copied(j.Job)
		return err
	})
	return found, err
}

func (s jobStore) Cancel(ctx context.Context, id string) error {
	return s.do(ctx, func(t *transaction, now time.Time) error {
		j, err := s.find(id)
		if err != nil || j.Result != nil {
			return err
		}
		j.Stopping = true
		if j.Lease.IsZero() {
			j.Result = &jobs.Result{Outcome: parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled}, At: now}
		}
		set(t, s.jobs, id, j)
		return nil
	})
}
