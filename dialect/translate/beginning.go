package translate

import (
	"bytes"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Beginning is the part that has arrived of a body that goes into an envelope of the callers'
// dialect (see Encloses). It tells a stream from a document, so that nobody waits for the end
// of a stream. The zero value is a body of which nothing has arrived. It is for one goroutine.
type Beginning struct {
	first tree.First
	start int // where the first value begins
	end   int // and ends, 0 if it has not
	open  bool
}

// Settled is the length of the part of a body that shows that no envelope can hold it, 0 if
// the rest can still be that of a document. Such a part is not the beginning of a value of
// JSON, or it has a first value and the beginning of a second. body is all that has arrived.
// Translate of that part, without Cut, passes the body on.
func (b *Beginning) Settled(body []byte) int {
	const blanks = " \t\r\n"
	if !b.open {
		value := bytes.TrimLeft(body, blanks)
		if len(value) == 0 {
			return 0
		}
		if bytes.IndexByte([]byte(`{["-0123456789tfn`), value[0]) < 0 {
			return len(body)
		}
		b.open, b.start = true, len(body)-len(value)
	}
	if c := body[b.start]; c != '{' && c != '[' {
		return 0 // its end is where the body ends
	}
	if b.end == 0 {
		end := b.first.End(body[b.start:])
		if end == 0 {
			return 0
		}
		b.end = b.start + end
	}
	if len(bytes.TrimLeft(body[b.end:], blanks)) > 0 {
		return len(body)
	}
	return 0
}
