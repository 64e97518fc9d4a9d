package jsonl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// MaxLine bounds a response, and a line of them: 64 MiB is far more than any
// recorded response, and it fits into memory several times.
const MaxLine = 64 << 20

// ErrTooLong is the error of a line that is longer than the bound.
var ErrTooLong = fmt.Errorf("longer than %d MiB", MaxLine>>20)

// Reader reads lines of any length up to a bound. A longer one is read to
// its end and reported, so that the lines after it are still read.
type Reader struct {
	r    *bufio.Reader
	max  int
	line []byte
}

// NewReader makes a Reader of lines that have at most so many bytes.
func NewReader(r io.Reader, most int) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 64<<10), max: most}
}

// Next is the next line without its end; it is good until the next call. The
// error is ErrTooLong for this line only, or io.EOF after the last.
func (l *Reader) Next() ([]byte, error) {
	l.line = l.line[:0]
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.line)+len(part) > l.max+1 { // 1 for the LF
			long, l.line = true, l.line[:0]
		} else if !long {
			l.line = append(l.line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (long || len(l.line) > 0):
			// The last line needs no LF; the next call ends.
		case err != nil:
			return nil, err
		}
		if line := bytes.TrimSuffix(l.line, []byte("\n")); !long && len(line) <= l.max {
			return line, nil
		}
		return nil, ErrTooLong
	}
}
