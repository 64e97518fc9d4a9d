package authoring

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Stream is a shape whose body is a stream, with an example of such a stream. It is
// immutable and safe for concurrent use.
type Stream struct {
	Name     string    // as the file names the shape
	Form     string    // sse, ndjson, json-seq, json-array or aws-event-stream
	Types    []string  // the content types of such a response; the first one is written
	Methods  []string  // of the request; none for any
	Paths    []string  // of the request; none for any
	Query    []string  // what the URL has to have: "watch=true"
	Partial  bool      // each element of content is a result of its own
	HasEnd   bool      // a stream without its end was cut off
	Elements []Element // the templates, in the order in which they are tried
	Place    Place     // of the shape

	// Request is one to which such a stream responds.
	Request dialect.Request

	// The parts of a stream that goes well, in this order. They are those of a sample of the
	// file, else they are made from the templates. Preamble and End may be empty. An end that
	// [dialect.StreamWriter.AppendEnd] writes is not in End.
	Preamble, Content, End []dialect.StreamPart
	Recorded               bool // Preamble and Content are those of a sample

	// Failures are Outcomes that the last element of a stream can carry, the likeliest first.
	// There are none if the file only reads the failures of such a stream.
	Failures []parlance.Outcome

	d  *dialect.Dialect
	of *spec.Stream
}

// Element is the template of an element of a stream.
type Element struct {
	Name    string               // as the file names it, else that of its event; "" for neither
	Event   string               // the event that it asks for; "" for any
	Role    dialect.Role         // RoleFailure if its own meaning is a failure
	Is      string               // its own meaning: a kind, or a name of the table; "" for none
	Read    bool                 // it is read, and never written
	Place   Place                //
	Example []dialect.StreamPart // one such element; none if none could be made
}

// Streams lists the streams of a file in its order, then those of the dialect that it
// extends. The failures of a stream are taken from rows, which are those of [Examples].
// Making the elements costs time too, so keep the list.
func Streams(d *dialect.Dialect, rows []Example) []Stream {
	a := author{d.Internal()}
	if len(a.Spec.Streams) == 0 {
		return nil
	}
	samples := Samples(d)
	var all []Stream
	for _, of := range a.Spec.Streams {
		if of.WriteOnly {
			continue
		}
		s := Stream{
			Name: of.Name, Form: of.Form.String(), Types: of.Types, Methods: of.Methods, Paths: of.Paths, Query: of.Asks(),
			Partial: of.Partial, Place: placeOf(of.Shape, a), Request: requestOf(of), d: d, of: of,
		}
		if back := s.reader(nil); back != nil {
			s.HasEnd = back.HasEnd()
		}
		s.elements(a)
		s.record(samples)
		s.make()
		s.fail(rows)
		all = append(all, s)
	}
	return all
}

// Responds reports that a response to the request is written as such a stream.
func (s *Stream) Responds(req dialect.Request) bool {
	return author{s.d.Internal()}.Spec.StreamFor(&req) == s.of
}

// requestOf is a request to which a stream responds.
func requestOf(of *spec.Stream) dialect.Request {
	req := dialect.Request{Method: "GET", Path: "/example"}
	if len(of.Methods) > 0 {
		req.Method = of.Methods[0]
	}
	if paths := pathsOf(of.Paths); len(paths) > 0 {
		req.Path = paths[0]
	}
	if query := of.Asks(); len(query) > 0 {
		req.Path += "?" + strings.Join(query, "&")
	}
	return req
}

// reader reads such a stream. each gets its elements.
func (s *Stream) reader(each func(*dialect.StreamElement)) *dialect.Stream {
	h := wire.HeaderMap{"Content-Type": {s.Types[0]}}
	return s.d.Stream(s.Request, dialect.Response{Status: 200, Header: h}, each)
}

// elements lists the templates.
func (s *Stream) elements(a author) {
	for _, t := range s.of.Elements {
		e := Element{Name: t.Name, Event: t.Event, Role: t.Role, Is: t.Is, Read: t.ReadOnly, Place: placeOf(t.Shape, a)}
		e.Place.File = s.Place.File
		if strings.HasPrefix(e.Name, "line ") {
			e.Name = e.Event
		}
		if a.failing(t) {
			e.Role = dialect.RoleFailure
		}
		if p, ok := partOf(t); ok && !t.WriteOnly {
			if role, sole := s.readsAs(p); sole && role == e.Role {
				e.Example = []dialect.StreamPart{p}
			}
		}
		s.Elements = append(s.Elements, e)
	}
}

// failing reports that the own meaning of an element is a failure.
func (d author) failing(t *spec.Element) bool {
	if kind, ok := parlance.ParseKind(t.Is); ok {
		return kind.Failing()
	}
	return t.Is != "" && slices.ContainsFunc(d.explain(t.Is), func(e Entry) bool { return e.Kind.Failing() })
}

// readsAs is the part that an element has in such a stream. It reports false if it is not
// read as one element.
func (s *Stream) readsAs(p dialect.StreamPart) (role dialect.Role, sole bool) {
	n := 0
	back := s.reader(func(e *dialect.StreamElement) {
		role = e.Role
		n++
	})
	w := s.d.WriteStream(s.Request)
	if back == nil || w == nil {
		return role, false
	}
	back.Feed(w.Append(nil, p))
	back.End(dialect.EndLeft)
	return role, n == 1
}

// record takes the elements of the sample that has the most of them.
func (s *Stream) record(samples []Case) {
	for i := range samples {
		c := &samples[i]
		if s.d.Internal().Spec.StreamOf(&c.Request, c.Response.Status, c.Response.Header) != s.of {
			continue
		}
		var preamble, content, end []dialect.StreamPart
		back := s.d.Stream(c.Request, c.Response, func(e *dialect.StreamElement) {
			p := dialect.StreamPart{Event: string(e.Event), ID: string(e.ID), Data: slices.Clone(e.Data)}
			switch {
			case e.Torn || e.Length > int64(len(e.Data)):
			case e.Role == dialect.RolePreamble && len(content) == 0:
				preamble = append(preamble, p)
			case e.Role == dialect.RoleContent:
				content = append(content, p)
			case e.Role == dialect.RoleEnd && e.Outcome == nil:
				end = []dialect.StreamPart{p}
			}
		})
		back.Feed(slices.Concat(c.Response.Body, []byte("\n\n"))) // a file keeps no empty lines at the end
		read := back.End(dialect.EndWhole)
		if len(content) > len(s.Content) {
			s.Preamble, s.Content, s.Recorded = preamble, content, true
		}
		if read.Outcome.Kind == parlance.KindSuccess && len(s.End) == 0 {
			s.End = end
		}
	}
}

// madeElements is how many elements of content an example has that is no sample.
const madeElements = 3

// make makes what no sample has.
func (s *Stream) make() {
	if len(s.Content) == 0 {
		one := dialect.StreamPart{Data: []byte(`{"example":1}`)}
		for _, e := range s.Elements {
			if e.Role == dialect.RoleContent && len(e.Example) > 0 {
				one = e.Example[0]
				break
			}
		}
		if role, sole := s.readsAs(one); sole && role == dialect.RoleContent {
			s.Content = slices.Repeat([]dialect.StreamPart{one}, madeElements)
		}
	}
	if s.endsItself() {
		s.End = nil
		return
	}
	for _, e := range s.Elements {
		if len(s.End) == 0 && e.Role == dialect.RoleEnd && e.Is == "" {
			s.End = e.Example
		}
	}
}

// endsItself reports that [dialect.StreamWriter.AppendEnd] writes all that ends such a stream.
func (s *Stream) endsItself() bool {
	w, back := s.d.WriteStream(s.Request), s.reader(nil)
	if w == nil || back == nil {
		return false
	}
	back.Feed(w.AppendEnd(nil))
	return back.State().Ended
}

// likely are the kinds of failures that streams have most often.
var likely = []parlance.Kind{parlance.KindUnavailable, parlance.KindInternal, parlance.KindRateLimited, parlance.KindFailed}

// fail finds the failures that an element can carry.
func (s *Stream) fail(rows []Example) {
	for i := range rows {
		if o := rows[i].Outcome; o.Kind.Failing() && s.carries(&o) {
			s.Failures = append(s.Failures, o)
		}
	}
	for _, kind := range likely {
		o := parlance.Outcome{Kind: kind, Detail: "This is an example of " + kind.String()}
		if s.carries(&o) {
			s.Failures = append(s.Failures, o)
		}
	}
	place := func(o *parlance.Outcome) int {
		if i := slices.Index(likely, o.Kind); i >= 0 {
			return i
		}
		return len(likely)
	}
	slices.SortStableFunc(s.Failures, func(a, b parlance.Outcome) int { return place(&a) - place(&b) })
}

// carries reports that an element says the kind, the reason and the code of a failure.
func (s *Stream) carries(o *parlance.Outcome) bool {
	w, back := s.d.WriteStream(s.Request), s.reader(nil)
	if w == nil || back == nil {
		return false
	}
	m, written := w.Encode(nil, o)
	if !written {
		return false
	}
	back.Feed(m.Body)
	read := back.End(dialect.EndWhole).Outcome
	return read.Kind == o.Kind && read.Reason == o.Reason && read.Code == o.Code
}

// Fail is the likeliest failure that the last element of a stream can carry. If no element
// can say a kind, it is one that is read as failed. It reports false if the file only reads
// the failures of such a stream.
func (s *Stream) Fail() (parlance.Outcome, bool) {
	if len(s.Failures) > 0 {
		return s.Failures[0], true
	}
	o := parlance.Outcome{Kind: parlance.KindInternal, Detail: "This is an example of internal"}
	w := s.d.WriteStream(s.Request)
	if w == nil {
		return o, false
	}
	_, written := w.Encode(nil, &o)
	return o, written
}

// Says is the condition of a stream in words: POST */chat/completions.
func (s *Stream) Says() string {
	var parts []string
	for _, list := range [][]string{s.Methods, s.Paths} {
		if len(list) > 0 {
			parts = append(parts, strings.Join(list, ", "))
		}
	}
	text := strings.Join(parts, " ")
	if len(s.Query) > 0 {
		text += "?" + strings.Join(s.Query, "&")
	}
	if text == "" {
		return "any request"
	}
	return text
}
