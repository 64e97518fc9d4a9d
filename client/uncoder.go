package client

import (
	"compress/gzip"
	"io"
	"iter"
	"sync"

	"github.com/parlance-api/parlance/dialect"
)

// uncoder undoes the gzip of a stream that the caller reads in its coded form. When a write
// returns, all that can be read of its bytes has been fed. It is for one goroutine at a time.
type uncoder struct {
	in    []byte // what has come and was not read
	ended bool   // no more comes
	more  func(struct{}) bool
	next  func() (struct{}, bool)
	stop  func()
}

// newUncoder feeds the text of what is written to it to a stream. It has to be closed.
func newUncoder(of *dialect.Stream) *uncoder {
	u := new(uncoder)
	u.next, u.stop = iter.Pull(func(yield func(struct{}) bool) {
		u.more = yield
		unzip(of, u)
		for !u.ended && yield(struct{}{}) { // behind a fault nothing can be read
		}
	})
	return u
}

// unzipper is what undoing gzip needs. It takes more than 40 KB, so it is used again.
type unzipper struct {
	zr   gzip.Reader
	text [4 << 10]byte
}

var unzippers = sync.Pool{New: func() any { return new(unzipper) }}

// unzip feeds the text of what is in gzip, until its end or a fault.
func unzip(of *dialect.Stream, from io.Reader) {
	z := unzippers.Get().(*unzipper)
	defer unzippers.Put(z)
	err := z.zr.Reset(from)
	for err == nil {
		var n int
		n, err = z.zr.Read(z.text[:])
		of.Feed(z.text[:n])
	}
}

// wait waits for the next bytes. It reports false at the end.
func (u *uncoder) wait() bool {
	for len(u.in) == 0 {
		if u.ended || !u.more(struct{}{}) {
			return false
		}
	}
	return true
}

// Read reads what has come.
func (u *uncoder) Read(p []byte) (int, error) {
	if !u.wait() {
		return 0, io.EOF
	}
	n := copy(p, u.in)
	u.in = u.in[n:]
	return n, nil
}

// ReadByte lets the decoder read no more than it needs.
func (u *uncoder) ReadByte() (byte, error) {
	if !u.wait() {
		return 0, io.EOF
	}
	c := u.in[0]
	u.in = u.in[1:]
	return c, nil
}

func (u *uncoder) write(p []byte) {
	if len(p) > 0 && !u.ended {
		u.in = p
		u.next()
		u.in = nil
	}
}

// close feeds what is left. It keeps nothing, since an unzipper may know the uncoder.
func (u *uncoder) close() {
	if u.ended {
		return
	}
	u.ended = true
	u.next()
	u.stop()
	*u = uncoder{ended: true}
}
