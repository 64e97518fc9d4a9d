package memory

import (
	"cmp"
	"container/heap"
	"time"
)

// place is where tasks stand in an order.
type place struct {
	what       string
	kind, name string // of the lane or the key
}

// The orders of tasks that have not ended.
const (
	ready = "ready" // of a lane, by when they can be taken
	busy  = "busy"  // of a lane, that a worker has, by when their lease ends
	late  = "late"  // of a kind, by when they are taken although their lane is shut or their turn has not come
	turn  = "turn"  // of a key, that can have their turn
	line  = "line"  // of a key, that the others wait for, as they were put; those that have ended and block it too
)

// standing is where a task stands, and since when it counts there.
type standing struct {
	place
	at time.Time
}

// places are all places of a task.
func (t task) places() (all []standing) {
	if t.seq == 0 {
		return nil
	}
	add := func(what, name string, at time.Time) {
		all = append(all, standing{place{what, t.Kind, name}, at})
	}
	if t.Key != "" && (t.Result == nil || t.Result.Blocks) {
		add(line, t.Key, time.Time{})
	}
	if t.Result != nil {
		return all
	}
	if !t.Held {
		add(ready, t.Lane, t.Due)
		if t.Key != "" {
			add(turn, t.Key, time.Time{})
		}
	}
	over := t.Deadline
	if t.worker != "" {
		add(busy, t.Lane, t.Due)
		if t.Due.After(over) {
			over = t.Due
		}
	}
	if !t.Deadline.IsZero() {
		add(late, "", over)
	}
	return all
}

// put stores a task, and has it stand where it belongs.
func (s tasks) put(tx *transaction, t task) {
	old := s.tasks[t.ID]
	set(tx, s.tasks, t.ID, t)
	s.move(old, t)
	tx.undo = append(tx.undo, func() { s.move(t, old) })
}

// move has a task stand where its new form belongs. One that was never put stands nowhere.
func (s tasks) move(from, to task) {
	for _, p := range from.places() {
		o := s.orders[p.place]
		if o.remove(from.ID); o.Len() == 0 {
			delete(s.orders, p.place)
		}
	}
	for _, p := range to.places() {
		o := s.orders[p.place]
		if o == nil {
			o = &order{of: map[string]*spot{}}
			s.orders[p.place] = o
		}
		o.add(spot{id: to.ID, at: p.at, seq: to.seq})
	}
}

// first is the first task of a place that counts by now.
func (s tasks) first(p place, now time.Time) (first task, found bool) {
	o := s.orders[p]
	if o == nil || o.all[0].at.After(now) {
		return first, false
	}
	return s.tasks[o.all[0].id], true
}

// order is a heap by time, and then as the tasks were put.
type order struct {
	all []*spot
	of  map[string]*spot
}

type spot struct {
	id    string
	at    time.Time
	seq   int
	index int
}

func (o *order) add(e spot) {
	o.of[e.id] = &e
	heap.Push(o, &e)
}

func (o *order) remove(id string) {
	heap.Remove(o, o.of[id].index)
	delete(o.of, id)
}

func (o *order) Len() int { return len(o.all) }
func (o *order) Less(i, j int) bool {
	a, b := o.all[i], o.all[j]
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.seq, b.seq)) < 0
}
func (o *order) Swap(i, j int) {
	o.all[i], o.all[j] = o.all[j], o.all[i]
	o.all[i].index, o.all[j].index = i, j
}
func (o *order) Push(e any) {
	e.(*spot).index = len(o.all)
	o.all = append(o.all, e.(*spot))
}
func (o *order) Pop() any {
	last := o.all[len(o.all)-1]
	o.all = o.all[:len(o.all)-1]
	return last
}
