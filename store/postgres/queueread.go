package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/internal/wire"
)

// taskReader reads the queue of a schema.
type taskReader struct {
	ask    func(ctx context.Context, fn func(ctx context.Context, q querier) error) error
	schema func(statement string) string
}

// columns are those that scanTask reads, and bodies those of them that a list leaves out.
const (
	columns = "seq, id, kind, lane, key, owner, activity, created, due, deadline, attempt, taken, worker, lost, shut, held, progress, note, stopping, ended, state, outcome, content_type, location, result_at, blocks, " + bodies
	bodies  = "input, data, body"
)

// taskRow is a task as it stands in its row.
type taskRow struct {
	queue.Task
	seq int64
}

// scanTask reads the columns.
func scanTask(row pgx.Row) (_ taskRow, err error) {
	var t taskRow
	var created, due, deadline, taken, end pgtype.Timestamptz
	var ended bool
	var worker string
	var outcome []byte
	var r queue.Result
	err = row.Scan(&t.seq, &t.ID, &t.Kind, &t.Lane, &t.Key, &t.Owner, &t.Activity, &created, &due, &deadline, &t.Attempt, &taken, &worker, &t.Lost, &t.Shut, &t.Held,
		&t.Progress, &t.Note, &t.Stopping, &ended, &r.State, &outcome, &r.ContentType, &r.Location, &end, &r.Blocks,
		&t.Input, &t.Data, &r.Body)
	if err != nil {
		return t, err
	}
	for _, s := range []*string{&t.ID, &t.Kind, &t.Lane, &t.Key, &t.Owner, &t.Activity, &t.Note, &r.State, &r.ContentType, &r.Location} {
		*s = untext(*s)
	}
	t.Created, t.Due, t.Deadline, t.Taken, t.Leased = when(created), when(due), when(deadline), when(taken), worker != ""
	if ended {
		r.At = when(end)
		r.Outcome, err = wire.ParseOutcome(outcome)
		t.Result = &r
	}
	return t, err
}

// list lists what a query finds.
func (s taskReader) list(ctx context.Context, query string, args ...any) (found []taskRow, err error) {
	err = s.ask(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.schema(query), args...)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (taskRow, error) { return scanTask(row) })
		return err
	})
	return found, err
}

func (s taskReader) Task(ctx context.Context, id string) (queue.Task, error) {
	found, err := s.list(ctx, "SELECT "+columns+" FROM parlance.task WHERE id = $1", text(id))
	if err == nil && len(found) == 0 {
		err = missing(id)
	}
	if err != nil {
		return queue.Task{}, err
	}
	return found[0].Task, nil
}

func missing(id string) error {
	return fmt.Errorf("postgres: no task %q: %w", id, parlance.ErrNotFound)
}

// brief are the columns of a list, in the place of the bodies.
var brief = strings.TrimSuffix(columns, bodies) + "NULL::bytea, NULL::bytea, NULL::bytea"

func (s taskReader) Tasks(ctx context.Context, f queue.Filter) (found []queue.Task, err error) {
	before := int64(math.MaxInt64)
	if f.Before != "" {
		one, err := s.list(ctx, "SELECT "+brief+" FROM parlance.task WHERE id = $1", text(f.Before))
		if err != nil {
			return nil, err
		}
		if len(one) == 0 {
			return nil, missing(f.Before)
		}
		before = one[0].seq
	}
	query, args := tasksOf(f, before)
	rows, err := s.list(ctx, query, args...)
	for _, r := range rows {
		found = append(found, r.Task)
	}
	return found, err
}

// tasksOf is the query for the tasks of a filter. Those of a kind are found in an index by state
// and lane: the youngest of each, and the youngest of all these. So among a million it takes no
// longer than among a thousand. It is one statement, so that a task that changes its state meanwhile
// is in the list. The limit is a text, since PostgreSQL takes one that it does not know for a tenth
// of all.
func tasksOf(f queue.Filter, before int64) (query string, args []any) {
	put := func(value any) string {
		args = append(args, value)
		return fmt.Sprint("$", len(args))
	}
	where := " WHERE -seq > -" + put(before) + "::bigint"
	if f.Kind != "" {
		where += " AND kind = " + put(text(f.Kind))
	}
	where += stateIs(f.State, put)
	few := f.Kind == "" || f.State == queue.Leased // so they are just read
	lanes := ""
	switch {
	case f.Lane == "":
	case few:
		where += " AND starts_with(lane, " + put(text(f.Lane)) + ")"
	default:
		lanes = "CROSS JOIN (SELECT kind, name FROM parlance.lane WHERE starts_with(name, " + put(text(f.Lane)) + ")) l "
		where += " AND kind = l.kind AND lane = l.name"
	}
	limit := fmt.Sprint(" LIMIT ", cmp.Or(f.Most, 100))
	if few {
		return "SELECT " + brief + " FROM parlance.task" + where + " ORDER BY seq DESC" + limit, args
	}
	states := ""
	switch f.State {
	case "":
		states = fmt.Sprintf(anyState, put(text(f.Kind)))
	case queue.Waiting:
		states = "ARRAY['']"
	default:
		states = "ARRAY[" + put(text(f.State)) + "::text]"
	}
	return "SELECT " + brief + " FROM parlance.task WHERE seq = ANY (ARRAY(" +
		"SELECT t.seq FROM unnest(" + states + ") s (state) " + lanes +
		"CROSS JOIN LATERAL (SELECT seq FROM parlance.task" + where + " AND state = s.state ORDER BY -seq" + limit + ") t " +
		"ORDER BY t.seq DESC" + limit + ")) ORDER BY seq DESC", args
}

// anyState are the states of the tasks of a kind, each looked for behind the one before.
const anyState = `ARRAY(WITH RECURSIVE s (state) AS (
		SELECT min(state) FROM parlance.task WHERE kind = %[1]s
		UNION ALL SELECT (SELECT min(state) FROM parlance.task WHERE kind = %[1]s AND state > s.state) FROM s WHERE s.state IS NOT NULL)
	SELECT state FROM s WHERE state IS NOT NULL)`

func (s taskReader) Steps(ctx context.Context, id string) (story []queue.Record, err error) {
	if _, err := s.Task(ctx, id); err != nil {
		return nil, err
	}
	err = s.ask(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.schema("SELECT attempt, record FROM parlance.step WHERE task = (SELECT seq FROM parlance.task WHERE id = $1) ORDER BY attempt"), text(id))
		if err != nil {
			return err
		}
		story, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r queue.Record, err error) {
			return r, row.Scan(&r.Attempt, &r.Text)
		})
		return err
	})
	return story, err
}

// stateIs is the condition that a task is in a state of a filter.
func stateIs(state string, put func(any) string) string {
	switch state {
	case "":
		return ""
	case queue.Waiting:
		return " AND NOT ended AND state = '' AND (worker = '' OR due <= clock_timestamp())"
	case queue.Leased:
		return " AND NOT ended AND worker <> '' AND due > clock_timestamp()"
	}
	return " AND ended AND state = " + put(text(state))
}

func (s taskReader) Lanes(ctx context.Context, kind string, states ...string) (lanes []queue.Lane, err error) {
	args := []any{text(kind)}
	put := func(value any) string {
		args = append(args, value)
		return fmt.Sprint("$", len(args))
	}
	query := "SELECT name, CASE WHEN opens > clock_timestamp() THEN opens END, shut, width"
	for _, state := range states {
		order := " ORDER BY -seq DESC"
		if state == queue.Leased { // which are few
			order = " ORDER BY created"
		}
		query += ", (SELECT created FROM parlance.task t WHERE t.kind = l.kind AND t.lane = l.name" + stateIs(state, put) + order + " LIMIT 1)"
	}
	err = s.ask(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.schema(query+" FROM parlance.lane l WHERE kind = $1 ORDER BY name"), args...)
		if err != nil {
			return err
		}
		lanes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l queue.Lane, err error) {
			var opens pgtype.Timestamptz
			oldest := make([]pgtype.Timestamptz, len(states))
			into := []any{&l.Name, &opens, &l.Shut, &l.Width}
			for i := range oldest {
				into = append(into, &oldest[i])
			}
			err = row.Scan(into...)
			l.Name, l.Opens = untext(l.Name), when(opens)
			for _, at := range oldest {
				l.Oldest = append(l.Oldest, when(at))
			}
			return l, err
		})
		return err
	})
	return lanes, err
}
