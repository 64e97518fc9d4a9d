package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/internal/wire"
)

// tasks is the view of the queue.
type tasks struct {
	*Store
	taskReader
}

// has is the condition that others of a key wait for a task.
const has = " kind = $2 AND key = $4 AND key <> '' AND (NOT ended OR blocks) "

func (s tasks) Put(ctx context.Context, t queue.Task) error {
	put := false
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		b := &pgx.Batch{}
		if t.Key != "" { // who puts one of a key, or ends one, has the key for himself
			b.Queue("SELECT pg_advisory_xact_lock($1, hashtext($2::text || chr(1) || $3::text))", lockKey, text(t.Kind), text(t.Key))
		}
		b.Queue(s.sql(`
			INSERT INTO parlance.task (id, kind, lane, key, input, owner, activity, created, due, deadline, held)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, greatest($9, clock_timestamp()), $10, EXISTS (SELECT FROM parlance.task WHERE`+has+`))
			ON CONFLICT (id) DO NOTHING`),
			text(t.ID), text(t.Kind), text(t.Lane), text(t.Key), t.Input, text(t.Owner), text(t.Activity), at(t.Created), at(t.Due), at(t.Deadline)).
			Exec(func(tag pgconn.CommandTag) error { put = tag.RowsAffected() > 0; return nil })
		return q.SendBatch(ctx, b).Close()
	})
	if err == nil && !put {
		err = fmt.Errorf("postgres: a task %q already exists: %w", t.ID, parlance.ErrConflict)
	}
	return err
}

func (s tasks) Take(ctx context.Context, o queue.Order) (taken []queue.Task, err error) {
	rows, err := s.list(ctx, "SELECT "+columns+" FROM parlance.take_tasks($1, $2, $3, $4, $5, $6)", each(o.Kinds, text), text(o.Worker), o.Lease, max(o.Most, 1), o.Wide, append([]string{}, each(o.Except, text)...))
	slices.SortFunc(rows, func(a, b taskRow) int { return cmp.Compare(a.seq, b.seq) })
	for _, r := range rows {
		taken = append(taken, r.Task)
	}
	return taken, err
}

// change is what is done with a task, by its ID in $1.
type change struct {
	set     string // from SET on, with its condition
	args    []any  // from $2 on
	step    queue.Step
	turns   bool  // another task of its key may have its turn
	refused error // wrapped if the task is there and the condition is not met
}

// apply makes a change in one round trip.
func (s tasks) apply(ctx context.Context, id string, c change) (stopping bool, err error) {
	var changed *bool
	var known bool
	n := len(c.args) + 1
	update := s.sql(fmt.Sprintf(`
		WITH changed AS (
			UPDATE parlance.task `+c.set+` RETURNING seq, attempt, taken, kind, lane, stopping
		), noted AS (
			INSERT INTO parlance.step SELECT seq, attempt, $%d::json FROM changed WHERE $%[1]d::json IS NOT NULL
			ON CONFLICT (task, attempt) DO UPDATE SET record = excluded.record
		), shut AS (
			UPDATE parlance.lane l SET width = 1, opens = greatest(l.opens, clock_timestamp() + $%d::interval),
				shut = l.shut + CASE WHEN c.taken < l.shut_at THEN 0 ELSE 1 END,
				shut_at = CASE WHEN c.taken < l.shut_at THEN l.shut_at ELSE clock_timestamp() END
			FROM changed c WHERE l.kind = c.kind AND l.name = c.lane AND $%[2]d::interval IS NOT NULL
		), works AS (
			UPDATE parlance.lane l SET shut = 0, opens = NULL, width = CASE WHEN 2 * l.width >= $%d::integer THEN 0 ELSE 2 * l.width END
			FROM changed c WHERE l.kind = c.kind AND l.name = c.lane AND l.width > 0 AND c.taken >= l.shut_at AND $%[3]d::integer IS NOT NULL
		)
		SELECT (SELECT stopping FROM changed), EXISTS (SELECT FROM parlance.task WHERE id = $1)`, n+1, n+2, n+3))
	args := append(append([]any{text(id)}, c.args...), c.step.Record, positive(c.step.Shut), recovered(c.step))
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		b := &pgx.Batch{}
		if c.turns { // who ends a task of a key has the key for himself
			b.Queue(s.sql("SELECT pg_advisory_xact_lock($1, hashtext(kind || chr(1) || key)) FROM parlance.task WHERE id = $2 AND key <> ''"), lockKey, text(id))
		}
		b.Queue(update, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&changed, &known) })
		if c.turns {
			b.Queue(s.sql("SELECT parlance.advance(kind, key) FROM parlance.task WHERE id = $1 AND key <> ''"), text(id))
		}
		return q.SendBatch(ctx, b).Close()
	})
	switch {
	case err != nil:
	case !known:
		err = missing(id)
	case changed == nil && c.refused != nil:
		err = fmt.Errorf("postgres: task %q has ended or has not, or another has it, or it was erased: %w", id, c.refused)
	}
	return changed != nil && *changed, err
}

// positive is a time that is more than nothing, or NULL.
func positive(d time.Duration) *time.Duration {
	if d <= 0 {
		return nil
	}
	return &d
}

// recovered is the width from which a lane has recovered, if it works; or NULL.
func recovered(s queue.Step) *int {
	if !s.Works || s.Shut > 0 {
		return nil
	}
	return new(queue.Recovered)
}

// mine is a task that a worker has.
const mine = " WHERE id = $1 AND worker = $2 AND worker <> '' AND NOT ended"

func (s tasks) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (stopping bool, err error) {
	return s.apply(ctx, id, change{
		set:  "SET due = clock_timestamp() + $3::interval, progress = $4, note = $5" + mine,
		args: []any{text(worker), lease, progress, text(note)}, refused: queue.ErrLeaseLost,
	})
}

func (s tasks) Rest(ctx context.Context, id, worker string, r queue.Rest, step queue.Step) error {
	_, err := s.apply(ctx, id, change{
		set:  "SET worker = '', due = clock_timestamp() + $3::interval, data = $4, progress = $5, note = $6" + mine,
		args: []any{text(worker), r.After, r.Data, r.Progress, text(r.Note)}, step: step, refused: queue.ErrLeaseLost,
	})
	return err
}

func (s tasks) End(ctx context.Context, id, worker string, r queue.Result, step queue.Step) error {
	return s.end(ctx, id, worker, r, change{set: mine, step: step, refused: queue.ErrLeaseLost})
}

func (s tasks) Settle(ctx context.Context, id string, r queue.Result) error {
	return s.end(ctx, id, "", r, change{set: " WHERE id = $1 AND worker = $2 AND ended", refused: parlance.ErrConflict})
}

func (s tasks) Cancel(ctx context.Context, id string) error {
	err := s.end(ctx, id, "", queue.Canceled(time.Now()), change{set: ", stopping = true WHERE id = $1 AND worker = $2 AND NOT ended", refused: parlance.ErrConflict})
	if errors.Is(err, parlance.ErrConflict) {
		_, err = s.apply(ctx, id, change{set: "SET stopping = true WHERE id = $1 AND NOT ended"})
	}
	return err
}

// end ends a task. What c sets begins with its condition, which has the worker in $2.
func (s tasks) end(ctx context.Context, id, worker string, r queue.Result, c change) error {
	outcome, err := wire.Outcome(r.Outcome)
	if err != nil {
		return err
	}
	c.turns = true
	c.set = `SET worker = '', due = NULL, held = false, ended = true, state = $3, outcome = $4::json, content_type = $5, body = $6, location = $7, result_at = $8,
		blocks = $9, erase = clock_timestamp() + $10::interval, forget = clock_timestamp() + $11::interval, data = coalesce($12, data)` + c.set
	c.args = []any{text(worker), text(r.State), outcome, text(r.ContentType), r.Body, text(r.Location), at(r.At), r.Blocks, positive(r.Erase), positive(r.Forget), r.Data}
	_, err = s.apply(ctx, id, c)
	return err
}

func (s tasks) Again(ctx context.Context, id string) error {
	_, err := s.apply(ctx, id, change{turns: true, refused: parlance.ErrConflict, set: `SET due = clock_timestamp(),
		deadline = CASE WHEN deadline <= clock_timestamp() THEN clock_timestamp() + (deadline - created) ELSE deadline END, held = CASE WHEN ended THEN key <> '' ELSE held END,
		ended = false, state = '', stopping = false, blocks = false, erase = NULL, forget = NULL WHERE id = $1 AND worker = '' AND NOT erased`})
	return err
}

func (s tasks) Erase(ctx context.Context, id string) error {
	_, err := s.apply(ctx, id, change{refused: parlance.ErrConflict, set: blank + " WHERE id = $1 AND ended"})
	return err
}

// blank erases the bodies of a task.
const blank = "SET input = NULL, data = NULL, body = NULL, erased = true, erase = NULL"
