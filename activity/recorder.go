package activity

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Recorder keeps the records of requests in a [Store], and deletes the old ones. It
// writes in the background, so no request waits for it. If the store is too slow,
// records are dropped, which is logged once a minute. It holds records back for up to
// 20 ms to write many at once. A crash loses these and the records that the store holds
// back. A Recorder is safe for concurrent use.
type Recorder struct {
	store    Store
	logger   *slog.Logger
	level    slog.Level
	secrets  secrets
	maxLines int
	maxBytes int
	age      time.Duration
	size     int64
	sample   int // one of so many successes is kept; all if it is below 2

	mu     sync.Mutex
	queue  []queued
	bytes  int // of the queue
	lost   int // since it was logged last
	err    error
	closed bool
	late   bool // one came after Close, and that was said

	wake    chan struct{} // holds one where there is something to write, or nothing ever again
	closing chan struct{} // closed by Close
	stop    context.CancelFunc
	written chan struct{} // closed when all is written
	tended  chan struct{} // closed when no more is deleted
}

const (
	maxQueue      = 10_000   // records
	maxQueueBytes = 32 << 20 // about
	holdBack      = 20 * time.Millisecond
	minute        = time.Minute
	rests         = 50 // times as long as it took to find that nothing is to be deleted
)

// NewRecorder makes a Recorder that writes to a store until it is closed. A nil option
// is ignored.
func NewRecorder(store Store, options ...Option) *Recorder {
	ctx, stop := context.WithCancel(context.Background())
	r := &Recorder{
		store: store, secrets: commonSecrets, maxLines: DefaultLines, maxBytes: DefaultBytes, age: DefaultAge, size: DefaultSize,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), stop: stop, written: make(chan struct{}), tended: make(chan struct{}),
	}
	for _, o := range options {
		o.apply(r)
	}
	if r.logger == nil {
		r.logger = slog.Default()
	}
	go r.write(ctx)
	go r.tend(ctx)
	return r
}

// Begin starts the record of a request. first has the facts that are known. If its ID
// is empty, the ID is that of ctx, or a new one if ctx has none. The returned context
// carries the Collector. The caller must call End on it.
func (r *Recorder) Begin(ctx context.Context, first Record) (context.Context, *Collector) {
	if first.ID == "" {
		first.ID = ID(ctx)
	}
	if first.ID == "" {
		first.ID = NewID()
		ctx = WithID(ctx, first.ID)
	}
	first.Path = r.secrets.text(first.Path)
	c := &Collector{recorder: r, record: first}
	return context.WithValue(ctx, collectorKey{}, c), c
}

// Choose takes the values that JSON pointers (RFC 6901) name from a JSON text, which
// may be cut off. The result is an object of the values by their pointers, such as
// {"/order/id":7}, or nil if there is none. Values with a secret name are redacted. A
// value of more than 4 KiB is replaced by its length.
func (r *Recorder) Choose(body []byte, pointers ...string) []byte {
	return r.secrets.choose(body, pointers)
}

// Add hands a record on to be written unchanged. Do not use the record afterwards.
// After Close it is lost; that is logged once.
func (r *Recorder) Add(record *Record) { r.add(queued{record: record}) }

// queued is a record that waits to be written, and its lines where they are not in it
// yet.
type queued struct {
	record *Record
	lines  *lines
}

func (r *Recorder) add(q queued) {
	size := sizeOf(q.record) + q.lines.size() + 80*q.lines.count()
	r.mu.Lock()
	fits := !r.closed && len(r.queue) < maxQueue && r.bytes+size <= maxQueueBytes
	if fits {
		r.queue = append(r.queue, q)
		r.bytes += size
	} else {
		r.lost++
	}
	first := fits && len(r.queue) == 1
	late := r.closed && !r.late
	r.late = r.closed
	r.mu.Unlock()
	if late {
		r.logger.Error("activity records are lost: their recorder is closed", "activity_id", q.record.ID)
	}
	if first {
		r.rouse()
	}
	if !fits {
		q.lines.release()
	}
}

// rouse wakes the writer.
func (r *Recorder) rouse() {
	select {
	case r.wake <- struct{}{}:
	default: // it is awake
	}
}

// Close writes the records so far, ends the background work and returns nil. If ctx
// ends first, the rest is lost, and Close returns the error of ctx. The store stays
// open. A second Close does the same.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.closing)
	}
	r.mu.Unlock()
	r.rouse()
	var err error
	for _, end := range []chan struct{}{r.written, r.tended} {
		select {
		case <-end:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		r.stop()
	}
	r.tell()
	return err
}

// write hands the queue on to the store.
func (r *Recorder) write(ctx context.Context) {
	defer close(r.written)
	var spare []queued // the queue's memory while a batch is written
	for range r.wake {
		select {
		case <-time.After(holdBack):
		case <-r.closing:
		}
		for {
			r.mu.Lock()
			batch, closed := r.queue, r.closed
			r.queue, r.bytes = spare, 0
			r.mu.Unlock()
			spare = batch[:0]
			if len(batch) == 0 && closed {
				return
			}
			if len(batch) == 0 {
				break
			}
			for _, q := range batch {
				if q.lines != nil {
					q.record.Lines = q.lines.made(&r.secrets)
					q.lines.release()
				}
				if err := r.store.Add(ctx, q.record); err != nil {
					r.failed(1, err)
				}
			}
			clear(batch)
		}
	}
}

func (r *Recorder) failed(lost int, err error) {
	r.mu.Lock()
	r.lost, r.err = r.lost+lost, err
	r.mu.Unlock()
}

// tend deletes what is old, and says what was lost.
func (r *Recorder) tend(ctx context.Context) {
	defer close(r.tended)
	tick := time.NewTicker(minute)
	defer tick.Stop()
	var next time.Time
	for {
		select {
		case now := <-tick.C:
			if before := now.Add(-r.age); (r.age > 0 || r.size > 0) && !now.Before(next) {
				if r.age <= 0 {
					before = time.Time{}
				}
				began := time.Now() // to see what there is takes the longer the more there is
				deleted, err := r.store.Prune(ctx, before, r.size)
				if err != nil && !errors.Is(err, context.Canceled) {
					r.failed(0, err)
				}
				if ended := time.Now(); deleted == 0 {
					next = ended.Add(rests * ended.Sub(began))
				}
			}
			r.tell()
		case <-ctx.Done():
			return
		}
	}
}

// tell logs what went wrong since it did so last.
func (r *Recorder) tell() {
	r.mu.Lock()
	lost, err := r.lost, r.err
	r.lost, r.err = 0, nil
	r.mu.Unlock()
	switch {
	case err != nil:
		r.logger.Error("the activity store fails", "lost", lost, "error", err)
	case lost > 0:
		r.logger.Error("activity records were lost: they came faster than the store takes them", "lost", lost)
	}
}

// sizeOf is about what a record takes of memory, in bytes.
func sizeOf(r *Record) int {
	n := 512 + len(r.Request) + len(r.Response) + 256*(len(r.Calls)+len(r.Outcome.Items)+len(r.Outcome.Fields))
	for i := range r.Lines {
		n += 64 + len(r.Lines[i].Message)
		for _, a := range r.Lines[i].Attrs {
			n += 16 + len(a)
		}
	}
	return n
}
