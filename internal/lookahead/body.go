// Package lookahead reads the beginning of a body until it is clear what the body means, and
// hands on all of it. It waits no longer than a body without an end allows.
package lookahead

import (
	"io"
	"time"
)

// Settler tells by the beginning of a body that the rest changes nothing.
type Settler interface {
	// Settled is the length of the part that settles the meaning, 0 if the rest can still
	// change it. body is all that has arrived.
	Settled(body []byte) int
}

// Watcher is told what is read of a body that was handed on undecided.
type Watcher interface {
	Saw(p []byte, err error)
	Closed()
}

// Rule bounds what is read ahead.
type Rule struct {
	Limit int           // of bytes; one more is read, to find out whether there are more
	Hold  time.Duration // how long a body is waited for that may come to a halt
}

// Body is a body of which a part was read ahead: Head comes first, then what a read that
// was under way brings, then Err or the rest.
type Body struct {
	Head    []byte
	Err     error   // that ended it
	Settled int     // the length of the part that settles the meaning, 0 for none
	Watcher Watcher // nil for none; it is set before the body is handed on

	rest  io.ReadCloser // nil if Head is all
	ahead *ahead        // nil if no other goroutine read it
	room  *room         // the memory of Head, to be given back; nil for none
}

// All reads rest to its end, or to one byte beyond the limit. length is its Content-Length, -1
// if it is unknown. The memory of Head is not used again.
func (b *Body) All(rest io.ReadCloser, length int64, limit int) {
	*b = Body{rest: rest}
	b.makeFor(length, limit)
	for !b.read(limit, nil) {
	}
	b.ended()
}

// Until is All for a body that settles before its end: begin makes what tells so, and is
// called if the first bytes are not all. If nothing has settled the body after the time of the
// rule, undecided is set.
//
// A body of known length that has arrived is read without another goroutine. Any other may
// come to a halt at any time; own is then another Body than b, which may be used again.
func (b *Body) Until(rest io.ReadCloser, length int64, r Rule, begin func() Settler) (own *Body, undecided bool) {
	*b = Body{rest: rest}
	b.make(r.Limit)
	if length <= 0 {
		return b.On(r, begin())
	}
	if b.read(r.Limit, nil) {
		b.ended()
		return b, false
	}
	until := begin()
	b.Settled = until.Settled(b.Head)
	for done := b.Settled > 0; !done; done = b.read(r.Limit, until) {
		if int64(len(b.Head)) < length {
			return b.On(r, until)
		}
	}
	b.ended()
	return b, false
}

// Keep keeps the memory of Head from being used again.
func (b *Body) Keep() { b.room = nil }

// ended frees the connection while the reader reads or we wait: all that was to come has
// come.
func (b *Body) ended() {
	if b.Err == io.EOF && b.rest != nil {
		_ = b.rest.Close()
		b.rest = nil
	}
}

// read reads once. It reports that no more is needed: the body has ended, its meaning is
// settled, or it is longer than the limit.
func (b *Body) read(limit int, until Settler) bool {
	n, err := b.rest.Read(b.grow(limit))
	return b.take(n, err, limit, until)
}

// take adds what a read brought. A body that breaks off after its meaning was settled is
// like one that breaks off while the reader reads it.
func (b *Body) take(n int, err error, limit int, until Settler) bool {
	b.Head = b.Head[:len(b.Head)+n]
	if len(b.Head) > limit {
		return true // what err there is comes again
	}
	if b.Err = err; err != io.EOF && until != nil {
		b.Settled = until.Settled(b.Head)
	}
	return err != nil || b.Settled > 0
}

// On reads on until no more is needed, or until the time of the rule has passed. Then undecided
// is set. until may be nil.
func (b *Body) On(r Rule, until Settler) (own *Body, undecided bool) {
	own, a := new(Body), &ahead{done: make(chan struct{})}
	*own = *b
	go a.read(own, own.rest, own.grow(r.Limit), r.Limit, until)
	if a.wait(r.Hold) {
		own.ended()
		return own, false
	}
	own.ahead, own.room = a, nil
	return own, true
}

// Read gives the bytes that were read ahead, then the rest.
func (b *Body) Read(p []byte) (n int, err error) {
	switch {
	case len(b.Head) > 0:
		n = copy(p, b.Head)
		b.Head = b.Head[n:]
		if len(b.Head) == 0 && b.room != nil {
			b.room.put()
			b.Head, b.room = nil, nil
		}
		return n, nil
	case b.Err != nil:
		return 0, b.Err
	case b.ahead != nil:
		b.Head, b.Err = b.ahead.last()
		b.ahead = nil
		b.saw(b.Head, b.Err)
		return b.Read(p)
	}
	n, err = b.rest.Read(p)
	b.saw(p[:n], err)
	return n, err
}

func (b *Body) saw(p []byte, err error) {
	if b.Watcher != nil {
		b.Watcher.Saw(p, err)
	}
}

// Close closes the rest.
func (b *Body) Close() (err error) {
	if b.rest != nil {
		err = b.rest.Close()
	}
	if b.Watcher != nil {
		b.Watcher.Closed()
	}
	return err
}
