package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/internal/wire"
)

// tasks is the view of the queue.
type tasks struct {
	*Store
	taskReader
}

// do is that of the store, and counts the change.
func (s tasks) do(ctx context.Context, fn func(tx *transaction) error) error {
	return s.Store.do(ctx, s.counts(fn))
}

func (s tasks) counts(fn func(tx *transaction) error) func(tx *transaction) error {
	return func(tx *transaction) error {
		tx.onKeep(func() { s.writer.changes.Add(1) })
		return fn(tx)
	}
}

// has is the condition that others of a key wait for a task.
const has = " kind = ? AND key = ? AND key <> '' AND (ended = 0 OR blocks = 1) "

func (s tasks) Put(ctx context.Context, t queue.Task) error {
	held, of := "0", []any(nil)
	if t.Key != "" {
		held, of = "EXISTS (SELECT 1 FROM parlance_task WHERE"+has+")", []any{t.Kind, t.Key}
	}
	do, input, long := s.doPlain, t.Input, []byte(nil)
	if len(input) > longInput { // then it is two statements
		do, input, long = s.Store.do, nil, t.Input
	}
	return do(ctx, s.counts(func(tx *transaction) error {
		if err := tx.lane(t.Kind, t.Lane); err != nil {
			return err
		}
		n, err := tx.exec("INSERT INTO parlance_task (id, kind, lane, key, input, owner, activity, created, due, deadline, held) "+
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "+held+") ON CONFLICT DO NOTHING",
			append([]any{t.ID, t.Kind, t.Lane, t.Key, input, t.Owner, t.Activity, wire.Nanos(t.Created), max(wire.Nanos(t.Due), s.clock().UnixNano()), wire.Nanos(t.Deadline)}, of...)...)
		if err == nil && n == 0 {
			err = fmt.Errorf("sqlite: a task %q already exists: %w", t.ID, parlance.ErrConflict)
		}
		if err == nil && long != nil {
			_, err = tx.exec("INSERT INTO parlance_input SELECT seq, ? FROM parlance_task WHERE id = ?", long, t.ID)
		}
		return err
	}))
}

// longInput is from how many bytes an input stands beside its task.
const longInput = 16 << 10

// lanesKnown is how many lanes are remembered.
const lanesKnown = 10_000

// lane makes a lane if it is new. None goes before the next sweep, so each is asked for once.
func (t *transaction) lane(kind, name string) error {
	known, one := t.writer.lanes, [2]string{kind, name}
	if known[one] {
		return nil
	}
	if _, err := t.exec("INSERT INTO parlance_lane (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING", kind, name); err != nil {
		return err
	}
	if len(known) >= lanesKnown {
		clear(known)
	}
	known[one] = true
	t.onUndo(func() { delete(known, one) })
	return nil
}

// list is a list of texts as an argument.
func list(texts []string) string {
	text, _ := json.Marshal(append([]string{}, texts...)) // none is [], and not null
	return string(text)
}

// many is how many due tasks are looked at to find the lanes that have some. If there are more,
// each lane is looked at.
const many = 1000

// due are the lanes of the tasks that are due.
var due = fmt.Sprint("SELECT kind, lane FROM parlance_task INDEXED BY parlance_task_due WHERE kind IN (SELECT value FROM json_each(?)) ",
	"AND ended = 0 AND held = 0 AND due <= ? LIMIT ", many)

// few are the lanes that are not shut and have a task that can be taken, if few tasks are due.
var few = "SELECT kind, name, width FROM parlance_lane WHERE opens <= ? AND (kind, name) IN (" + due + ") ORDER BY random()"

// open are the same, if many are.
const open = "SELECT kind, name, width FROM parlance_lane AS l WHERE kind IN (SELECT value FROM json_each(?)) AND opens <= ? AND EXISTS (" +
	"SELECT 1 FROM parlance_task WHERE kind = l.kind AND lane = l.name AND ended = 0 AND held = 0 AND due <= ?) ORDER BY random()"

// opened is the query for the lanes that are not shut and have a task that can be taken.
func opened(row func(query string, args []any, to ...any) (bool, error), kinds string, at int64) (query string, args []any, err error) {
	var n int
	if _, err := row("SELECT count(*) FROM ("+due+")", []any{kinds, at}, &n); err != nil || n == many {
		return open, []any{kinds, at, at}, err
	}
	return few, []any{at, kinds, at}, nil
}

// late are the tasks whose deadline is over and that nobody has. By their kind they would be
// looked for among all that wait, so the plus keeps the index of the deadlines.
const late = "ended = 0 AND deadline <> 0 AND deadline <= ? AND (worker = '' OR due <= ?) AND +kind IN (SELECT value FROM json_each(?))"

// spared leaves out those of Order.Except.
const spared = " AND id NOT IN (SELECT value FROM json_each(?))"

func (s tasks) Take(ctx context.Context, o queue.Order) (taken []queue.Task, err error) {
	if idle, err := s.idle(ctx, o); idle || err != nil {
		return nil, err
	}
	most := max(o.Most, 1)
	err = s.do(ctx, func(tx *transaction) error {
		taken = nil // it may run again
		now := s.clock()
		at, kinds, except := now.UnixNano(), list(o.Kinds), list(o.Except)
		take := func(n int, which string, args ...any) error {
			if n = min(n, most-len(taken)); n <= 0 {
				return nil
			}
			args = append(append([]any{o.Worker, now.Add(o.Lease).UnixNano(), at}, args...), n)
			var rows []*taskRow
			err := tx.each("UPDATE parlance_task SET lost = (worker <> ''), worker = ?, due = ?, taken = ?, attempt = attempt + 1, "+
				"shut = (SELECT shut FROM parlance_lane AS l WHERE l.kind = parlance_task.kind AND l.name = lane) "+
				"WHERE seq IN (SELECT seq FROM parlance_task WHERE "+which+" LIMIT ?) RETURNING "+columns,
				args, func(scan func(...any) error) error {
					r := &taskRow{}
					rows = append(rows, r)
					return scan(r.scan()...)
				})
			if err != nil {
				return err
			}
			slices.SortFunc(rows, func(a, b *taskRow) int { return cmp.Compare(a.seq, b.seq) })
			for _, r := range rows {
				t, err := r.task()
				if err != nil {
					return err
				}
				taken = append(taken, t)
			}
			return nil
		}
		if err := take(most, late+spared, at, at, kinds, except); err != nil {
			return err
		}
		lanes, err := s.lanes(tx, o, at)
		if err != nil {
			return err
		}
		for _, l := range lanes {
			if err := take(l.room, "kind = ? AND lane = ? AND ended = 0 AND held = 0 AND due <= ?"+spared+" ORDER BY due, seq", l.kind, l.name, at, except); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// quiet is that nothing can be taken until a time, if no change was committed meanwhile. All
// changes are made by this process, which owns the file.
type quiet struct{ changes, until int64 }

// next is when a task may be taken that cannot be now: its deadline is over, its lease has ended,
// it is due, or its lane opens.
const next = "SELECT coalesce(min(at), 9223372036854775807) FROM (" +
	"SELECT min(deadline) AS at FROM parlance_task WHERE ended = 0 AND deadline <> 0 AND deadline > ? AND +kind IN (SELECT value FROM json_each(?)) " +
	"UNION ALL SELECT min(due) FROM parlance_task INDEXED BY parlance_task_busy WHERE ended = 0 AND worker <> '' AND kind IN (SELECT value FROM json_each(?)) " +
	"UNION ALL SELECT min(due) FROM parlance_task INDEXED BY parlance_task_due WHERE ended = 0 AND held = 0 AND due > ? AND kind IN (SELECT value FROM json_each(?)) " +
	"UNION ALL SELECT min(opens) FROM parlance_lane WHERE opens > ? AND kind IN (SELECT value FROM json_each(?)))"

// idle reports that nothing can be taken, beside all writers.
func (s tasks) idle(ctx context.Context, o queue.Order) (bool, error) {
	if s.within(ctx) != nil {
		return false, nil
	}
	at, kinds, changes := s.clock().UnixNano(), list(o.Kinds), s.writer.changes.Load()
	if known, found := s.writer.quiet.Load(kinds); found && known.(quiet).changes == changes && at < known.(quiet).until {
		return true, s.usable(ctx)
	}
	var some bool
	row := func(query string, args []any, to ...any) (bool, error) { return s.row(ctx, query, args, to...) }
	lanes, of, err := opened(row, kinds, at)
	if err == nil {
		_, err = row("SELECT EXISTS (SELECT 1 FROM parlance_task WHERE "+late+") OR EXISTS ("+lanes+")", append([]any{at, at, kinds}, of...), &some)
	}
	if some || err != nil {
		return false, err
	}
	var until int64
	if _, err := s.row(ctx, next, []any{at, kinds, kinds, at, kinds, at, kinds}, &until); err != nil {
		return false, err
	}
	s.writer.quiet.Store(kinds, quiet{changes, until})
	return true, nil
}

// lane is one that has tasks to be taken, and how many of them.
type lane struct {
	kind, name string
	room       int
}

func (s tasks) lanes(tx *transaction, o queue.Order, at int64) (lanes []lane, err error) {
	query, args, err := opened(tx.row, list(o.Kinds), at)
	if err != nil {
		return nil, err
	}
	err = tx.each(query, args, func(scan func(...any) error) error {
		var l lane
		err := scan(&l.kind, &l.name, &l.room)
		lanes = append(lanes, l)
		return err
	})
	for i := range lanes {
		l := &lanes[i]
		if l.room == 0 || o.Wide > 0 && o.Wide < l.room {
			l.room = o.Wide
		}
		if l.room == 0 {
			l.room = max(o.Most, 1)
			continue
		}
		var busy int
		if _, err := tx.row("SELECT count(*) FROM parlance_task WHERE kind = ? AND lane = ? AND ended = 0 AND worker <> '' AND due > ?",
			[]any{l.kind, l.name, at}, &busy); err != nil {
			return nil, err
		}
		l.room -= busy
	}
	return lanes, err
}

// leased is the condition that a task is a worker's.
const leased = " WHERE id = ? AND worker = ? AND worker <> '' AND ended = 0 "

func (s tasks) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (stopping bool, err error) {
	err = s.do(ctx, func(tx *transaction) error {
		mine, err := tx.row("UPDATE parlance_task SET due = ?, progress = ?, note = ?"+leased+"RETURNING stopping",
			[]any{s.clock().Add(lease).UnixNano(), progress, note, id, worker}, &stopping)
		if mine || err != nil {
			return err
		}
		return lost(tx, id)
	})
	return stopping, err
}

func (s tasks) Rest(ctx context.Context, id, worker string, r queue.Rest, step queue.Step) error {
	return s.turn(ctx, id, worker, step, "worker = '', due = ?, data = ?, progress = ?, note = ?",
		s.clock().Add(r.After).UnixNano(), r.Data, r.Progress, r.Note)
}

func (s tasks) End(ctx context.Context, id, worker string, r queue.Result, step queue.Step) error {
	set, err := s.ended(r)
	if err != nil {
		return err
	}
	return s.turn(ctx, id, worker, step, ended, set...)
}

// ended is how a task ends.
const ended = "worker = '', due = 0, held = 0, ended = 1, data = coalesce(?, data), state = ?, outcome = ?, content_type = ?, body = ?, location = ?, result_at = ?, blocks = ?, erase = ?, forget = ?"

func (s tasks) ended(r queue.Result) ([]any, error) {
	outcome, err := wire.Outcome(r.Outcome)
	later := func(d time.Duration) int64 {
		if d <= 0 {
			return 0
		}
		return s.clock().Add(d).UnixNano()
	}
	return []any{r.Data, r.State, string(outcome), r.ContentType, r.Body, r.Location, wire.Nanos(r.At), r.Blocks, later(r.Erase), later(r.Forget)}, err
}

// turn ends a worker's turn with a task.
func (s tasks) turn(ctx context.Context, id, worker string, step queue.Step, set string, args ...any) error {
	return s.do(ctx, func(tx *transaction) error {
		var seq, attempt, taken int64
		var kind, lane, key string
		mine, err := tx.row("UPDATE parlance_task SET "+set+leased+"RETURNING seq, attempt, taken, kind, lane, key",
			append(args, id, worker), &seq, &attempt, &taken, &kind, &lane, &key)
		switch {
		case err != nil:
			return err
		case !mine:
			return lost(tx, id)
		}
		if step.Record != nil {
			if _, err := tx.exec("INSERT INTO parlance_step VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record", seq, attempt, string(step.Record)); err != nil {
				return err
			}
		}
		if err := s.tell(tx, kind, lane, taken, step); err != nil {
			return err
		}
		return advance(tx, kind, key)
	})
}

// tell notes what a turn says of its lane.
func (s tasks) tell(tx *transaction, kind, lane string, taken int64, step queue.Step) (err error) {
	now := s.clock()
	switch {
	case step.Shut > 0:
		_, err = tx.exec("UPDATE parlance_lane SET shut = shut + (? >= shut_at), shut_at = iif(? >= shut_at, ?, shut_at), opens = max(opens, ?), width = 1 WHERE kind = ? AND name = ?",
			taken, taken, now.UnixNano(), now.Add(step.Shut).UnixNano(), kind, lane)
	case step.Works:
		_, err = tx.exec("UPDATE parlance_lane SET shut = 0, opens = 0, width = iif(2 * width >= ?, 0, 2 * width) WHERE kind = ? AND name = ? AND width > 0 AND ? >= shut_at",
			queue.Recovered, kind, lane, taken)
	}
	return err
}

// advance lets the first task of a key have its turn, unless another has it.
func advance(tx *transaction, kind, key string) error {
	if key == "" {
		return nil
	}
	_, err := tx.exec("UPDATE parlance_task SET held = 0 WHERE seq = (SELECT min(seq) FROM parlance_task WHERE"+has+") AND held = 1 "+
		"AND NOT EXISTS (SELECT 1 FROM parlance_task WHERE kind = ? AND key = ? AND key <> '' AND ended = 0 AND held = 0)", kind, key, kind, key)
	return err
}

// lost says why a task is not a worker's.
func lost(tx *transaction, id string) error {
	var there bool
	if _, err := tx.row("SELECT EXISTS (SELECT 1 FROM parlance_task WHERE id = ?)", []any{id}, &there); err != nil {
		return err
	}
	if !there {
		return unknown(id)
	}
	return fmt.Errorf("sqlite: task %q: %w", id, queue.ErrLeaseLost)
}

func unknown(id string) error { return fmt.Errorf("sqlite: no task %q: %w", id, parlance.ErrNotFound) }

func (s tasks) Cancel(ctx context.Context, id string) error {
	set, err := s.ended(queue.Canceled(s.clock()))
	if err != nil {
		return err
	}
	return s.do(ctx, func(tx *transaction) error {
		err := s.change(tx, id, "stopping = 1, "+ended, "ended = 0 AND worker = ''", set...)
		if errors.Is(err, parlance.ErrConflict) {
			_, err = tx.exec("UPDATE parlance_task SET stopping = 1 WHERE id = ? AND ended = 0", id)
		}
		return err
	})
}

func (s tasks) Settle(ctx context.Context, id string, r queue.Result) error {
	set, err := s.ended(r)
	if err != nil {
		return err
	}
	return s.do(ctx, func(tx *transaction) error { return s.change(tx, id, ended, "ended = 1", set...) })
}

func (s tasks) Again(ctx context.Context, id string) error {
	return s.do(ctx, func(tx *transaction) error {
		now := s.clock().UnixNano()
		return s.change(tx, id, "due = ?, deadline = iif(deadline <> 0 AND deadline <= ?, ? + deadline - created, deadline), "+
			"held = iif(ended = 1, key <> '', held), ended = 0, state = '', stopping = 0, blocks = 0, erase = 0, forget = 0",
			"worker = '' AND erased = 0", now, now, now)
	})
}

func (s tasks) Erase(ctx context.Context, id string) error {
	return s.do(ctx, func(tx *transaction) error {
		return s.change(tx, id, blank, "ended = 1")
	})
}

// blank erases the bodies of a task.
const blank = "input = NULL, data = NULL, body = NULL, erased = 1, erase = 0"

// change changes a task that no worker has, if it is as the condition says.
func (s tasks) change(tx *transaction, id, set, condition string, args ...any) error {
	var kind, key string
	changed, err := tx.row("UPDATE parlance_task SET "+set+" WHERE id = ? AND "+condition+" RETURNING kind, key", append(args, id), &kind, &key)
	switch {
	case err != nil:
		return err
	case changed:
		return advance(tx, kind, key)
	}
	if err := lost(tx, id); !errors.Is(err, queue.ErrLeaseLost) {
		return err
	}
	return fmt.Errorf("sqlite: task %q has not ended, or a worker has it, or its input was erased: %w", id, parlance.ErrConflict)
}
