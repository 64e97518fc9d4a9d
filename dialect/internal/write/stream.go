package write

import (
	"iter"
	"slices"
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
	switch s.of.Form {
	case stream.Lines:
		whole = whole[:len(whole)-1]
	case stream.Sequence, stream.Array:
		whole = out.Data
	}
	m.Body = append(dst, whole...)
	return true
}

// failure is the element of a failure, without data if the file has none for it. An element
// has no status, so the code has to say the kind: if the Outcome's own does not, the code of a
// row that does is written. What is written is read again to know.
func (s *Stream) failure(o *parlance.Outcome) (best stream.Out, losses []parlance.Loss) {
	var said parlance.Outcome
	most := 0
	for one := range s.ways(o) {
		out, lost := s.way(&one)
		if len(out.Data) == 0 {
			continue
		}
		got := s.read(out)
		grade := 1
		if got.Kind == o.Kind {
			grade = 2
			if got.Reason == o.Reason {
				grade = 3
			}
		}
		if grade > most {
			most, best, losses, said = grade, out, lost, got
		}
		if most == 3 {
			break
		}
	}
	if most == 0 {
		return best, nil
	}
	return best, lostBy(o, &said, losses)
}

// ways are an Outcome as it is, and then by the code of each row of its kind: those with its
// reason first, then those without a reason; of these a code before a status. A code that
// promises that nothing was done is none of them.
func (s *Stream) ways(o *parlance.Outcome) iter.Seq[parlance.Outcome] {
	return func(yield func(parlance.Outcome) bool) {
		if !yield(*o) {
			return
		}
		rank := func(r *spec.Row) int {
			n := 4
			switch r.Reason {
			case o.Reason:
				n = 0
			case "":
				n = 2
			}
			if r.Status == 0 {
				n++ // a status is a code of its own in some APIs
			}
			return n
		}
		var rows []*spec.Row
		for _, r := range s.elements.Rows {
			if r.Kind == o.Kind && !r.NotUsed && !r.NoEffect && s.elements.namesOneCode(r) && r.Applies(&s.req, spec.AnyForm) {
				rows = append(rows, r)
			}
		}
		slices.SortStableFunc(rows, func(a, b *spec.Row) int { return rank(a) - rank(b) })
		for _, r := range rows {
			one := *o
			one.Code, one.Family, one.Reason, one.Status = r.First, r.Family, r.Reason, r.Status
			if !yield(one) {
				return
			}
		}
	}
}

// way is the element that is written for an Outcome, without data for none.
func (s *Stream) way(o *parlance.Outcome) (stream.Out, []parlance.Loss) {
	var e wire.Encoded
	s.elements.Encode(&e, nil, &s.req, o, &wire.Payload{}, 0)
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

// read is what an element means to a reader.
func (s *Stream) read(e stream.Out) parlance.Outcome {
	back := s.reader()
	if back == nil {
		return parlance.Outcome{}
	}
	back.Feed(s.of.Form.Append(nil, e, true))
	return back.End(read.Whole).Outcome
}

// lostBy adds what an element does not say, or says of itself.
func lostBy(o, said *parlance.Outcome, losses []parlance.Loss) []parlance.Loss {
	losses = slices.DeleteFunc(slices.Clone(losses), func(l parlance.Loss) bool { // those of a row are shared
		return l.Attribute == "code" && o.Code == "" || l.Attribute == "family" && o.Family == ""
	})
	lose := func(attribute, reason string) {
		if !slices.ContainsFunc(losses, func(l parlance.Loss) bool { return l.Attribute == attribute }) {
			losses = append(losses, parlance.Loss{Attribute: attribute, Reason: reason})
		}
	}
	switch {
	case said.Kind != o.Kind:
		lose("kind", "an element has no status, and it is read as "+said.Kind.String())
	case said.Reason != o.Reason && said.Reason != "":
		lose("reason", "an element has no status, and the code says "+string(said.Reason))
	case said.Reason != o.Reason:
		lose("reason", "there is no place for it")
	}
	if o.Code != "" && said.Code != o.Code {
		lose("code", "the code of the meaning stands in its place")
	}
	if o.Family != "" && said.Family != o.Family {
		lose("family", "the code of the meaning stands in its place")
	}
	if said.RetryAfter != o.RetryAfter && o.RetryAfter != 0 {
		lose("retry_after", "an element has no header")
	}
	return losses
}
