package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"
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

// columns are those that scan reads, and bodies those of them that a list leaves out.
const (
	columns = "seq, id, kind, lane, key, owner, activity, created, due, deadline, attempt, taken, worker, lost, shut, held, progress, note, stopping, ended, state, outcome, content_type, location, result_at, blocks, " + bodies
	bodies  = "input, data, body"
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

// brief are the columns of a list, in the place of the bodies.
var brief = strings.TrimSuffix(columns, bodies) + "NULL, NULL, NULL"

func (s taskReader) Tasks(ctx context.Context, f queue.Filter) (found []queue.Task, err error) {
	where, args := []string{"seq < ?"}, []any{int64(math.MaxInt64)}
	if f.Before != "" {
		var before int64
		err := s.each(ctx, "SELECT seq FROM parlance_task WHERE id = ?", []any{f.Before}, func(scan func(...any) error) error { return scan(&before) })
		if err != nil {
			return nil, err
		}
		if before == 0 {
			return nil, unknown(f.Before)
		}
		args[0] = before
	}
	and := func(condition string, with ...any) {
		where, args = append(where, condition), append(args, with...)
	}
	if f.Kind != "" {
		and("kind = ?", f.Kind)
	}
	if f.Lane != "" {
		and("substr(lane, 1, ?) = ?", utf8.RuneCountInString(f.Lane), f.Lane)
	}
	switch at := s.now().UnixNano(); f.State {
	case "":
	case queue.Waiting:
		and("ended = 0 AND state = '' AND (worker = '' OR due <= ?)", at)
	case queue.Leased:
		and("ended = 0 AND worker <> '' AND due > ?", at)
	default:
		and("ended = 1 AND state = ?", f.State)
	}
	err = s.each(ctx, "SELECT "+brief+" FROM parlance_task WHERE "+strings.Join(where, " AND ")+" ORDER BY seq DESC LIMIT ?", append(args, cmp.Or(f.Most, 100)),
		func(scan func(...any) error) error {
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

func (s taskReader) Lanes(ctx context.Context, kind string) (lanes []queue.Lane, err error) {
	err = s.each(ctx, "SELECT name, iif(opens > ?, opens, 0), shut, width, "+
		"coalesce((SELECT created FROM parlance_task WHERE kind = l.kind AND lane = l.name AND ended = 0 AND worker = '' ORDER BY seq LIMIT 1), 0) "+
		"FROM parlance_lane AS l WHERE kind = ? ORDER BY name", []any{s.now().UnixNano(), kind},
		func(scan func(...any) error) error {
			var l queue.Lane
			var opens, first int64
			err := scan(&l.Name, &opens, &l.Shut, &l.Width, &first)
			l.Opens, l.First = wire.Time(opens), wire.Time(first)
			lanes = append(lanes, l)
			return err
		})
	return lanes, err
}
