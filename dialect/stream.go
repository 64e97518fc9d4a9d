package dialect

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write"
)

// Stream reads a stream that arrives in pieces, such as server-sent events, by the elements
// that the file describes. [Dialect.Stream] makes one. It holds at most 64 KiB of the
// stream, and is for one goroutine. Its methods:
//
//	Feed(p []byte)             // the next bytes; none are kept of an element that arrives in one piece
//	Decided() bool             // content, a failure or the end has arrived
//	Failed() *parlance.Outcome // the first failure; nil for none
//	From() int64               // the place of the element that has not ended; else of the next byte
//	State() StreamState        // how many elements have arrived
//	End(how Ending) Decoded    // the meaning of the whole; nothing is fed after it
//	HasEnd() bool              // a stream without its end was cut off
//	Partial() bool             // each element of content is a result of its own
//	SetMaxElement(bytes int)   // how much is held of an element, 48 KiB unless set
type Stream = read.Stream

// StreamState is what a stream came to. Its fields:
//
//	Elements int  // all that arrived whole
//	Content  int  // those of content; if it failed, those before the first failure
//	Failures int  // those that are failures
//	Ended    bool // the element that ends it well has arrived, or the form says so
//	Cut      bool // it ended before that, or in the middle of an element
type StreamState = wire.StreamState

// StreamElement is one element of a stream that is read. It is valid until the function that
// gets it returns. Its fields:
//
//	Event, ID []byte            // of an event; nil for none
//	Data      []byte            // at most its first 48 KiB
//	Length    int64             // of all its data
//	Torn      bool              // the stream ended in it
//	Role      Role
//	Shape     string            // the name of the template that it fits; "" for none
//	Outcome   *parlance.Outcome // of a failure; else nil
//	Common    Common            // the source of the texts of Outcome that no shape of the file read
//	From, To  int64             // its place in the stream; From is negative if it lies among others
type StreamElement = read.StreamElement

// Role is the part that an element has in its stream.
type Role = spec.Role

// The roles of elements. RoleContent is the zero value.
const (
	RoleContent  = spec.RoleContent  // the caller asked for it
	RolePreamble = spec.RolePreamble // it comes before the content or between: nothing was given by it
	RoleEnd      = spec.RoleEnd      // the stream has come to its end
	RoleFailure  = spec.RoleFailure  // it failed
)

// Ending is how a stream came to its end.
type Ending = read.Ending

// The endings of streams.
const (
	EndWhole = read.Whole // nothing follows
	EndLeft  = read.Left  // more may follow, and is not read
	EndBroke = read.Broke // the connection broke
)

// StreamPart is an element that is to be written. Its fields:
//
//	Event, ID string // of an event; others have none
//	Data      []byte // JSON, or any text in an event
type StreamPart = write.Part

// StreamWriter writes the elements of a stream. [Dialect.WriteStream] makes one. It is for
// one goroutine.
type StreamWriter struct{ of *write.Stream }

// Type is the content type of the stream.
func (w *StreamWriter) Type() string { return w.of.Type() }

// Append appends an element to dst.
func (w *StreamWriter) Append(dst []byte, p StreamPart) []byte { return w.of.Element(dst, p) }

// AppendBeat appends what keeps a connection open and is no element, such as a comment of
// server-sent events. The binary form has nothing like it: dst is returned as it is.
func (w *StreamWriter) AppendBeat(dst []byte) []byte { return w.of.Beat(dst) }

// AppendEnd appends the end of a stream that went well. It is the element of the file, if its
// text is a constant such as [DONE], and the end of the form. Append any other end yourself,
// such as the last line of ollama with its counts; see LacksEnd.
func (w *StreamWriter) AppendEnd(dst []byte) []byte { return w.of.End(dst) }

// LacksEnd reports that a stream which ends here is read as cut off: the file describes its
// end, AppendEnd cannot write it, and no element that was appended is one.
func (w *StreamWriter) LacksEnd() bool { return w.of.Lacks() }

// Encode appends a failure as the last element. Its Status is 200, since the header was sent
// before. Losses has what the element cannot carry. It reports false if the file has no
// element for a failure: then only cutting the stream off tells the reader.
func (w *StreamWriter) Encode(dst []byte, o *parlance.Outcome) (m Encoded, written bool) {
	written = w.of.Failure(&m, dst, o)
	return m, written
}

// Replace is Encode for a failure that takes the place of an element of the same form, from
// [StreamElement].From to To. It writes nothing around the element.
func (w *StreamWriter) Replace(dst []byte, o *parlance.Outcome) (m Encoded, written bool) {
	written = w.of.Instead(&m, dst, o)
	return m, written
}

// Stream is the reader of a response whose body is a stream. It is nil if the file describes
// no such stream. each, if it is not nil, is called with each element that Feed finds.
func (d *Dialect) Stream(req Request, res Response, each func(*StreamElement)) *Stream {
	return d.core.StreamOf(&req, &res, each)
}

// WriteStream is the writer of a stream that responds to req; nil if the file describes
// none for such a request.
func (d *Dialect) WriteStream(req Request) *StreamWriter {
	if of := d.core.StreamFor(&req); of != nil {
		return &StreamWriter{of}
	}
	return nil
}

// AsksQuery reports that the query of a URL tells whether a response is a stream. Then
// Request.Path has to have it, as in /pods?watch=true.
func (d *Dialect) AsksQuery() bool { return d.core.AsksQuery() }
