package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// source gives the records of a document one after the other.
type source interface {
	// next is the next record. io.EOF is the document's good end; a *badInput is
	// the place from which on it cannot be read; any other error is the reader's.
	next() (rawRecord, error)
}

// rawRecord is a record as it came. Its bytes are good until the next one is
// asked for.
type rawRecord struct {
	before []byte // what stands between the last one and this: XML only
	name   string // of its element, prefix included: XML only
	bytes  []byte
	line   int // on which it begins, from 1
}

// badInput is a document that is none, or one that is too much.
type badInput struct {
	at  int64 // bytes before it
	why string
}

func (e *badInput) Error() string { return fmt.Sprintf("byte %d: %s", e.at, e.why) }

// input is a window on a document that is read as a stream: what is looked
// for is read up to, and no more than max bytes are kept.
type input struct {
	src   io.Reader
	pause func() error // called before src is waited for; nil is nothing
	max   int          // bytes that may be kept

	buf   []byte // read and not taken yet
	taken int64  // bytes of the document before buf
	lines int    // ends of lines among them
	err   error  // how src ended
}

// chunk is how many bytes are asked for at once.
const chunk = 64 << 10

// more reads on. It fails with io.EOF at the end of the document, as src does, or
// with a *badInput where more would have to be kept than may be.
func (in *input) more() error {
	if in.err != nil {
		return in.err
	}
	if len(in.buf) > in.max {
		return in.bad(0, fmt.Sprintf("a record is longer than %d bytes", in.max))
	}
	if in.pause != nil {
		if err := in.pause(); err != nil {
			return err
		}
	}
	if cap(in.buf)-len(in.buf) < chunk/2 {
		in.buf = append(make([]byte, 0, len(in.buf)+max(len(in.buf), chunk)), in.buf...)
	}
	for range 100 { // as bufio does: a reader that gives nothing for ever is broken
		n, err := in.src.Read(in.buf[len(in.buf):cap(in.buf)])
		in.buf = in.buf[:len(in.buf)+n]
		if n > 0 {
			in.err = ended(err)
			return nil
		}
		if in.err = ended(err); err != nil {
			return in.err
		}
	}
	in.err = &cutInput{io.ErrNoProgress}
	return in.err
}

// ended is how a reader's end is told: the document's, or that it broke off.
func ended(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &cutInput{err}
}

// bad is a fault at buf[i].
func (in *input) bad(i int, why string) error {
	return &badInput{at: in.taken + int64(i), why: why}
}

// short makes the end of the document in the midst of something a fault.
func (in *input) short(err error) error {
	if errors.Is(err, io.EOF) {
		return in.bad(len(in.buf), "the document ends too early")
	}
	return err
}

var newline = []byte{'\n'}

// take removes the first n bytes and returns them.
func (in *input) take(n int) []byte {
	b := in.buf[:n:n]
	in.buf = in.buf[n:]
	in.taken += int64(n)
	in.lines += bytes.Count(b, newline)
	return b
}

// at is buf[i], read up to.
func (in *input) at(i int) (byte, error) {
	for i >= len(in.buf) {
		if err := in.more(); err != nil {
			return 0, err
		}
	}
	return in.buf[i], nil
}

// has reports that text begins at buf[i].
func (in *input) has(i int, text string) (bool, error) {
	for j := range len(text) {
		c, err := in.at(i + j)
		if err != nil {
			return false, err
		}
		if c != text[j] {
			return false, nil
		}
	}
	return true, nil
}

// find is where text begins at buf[i] or behind. Nothing is looked at twice,
// however small the pieces are that src gives.
func (in *input) find(i int, text string) (int, error) {
	for {
		if i < len(in.buf) {
			if n := bytes.Index(in.buf[i:], []byte(text)); n >= 0 {
				return i + n, nil
			}
			i = max(i, len(in.buf)-len(text)+1)
		}
		if err := in.more(); err != nil {
			return 0, err
		}
	}
}

// findAny is where one of these bytes stands at buf[i] or behind.
func (in *input) findAny(i int, set *[256]bool) (int, error) {
	for {
		for ; i < len(in.buf); i++ {
			if set[in.buf[i]] {
				return i, nil
			}
		}
		if err := in.more(); err != nil {
			return 0, err
		}
	}
}

// space is where something else than white space stands at buf[i] or behind.
func (in *input) space(i int) (int, error) {
	for {
		c, err := in.at(i)
		if err != nil {
			return i, err
		}
		if !isSpace(c) {
			return i, nil
		}
		i++
	}
}

// isSpace is true of white space, as JSON (RFC 8259, 2) and XML (1.0, 2.3) have it.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// setOf is a set of bytes.
func setOf(bytes string) (set [256]bool) {
	for _, c := range []byte(bytes) {
		set[c] = true
	}
	return set
}

// open looks at what a document begins with, and reads it as that.
func (in *input) open(member string) (source, error) {
	start := 0
	if mark, err := in.has(0, "\uFEFF"); mark {
		start = len("\uFEFF") // RFC 8259, 8.1 lets a reader pass it over; XML has it (1.0, 4.3.3)
	} else if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	i, err := in.space(start)
	if errors.Is(err, io.EOF) {
		return nil, in.bad(i, "there is no document")
	}
	if err != nil {
		return nil, err
	}
	switch in.buf[i] {
	case '<':
		return &xmlRecords{in: in, member: member, from: start}, nil
	case '[', '{':
		in.take(i)
		return &jsonRecords{in: in, member: member}, nil
	}
	return nil, in.bad(i, "this is neither JSON with a list of records nor XML")
}
