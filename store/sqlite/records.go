package sqlite

import (
	"context"
	"sync"
	"time"
)

// record is an activity record as it stands in its row.
type record struct {
	id     string
	start  int64
	caller string
	route  string
	status int
	kind   string
	json   string
}

func (r *record) put(t *transaction) error {
	_, err := t.exec("REPLACE INTO parlance_activity (id, start, caller, route, status, kind, size, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		r.id, r.start, r.caller, r.route, r.status, r.kind, len(r.json), r.json)
	return err
}

const (
	holdBack  = 80 * time.Millisecond // a record, for others to come: with the 20 ms of an activity.Recorder 100
	holdAgain = time.Second           // after a commit that failed
	holdMost  = 1024                  // records
	holdBytes = 8 << 20               // of all of them
)

// records are those that are held back. They are found all the same.
type records struct {
	mu     sync.Mutex
	closed bool
	held   []*record          // in the order they came
	byID   map[string]*record // the last of each
	bytes  int
}

// hold holds a record back, and wakes the writer in time; false is that there are
// too many, or that the store is closed.
func (r *records) hold(one *record, wake chan<- struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.held) >= holdMost || r.bytes+len(one.json) > holdBytes {
		return false
	}
	if r.byID == nil {
		r.byID = map[string]*record{}
	}
	r.held = append(r.held, one)
	r.byID[one.id] = one
	r.bytes += len(one.json)
	if len(r.held) == 1 {
		rouse(wake, holdBack)
	}
	return true
}

func rouse(wake chan<- struct{}, after time.Duration) {
	time.AfterFunc(after, func() {
		select {
		case wake <- struct{}{}:
		default: // somebody did
		}
	})
}

// find is the JSON of a record that is held back, or "".
func (r *records) find(id string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if one := r.byID[id]; one != nil {
		return one.json
	}
	return ""
}

// refuse holds none back any more.
func (r *records) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// flush is the call that writes what is held back, or nil where nothing is. What
// could not be committed is held on.
func (r *records) flush(s *Store, wake chan<- struct{}) *call {
	r.mu.Lock()
	held := r.held
	r.mu.Unlock()
	if len(held) == 0 {
		return nil
	}
	return own(func(ctx context.Context) error {
		for _, one := range held {
			if err := one.put(s.within(ctx)); err != nil {
				return err
			}
		}
		return nil
	}, func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			rouse(wake, holdAgain)
			return
		}
		r.held = append([]*record(nil), r.held[len(held):]...)
		for _, one := range held {
			r.bytes -= len(one.json)
			if r.byID[one.id] == one {
				delete(r.byID, one.id)
			}
		}
		if len(r.held) > 0 {
			rouse(wake, holdBack)
		}
	})
}
