package authoring

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Trace is how a dialect reads the body of one response: the shape, and the place of each
// text. It is for tools that show the place of a fault.
type Trace struct {
	Shape    Place       // of the shape that the body fits, else of the one that it is nearest to; zero for none
	Fits     bool        // the body fits the shape
	Texts    []Text      // the texts that the shape takes, in the order of the body; the first thousand
	Pathless []Departure // records of fields without a path, although the shape has a place for one
	Departs  *Departure  // the place at which the body departs from the shape; nil if it does not
}

// Text is a text of a body that a shape takes.
type Text struct {
	Attribute string // such as code, item.status or field.path
	Value     string //
	Departure
}

// TraceOf follows the reading of a response. It costs several times what Decode costs, so
// call it for a response in which there is something to show. It is safe for concurrent
// use.
func TraceOf(in *dialect.Dialect, req dialect.Request, res dialect.Response) Trace {
	return traceOf(in, req, res, 0)
}

// traceOf is TraceOf for the texts of some attributes alone; 0 stands for all.
func traceOf(in *dialect.Dialect, req dialect.Request, res dialect.Response, only spec.Set) Trace {
	d := author{in.Internal()}
	if len(res.Body) > dialect.MaxBody {
		res.Body, res.Cut = res.Body[:dialect.MaxBody], true
	}
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	if of := d.Spec.StreamOf(&req, res.Status, res.Header); of != nil {
		return d.traceStream(m, of, req, res, only)
	}
	m.Reset(&res, 0)
	whole := res.Body
	plan := d.PlanFor(res.Status)
	s, _ := d.Read(m, plan, &req, &res)
	w := tracer{d: d, base: max(bytes.Index(whole, res.Body), 0)}
	w.m, w.visit, w.only = m, w.take, only
	if s == nil && len(whole) > 0 {
		s = w.nearest(plan, &req, &res)
	} else if s != nil {
		w.Fits = true
		noted := m.Noted()
		w.parse(s.Form, &res)
		w.from(s, noted)
	}
	if s != nil {
		w.Shape = placeOf(s, d)
	}
	w.sort()
	return w.Trace
}

func (w *tracer) sort() {
	slices.SortStableFunc(w.Texts, func(a, b Text) int { return cmp.Compare(a.Offset, b.Offset) })
}

// traceStream follows the reading of the first failure of a stream. The shape is the template
// of that element, and that of the stream if there is no failure.
func (d author) traceStream(m *read.Matcher, of *spec.Stream, req dialect.Request, res dialect.Response, only spec.Set) Trace {
	w := tracer{d: d}
	w.m, w.visit, w.only = m, w.take, only
	w.Shape, w.Fits = placeOf(of.Shape, d), true
	met := false
	back := d.Reader.StreamOf(&req, &res, func(e *read.StreamElement) {
		i := slices.IndexFunc(of.Elements, func(t *spec.Element) bool { return t.Name == e.Shape })
		if met || e.Role != spec.RoleFailure || i < 0 {
			return
		}
		met = true
		t := of.Elements[i]
		w.Shape = placeOf(t.Shape, d)
		w.Shape.File = d.fileOf(of.Shape)
		one := bytes.Clone(e.Data)
		from := max(e.From, 0)
		at := bytes.Index(res.Body[from:], one) // not found if the data has several lines
		if w.base = int(from) + at; at < 0 || t.Body == nil {
			return
		}
		part := dialect.Response{Status: res.Status, Body: one}
		m.Reset(&part, 0)
		if w.parse(t.Form, &part) == nil {
			w.from(t.Shape, false)
		}
		for i := range w.Texts {
			w.Texts[i].Place.File = w.Shape.File
		}
	})
	back.Feed(res.Body)
	back.End(read.Whole)
	w.sort()
	return w.Trace
}

func placeOf(s *spec.Shape, in author) Place {
	return Place{Name: s.Name, File: in.fileOf(s), Line: s.Pos.Line, Column: s.Pos.Column}
}

// fileOf is the file that a shape stands in.
func (d author) fileOf(s *spec.Shape) string {
	file := d.File
	if !s.Inherited {
		return file
	}
	for b := d.Base; b != nil; b = b.Base {
		for _, one := range slices.Concat(b.Shapes, b.Extras) {
			if one.Pos == s.Pos && one.Name == s.Name && !one.Inherited {
				return b.File
			}
		}
	}
	return file
}

// tracer makes a Trace.
type tracer struct {
	Trace
	follower
	d    author
	base int // where the document begins in the body
	file string
}

// parse reads all of a document: the members that no shape asks for count here.
func (w *tracer) parse(form spec.Form, res *dialect.Response) error {
	switch form {
	case spec.FormJSON:
		return w.m.Tree.JSON(res.Body, res.Cut)
	case spec.FormXML:
		return w.m.Tree.XML(res.Body, res.Cut)
	}
	w.m.Tree.Nodes = w.m.Tree.Nodes[:0]
	return nil
}

// from takes the texts of a document that fits a shape, as far as it does. noted is set if
// it does not fit in all places.
func (w *tracer) from(s *spec.Shape, noted bool) {
	w.file = w.d.fileOf(s)
	if len(w.m.Tree.Nodes) == 0 {
		return
	}
	w.root(s)
	if noted && s.Form == spec.FormJSON {
		w.Departs = w.departs(s.Body, 0).shown(w)
	}
}

// maxTexts bounds the places that are noted: a body with a fault a thousand times has been
// understood.
const maxTexts = 1000

// take notes what a template takes of a node.
func (w *tracer) take(t *spec.Template, n uint32) {
	switch {
	case len(w.Texts)+len(w.Pathless) >= maxTexts || w.only != 0 && t.Op != spec.OpHole:
	case t.Op == spec.OpHole:
		for i := range t.Hole.Readings {
			w.reading(&t.Hole.Readings[i], t, n)
		}
	case t.Op == spec.OpObject && t.Reads&^t.Deep&spec.PathBit != 0 && t.Keys&spec.PathBit == 0:
		w.record(t, n)
	}
}

func (w *tracer) reading(r *spec.Reading, t *spec.Template, n uint32) {
	add := func(target spec.Target) {
		if target.Attr == spec.AttrNone || target.Attr == spec.AttrData {
			return
		}
		value := string(w.m.Tree.Value(n))
		w.Texts = append(w.Texts, Text{strings.TrimPrefix(target.String(), "$"), value, w.at(n, t)})
	}
	if r.Pattern == nil {
		add(r.Target)
		return
	}
	for _, p := range r.Pattern.Parts {
		add(p.Hole)
	}
}

// record notes a record of a field that has no path.
func (w *tracer) record(t *spec.Template, n uint32) {
	has := false
	inner := follower{m: w.m, only: spec.PathBit, visit: func(t *spec.Template, n uint32) {
		has = has || t.Op == spec.OpHole && !tree.Empty(&w.m.Tree, n)
	}}
	inner.members(t, n)
	if !has {
		w.Pathless = append(w.Pathless, w.at(n, t))
	}
}

// at is the place of a node, and that of its template.
func (w *tracer) at(n uint32, t *spec.Template) Departure {
	d := Departure{Offset: w.base, Place: Place{File: w.file, Line: t.Pos.Line, Column: t.Pos.Column}}
	node := &w.m.Tree.Nodes[n]
	switch {
	case !node.Moved:
		d.Offset += int(node.Start)
		if node.Kind == tree.Text {
			d.Offset-- // its quote
		}
	default:
		d.Offset += int(node.KeyStart)
	}
	d.Member = w.pointer(n)
	return d
}

// maxPointer bounds the text of a member's place, in bytes.
const maxPointer = 300

// pointer is the place of a node as a JSON pointer.
func (w *tracer) pointer(n uint32) string {
	var b strings.Builder
	for at := uint32(0); at != n && b.Len() < maxPointer; {
		place, next := 0, n
		for c := range w.m.Tree.Children(at) {
			if n < w.m.Tree.Nodes[c].Next {
				next = c
				break
			}
			place++
		}
		b.WriteByte('/')
		if w.m.Tree.Nodes[at].Kind == tree.List {
			b.WriteString(strconv.Itoa(place))
		} else {
			b.WriteString(inPointer(keyfile.Short(strings.ToValidUTF8(string(w.m.Tree.Key(next)), "\uFFFD"))))
		}
		at = next
	}
	return b.String()
}

// toPointer and fromPointer are the escapes of a name in a JSON pointer (RFC 6901, 3).
var (
	toPointer   = strings.NewReplacer("~", "~0", "/", "~1")
	fromPointer = strings.NewReplacer("~1", "/", "~0", "~")
)

func inPointer(name string) string {
	if strings.ContainsAny(name, "~/") {
		return toPointer.Replace(name)
	}
	return name
}

// broken is the departure of a body that cannot be parsed.
func (w *tracer) broken(err error, length int) *Departure {
	departs := &Departure{Message: err.Error()}
	var syntax *tree.SyntaxError
	if errors.As(err, &syntax) {
		departs.Offset = min(w.base+syntax.Offset, max(w.base+length-1, 0))
	}
	return departs
}

// nearest finds the shape that a body departs from the latest, and notes where. A shape
// of another form is near if there is none of the body's.
func (w *tracer) nearest(p *spec.Plan, req *dialect.Request, res *dialect.Response) (best *spec.Shape) {
	form, err := w.form(res)
	if err != nil {
		w.Departs = w.broken(err, len(res.Body))
	}
	var least *departure
	for _, s := range p.Shapes {
		if s.WriteOnly || !p.Concerns(s, req) {
			continue
		}
		if err != nil || s.Form != form || form != spec.FormJSON {
			if best == nil {
				best = s
			}
			continue
		}
		if d := w.departs(s.Body, 0); d != nil && (least == nil || d.fits > least.fits) {
			best, least = s, d
		}
	}
	if best == nil {
		return nil
	}
	w.file = w.d.fileOf(best)
	switch {
	case least != nil:
		w.Departs = least.shown(w)
	case w.Departs == nil:
		w.Departs = &Departure{Offset: w.base}
	}
	w.Departs.Place = placeOf(best, w.d)
	return best
}

// form is the form of a body by its first byte, with the whole document in the tree.
func (w *tracer) form(res *dialect.Response) (spec.Form, error) {
	text := bytes.TrimLeft(res.Body, "\ufeff \t\r\n")
	switch {
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return spec.FormJSON, w.parse(spec.FormJSON, res)
	case len(text) > 0 && text[0] == '<':
		return spec.FormXML, nil
	}
	return spec.FormText, nil
}

// Locate finds a member of a body by its JSON pointer, as a Diagnostic of reading has it.
// It returns the place of its value in bytes.
func Locate(body []byte, pointer string) (offset int, found bool) {
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	w := tracer{}
	w.m = m
	text := bytes.TrimLeft(body, "\ufeff \t\r\n")
	res := dialect.Response{Body: text}
	m.Reset(&res, 0)
	form := spec.FormJSON
	if len(text) > 0 && text[0] == '<' {
		form = spec.FormXML
	}
	if w.parse(form, &res) != nil || len(m.Tree.Nodes) == 0 {
		return 0, false
	}
	w.base = len(body) - len(text)
	n := uint32(0)
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		next, ok := w.named(n, name)
		if !ok {
			return 0, false
		}
		n = next
	}
	return w.at(n, &spec.Template{}).Offset, true
}

// named is the child of a node with a name, as a part of a pointer; of two the last one.
func (w *tracer) named(n uint32, name string) (at uint32, found bool) {
	name = fromPointer.Replace(name)
	place := 0
	for c := range w.m.Tree.Children(n) {
		if w.m.Tree.Nodes[n].Kind == tree.List && strconv.Itoa(place) == name || w.m.Tree.Nodes[n].Kind != tree.List && string(w.m.Tree.Key(c)) == name {
			at, found = c, true
		}
		place++
	}
	return at, found
}
