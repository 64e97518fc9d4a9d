package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store/internal/wire"
)

type jobStore struct{ *Store }

func (s jobStore) Put(ctx context.Context, j jobs.Job) error {
	return s.do(ctx, func(t *transaction) error {
		n, err := t.exec("INSERT INTO parlance_job (id, kind, input, owner, activity, created) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			j.ID, j.Kind, j.Input, j.Owner, j.Activity, wire.Nanos(j.Created))
		if err == nil && n == 0 {
			err = fmt.Errorf("sqlite: a job %q already exists: %w", j.ID, parlance.ErrConflict)
		}
		return err
	})
}

// columns are those that scan reads.
const columns = "id, kind, input, owner, activity, created, attempt, lease, progress, note, stopping, ended, outcome, content_type, body, location, result_at"

// jobRow is a job as it stands in its row.
type jobRow struct {
	jobs.Job
	created, lease, at int64
	ended              bool
	outcome            []byte
	result             jobs.Result
}

func (r *jobRow) scan() []any {
	j := &r.Job
	return []any{
		&j.ID, &j.Kind, &j.Input, &j.Owner, &j.Activity, &r.created, &j.Attempt, &r.lease, &j.Progress, &j.Note, &j.Stopping,
		&r.ended, &r.outcome, &r.result.ContentType, &r.result.Body, &r.result.Location, &r.at,
	}
}

func (r *jobRow) job() (_ jobs.Job, err error) {
	r.Created, r.Lease = wire.Time(r.created), wire.Time(r.lease)
	if r.ended {
		if r.result.Outcome, err = wire.ParseOutcome(r.outcome); err != nil {
			return r.Job, fmt.Errorf("sqlite: the outcome of job %q: %w", r.ID, err)
		}
		r.result.At = wire.Time(r.at)
		r.Result = &r.result
	}
	return r.Job, nil
}

func (s jobStore) Take(ctx context.Context, kinds []string, worker string, lease time.Duration) (j jobs.Job, found bool, err error) {
	list, err := json.Marshal(append([]string{}, kinds...)) // none is [], and not null
	if err != nil {
		return j, false, err
	}
	err = s.do(ctx, func(t *transaction) (err error) {
		var r jobRow
		now := s.clock()
		found, err = t.row("UPDATE parlance_job SET worker = ?, lease = ?, attempt = attempt + 1 WHERE seq = ("+
			"SELECT seq FROM parlance_job WHERE ended = 0 AND lease <= ? AND kind IN (SELECT value FROM json_each(?)) ORDER BY created, seq LIMIT 1) "+
			"RETURNING "+columns, []any{worker, now.Add(lease).UnixNano(), now.UnixNano(), string(list)}, r.scan()...)
		if !found || err != nil {
			return err
		}
		j, err = r.job()
		return err
	})
	return j, found && err == nil, err
}

// leased is the condition that a job is a worker's.
const leased = " WHERE id = ? AND worker = ? AND lease <> 0 AND ended = 0 "

func (s jobStore) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (canceled bool, err error) {
	err = s.do(ctx, func(t *transaction) error {
		mine, err := t.row("UPDATE parlance_job SET lease = ?, progress = ?, note = ?"+leased+"RETURNING stopping",
			[]any{s.clock().Add(lease).UnixNano(), progress, note, id, worker}, &canceled)
		if mine || err != nil {
			return err
		}
		return lost(t, id)
	})
	return canceled, err
}

func (s jobStore) End(ctx context.Context, id, worker string, result jobs.Result) error {
	outcome, err := wire.Outcome(result.Outcome)
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *transaction) error {
		n, err := t.exec("UPDATE parlance_job SET lease = 0, ended = 1, outcome = ?, content_type = ?, body = ?, location = ?, result_at = ?"+leased,
			string(outcome), result.ContentType, result.Body, result.Location, wire.Nanos(result.At), id, worker)
		if n > 0 || err != nil {
			return err
		}
		return lost(t, id)
	})
}

// lost says why a job is not a worker's.
func lost(t *transaction, id string) error {
	var there bool
	if _, err := t.row("SELECT EXISTS (SELECT 1 FROM parlance_job WHERE id = ?)", []any{id}, &there); err != nil {
		return err
	}
	if !there {
		return unknown(id)
	}
	return fmt.Errorf("sqlite: job %q: %w", id, jobs.ErrLeaseLost)
}

func unknown(id string) error { return fmt.Errorf("sqlite: no job %q: %w", id, parlance.ErrNotFound) }

func (s jobStore) Job(ctx context.Context, id string) (jobs.Job, error) {
	var r jobRow
	found, err := s.row(ctx, "SELECT "+columns+" FROM parlance_job WHERE id = ?", []any{id}, r.scan()...)
	if err == nil && !found {
		err = unknown(id)
	}
	if err != nil {
		return jobs.Job{}, err
	}
	return r.job()
}

func (s jobStore) Cancel(ctx context.Context, id string) error {
	outcome, err := wire.Outcome(parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled})
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *transaction) error {
		n, err := t.exec("UPDATE parlance_job SET stopping = 1, ended = (lease = 0), outcome = iif(lease = 0, ?, ''), result_at = iif(lease = 0, ?, 0) "+
			"WHERE id = ? AND ended = 0", string(outcome), s.clock().UnixNano(), id)
		if n > 0 || err != nil {
			return err
		}
		if err := lost(t, id); !errors.Is(err, jobs.ErrLeaseLost) {
			return err
		}
		return nil // it has ended
	})
}
