// Package recent keeps a value for each of the keys that were asked for last, so
// that a caller of ever new ones costs no more than so much memory.
package recent

import (
	"container/list"
	"sync"
)

// Map makes a value for each key that it is asked for, and forgets the one that
// was asked for the longest ago if there are too many. It is safe for
// concurrent use.
type Map[V any] struct {
	capacity int
	make     func(key string) V

	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of entries, the last one asked for in front
}

type entry[V any] struct {
	key   string
	value V
}

// New makes a Map of at most so many values, at least 1. make is called with a
// lock held, so it must be quick.
func New[V any](capacity int, make func(key string) V) *Map[V] {
	return &Map[V]{capacity: max(capacity, 1), make: make, byKey: map[string]*list.Element{}}
}

// Get is the value of a key, a new one if there is none.
func (m *Map[V]) Get(key string) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.byKey[key]; ok {
		m.order.MoveToFront(e)
		return e.Value.(entry[V]).value
	}
	if m.order.Len() >= m.capacity {
		last := m.order.Back()
		delete(m.byKey, m.order.Remove(last).(entry[V]).key)
	}
	v := m.make(key)
	m.byKey[key] = m.order.PushFront(entry[V]{key, v})
	return v
}
