package read

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/stream"
)

// Role is the part that an element has in its stream.
type Role = spec.Role

// StreamElement is one element of a stream. It is valid until the function that gets it returns.
type StreamElement struct {
	Event, ID []byte
	Data      []byte            // at most its first 48 KiB
	Length    int64             // of all its data
	Torn      bool              // the stream ended in it
	Role      Role              //
	Shape     string            // the name of the template that it fits; "" for none
	Outcome   *parlance.Outcome // of a failure; else nil
	Common    wire.Common       // the source of the texts of Outcome that no shape read
	From, To  int64             // its place in the stream; From is negative if it lies among others
}

// Stream reads a stream that arrives in pieces. It holds at most 64 KiB of it. It is for one
// goroutine.
type Stream struct {
	d, elements *Reader
	of          *spec.Stream
	req         wire.Request
	res         wire.Response // without its body
	split       *stream.Splitter
	each        func(*StreamElement)
	now         StreamElement // the one that is passed on

	state   wire.StreamState
	failure *wire.Decoded // the first
	end     *wire.Decoded // of an element that says how the stream ended
	doubt   bool          // an element has the mark of a failure
	torn    bool
	after   int  // elements of content behind the end
	bare    int  // whole JSON in the place of elements
	alone   bool // it is all of the body
	diags   []parlance.Diagnostic
}

// StreamOf is the Stream of a response, nil if its body is no stream. each, if it is not
// nil, is called with each element.
func (d *Reader) StreamOf(req *wire.Request, res *wire.Response, each func(*StreamElement)) *Stream {
	of := d.Spec.StreamOf(req, res.Status, res.Header)
	if of == nil {
		return nil
	}
	s := &Stream{d: d, elements: d.streams[slices.Index(d.Streams, of)], of: of, req: *req, res: *res, each: each}
	s.res.Body, s.res.Cut = nil, false
	s.split = stream.New(of.Form, s.element)
	return s
}

// Feed takes the next bytes of the stream. It copies none of an element that is whole.
func (s *Stream) Feed(p []byte) { s.split.Feed(p) }

// From is the place in the stream at which the element begins that has not ended. It is the
// place of the next byte if there is none.
func (s *Stream) From() int64 { return s.split.From() }

// State is what the stream has come to so far.
func (s *Stream) State() wire.StreamState {
	state := s.state
	state.Ended = state.Ended || s.split.Closed()
	return state
}

// Decided reports that the beginning of the stream is known: content, a failure or the end
// has arrived.
func (s *Stream) Decided() bool {
	return s.state.Content > 0 || s.failure != nil || s.state.Ended || s.split.Closed() || s.split.Broken()
}

// Failed is the Outcome of the failure that has arrived, nil for none. It is the one of the
// element alone.
func (s *Stream) Failed() *parlance.Outcome {
	if s.failure == nil {
		return nil
	}
	return &s.failure.Outcome
}

// HasEnd reports that the file or the form says how such a stream ends, so that one without
// its end was cut off.
func (s *Stream) HasEnd() bool { return s.of.Ends || s.of.Form == stream.Array }

// Partial reports that each element of content is a result of its own.
func (s *Stream) Partial() bool { return s.of.Partial }

// SetMaxElement sets how much of the data of an element is held, before anything is fed.
func (s *Stream) SetMaxElement(bytes int) { s.split.SetMax(bytes) }

// element takes the next element.
func (s *Stream) element(e *stream.Element) {
	fits, role, read := s.look(e)
	torn := e.Torn || e.Broken
	if e.Bare && !torn {
		s.bare++
	}
	s.count(role, read, torn)
	if s.each == nil {
		return
	}
	s.now = StreamElement{Event: e.Event, ID: e.ID, Data: e.Data, Length: e.Length, Torn: torn, Role: role, From: e.From, To: e.To}
	if fits != nil {
		s.now.Shape = fits.Name
	}
	if role == spec.RoleFailure {
		s.now.Outcome, s.now.Common = &read.Outcome, read.Common
	}
	s.each(&s.now)
}

// count notes an element. read is what a reader found, nil if none was needed.
func (s *Stream) count(role Role, read *wire.Decoded, torn bool) {
	if !torn {
		s.state.Elements++
	}
	switch {
	case role == spec.RoleFailure:
		s.state.Failures++
		if s.failure == nil {
			s.failure = read
		}
	case role == spec.RoleEnd:
		s.state.Ended = true
		if read != nil {
			s.end = read
		}
	case torn:
		s.torn = true
	case role == spec.RolePreamble:
	case s.state.Ended:
		s.after++
	case s.failure == nil || s.of.Partial:
		s.state.Content++
	}
}

// look finds the template that an element fits, nil for none, and its part. An element that
// fits none is content.
func (s *Stream) look(e *stream.Element) (*spec.Element, Role, *wire.Decoded) {
	plain := s.plain(e)
	named, marked := false, false
	if plain == nil {
		named, marked = s.named(e), s.marked(e.Data)
	}
	if e.Broken || !named && !marked && !e.Bare && !s.reads(e, plain) {
		if plain != nil {
			return plain, plain.Role, nil
		}
		return nil, spec.RoleContent, nil
	}
	fits, read := s.fit(e, plain, marked)
	switch kind := read.Outcome.Kind; {
	case kind.Failing(), kind == parlance.KindPartial:
		return fits, spec.RoleFailure, read
	case fits == nil && named:
		return s.unfit(e, read)
	case fits != nil && kind == parlance.KindSuccess:
		return fits, fits.Role, nil
	case fits != nil:
		return fits, fits.Role, read
	case kind == parlance.KindNoted:
		s.doubt = true
		s.diags = append(s.diags, read.Diagnostics...)
	}
	return nil, spec.RoleContent, nil
}

// reads reports that a reader is needed for an element, by the template that it fits without
// one, nil for none.
func (s *Stream) reads(e *stream.Element, plain *spec.Element) bool {
	return s.of.Always || plain != nil && plain.Shape.Is != "" || s.may(e)
}

// marked reports that the first name in the data of an element is the mark of a failure in
// the responses of the dialect.
func (s *Stream) marked(data []byte) bool {
	return len(data) > 2 && data[0] == '{' && data[1] == '"' && s.d.Suspects.First[data[2]] && begins(data[1:], s.d.Suspects.Errors)
}

// named reports that an event has the name of failures alone, or "error", which is the name
// that most streams give them.
func (s *Stream) named(e *stream.Element) bool {
	if len(e.Event) == 0 {
		return false
	}
	named := string(e.Event) == "error"
	for _, t := range s.of.Elements {
		if t.WriteOnly || t.Event != string(e.Event) {
			continue
		}
		if named = s.fails(t); !named {
			return false
		}
	}
	return named
}

// fails reports that a template is that of a failure.
func (s *Stream) fails(t *spec.Element) bool {
	if t.Shape.Is == "" {
		return false
	}
	r, _ := s.elements.Meaning(&parlance.Outcome{Status: s.res.Status}, t.Shape.Is, &s.req)
	return r.Kind.Failing()
}

// unfit gives an event its meaning that has the name of failures, but fits no template: that
// of the first template of this name, with the texts that most APIs use. If the file does not
// know the name, the event is content, and the stream no plain success.
func (s *Stream) unfit(e *stream.Element, read *wire.Decoded) (*spec.Element, Role, *wire.Decoded) {
	for _, t := range s.of.Elements {
		if t.WriteOnly || t.Event != string(e.Event) {
			continue
		}
		s.says(read, t)
		s.elements.texts(read, &s.req, s.response(e, false))
		return t, spec.RoleFailure, read
	}
	s.doubt = true
	s.diags = append(s.diags, s.note("failure_mark", "an event has the name %q, which the stream %q does not describe", e.Event, s.of.Name))
	return nil, spec.RoleContent, nil
}

// fit reads an element by the first template that it fits: plain, or one before it. If it
// fits none and may be a response of its own, it is read by the shapes of the file. It
// returns nil for the template if it fits none.
func (s *Stream) fit(e *stream.Element, plain *spec.Element, response bool) (*spec.Element, *wire.Decoded) {
	read := new(wire.Decoded)
	if shape := s.decode(s.elements, read, e); shape != nil {
		for _, t := range s.of.Elements {
			if t == plain {
				break
			}
			if t.Shape == shape {
				return t, read
			}
		}
	}
	switch {
	case plain != nil:
		*read = wire.Decoded{}
		s.says(read, plain)
	case e.Bare || response:
		*read = wire.Decoded{}
		s.decode(s.d, read, e)
	}
	return plain, read
}

// plain is the first template that fits and needs no reader, nil for none.
func (s *Stream) plain(e *stream.Element) *spec.Element {
	for _, t := range s.of.Elements {
		if !t.Plain || t.WriteOnly || t.Event != "" && t.Event != string(e.Event) {
			continue
		}
		if t.Body == nil || string(bytes.TrimSpace(e.Data)) == t.Body.Text {
			return t
		}
	}
	return nil
}

// may reports that a template may fit which is one of more than content. It costs a few
// searches for short texts.
func (s *Stream) may(e *stream.Element) bool {
	escaped := -1
	for _, t := range s.of.Elements {
		if t.Plain || t.WriteOnly || t.Event != "" && t.Event != string(e.Event) {
			continue
		}
		if t.Marks == nil {
			if t.Event != "" || len(t.Headers) > 0 {
				return true
			}
			continue
		}
		for i := range t.Marks {
			if t.Marks[i].In(e.Data) {
				return true
			}
		}
		if escaped < 0 {
			escaped = bytes.Index(e.Data, []byte(`\u`)) + 1
		}
		if escaped > 0 {
			return true
		}
	}
	return false
}

// decode reads an element like the body of the response.
func (s *Stream) decode(by *Reader, to *wire.Decoded, e *stream.Element) *spec.Shape {
	depth := 0
	if by == s.d {
		depth = 1 // inside of a response: an element is no stream of its own
	}
	return by.DecodeInto(to, &s.req, s.response(e, by == s.d), depth)
}

// response is an element as a response of its own, whose type is that of JSON or none.
func (s *Stream) response(e *stream.Element, json bool) *wire.Response {
	res := s.res
	res.Body, res.Cut = e.Data, e.Cut() || e.Torn
	res.Header = &elementHeader{s.res.Header, spec.EventFields(string(e.Event), string(e.ID), e.Fields), json}
	return &res
}

// says gives an element that has no body to be read the meaning of its template.
func (s *Stream) says(to *wire.Decoded, t *spec.Element) {
	o := &to.Outcome
	o.Kind, o.Status = parlance.KindSuccess, s.res.Status
	if t.Shape.Is != "" {
		r, _ := s.elements.Meaning(o, t.Shape.Is, &s.req)
		o.Kind, o.Reason, o.Title, o.Help = r.Kind, r.Reason, r.Title, r.Help
	}
	to.Shape = t.Name
}

// elementHeader is the header of a response, with the fields of an element.
type elementHeader struct {
	whole wire.Header
	own   wire.HeaderMap
	json  bool // the type is that of JSON, else none
}

// Values returns every value of a field.
func (h *elementHeader) Values(name string) []string {
	switch {
	case name == "Content-Type" && h.json:
		return jsonType
	case name == "Content-Type" || name == "Content-Disposition":
		return nil
	case len(h.own[name]) > 0:
		return h.own[name]
	}
	return wire.Values(h.whole, name)
}

var jsonType = []string{"application/json"}

// Ending is how a stream came to its end.
type Ending uint8

// The endings of streams.
const (
	Whole Ending = iota // nothing follows
	Left                // more may follow, and is not read
	Broke               // the connection broke
)

// End is the meaning of the stream, of which nothing more is read.
func (s *Stream) End(how Ending) (reading wire.Decoded) {
	if how != Left {
		s.split.End()
	}
	head := s.res
	head.Header = &elementHeader{s.res.Header, streamType, false}
	s.d.DecodeInto(&reading, &s.req, &head, 1)
	state := s.State()
	s.alone = how == Whole && s.bare == 1 && state.Elements == 1 && s.failure == nil && !state.Ended && !s.torn
	state.Cut = how != Left && s.failure == nil && !state.Ended && (how == Broke || s.lacksEnd()) && !s.alone
	reading.Stream = &state
	s.interpret(&reading, how)
	if o := &reading.Outcome; s.of.Partial && state.Content > 0 && o.Kind.Failing() {
		o.Kind, o.Reason = parlance.KindPartial, ""
	}
	return reading
}

// lacksEnd reports that a stream which ends here was cut off.
func (s *Stream) lacksEnd() bool {
	return s.torn || s.of.Ends || s.of.Form == stream.Array || s.split.Broken()
}

// interpret gives the whole its meaning, and says what is odd about it.
func (s *Stream) interpret(reading *wire.Decoded, how Ending) {
	o, told := &reading.Outcome, append(reading.Diagnostics, s.diags...)
	switch {
	case s.failure != nil:
		told = append(told, s.failure.Diagnostics...)
		reading.Outcome, reading.Shape, reading.Common = s.failure.Outcome, s.failure.Shape, s.failure.Common
	case reading.Stream.Cut:
		o.Kind, o.Reason = parlance.KindUnavailable, parlance.ReasonCutOff
		told = append(told, s.note("cut_stream", "the stream ended without its end, after %d whole elements", reading.Stream.Elements))
	case s.doubt, s.after > 0, s.alone, s.empty():
		o.Kind, o.Reason = parlance.KindNoted, ""
	case s.end != nil:
		reading.Outcome, reading.Shape = s.end.Outcome, s.end.Shape
	case how == Left:
		told = append(told, s.note("body_not_read", "only the beginning of the stream was looked at"))
	}
	if s.after > 0 {
		told = append(told, s.note("after_end", "%d elements follow the end of the stream", s.after))
	}
	if s.alone || s.empty() {
		told = append(told, s.note("unfit_body", "the body is no stream of the form %s", s.of.Form))
	}
	reading.Diagnostics = told
}

// empty reports a body that has text and no element.
func (s *Stream) empty() bool {
	return s.state.Elements == 0 && s.failure == nil && s.split.Other() > 0
}

// streamType is a type that no reader looks into: the elements are read apart.
var streamType = wire.HeaderMap{"Content-Type": {"text/event-stream"}}

func (s *Stream) note(rule, format string, args ...any) parlance.Diagnostic {
	return parlance.Diagnostic{Severity: parlance.SeverityWarning, Rule: rule, Message: fmt.Sprintf(format, args...)}
}

// decodeStream reads a stream that was recorded. It reports false if the body is none.
func (d *Reader) decodeStream(to *wire.Decoded, req *wire.Request, res *wire.Response, depth int) bool {
	if depth > 0 || res.Body == nil {
		return false
	}
	s := d.StreamOf(req, res, nil)
	if s == nil {
		return false
	}
	if s.res.Received.IsZero() {
		s.res.Received = time.Now()
	}
	s.Feed(res.Body)
	how := Whole
	if res.Cut {
		how = Left
	}
	*to = s.End(how)
	return true
}
