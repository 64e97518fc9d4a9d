package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
)

// tasks is the view of the queue.
type tasks struct{ *Store }

// task is one as it is kept, and what nobody else needs to know of it.
type task struct {
	queue.Task
	worker        string // who has it; "" while it waits
	seq           int    // the order in which they were put
	erase, forget time.Time
	erased        bool
	story         []queue.Record
}

// laneID names a lane.
type laneID struct{ kind, name string }

// lane is one that is shut or recovers.
type lane struct {
	opens, shutAt time.Time
	shut, width   int
}

// copied makes a task whose memory is nobody else's.
func copied(t queue.Task) queue.Task {
	t.Input, t.Data = bytes.Clone(t.Input), bytes.Clone(t.Data)
	if t.Result != nil {
		r := *t.Result
		r.Body = bytes.Clone(r.Body)
		r.Erase, r.Forget, r.Data = 0, 0, nil
		t.Result = &r
	}
	return t
}

func (s tasks) Put(ctx context.Context, t queue.Task) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		if _, taken := s.tasks[t.ID]; taken {
			return fmt.Errorf("memory: a task %q already exists: %w", t.ID, parlance.ErrConflict)
		}
		s.puts++
		due := t.Due
		if due.Before(now) {
			due = now
		}
		held := t.Key != "" && s.orders[place{line, t.Kind, t.Key}] != nil
		s.put(tx, task{seq: s.puts, Task: copied(queue.Task{
			ID: t.ID, Kind: t.Kind, Lane: t.Lane, Key: t.Key, Input: t.Input, Owner: t.Owner, Activity: t.Activity,
			Created: t.Created, Due: due, Deadline: t.Deadline, Held: held,
		})})
		return nil
	})
}

// advance lets the first task of a key have its turn, unless another has it.
func (s tasks) advance(tx *transaction, kind, key string) {
	if _, has := s.orders[place{turn, kind, key}]; has {
		return
	}
	if first, found := s.first(place{line, kind, key}, time.Time{}); found && first.Held {
		first.Held = false
		s.put(tx, first)
	}
}

func (s tasks) Take(ctx context.Context, o queue.Order) (taken []queue.Task, err error) {
	err = s.do(ctx, func(tx *transaction, now time.Time) error {
		for _, id := range o.Except {
			if t, known := s.tasks[id]; known && !t.Due.After(now) { // it stands nowhere meanwhile
				s.move(t, task{})
				defer s.move(task{}, t)
			}
		}
		most := max(o.Most, 1)
		take := func(p place, n int) {
			for n = min(n, most-len(taken)); n > 0; n-- {
				t, found := s.first(p, now)
				if !found {
					return
				}
				t.Lost, t.worker = t.worker != "", o.Worker
				t.Attempt++
				t.Leased, t.Taken, t.Due, t.Shut = true, now, now.Add(o.Lease), s.lanes[laneID{t.Kind, t.Lane}].shut
				s.put(tx, t)
				taken = append(taken, copied(t.Task))
			}
		}
		var open []place
		for p, tasks := range s.orders {
			switch {
			case !slices.Contains(o.Kinds, p.kind):
			case p.what == late:
				take(p, most)
			case p.what == ready && !tasks.all[0].at.After(now):
				open = append(open, p)
			}
		}
		rand.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
		for _, p := range open {
			l := s.lanes[laneID{p.kind, p.name}]
			if !l.opens.After(now) {
				take(p, l.room(o.Wide, most, s.busy(p.kind, p.name, now)))
			}
		}
		return nil
	})
	return taken, err
}

// busy is how many tasks of a lane workers have whose leases have not ended.
func (s tasks) busy(kind, lane string, now time.Time) (n int) {
	if o := s.orders[place{busy, kind, lane}]; o != nil {
		for _, e := range o.all {
			if e.at.After(now) {
				n++
			}
		}
	}
	return n
}

// room is how many more tasks of a lane can be done now.
func (l lane) room(wide, most, busy int) int {
	switch {
	case l.width > 0 && (wide == 0 || l.width < wide):
		return l.width - busy
	case wide > 0:
		return wide - busy
	}
	return most
}

func (s tasks) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (stopping bool, err error) {
	err = s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.leased(id, worker)
		if err != nil {
			return err
		}
		t.Due, t.Progress, t.Note = now.Add(lease), progress, note
		stopping = t.Stopping
		s.put(tx, t)
		return nil
	})
	return stopping, err
}

func (s tasks) Rest(ctx context.Context, id, worker string, r queue.Rest, step queue.Step) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.leased(id, worker)
		if err != nil {
			return err
		}
		t.worker, t.Leased, t.Due = "", false, now.Add(r.After)
		t.Data, t.Progress, t.Note = bytes.Clone(r.Data), r.Progress, r.Note
		s.note(tx, now, t, step)
		return nil
	})
}

func (s tasks) End(ctx context.Context, id, worker string, r queue.Result, step queue.Step) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.leased(id, worker)
		if err != nil {
			return err
		}
		s.note(tx, now, t.ended(r, now), step)
		s.advance(tx, t.Kind, t.Key)
		return nil
	})
}

// ended is a task with its result.
func (t task) ended(r queue.Result, now time.Time) task {
	t.worker, t.Leased, t.Due, t.Held = "", false, time.Time{}, false
	if r.Data != nil {
		t.Data = r.Data
	}
	t.Result = &r
	t.Task = copied(t.Task)
	t.erase, t.forget = later(now, r.Erase), later(now, r.Forget)
	return t
}

func later(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return now.Add(d)
}

// note keeps a task after a turn, and what its worker says of the lane.
func (s tasks) note(tx *transaction, now time.Time, t task, step queue.Step) {
	if step.Record != nil {
		t.story = append(slices.Clip(t.story), queue.Record{Attempt: t.Attempt, Text: bytes.Clone(step.Record)})
	}
	s.put(tx, t)
	id := laneID{t.Kind, t.Lane}
	l, known := s.lanes[id]
	switch since := t.Taken.Before(l.shutAt); {
	case step.Shut > 0:
		if !since {
			l.shut, l.shutAt = l.shut+1, now
		}
		if opens := now.Add(step.Shut); opens.After(l.opens) {
			l.opens = opens
		}
		l.width = 1
		set(tx, s.lanes, id, l)
	case step.Works && known && !since:
		unset(tx, s.lanes, id)
		if l.width *= 2; l.width < queue.Recovered {
			l.shut, l.opens = 0, time.Time{}
			set(tx, s.lanes, id, l)
		}
	}
}

// leased finds a task that is this worker's.
func (s tasks) leased(id, worker string) (task, error) {
	t, err := s.find(id)
	if err == nil && (t.Result != nil || t.worker == "" || t.worker != worker) {
		err = fmt.Errorf("memory: task %q: %w", id, queue.ErrLeaseLost)
	}
	return t, err
}

func (s tasks) find(id string) (task, error) {
	t, known := s.tasks[id]
	if !known {
		return t, fmt.Errorf("memory: no task %q: %w", id, parlance.ErrNotFound)
	}
	return t, nil
}

// idle finds a task that has ended, or that nobody has.
func (s tasks) idle(id string, ended bool) (task, error) {
	t, err := s.find(id)
	switch {
	case err != nil:
	case t.Result == nil && ended:
		err = fmt.Errorf("memory: task %q has not ended: %w", id, parlance.ErrConflict)
	case t.worker != "":
		err = fmt.Errorf("memory: a worker has task %q: %w", id, parlance.ErrConflict)
	}
	return t, err
}

func (s tasks) Task(ctx context.Context, id string) (found queue.Task, err error) {
	err = s.do(ctx, func(*transaction, time.Time) error {
		t, err := s.find(id)
		found = copied(t.Task)
		return err
	})
	return found, err
}

func (s tasks) Cancel(ctx context.Context, id string) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.find(id)
		if err != nil || t.Result != nil {
			return err
		}
		t.Stopping = true
		if t.worker == "" {
			t = t.ended(queue.Canceled(now), now)
		}
		s.put(tx, t)
		s.advance(tx, t.Kind, t.Key)
		return nil
	})
}

func (s tasks) Settle(ctx context.Context, id string, r queue.Result) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.idle(id, true)
		if err != nil {
			return err
		}
		s.put(tx, t.ended(r, now))
		s.advance(tx, t.Kind, t.Key)
		return nil
	})
}

func (s tasks) Again(ctx context.Context, id string) error {
	return s.do(ctx, func(tx *transaction, now time.Time) error {
		t, err := s.idle(id, false)
		if err != nil {
			return err
		}
		if t.erased {
			return fmt.Errorf("memory: the input of task %q was erased: %w", id, parlance.ErrConflict)
		}
		t.Due, t.Stopping, t.erase, t.forget = now, false, time.Time{}, time.Time{}
		if over := t.Deadline; !over.IsZero() && !over.After(now) {
			t.Deadline = now.Add(over.Sub(t.Created))
		}
		if t.Result != nil {
			t.Result, t.Held = nil, t.Key != ""
		}
		s.put(tx, t)
		s.advance(tx, t.Kind, t.Key)
		return nil
	})
}

func (s tasks) Erase(ctx context.Context, id string) error {
	return s.do(ctx, func(tx *transaction, _ time.Time) error {
		t, err := s.idle(id, true)
		if err != nil {
			return err
		}
		s.put(tx, t.blank())
		return nil
	})
}

// blank is a task without its bodies.
func (t task) blank() task {
	t.Input, t.Data, t.erased, t.erase = nil, nil, true, time.Time{}
	if t.Result != nil {
		r := *t.Result
		r.Body = nil
		t.Result = &r
	}
	return t
}

func (s tasks) Tasks(ctx context.Context, f queue.Filter) (list []queue.Task, err error) {
	err = s.do(ctx, func(_ *transaction, now time.Time) error {
		before := s.puts + 1
		if f.Before != "" {
			t, err := s.find(f.Before)
			if err != nil {
				return err
			}
			before = t.seq
		}
		var all []task
		for _, t := range s.tasks {
			if t.seq < before && (f.Kind == "" || t.Kind == f.Kind) && strings.HasPrefix(t.Lane, f.Lane) && (f.State == "" || t.state(now) == f.State) {
				all = append(all, t)
			}
		}
		slices.SortFunc(all, func(a, b task) int { return cmp.Compare(b.seq, a.seq) })
		for _, t := range all[:min(len(all), cmp.Or(f.Most, 100))] {
			list = append(list, copied(t.blank().Task))
		}
		return nil
	})
	return list, err
}

// state is the state that a filter names.
func (t task) state(now time.Time) string {
	switch {
	case t.Result != nil:
		return t.Result.State
	case t.worker != "" && t.Due.After(now):
		return queue.Leased
	}
	return queue.Waiting
}

func (s tasks) Steps(ctx context.Context, id string) (list []queue.Record, err error) {
	err = s.do(ctx, func(*transaction, time.Time) error {
		t, err := s.find(id)
		for _, r := range t.story {
			list = append(list, queue.Record{Attempt: r.Attempt, Text: bytes.Clone(r.Text)})
		}
		return err
	})
	return list, err
}

func (s tasks) Lanes(ctx context.Context, kind string, states ...string) (list []queue.Lane, err error) {
	err = s.do(ctx, func(_ *transaction, now time.Time) error {
		type laneState struct{ lane, state string }
		byName, oldest := map[string]queue.Lane{}, map[laneState]time.Time{}
		for id, l := range s.lanes {
			if id.kind == kind {
				byName[id.name] = queue.Lane{Name: id.name, Opens: l.opens, Shut: l.shut, Width: l.width}
			}
		}
		for _, t := range s.tasks {
			if t.Kind != kind {
				continue
			}
			l := byName[t.Lane]
			l.Name = t.Lane
			byName[t.Lane] = l
			of := laneState{t.Lane, t.state(now)}
			if first, known := oldest[of]; !known || t.Created.Before(first) {
				oldest[of] = t.Created
			}
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			l := byName[name]
			for _, state := range states {
				l.Oldest = append(l.Oldest, oldest[laneState{name, state}])
			}
			if !l.Opens.After(now) {
				l.Opens = time.Time{}
			}
			list = append(list, l)
		}
		return nil
	})
	return list, err
}

// sweep erases and deletes what has been kept long enough.
func (s tasks) sweep(now time.Time) {
	idle := maps.Clone(s.lanes)
	for id, t := range s.tasks {
		delete(idle, laneID{t.Kind, t.Lane})
		switch {
		case !t.forget.IsZero() && !t.forget.After(now):
			s.move(t, task{})
			delete(s.tasks, id)
		case !t.erase.IsZero() && !t.erase.After(now):
			s.tasks[id] = t.blank()
		}
	}
	for id, l := range idle {
		if !l.opens.After(now) {
			delete(s.lanes, id)
		}
	}
}
