package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/store"
)

// A batch is committed when nobody waits, and at the latest when it is this many, has
// taken so many times as long as a commit of late, or is this long. Who came first
// waits for no more; and while those who were answered make their next requests, the
// others are written, where all in one batch would then wait for all to come back: 64
// callers are served an eighth faster.
const (
	batchMost    = 256
	batchCommits = 2
	batchLong    = 20 * time.Millisecond
)

// writer is the one goroutine that writes. It takes the calls that wait, gives
// each its turn in a savepoint, commits them all at once, and then answers all.
// A call runs in its caller's goroutine: a panic is the caller's, stack and all.
type writer struct {
	store  *Store
	conn   *sql.Conn
	write  *link
	theirs *statements // of callers

	queue   chan *call    // unbuffered: who was not taken is not waited for
	wake    chan struct{} // activity records have waited long enough
	closing chan struct{}
	ended   chan struct{}

	lanes   map[[2]string]bool // that are in the file, by kind and name; of whose turn it is
	changes atomic.Int64       // of the queue, that were committed
	quiet   sync.Map           // quiet, by the kinds

	committing atomic.Bool // COMMIT is ours
	aborting   atomic.Bool // ROLLBACK is ours
	lost       atomic.Bool // the transaction of the batch is gone: nothing may be run in what is none

	// What the memory of the process does when the batch is committed, and in the
	// other order when it is not.
	keep, undo []func()

	took  time.Duration // a commit, of late
	swept time.Time
}

// call is a Transact that waits.
type call struct {
	ctx   context.Context
	fn    func(ctx context.Context) error
	plain bool              // fn has no savepoint
	turn  chan *transaction // it is yours; nil where the writer runs fn itself
	ran   chan struct{}     // by the caller: fn has ended
	done  chan error        // what came of it
	tell  func(err error)   // the same, where the writer runs fn itself

	began bool
	left  bool  // fn panicked, and nobody waits for the response
	err   error // fn's
}

// calls are those that Transact has done with.
var calls = sync.Pool{New: func() any {
	return &call{turn: make(chan *transaction), ran: make(chan struct{}), done: make(chan error, 1)}
}}

// respond says what came of a call: fn's error, or else that of the commit.
func (c *call) respond(err error) {
	if c.err != nil {
		err = c.err
	}
	if c.tell != nil {
		c.tell(err)
	} else {
		c.done <- explain(err)
	}
}

// mayCommit is asked by SQLite before each commit. One that is not ours, in a
// caller's SQL, would commit half of what others do: it becomes a rollback.
func (w *writer) mayCommit() int32 {
	if w.committing.Load() {
		return 0
	}
	return 1
}

// wasRolledBack is told by SQLite that the transaction is gone: as we asked, or
// for an error such as a full disk, or by a caller's SQL.
func (w *writer) wasRolledBack() {
	if !w.aborting.Load() {
		w.lost.Store(true)
	}
}

func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case c := <-w.queue:
			for w.sweep(); c != nil; {
				c = w.batch(c)
			}
		case <-w.wake:
			w.batch(nil)
		case <-w.closing:
			w.batch(nil)
			return
		}
	}
}

// next is a call that waits, or nil. Who has just been answered is given a chance
// to come back.
func (w *writer) next() *call {
	for range 2 {
		select {
		case c := <-w.queue:
			return c
		default:
			runtime.Gosched()
		}
	}
	return nil
}

// batch commits first, what waits behind it, and the activity records that were
// held back, which come first: a later one of the same id is the one to be kept.
// It returns the call that it took and did not run, if any.
func (w *writer) batch(first *call) *call {
	held := w.store.records.flush(w.store, w.wake)
	if held == nil && first == nil {
		return nil
	}
	if err := w.begin(); err != nil {
		w.refuse(held, first, err)
		return nil
	}
	var ran []*call
	turns := 0
	if held != nil {
		w.run(held)
		ran = append(ran, held)
		turns++
	}
	until := time.Now().Add(min(batchCommits*w.took, batchLong))
	c := first
	for ; c != nil && !w.lost.Load(); c = w.next() {
		if w.run(c) {
			ran = append(ran, c)
		}
		if turns++; turns >= batchMost || time.Now().After(until) {
			c = nil
			break
		}
	}
	start := time.Now()
	err := w.commit()
	w.took += (time.Since(start) - w.took) / 4
	for _, each := range ran {
		if err != nil && turns > 1 {
			w.alone(each) // one spoilt it for all
		} else {
			each.respond(err)
		}
	}
	return c
}

// refuse answers all that wait: each would wait as long for the same error.
func (w *writer) refuse(held, first *call, err error) {
	var waiting []*call
	for c := first; c != nil; c = w.next() {
		waiting = append(waiting, c)
	}
	for _, c := range waiting { // now, lest who tries again is refused unheard
		c.respond(err)
	}
	if held != nil {
		held.respond(err)
	}
}

// alone runs a call in a transaction of its own.
func (w *writer) alone(c *call) {
	err := w.begin()
	if err == nil {
		w.run(c)
		err = w.commit()
	} else {
		c.err = nil // of another turn
	}
	c.respond(err)
}

// run gives a call its turn, and reports false where nobody waits for a response: it
// was given up before, or panicked and is undone.
func (w *writer) run(c *call) bool {
	t := &transaction{writer: w}
	if c.turn == nil {
		// Without a savepoint, for which SQLite copies each page that is changed.
		c.err = c.fn(inTransaction{c.ctx, t})
		return true
	}
	gone := c.ctx.Done()
	if c.began {
		gone = nil // it waits to be told what came of it
	}
	select {
	case c.turn <- t:
		c.began = true
		<-c.ran
		return !c.left
	case <-gone:
		return false
	}
}

// own is a call that the writer runs itself, and tells what came of it. If fn fails, a part
// of it may be committed: it must do no harm to run it again.
func own(fn func(ctx context.Context) error, tell func(err error)) *call {
	return &call{ctx: context.Background(), fn: fn, tell: tell}
}

func (w *writer) begin() error {
	w.keep, w.undo = w.keep[:0], w.undo[:0]
	_, err := w.write.exec(context.Background(), "BEGIN IMMEDIATE")
	w.lost.Store(false)
	return explain(err)
}

// commit commits the batch, or undoes all of it.
func (w *writer) commit() error {
	err := fmt.Errorf("sqlite: the transaction was ended inside fn: %w", parlance.ErrUnavailable)
	if !w.lost.Load() {
		w.committing.Store(true)
		_, err = w.write.exec(context.Background(), "COMMIT")
		w.committing.Store(false)
	}
	if err != nil {
		w.aborting.Store(true)
		w.write.exec(context.Background(), "ROLLBACK") // fails where nothing is left of it
		w.aborting.Store(false)
		w.forget(0, 0)
		return explain(err)
	}
	for _, keep := range w.keep {
		keep()
	}
	return nil
}

// forget undoes in memory what came after a mark.
func (w *writer) forget(keep, undo int) {
	for i := len(w.undo) - 1; i >= undo; i-- {
		w.undo[i]()
	}
	w.keep, w.undo = w.keep[:keep], w.undo[:undo]
}

// sweepMost is how many rows of a kind are swept at once, so that nobody waits
// long.
const sweepMost = 1000

// sweep deletes what has ended, so that the file does not grow forever. What it
// fails to delete is there for the next one.
func (w *writer) sweep() {
	now := w.store.clock()
	if now.Sub(w.swept) < store.Sweep {
		return
	}
	w.swept = now
	clear(w.lanes) // some of which go
	c := own(func(ctx context.Context) error {
		for _, old := range []struct {
			query string
			until time.Time
		}{
			{"DELETE FROM parlance_key WHERE rowid IN (SELECT rowid FROM parlance_key WHERE answered = 1 AND expires BETWEEN 1 AND ? LIMIT ?)", now},
			{"DELETE FROM parlance_seat WHERE (pool, holder) IN (SELECT pool, holder FROM parlance_seat WHERE until <= ? LIMIT ?)", now},
			{"DELETE FROM parlance_step WHERE task IN (SELECT seq FROM parlance_task WHERE forget <> 0 AND forget <= ? ORDER BY forget LIMIT ?)", now},
			{"DELETE FROM parlance_task WHERE seq IN (SELECT seq FROM parlance_task WHERE forget <> 0 AND forget <= ? ORDER BY forget LIMIT ?)", now},
			{"DELETE FROM parlance_lane WHERE (kind, name) IN (SELECT kind, name FROM parlance_lane AS l WHERE opens <= ? " +
				"AND NOT EXISTS (SELECT 1 FROM parlance_task WHERE kind = l.kind AND lane = l.name) LIMIT ?)", now},
			{"UPDATE parlance_task SET " + blank + " WHERE seq IN (SELECT seq FROM parlance_task WHERE erase <> 0 AND erase <= ? LIMIT ?)", now},
			{"DELETE FROM parlance_token WHERE hash IN (SELECT hash FROM parlance_token WHERE expires < ? LIMIT ?)", now.Add(-store.KeepTokens)},
		} {
			n, err := w.write.exec(ctx, old.query, old.until.UnixNano(), sweepMost)
			if err != nil {
				return err
			}
			if n == sweepMost {
				w.swept = time.Time{} // there is more
			}
		}
		return nil
	}, func(error) {})
	w.alone(c)
}
