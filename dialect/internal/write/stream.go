package write

import (
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/stream"
)

// Stream writes the elements of a stream. It is for one goroutine.
type Stream struct {
	d, elements *Writer
	of          *spec.Stream
	req         wire.Request
	some        bool         // an element was written
	back        *read.Stream // reads what is written, if End alone cannot write the end; else nil
}

// Part is an element that is to be written.
type Part struct {
	Event, ID string // of an event; others have none
	Data      []byte // JSON, or any text in an event
}

// StreamFor is the Stream that responds to a request, nil if the file has none.
func (d *Writer) StreamFor(req *wire.Request) *Stream {
	for i, of := range d.Streams {
		if of == d.Spec.StreamFor(req) {
			s := &Stream{d: d, elements: d.elements[i], of: of, req: *req}
			if of.Ends && s.end() == nil {
				s.back = s.reader()
			}
			return s
		}
	}
	return nil
}

// Type is the content type of the stream.
func (s *Stream) Type() string { return s.of.Media }

// Element appends an element.
func (s *Stream) Element(dst []byte, p Part) []byte {
	start := len(dst)
	dst = s.append(dst, stream.Out{Event: p.Event, ID: p.ID, Data: p.Data})
	if s.back != nil {
		s.back.Feed(dst[start:])
	}
	return dst
}

// Lacks reports that a stream which ends here has no end, although the file describes one: End
// cannot write it, and no Element was one.
func (s *Stream) Lacks() bool { return s.back != nil && !s.back.State().Ended }

// reader reads such a stream, nil if that cannot be.
func (s *Stream) reader() *read.Stream {
	header := wire.HeaderMap{"Content-Type": {s.of.Types[0]}}
	return s.d.StreamOf(&s.req, &wire.Response{Status: 200, Header: header}, nil)
}

func (s *Stream) append(dst []byte, e stream.Out) []byte {
	if s.of.Form == stream.Messages && e.Event != "" {
		e.Fields = append(named("event", e.Event), e.Fields...)
	}
	dst = s.of.Form.Append(dst, e, !s.some)
	s.some = true
	return dst
}

// named are the headers of a binary message that say its name: that of an event, or of an
// exception.
func named(what, name string) []stream.Field {
	return []stream.Field{{Name: "message-type", Value: what}, {Name: what + "-type", Value: name}}
}

// Beat appends what keeps the connection open and is no element. The binary form has
// nothing like it.
func (s *Stream) Beat(dst []byte) []byte { return s.of.Form.AppendBeat(dst) }

// End appends the end of a stream that went well: the end of the form, and the element that
// the file has for it if that is a constant.
func (s *Stream) End(dst []byte) []byte {
	if e := s.end(); e != nil {
		dst = s.append(dst, stream.Out{Event: e.Event, Data: []byte(e.Body.Text)})
	}
	return s.of.Form.AppendEnd(dst, !s.some)
}

// end is the template of an end whose text is a constant, nil for none.
func (s *Stream) end() *spec.Element {
	for _, e := range s.of.Elements {
		if e.Role == spec.RoleEnd && e.Plain && e.Body != nil && !e.ReadOnly {
			return e
		}
	}
	return nil
}

// Failure appends a failure as the last element, and the end of the form. It reports false
// if the file has no element for it.
func (s *Stream) Failure(m *wire.Encoded, dst []byte, o *parlance.Outcome) bool {
	out, losses := s.failure(o)
	if len(out.Data) == 0 {
		return false
	}
	m.Status, m.Losses = 200, losses
	m.Body = s.of.Form.AppendEnd(s.append(dst, out), false)
	s.lose(m, m.Body[len(dst):], o)
	return true
}

// Instead appends a failure that takes the place of another element. It reports false if the
// file has no element for it.
func (s *Stream) Instead(m *wire.Encoded, dst []byte, o *parlance.Outcome) bool {
	out, losses := s.failure(o)
	if len(out.Data) == 0 {
		return false
	}
	m.Status, m.Losses = 200, losses
	whole := s.of.Form.Append(nil, out, true)
	s.lose(m, whole, o)
	switch s.of.Form {
	case stream.Lines:
		whole = whole[:len(whole)-1]
	case stream.Sequence, stream.Array:
		whole = out.Data
	}
	m.Body = append(dst, whole...)
	return true
}

// failure is the element of a failure, without data if the file has none for it.
func (s *Stream) failure(o *parlance.Outcome) (stream.Out, []parlance.Loss) {
	var e wire.Encoded
	written := *o
	s.elements.Encode(&e, nil, &s.req, &written, &wire.Payload{}, 0)
	out := stream.Out{Data: e.Body}
	for _, f := range e.Header {
		switch f.Name {
		case "Event":
			out.Event = f.Value
		case "Id":
			out.ID = f.Value
		case "Message-Type", "Exception-Type", "Error-Code", "Error-Message", "Content-Type":
			out.Fields = append(out.Fields, stream.Field{Name: strings.ToLower(f.Name), Value: f.Value})
		}
	}
	if s.of.Form == stream.Messages && out.Event != "" {
		out.Fields, out.Event = append(named("exception", out.Event), out.Fields...), ""
	}
	return out, e.Losses
}

// lose reports what the element does not say, although a response with a status would.
func (s *Stream) lose(m *wire.Encoded, element []byte, o *parlance.Outcome) {
	back := s.reader()
	if back == nil {
		return
	}
	if s.of.Form == stream.Array && element[0] == ',' {
		element = append([]byte{'['}, element[1:]...)
	}
	back.Feed(element)
	got := back.End(read.Whole).Outcome
	if got.Kind != o.Kind {
		m.Losses = append(m.Losses, parlance.Loss{Attribute: "kind", Reason: "an element has no status, and it is read as " + got.Kind.String()})
	}
	if got.RetryAfter != o.RetryAfter && o.RetryAfter != 0 {
		m.Losses = append(m.Losses, parlance.Loss{Attribute: "retry_after", Reason: "an element has no header"})
	}
}
