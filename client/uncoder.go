package client

import (
	"compress/gzip"
	"io"

	"github.com/parlance-api/parlance/dialect"
)

// uncoder undoes the gzip of a stream that the caller reads in its coded form. It is never
// ahead of the caller: a write returns when its bytes were taken.
type uncoder struct {
	to   *io.PipeWriter
	done chan struct{}
}

// newUncoder feeds what is behind the first bytes to a stream, which nobody else may use
// until the uncoder is closed.
func newUncoder(of *dialect.Stream, skip int) *uncoder {
	from, to := io.Pipe()
	u := &uncoder{to, make(chan struct{})}
	go func() {
		defer close(u.done)
		defer io.Copy(io.Discard, from) // behind a fault nothing can be read
		zr, err := gzip.NewReader(from)
		if err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, zr, int64(skip)); err == nil {
			_, _ = io.Copy(feeder{of}, zr)
		}
	}()
	return u
}

// feeder is a stream as a writer.
type feeder struct{ of *dialect.Stream }

func (f feeder) Write(p []byte) (int, error) {
	f.of.Feed(p)
	return len(p), nil
}

func (u *uncoder) write(p []byte) { _, _ = u.to.Write(p) }

// close waits until all that was written has been read.
func (u *uncoder) close() {
	_ = u.to.Close()
	<-u.done
}
