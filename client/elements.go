package client

import (
	"errors"
	"io"
	"iter"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Element is one element of a stream.
type Element struct {
	Event, ID string            // of a server-sent event; "" for none
	Data      []byte            // it may be used until the next element
	Role      dialect.Role      // content, a preamble, the end, or a failure
	Outcome   *parlance.Outcome // of a failure among results that stand on their own; else nil
	Cut       bool              // Data is only the beginning, since the element is longer than 16 MiB
}

// maxElement is the most bytes of one element.
const maxElement = 16 << 20

// ErrNoStream is returned by [Elements] for a response that is no stream.
var ErrNoStream = errors.New("client: the dialect describes no stream for this response")

// Elements reads the elements of a stream. It closes the body at the end, or if the loop is
// left. The last pair has the error, if there is one:
//
//   - an [*Error] for a failure, a stream that was cut off, and a connection that broke
//   - ErrNoStream if the response is no stream, and [ErrForeign] if it did not come through
//     a [Transport]
//
// A failure ends the stream, except if its results stand on their own (partial in the
// dialect): then each failure is an Element with an Outcome.
func Elements(resp *http.Response) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		x, ok := exchangeOf(resp)
		if !ok {
			yield(Element{}, ErrForeign)
			return
		}
		defer resp.Body.Close()
		r := elementReader{yield: yield}
		if resp.StatusCode < 300 {
			r.of = x.dialect.Stream(x.asked(), httpdialect.Response(resp, nil), r.take)
		}
		if r.of == nil {
			err := Check(resp)
			if err == nil {
				err = ErrNoStream
			}
			yield(Element{}, err)
			return
		}
		r.of.SetMaxElement(maxElement)
		r.read(resp)
	}
}

// elementReader passes the elements of a stream on.
type elementReader struct {
	of    *dialect.Stream
	yield func(Element, error) bool
	over  bool // no more is wanted
	fatal bool // a failure has ended the stream
}

// take is told each element.
func (r *elementReader) take(e *dialect.StreamElement) {
	switch {
	case r.over || r.fatal || e.Torn && e.Role != dialect.RoleEnd:
		return
	case e.Outcome != nil && !r.of.Partial():
		r.fatal = true
		return
	}
	one := Element{Event: string(e.Event), ID: string(e.ID), Data: e.Data, Role: e.Role, Outcome: e.Outcome, Cut: e.Length > int64(len(e.Data))}
	r.over = !r.yield(one, nil)
}

// read reads the body until it ends, a failure has come, or no more is wanted.
func (r *elementReader) read(resp *http.Response) {
	buffer := make([]byte, 8<<10)
	var err error
	for err == nil && !r.over && !r.fatal {
		var n int
		n, err = resp.Body.Read(buffer)
		r.of.Feed(buffer[:n])
	}
	if err == io.EOF {
		r.of.End(dialect.EndWhole)
	}
	if r.over {
		return
	}
	_ = resp.Body.Close() // then the meaning of the whole is known
	if failed := Check(resp); failed != nil {
		err = failed
	}
	if err != nil && err != io.EOF {
		r.yield(Element{}, err)
	}
}
