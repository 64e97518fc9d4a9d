package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store/internal/wire"
)

type jobStore struct{ *Store }

func (s jobStore) Put(ctx context.Context, j jobs.Job) error {
	put := false
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		tag, err := q.Exec(ctx, s.sql(`
			INSERT INTO parlance.job (id, kind, input, owner, activity, created) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO NOTHING`),
			text(j.ID), text(j.Kind), j.Input, text(j.Owner), text(j.Activity), at(j.Created))
		put = tag.RowsAffected() > 0
		return err
	})
	if err == nil && !put {
		err = fmt.Errorf("postgres: a job %q already exists: %w", j.ID, parlance.ErrConflict)
	}
	return err
}

const jobColumns = "id, kind, input, owner, activity, created, attempt, lease, progress, note, stopping, ended, outcome, content_type, body, location, result_at"

// scanJob reads the jobColumns.
func scanJob(row pgx.Row) (j jobs.Job, err error) {
	var created, lease, end pgtype.Timestamptz
	var ended bool
	var outcome []byte
	var r jobs.Result
	err = row.Scan(&j.ID, &j.Kind, &j.Input, &j.Owner, &j.Activity, &created, &j.Attempt, &lease, &j.Progress, &j.Note,
		&j.Stopping, &ended, &outcome, &r.ContentType, &r.Body, &r.Location, &end)
	if err != nil {
		return j, err
	}
	j.ID, j.Kind, j.Owner, j.Activity, j.Note = untext(j.ID), untext(j.Kind), untext(j.Owner), untext(j.Activity), untext(j.Note)
	j.Created, j.Lease = when(created), when(lease)
	if ended {
		r.ContentType, r.Location, r.At = untext(r.ContentType), untext(r.Location), when(end)
		r.Outcome, err = wire.ParseOutcome(outcome)
		j.Result = &r
	}
	return j, err
}

// Take skips jobs that others are just taking, so that they need not wait for each
// other.
func (s jobStore) Take(ctx context.Context, kinds []string, worker string, lease time.Duration) (j jobs.Job, found bool, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) (err error) {
		j, err = scanJob(q.QueryRow(ctx, s.sql(`
			WITH next AS MATERIALIZED (
				SELECT seq FROM parlance.job
				WHERE NOT ended AND kind = ANY($1) AND (lease IS NULL OR lease <= clock_timestamp())
				ORDER BY created NULLS FIRST, seq LIMIT 1 FOR UPDATE SKIP LOCKED
			), taken AS (
				UPDATE parlance.job AS j SET worker = $2, lease = clock_timestamp() + $3::interval, attempt = attempt + 1
				FROM next WHERE j.seq = next.seq RETURNING j.*
			)
			SELECT `+jobColumns+` FROM taken`), each(kinds, text), text(worker), lease))
		found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			j, err = jobs.Job{}, nil
		}
		return err
	})
	return j, found, err
}

// mine is a job that a worker has leased.
const mine = " WHERE id = $1 AND worker = $2 AND lease IS NOT NULL AND NOT ended"

func (s jobStore) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (canceled bool, err error) {
	var stopping *bool
	err = s.change(ctx, id, &stopping, "SET lease = clock_timestamp() + $3::interval, progress = $4, note = $5"+mine,
		text(id), text(worker), lease, progress, text(note))
	if err == nil && stopping == nil {
		err = lost(id)
	}
	return stopping != nil && *stopping, err
}

func (s jobStore) End(ctx context.Context, id, worker string, r jobs.Result) error {
	outcome, err := wire.Outcome(r.Outcome)
	if err != nil {
		return err
	}
	var stopping *bool
	err = s.change(ctx, id, &stopping, "SET lease = NULL, ended = true, outcome = $3, content_type = $4, body = $5, location = $6, result_at = $7"+mine,
		text(id), text(worker), outcome, text(r.ContentType), r.Body, text(r.Location), at(r.At))
	if err == nil && stopping == nil {
		err = lost(id)
	}
	return err
}

func (s jobStore) Cancel(ctx context.Context, id string) error {
	outcome, err := wire.Outcome(parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled})
	if err != nil {
		return err
	}
	var stopping *bool
	return s.change(ctx, id, &stopping, `SET stopping = true, ended = lease IS NULL,
		outcome = CASE WHEN lease IS NULL THEN $2::json END,
		result_at = CASE WHEN lease IS NULL THEN clock_timestamp() END
		WHERE id = $1 AND NOT ended`, text(id), outcome)
}

// change changes a job and reads whether it is to stop; nil is that it was not
// changed.
func (s jobStore) change(ctx context.Context, id string, stopping **bool, set string, args ...any) error {
	return s.do(ctx, func(ctx context.Context, q querier) error {
		var known bool
		err := q.QueryRow(ctx, s.sql(`
			WITH changed AS (UPDATE parlance.job `+set+` RETURNING stopping)
			SELECT (SELECT stopping FROM changed), EXISTS (SELECT FROM parlance.job WHERE id = $1)`), args...).Scan(stopping, &known)
		if err == nil && !known {
			err = missing(id)
		}
		return err
	})
}

func (s jobStore) Job(ctx context.Context, id string) (j jobs.Job, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) (err error) {
		j, err = scanJob(q.QueryRow(ctx, s.sql("SELECT "+jobColumns+" FROM parlance.job WHERE id = $1"), text(id)))
		if errors.Is(err, pgx.ErrNoRows) {
			err = missing(id)
		}
		return err
	})
	return j, err
}

func missing(id string) error {
	return fmt.Errorf("postgres: no job %q: %w", id, parlance.ErrNotFound)
}

func lost(id string) error {
	return fmt.Errorf("postgres: job %q: %w", id, jobs.ErrLeaseLost)
}
