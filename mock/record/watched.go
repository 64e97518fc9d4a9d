package record

import (
	"errors"
	"io"
	"sync"
)

// watched is a body of which the first MaxBody bytes are kept while it streams.
type watched struct {
	io.ReadCloser
	kept  []byte
	long  bool
	whole bool // its end was read
	once  sync.Once
	end   func(body []byte, whole bool)
}

// Read passes on and keeps.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if room := MaxBody - len(w.kept); n > room {
		w.long = true
		w.kept = append(w.kept, p[:room]...)
	} else {
		w.kept = append(w.kept, p[:n]...)
	}
	if errors.Is(err, io.EOF) {
		w.whole = !w.long
	}
	return n, err
}

// Close tells of the end.
func (w *watched) Close() error {
	err := w.ReadCloser.Close()
	w.once.Do(func() { w.end(w.kept, w.whole) })
	return err
}
