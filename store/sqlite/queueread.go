package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/internal/wire"
)

// taskReader reads the queue.
type taskReader struct {
	each func(ctx context.Context, query string, args []any, each func(scan func(to ...any) error) error) error
	now  func() time.Time
}

// columns are those that scan reads, and brief those of them that a list has too.
const (
	columns = brief + ", coalesce(input, (SELECT p.input FROM parlance_input AS p WHERE p.task = seq)), data, body"
	brief   = "seq, id, kind, lane, key, owner, activity, created, due, deadline, attempt, taken, worker, lost, shut, held, progress, note, stopping, ended, state, outcome, content_type, location, result_at, blocks"
)

// taskRow is a task as it stands in its row.
type taskRow struct {
	queue.Task
	seq                               int64
	created, due, deadline, taken, at int64
	worker                            string
	ended                             bool
	outcome                           []byte
	result                            queue.Result
}

func (r *taskRow) scan() []any {
	t := &r.Task
	return []any{
		&r.seq, &t.ID, &t.Kind, &t.Lane, &t.Key, &t.Owner, &t.Activity, &r.created, &r.due, &r.deadline, &t.Attempt, &r.taken, &r.worker, &t.Lost, &t.Shut, &t.Held,
		&t.Progress, &t.Note, &t.Stopping, &r.ended, &r.result.State, &r.outcome, &r.result.ContentType, &r.result.Location, &r.at, &r.result.Blocks,
		&t.Input, &t.Data, &r.result.Body,
	}
}

func (r *taskRow) task() (_ queue.Task, err error) {
	r.Created, r.Due, r.Deadline, r.Taken = wire.Time(r.created), wire.Time(r.due), wire.Time(r.deadline), wire.Time(r.taken)
	r.Leased = r.worker != ""
	if r.ended {
		if r.result.Outcome, err = wire.ParseOutcome(r.outcome); err != nil {
			return r.Task, fmt.Errorf("sqlite: the outcome of task %q: %w", r.ID, err)
		}
		r.result.At = wire.Time(r.at)
		r.Result = &r.result
	}
	return r.Task, nil
}

func (s taskReader) Task(ctx context.Context, id string) (queue.Task, error) {
	var r taskRow
	found := false
	err := s.each(ctx, "SELECT "+columns+" FROM parlance_task WHERE id = ?", []any{id}, func(scan func(...any) error) error {
		found = true
		return scan(r.scan()...)
	})
	if err == nil && !found {
		err = unknown(id)
	}
	if err != nil {
		return queue.Task{}, err
	}
	return r.task()
}

func (s taskReader) Tasks(ctx context.Context, f queue.Filter) (found []queue.Task, err error) {
	before := int64(math.MaxInt64)
	if f.Before != "" {
		before = 0
		err := s.each(ctx, "SELECT seq FROM parlance_task WHERE id = ?", []any{f.Before}, func(scan func(...any) error) error { return scan(&before) })
		if err != nil {
			return nil, err
		}
		if before == 0 {
			return nil, unknown(f.Before)
		}
	}
	query, args := tasksOf(f, before, s.now().UnixNano())
	err = s.each(ctx, query, args, func(scan func(...any) error) error {
		var r taskRow
		if err := scan(r.scan()...); err != nil {
			return err
		}
		t, err := r.task()
		found = append(found, t)
		return err
	})
	return found, err
}

// tasksOf is the query for the tasks of a filter. Those of a kind are found in an index by state
// and lane: the youngest of each, and the youngest of all these. So among a million it takes no
// longer than among a thousand.
func tasksOf(f queue.Filter, before, now int64) (query string, args []any) {
	arg := func(text string, of ...any) string {
		args = append(args, of...)
		return text
	}
	lane := func(name string) string {
		return arg(" AND substr("+name+", 1, ?) = ?", utf8.RuneCountInString(f.Lane), f.Lane)
	}
	most := cmp.Or(f.Most, 100)
	query = "SELECT " + brief + ", NULL, NULL, NULL FROM parlance_task "
	if f.Kind == "" || f.State == queue.Leased { // which are few
		if f.State == queue.Leased {
			query += "INDEXED BY parlance_task_busy "
		}
		query += "WHERE" + arg(" seq < ?", before) + stateIs(f.State, now, arg)
		if f.Kind != "" {
			query += arg(" AND kind = ?", f.Kind)
		}
		query += lane("lane") + arg(" ORDER BY seq DESC LIMIT ?", most)
		return query, args
	}
	states, state := anyState, f.State
	switch state {
	case "":
		states = arg(states, f.Kind, f.Kind)
	case queue.Waiting:
		states = arg("VALUES (?)", "")
	default:
		states = arg("VALUES (?)", state)
	}
	query += "WHERE seq IN (WITH RECURSIVE s (state) AS (" + states + ") SELECT j.value FROM s "
	within := ""
	if f.Lane != "" {
		query += arg("CROSS JOIN parlance_lane AS l ON l.kind = ?", f.Kind) + lane("l.name") + " "
		within = " AND lane = l.name"
	}
	query += "CROSS JOIN json_each((SELECT json_group_array(seq) FROM (SELECT seq FROM parlance_task WHERE state = s.state" + within +
		arg(" AND kind = ? AND seq < ?", f.Kind, before) + stateIs(state, now, arg) + arg(" ORDER BY seq DESC LIMIT ?", most) + "))) AS j" +
		arg(" ORDER BY 1 DESC LIMIT ?", most) + ") ORDER BY seq DESC"
	return query, args
}

// anyState are the states of the tasks of a kind, each looked for behind the one before.
const anyState = "SELECT min(state) FROM parlance_task WHERE kind = ? " +
	"UNION ALL SELECT (SELECT min(state) FROM parlance_task WHERE kind = ? AND state > s.state) FROM s WHERE s.state IS NOT NULL"

// stateIs is the condition that a task is in a state of a filter.
func stateIs(state string, now int64, arg func(string, ...any) string) string {
	switch state {
	case "":
		return ""
	case queue.Waiting:
		return arg(" AND ended = 0 AND state = '' AND (worker = '' OR due <= ?)", now)
	case queue.Leased:
		return arg(" AND ended = 0 AND worker <> '' AND due > ?", now)
	}
	return arg(" AND ended = 1 AND state = ?", state)
}

func (s taskReader) Steps(ctx context.Context, id string) (story []queue.Record, err error) {
	if _, err := s.Task(ctx, id); err != nil {
		return nil, err
	}
	err = s.each(ctx, "SELECT attempt, record FROM parlance_step WHERE task = (SELECT seq FROM parlance_task WHERE id = ?) ORDER BY attempt", []any{id},
		func(scan func(...any) error) error {
			var r queue.Record
			err := scan(&r.Attempt, &r.Text)
			story = append(story, r)
			return err
		})
	return story, err
}

func (s taskReader) Lanes(ctx context.Context, kind string, states ...string) (lanes []queue.Lane, err error) {
	query, args := lanesOf(kind, states, s.now().UnixNano())
	var opens int64
	oldest := make([]int64, len(states))
	err = s.each(ctx, query, args, func(scan func(...any) error) error {
		var l queue.Lane
		into := []any{&l.Name, &opens, &l.Shut, &l.Width}
		for i := range oldest {
			into = append(into, &oldest[i])
		}
		err := scan(into...)
		l.Opens = wire.Time(opens)
		for _, at := range oldest {
			l.Oldest = append(l.Oldest, wire.Time(at))
		}
		lanes = append(lanes, l)
		return err
	})
	return lanes, err
}

// lanesOf is the query for the lanes of a kind and the oldest task of each in these states.
func lanesOf(kind string, states []string, now int64) (query string, args []any) {
	args = []any{now}
	query = "SELECT name, iif(opens > ?, opens, 0), shut, width"
	for _, state := range states {
		within, order := "", " ORDER BY seq"
		if state == queue.Leased { // which are few
			within, order = " INDEXED BY parlance_task_busy", " ORDER BY created"
		}
		query += ", coalesce((SELECT created FROM parlance_task" + within + " WHERE kind = l.kind AND lane = l.name" +
			stateIs(state, now, func(text string, of ...any) string { args = append(args, of...); return text }) + order + " LIMIT 1), 0)"
	}
	return query + " FROM parlance_lane AS l WHERE kind = ? ORDER BY name", append(args, kind)
}
