package client

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-api/parlance/dialect"
)

// mustRead reports whether a body can tell more than status and header do. The
// body of a failure is always read, so that a wait holds no connection.
func mustRead(d *dialect.Dialect, req dialect.Request, resp *http.Response) bool {
	if resp.Body == nil || resp.Body == http.NoBody {
		return false
	}
	return resp.StatusCode >= 400 || d.NeedsBody(req, resp.StatusCode, resp.Header)
}

// replayed is a body of which a part was read ahead: head comes first, then what a
// read that was under way brings, then err or the rest.
type replayed struct {
	head    []byte
	err     error         // that ended it
	rest    io.ReadCloser // nil if head is all
	ahead   *ahead        // nil if no other goroutine read it
	watch   *watch        // nil if the meaning was known when it was handed on
	room    *room         // the memory of head, to be given back; nil for none
	settled int           // the length of the part that settles the meaning, 0 for none
}

// ahead is the goroutine that reads a body as long as its meaning is waited for.
type ahead struct {
	mu    sync.Mutex
	left  bool          // nobody waits any more: the read that is under way is the last
	ended bool          // no more is needed
	done  chan struct{} // closed when the goroutine has ended
	late  []byte        // what the last read brought
	err   error         // and how it ended
}

// peek reads up to limit bytes of a response's body, and puts in its place one that gives
// the caller all of it. It stops early:
//
//   - if what was read settles the meaning
//   - after the time that a good response may be held; then undecided is set
//
// A body of known length that has arrived is read without another goroutine. Any other may
// come to a halt at any time.
func peek(own *replayed, resp *http.Response, limit int, of *dialect.Beginning, hold time.Duration) (b *replayed, undecided bool) {
	good := resp.StatusCode < 300
	*own = replayed{rest: resp.Body}
	own.make(resp.ContentLength, limit, good)
	switch {
	case !good:
		for !own.read(limit, nil) {
		}
	case resp.ContentLength > 0 && own.once(limit, of, resp.ContentLength):
	default:
		return own.race(resp, limit, of, hold)
	}
	resp.Body = own
	own.ended()
	return own, false
}

// ended frees the connection while the caller reads or we wait: all that was to come has
// come.
func (b *replayed) ended() {
	if b.err == io.EOF && b.rest != nil {
		_ = b.rest.Close()
		b.rest = nil
	}
}

// once reads what has arrived of a body of known length. It reports that no more of it is
// needed.
func (b *replayed) once(limit int, of *dialect.Beginning, length int64) bool {
	for !b.read(limit, of) {
		if int64(len(b.head)) < length {
			return false
		}
	}
	return true
}

// read reads once. It reports that no more is needed: the body has ended, its meaning is
// settled, or it is longer than the limit.
func (b *replayed) read(limit int, of *dialect.Beginning) bool {
	n, err := b.rest.Read(b.grow(limit))
	return b.take(n, err, limit, of)
}

// take adds what a read brought. A body that breaks off after its meaning was settled is
// like one that breaks off while the caller reads it.
func (b *replayed) take(n int, err error, limit int, of *dialect.Beginning) bool {
	b.head = b.head[:len(b.head)+n]
	if len(b.head) > limit {
		return true // what err there is comes again
	}
	if b.err = err; err != io.EOF && of != nil {
		b.settled = of.Settled(b.head)
	}
	return err != nil || b.settled > 0
}

// race reads until no more is needed, or until a time has passed. It reports whether that
// came first. It goes on with a body of its own, since b may be used again while the
// goroutine reads.
func (b *replayed) race(resp *http.Response, limit int, of *dialect.Beginning, hold time.Duration) (own *replayed, undecided bool) {
	own, a := new(replayed), &ahead{done: make(chan struct{})}
	*own = *b
	resp.Body = own
	var mine *dialect.Beginning // the caller's need not leave the stack
	if of != nil {
		mine = new(dialect.Beginning)
		*mine = *of
	}
	go func(rest io.Reader, room []byte) {
		defer close(a.done)
		for room != nil {
			n, err := rest.Read(room)
			room = a.took(own, room[:n], err, limit, mine)
		}
	}(own.rest, own.grow(limit))
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left = !a.ended; a.left {
		own.ahead, own.room = a, nil
		return own, true
	}
	own.ended()
	return own, false
}

// took adds what a read brought. It returns the room for the next one; nil if no more is
// needed, or if nobody waits any more.
func (a *ahead) took(b *replayed, read []byte, err error, limit int, of *dialect.Beginning) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left {
		a.late, a.err = read, err
		return nil
	}
	if a.ended = b.take(len(read), err, limit, of); a.ended {
		return nil
	}
	return b.grow(limit)
}

// Read gives the bytes that were read ahead, then the rest.
func (b *replayed) Read(p []byte) (n int, err error) {
	switch {
	case len(b.head) > 0:
		n = copy(p, b.head)
		b.head = b.head[n:]
		if len(b.head) == 0 && b.room != nil {
			b.room.put()
			b.head, b.room = nil, nil
		}
		return n, nil
	case b.err != nil:
		return 0, b.err
	case b.ahead != nil:
		<-b.ahead.done
		b.head, b.err, b.ahead = b.ahead.late, b.ahead.err, nil
		b.watch.saw(b.head, b.err)
		return b.Read(p)
	}
	n, err = b.rest.Read(p)
	if b.watch != nil {
		b.watch.saw(p[:n], err)
	}
	return n, err
}

// Close closes the rest.
func (b *replayed) Close() (err error) {
	if b.rest != nil {
		err = b.rest.Close()
	}
	if b.watch != nil {
		b.watch.close()
	}
	return err
}
