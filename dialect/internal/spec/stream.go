package spec

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/nearest"
	"github.com/parlance-api/parlance/internal/stream"
	yaml "go.yaml.in/yaml/v4"
)

// Stream is a shape whose body is a stream of elements.
type Stream struct {
	*Shape
	Form     stream.Form
	Types    []string // the media types of such a response
	Query    []asked  // parameters that the URL of the request has to have
	Partial  bool     // each element of content is a result of its own
	Elements []*Element
	Spec     *Spec // the shapes of the elements that have a body to be read; their codes are those of the file
	Ends     bool  // an element ends it well
	Always   bool  // each element is looked into
}

// asked is a parameter of a URL that has one of some values; any value if there are none.
type asked struct {
	name   string
	values []string
}

// Role is the part that an element has in its stream.
type Role uint8

// The roles of elements.
const (
	RoleContent  Role = iota // what the caller asked for
	RolePreamble             // what comes before or between: nothing was given by it
	RoleEnd                  // the stream has come to its end
	RoleFailure              // it failed; no file says so by this name
)

// roles are the words of a file.
var roles = []string{RoleContent: "content", RolePreamble: "preamble", RoleEnd: "end"}

// Element is the template of an element.
type Element struct {
	*Shape
	Role  Role
	Event string   // the name of the event that it asks for; "" for none
	Plain bool     // its text is a constant, or it has no body: no reader is needed
	Marks []Needle // one of them stands in the data of each element that fits; nil if nobody knows
}

// Needle is what stands in the data of an element that can fit a template: a name, and the
// value of a constant.
type Needle struct{ Name, Value []byte }

// streamOf compiles the body of a shape that is a stream. It reports false if its form is not
// known.
func (r *Reporter) streamOf(s *Shape, n *yaml.Node) bool {
	st, other, formed := &Stream{Shape: s}, (*yaml.Node)(nil), false
	r.Pairs(n, "a shape", func(k, v *yaml.Node) {
		switch k.Value {
		case "stream":
			formed = true
			if st.Form = stream.Named(v.Value); st.Form == stream.None {
				r.Unknown(At(v), "unknown_form", "form of a stream", v.Value, stream.Names())
			}
		case "elements":
			other = k
			for _, e := range r.elements(v, "elements", "write a list: each template begins with a hyphen") {
				if e := r.element(e, s, st.Form); e != nil {
					st.Elements = append(st.Elements, e)
				}
			}
		case "query":
			other = k
			r.Pairs(v, "query", func(k, v *yaml.Node) { st.Query = append(st.Query, asked{k.Value, r.Words(v, "query")}) })
		case "partial":
			other = k
			st.Partial = r.Boolean(v, "partial")
		}
	})
	if !formed {
		r.Fault(At(other), "contradiction", "add stream: ndjson, or another form, else remove it", "%s is only for a shape that is a stream", other.Value)
	}
	if st.Form == stream.None {
		return false
	}
	if st.Types = st.Form.Types(); s.Media != "" {
		st.Types = append([]string{s.Media}, st.Types...)
	}
	s.Media = st.Types[0]
	if s.Form != FormNone {
		r.Fault(s.Pos, "contradiction", "put the body into elements", "the shape %q is a stream and has another body", s.Name)
	}
	st.Ends = slices.ContainsFunc(st.Elements, func(e *Element) bool { return e.Role == RoleEnd })
	r.checkElements(st)
	s.Stream = st
	return true
}

// element compiles the template of an element. nil after a fault.
func (r *Reporter) element(n *yaml.Node, of *Shape, form stream.Form) *Element {
	if !r.IsMapping(n, "an element") {
		return nil
	}
	e := &Element{Shape: &Shape{Pos: At(n), ReadOnly: of.ReadOnly}}
	s := e.Shape
	body := func(k, v *yaml.Node) { r.bodyOf(s, k, v, s.ReadOnly || readOnly(n) || has(n, "as", "preamble")) }
	header := func(name string) func(_, v *yaml.Node) {
		return func(k, v *yaml.Node) { r.eventHeader(e, form, name, k, v) }
	}
	r.Keys(n, "an element",
		Key{Name: "name", Read: func(_, v *yaml.Node) { s.Name, _ = r.Text(v, "the name of an element") }},
		Key{Name: "event", Read: header(eventField)},
		Key{Name: "id", Read: header("Id")},
		Key{Name: "headers", Read: func(_, v *yaml.Node) { r.headers(v, s) }},
		Key{Name: "json", Read: body},
		Key{Name: "text", Read: body},
		Key{Name: "is", Read: r.nameTo(&s.Is, &r.named)},
		Key{Name: "as", Read: func(_, v *yaml.Node) { e.Role = r.role(v) }},
		Key{Name: "codes", Read: r.wordsTo(&s.Codes)},
		Key{Name: "read_only", Read: r.BooleanTo(&s.ReadOnly)},
		Key{Name: "write_only", Read: r.BooleanTo(&s.WriteOnly)},
	)
	s.derive()
	if s.Body == nil && len(s.Headers) == 0 {
		r.Fault(s.Pos, "empty_shape", "add event, json or text", "the element has neither a body nor the name of an event")
		return nil
	}
	e.Plain = e.plain()
	if s.Body != nil && s.Form == FormJSON {
		e.Marks = s.Body.needles()
	}
	return e
}

// eventHeader compiles the name or the ID of an event.
func (r *Reporter) eventHeader(e *Element, form stream.Form, name string, k, v *yaml.Node) {
	if form == stream.Lines || form == stream.Sequence || form == stream.Array {
		r.Fault(At(k), "contradiction", "remove it", "only the elements of sse and aws-event-stream have an %s", k.Value)
	}
	c := &shapeCompiler{Reporter: r, form: FormNone}
	h := HeaderHole{Name: name, Value: c.headerText(v)}
	if name == eventField && h.Value.Op == OpConst {
		e.Event = h.Value.Text
	}
	e.take(h.Value)
	e.Headers, e.Size = append(e.Headers, h), e.Size+1
}

// plain reports that no reader is needed for an element: its name decides, or its text is a
// constant.
func (e *Element) plain() bool {
	if e.Body == nil {
		return e.Event != "" && len(e.Headers) == 1
	}
	return e.Form == FormText && e.Body.Op == OpConst
}

// eventField is the header field that stands for the name of an event.
const eventField = "Event"

// role is the part of an element.
func (r *Reporter) role(n *yaml.Node) Role {
	for role, word := range roles {
		if n.Value == word {
			return Role(role)
		}
	}
	hint := "write end, preamble or content"
	if best := nearest.Word(n.Value, roles); best != "" {
		hint = "did you mean " + best + "?"
	}
	r.Fault(At(n), "wrong_type", hint, "%q is not the part of an element", n.Value)
	return RoleContent
}

// needles are what stands in the data of each element that fits, nil if nobody knows.
func (t *Template) needles() (all []Needle) {
	switch t = t.Resolve(); {
	case t == nil:
		return nil
	case t.Op == OpEither:
		return needlesOf(t.Elems, false)
	case t.Op == OpList && t.Some:
		return needlesOf(t.Elems, true)
	case t.Op != OpObject:
		return nil
	}
	for i := range t.Members {
		m := &t.Members[i]
		if !m.demanded() {
			continue
		}
		found := m.needles()
		if deeper := m.Value.needles(); m.Must && hasValue(deeper) {
			found = deeper
		}
		if all == nil || hasValue(found) && !hasValue(all) {
			all = found
		}
	}
	return all
}

// demanded reports that the member stands in each element that fits.
func (m *Member) demanded() bool {
	return !m.Optional && !m.Attribute && (m.Must || m.Constant) && m.Value.Op != OpAbsent
}

// needlesOf are those of all templates, one of which fits; nil if nobody knows those of one.
// passing is set if what $any takes does not count.
func needlesOf(templates []*Template, passing bool) (all []Needle) {
	for _, e := range templates {
		if passing && e.Op == OpAny {
			continue
		}
		some := e.needles()
		if some == nil {
			return nil
		}
		all = append(all, some...)
	}
	return all
}

// hasValue reports that constants are looked for.
func hasValue(all []Needle) bool { return len(all) > 0 && all[0].Value != nil }

// needles are the names of a member that has to be there, with its constants.
func (m *Member) needles() (all []Needle) {
	for _, name := range m.Names {
		n := Needle{Name: []byte(`"` + name + `"`)}
		constants := []*Template{m.Value}
		if m.Value.Op == OpEither {
			constants = m.Value.Elems
		}
		if !m.Constant {
			all = append(all, n)
			continue
		}
		for _, c := range constants {
			n.Value = []byte(c.Text)
			if c.Kind == tree.Text {
				n.Value = []byte(`"` + c.Text + `"`)
			}
			all = append(all, n)
		}
	}
	return all
}

// checkElements warns of what no stream reaches.
func (r *Reporter) checkElements(st *Stream) {
	if len(st.Elements) == 0 {
		r.Fault(st.Pos, "empty_shape", "add elements: a list of templates", "the stream %q has no elements", st.Name)
	}
	for i, e := range st.Elements {
		for _, before := range st.Elements[:i] {
			if before.takes(e) {
				r.Warn(e.Pos, "shadowed", "put the stricter one first", "this element is never read, because every element that fits it also fits the one on line %d", before.Pos.Line)
				break
			}
		}
		r.checkRole(e)
	}
	if len(st.Status) > 0 && !st.Status.succeeds() {
		r.Warn(st.Pos, "unreachable", "remove status, or write status: 2xx", "%q is never read, because only a response with a status of 200 to 299 is a stream", st.Name)
	}
	if st.Partial && !slices.ContainsFunc(st.Elements, (*Element).canFail) {
		r.Warn(st.Pos, "unreachable", "add the template of a failure", "partial is never used, because no element of %q can fail", st.Name)
	}
}

// canFail reports that an element may be a failure.
func (e *Element) canFail() bool {
	return e.Role == RoleContent && (e.Shape.Is == "failed" || e.Reads != 0 || e.Body.saysKindAt())
}

// checkRole refuses a failure that is called the end or a preamble.
func (r *Reporter) checkRole(e *Element) {
	kind, ok := parlance.ParseKind(e.Shape.Is)
	if ok && kind.Failing() && e.Role != RoleContent {
		r.Fault(e.Pos, "contradiction", "remove as: "+roles[e.Role]+"; its meaning says what it is", "an element that is %s is a failure, and not the %s of the stream", kind, roles[e.Role])
	}
}

// succeeds reports that a status of a success is among them.
func (s statuses) succeeds() bool {
	return slices.ContainsFunc(s, func(sp Span) bool { return sp.From < 300 && sp.To >= 200 })
}

// saysKindAt reports that $is stands in the template.
func (t *Template) saysKindAt() bool { return t != nil && t.saysKind(map[*Instance]bool{}) }

// takes reports that every element that fits another template also fits this one.
func (e *Element) takes(o *Element) bool {
	if e.WriteOnly || o.WriteOnly || len(e.Headers) > 1 || len(e.Headers) == 1 && (e.Event == "" || e.Event != o.Event) {
		return false
	}
	switch {
	case e.Body == nil:
		return true
	case o.Body == nil || e.Form != o.Form:
		return false
	}
	return e.Body.coversAll(o.Body)
}

// streams compiles the streams of a file and of those that it extends: each gets the rows
// of the file.
func (d *Spec) streams(http *Spec) {
	if d.Base != nil && d.Base != http {
		for _, st := range d.Base.Streams {
			if !slices.ContainsFunc(d.Streams, func(own *Stream) bool { return own.Name == st.Name }) {
				d.Streams = append(d.Streams, st.inherited())
			}
		}
	}
	for _, st := range d.Streams {
		st.Spec = &Spec{File: d.File, Name: d.Name, ReadOnly: d.ReadOnly, Codes: d.Codes, Base: d.Base, Service: d.Service, Names: d.Names}
		for _, e := range d.Extras {
			st.Spec.Extras = append(st.Spec.Extras, e.inherited())
		}
		for _, e := range st.Elements {
			if e.Body != nil && !(e.Plain && e.Form == FormText) {
				st.Spec.Shapes = append(st.Spec.Shapes, e.Shape)
			}
		}
	}
}

// inherited is a copy of a stream for a dialect that extends its own.
func (st *Stream) inherited() *Stream {
	own := *st
	own.Shape = st.Shape.inherited()
	own.Shape.Stream = &own
	own.Elements = make([]*Element, len(st.Elements))
	for i, e := range st.Elements {
		copied := *e
		copied.Shape = e.Shape.inherited()
		own.Elements[i] = &copied
	}
	return &own
}

// elementShapes are the templates of the elements of all streams.
func (d *Spec) elementShapes() (all []*Shape) {
	for _, st := range d.Streams {
		for _, e := range st.Elements {
			all = append(all, e.Shape)
		}
	}
	return all
}

// StreamOf is the stream that the body of a response is, nil if it is none.
func (d *Spec) StreamOf(req *wire.Request, status int, header wire.Header) *Stream {
	if len(d.Streams) == 0 || status < 200 || status >= 300 || req.Method == "HEAD" {
		return nil
	}
	media := wire.MediaType(header)
	for _, st := range d.Streams {
		if !st.WriteOnly && st.Fits(req, status) && slices.Contains(st.Types, media) && st.queried(req.Path) {
			return st
		}
	}
	return nil
}

// StreamFor is the stream that a response to such a request is written as, nil for none.
func (d *Spec) StreamFor(req *wire.Request) *Stream {
	for _, st := range d.Streams {
		if st.Concerns(req, 200) && st.queried(req.Path) {
			return st
		}
	}
	return nil
}

// Fits is Shape.Fits. Nobody knows the path of some requests: then any stream can be it.
func (st *Stream) Fits(req *wire.Request, status int) bool {
	return st.Status.Admits(status) && admitsMethod(st.Methods, req.Method) && (req.Path == "" || AdmitsPath(st.Paths, req.Path))
}

// queried reports that the query of a request target has the parameters.
func (st *Stream) queried(target string) bool {
	if len(st.Query) == 0 {
		return true
	}
	_, query, _ := strings.Cut(target, "?")
	for _, q := range st.Query {
		if !q.in(query) {
			return false
		}
	}
	return true
}

// Asks are the parameters that the URL of a request has to have, each with its first value.
func (st *Stream) Asks() (all []string) {
	for _, q := range st.Query {
		one := url.QueryEscape(q.name)
		if len(q.values) > 0 {
			one += "=" + url.QueryEscape(q.values[0])
		}
		all = append(all, one)
	}
	return all
}

func (q *asked) in(query string) bool {
	for one := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(one, "=")
		if name == q.name && (len(q.values) == 0 || slices.ContainsFunc(q.values, func(v string) bool { return v == value || url.QueryEscape(v) == value })) {
			return true
		}
	}
	return false
}

// AsksQuery reports that a stream asks for a parameter of the URL.
func (d *Spec) AsksQuery() bool {
	return slices.ContainsFunc(d.Streams, func(st *Stream) bool { return len(st.Query) > 0 })
}

// EventFields are the header fields by which the templates of elements see the name and the
// ID of an event, and the headers of a binary message.
func EventFields(event, id string, fields []stream.Field) wire.HeaderMap {
	h := wire.HeaderMap{}
	if event != "" {
		h[eventField] = []string{event}
	}
	if id != "" {
		h["Id"] = []string{id}
	}
	for _, f := range fields {
		name := httpheader.Canonical(f.Name)
		h[name] = append(h[name], f.Value)
	}
	return h
}

// lookInto finds out whether each element has to be looked into: a template that is not one
// of content has nothing that all its elements hold.
func (st *Stream) lookInto() {
	for _, e := range st.Elements {
		if !e.WriteOnly && e.Body != nil && !e.Plain && e.Event == "" && e.Marks == nil && (e.Role != RoleContent || e.Body.saysKindAt() || e.Reads&Meaningful != 0 || e.Shape.Is != "") {
			st.Always = true
		}
	}
}

// In reports that the needle stands in the data: its name as that of a member, with its
// value, and not with null.
func (n *Needle) In(data []byte) bool {
	for {
		i := bytes.Index(data, n.Name)
		if i < 0 {
			return false
		}
		data = data[i+len(n.Name):]
		rest := bytes.TrimLeft(data, " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if n.Value == nil && !bytes.HasPrefix(rest, []byte("null")) || n.Value != nil && bytes.HasPrefix(rest, n.Value) {
			return true
		}
	}
}
