package authoring

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Evidence is all that speaks for a dialect in one response, and against it.
type Evidence struct {
	Code      string   // that was read
	Notes     []string // the rules that reading the response broke
	Constants []string // members that hold the very constant, or the text, that the shape asks for
	Flags     []string // members that hold the true or false that the shape asks for
	Texts     []string // texts in which a pattern of the shape found a part; many texts have none
	Named     []Mark   // members of the body that the shape has by name
	Inputs    []string // members that the shape takes for inputs or records of that name, as in {"email": ["is taken"]}
	Strange   []string // members of the body that it has not
	Missing   []string // members that the shape always writes, and that are not there
	Headers   []string // fields of the header that the file's own shapes read
	Type      string   // the content type that is the shape's own, "" for one that any shape of the form has
	Row       bool     // the file has a row for the status
	Exact     bool     // and for that very one, not for a range
	Listed    bool     // the file lists the code that was read
	Path      bool     // the file names such a path of a request
	Phrase    string   // HTTP's words for the status (RFC 9110, 15), "" for one that no dialect writes them for
}

// Mark is a member with a name in a shape.
type Mark struct {
	Path    string // such as error.code or errors[].field
	Choices int    // how many names the shape gives for it; one of many says little
}

// maxMarks is how many elements of a list are looked at: those after them look
// like them.
const maxMarks = 3

// EvidenceOf reads a response as Decode does, and says which parts of it the dialect
// foresees. It says nothing about other dialects: a caller that compares several
// weighs the facts. It is safe for concurrent use.
func EvidenceOf(in *dialect.Dialect, req dialect.Request, res dialect.Response) Evidence {
	d := in.Internal()
	e := Evidence{Phrase: wire.Phrase(res.Status)}
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	whole := res
	if len(res.Body) > dialect.MaxBody {
		res.Body, res.Cut = res.Body[:dialect.MaxBody], true
	}
	m.Reset(&res, 0)
	s, _ := d.Read(m, d.PlanFor(res.Status), &req, &res)
	e.Path = s != nil && onPath(s.Paths, req.Path) || slices.ContainsFunc(d.Shapes, func(one *spec.Shape) bool { return onPath(one.WriteFor, req.Path) })
	for _, one := range slices.Concat(d.Shapes, d.Extras) {
		if one.Body == nil || one == s {
			e.headers(one, res.Header)
		}
	}
	e.Row = d.Codes.ByStatus(res.Status, "", &req) != nil
	e.Exact = e.Row && len(d.Codes.Status[res.Status]) > 0
	if s == nil && len(e.Headers) == 0 {
		e.note(m.Notes())
		return e
	}
	decoded := in.Decode(req, whole)
	e.note(decoded.Diagnostics)
	e.Code = decoded.Outcome.Code
	e.Listed = e.Code != "" && e.Code != strconv.Itoa(res.Status) && d.Codes.ByCode(e.Code, "", &req) != nil
	if s == nil {
		return e
	}
	if !slices.Contains(spec.MediaTypes[:], s.Media) {
		e.Type = s.Media
	}
	e.body(m, s, &res, decoded.Outcome.Fields)
	return e
}

// note keeps which rules of reading a response broke.
func (e *Evidence) note(of []parlance.Diagnostic) {
	for i := range of {
		e.Notes = append(e.Notes, of[i].Rule)
	}
}

// headers notes the fields that a shape reads and the response has.
func (e *Evidence) headers(s *spec.Shape, h wire.Header) {
	for i := range s.Headers {
		if name := s.Headers[i].Name; len(wire.Values(h, name)) > 0 && !slices.Contains(e.Headers, name) {
			e.Headers = append(e.Headers, name)
		}
	}
}

// body holds the document that a shape has read against it. Of a text or a page
// it can only say that it fits.
func (e *Evidence) body(m *read.Matcher, s *spec.Shape, res *dialect.Response, fields []parlance.Field) {
	switch s.Form { // now with what no shape asks for
	case spec.FormJSON:
		_ = m.Tree.JSON(res.Body, res.Cut)
	case spec.FormXML:
		_ = m.Tree.XML(res.Body, res.Cut)
	}
	w := collector{m: m, e: e}
	switch {
	case s.Form == spec.FormJSON && len(m.Tree.Nodes) > 0:
		w.value(s.Body, 0, "")
	case s.Form == spec.FormXML && len(m.Tree.Nodes) > 0:
		w.root(s.Body)
	case s.Body.Guarded() || s.Body.HasGuard:
		e.Constants = append(e.Constants, s.Name)
	case s.Body.Implied.Has(spec.Field, spec.AttrPath) && len(fields) > 0 && fields[0].Path != "":
		e.Texts = append(e.Texts, s.Name)
	}
}

// onPath reports that a path is one of those that the globs name.
func onPath(globs []string, path string) bool {
	return path != "" && slices.ContainsFunc(globs, func(g string) bool { return strings.Trim(g, "*/") != "" && spec.AdmitsPath([]string{g}, path) })
}

// collector notes the evidence that a document gives, held against the template
// that it fits.
type collector struct {
	m    *read.Matcher
	e    *Evidence
	seen []*spec.Member // those that are named already: a definition counts once, however deep it goes
}

// root looks at the root element of an XML body.
func (w *collector) root(t *spec.Template) {
	root, name := t.Root(), string(w.m.Tree.Key(0))
	if t.Rest == nil {
		w.name(root, name)
	}
	if root.Value.Op == spec.OpList {
		w.elements(root.Value, name, only(0))
	} else {
		w.value(root.Value, 0, name)
	}
}

// only is a list of one node.
func only(n uint32) iter.Seq[uint32] { return func(yield func(uint32) bool) { yield(n) } }

func (w *collector) value(t *spec.Template, n uint32, path string) {
	switch t.Op {
	case spec.OpConst:
		switch t.Kind {
		case tree.Null:
		case tree.True, tree.False:
			w.e.Flags = append(w.e.Flags, path)
		default:
			w.e.Constants = append(w.e.Constants, path)
		}
	case spec.OpHole:
		if t.Hole != nil && t.Hole.Guard != nil {
			w.e.Constants = append(w.e.Constants, path)
		}
	case spec.OpObject:
		w.members(t, n, path)
	case spec.OpList:
		w.elements(t, path+"[]", w.m.Tree.Children(n))
	case spec.OpReference:
		w.value(t.Def.Body, n, path)
	case spec.OpEither:
		if by := w.fitting(t.Elems, n); by != nil {
			w.value(by, n, path)
		}
	}
}

// fitting is the first of the templates that a node fits.
func (w *collector) fitting(of []*spec.Template, n uint32) *spec.Template {
	for _, t := range of {
		before := w.m.Mark()
		fits := w.m.Value(t, n)
		w.m.Back(before)
		if fits {
			return t
		}
	}
	return nil
}

func (w *collector) elements(t *spec.Template, path string, all iter.Seq[uint32]) {
	seen := 0
	for c := range all {
		if by := w.fitting(t.Elems, c); by != nil {
			w.value(by, c, path)
		}
		if seen++; seen == maxMarks {
			break
		}
	}
}

func (w *collector) members(t *spec.Template, n uint32, path string) {
	found := make([]bool, len(t.Members))
	others := 0
	for c := range w.m.Tree.Children(n) {
		at := below(path, string(w.m.Tree.Key(c)))
		i := slices.IndexFunc(t.Members, func(one spec.Member) bool {
			return w.m.Takes(&read.Selection{Named: &one}, c)
		})
		switch {
		case i >= 0:
			found[i] = w.member(&t.Members[i], c, at, found[i]) || found[i]
		case t.Rest != nil && t.Key.Attr != spec.AttrExtra: // what a file does not name is no evidence
			if others++; others <= maxMarks {
				w.other(t, c, path, at)
			}
		case w.m.Tree.Nodes[c].Kind != tree.Attribute && !slices.Contains(w.e.Strange, at):
			w.e.Strange = append(w.e.Strange, at)
		}
	}
	for i := range t.Members {
		if one := &t.Members[i]; !found[i] && !one.Optional && len(one.Names) > 0 {
			w.e.Missing = append(w.e.Missing, one.Names[0])
		}
	}
}

// member looks at a member that the shape has by name. It reports false for one of
// another form: that is a stranger that has the name. again says that the name
// was found before.
func (w *collector) member(one *spec.Member, c uint32, at string, again bool) bool {
	switch {
	case w.siblings(one.Value, c):
		w.name(one, at)
		w.elements(one.Value, at, only(c))
	case !w.m.Filled(one, c):
		w.name(one, at)
	case w.fitting([]*spec.Template{one.Value}, c) == nil:
		return false
	default:
		if !again {
			w.name(one, at)
		}
		w.value(one.Value, c, at)
	}
	return true
}

// other looks at a member that has no name of its own in the shape.
func (w *collector) other(t *spec.Template, c uint32, path, at string) {
	value := t.Rest.Value
	siblings := w.siblings(value, c)
	if !siblings && w.fitting([]*spec.Template{value}, c) == nil {
		return
	}
	if t.Key.Attr != spec.AttrNone && len(w.m.Tree.Key(c)) > 0 && !slices.Contains(w.e.Inputs, at) {
		w.e.Inputs = append(w.e.Inputs, at)
	}
	if siblings {
		w.elements(value, path+".*", only(c))
	} else {
		w.value(value, c, path+".*")
	}
}

// siblings reports that an element is one of a list: in XML these are siblings.
func (w *collector) siblings(t *spec.Template, c uint32) bool {
	return t.Op == spec.OpList && w.m.Tree.Nodes[c].Kind == tree.Element
}

// name notes a member that the shape has by name.
func (w *collector) name(one *spec.Member, path string) {
	if slices.Contains(w.seen, one) {
		return
	}
	w.seen = append(w.seen, one)
	if !slices.ContainsFunc(w.e.Named, func(k Mark) bool { return k.Path == path }) {
		w.e.Named = append(w.e.Named, Mark{Path: path, Choices: len(one.Names)})
	}
}
