package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Evidence is what in one response speaks for a dialect, and against it.
type Evidence struct {
	Reading   Reading
	Constants []string // members that hold the very constant, or the text, that the shape asks for
	Flags     []string // members that hold the true or false that the shape asks for
	Texts     []string // texts in which a pattern of the shape found a part; many texts have none
	Named     []Mark   // members of the body that the shape has by name
	Inputs    []string // members that the shape takes for inputs or records of that name, as in {"email": ["is taken"]}
	Strange   []string // members of the body that it has not
	Missing   []string // members that the shape always writes, and that are not there
	Headers   []string // fields of the header that the file's own shapes read
	Type      string   // the content type that is the shape's own, "" where it is any of its form
	Row       bool     // the file has a row for the status
	Exact     bool     // and for that very one, not for a range
	Listed    bool     // the file lists the code that was read
	Path      bool     // the file names such a path of a request
}

// Mark is a member with a name in a shape.
type Mark struct {
	Path    string // such as error.code or errors[].field
	Choices int    // how many names the shape gives for it; one of many says little
}

// maxMarks is how many elements of a list are looked at: those after them look
// like them.
const maxMarks = 3

// EvidenceOf reads an answer as Decode does, and tells what of it the dialect
// foresees. It says nothing about other dialects: how much each fact weighs is
// for whoever compares several. It is safe for concurrent use.
func EvidenceOf(in *Dialect, req Request, res Response) Evidence {
	d := in.core
	e := Evidence{Reading: in.Decode(req, res)}
	o := &e.Reading.Outcome
	e.Row = d.codes.byStatus(res.Status, "", &req) != nil
	e.Exact = e.Row && len(d.codes.status[res.Status]) > 0
	e.Listed = o.Code != "" && o.Code != strconv.Itoa(res.Status) && d.codes.byCode(o.Code, "", &req) != nil
	m := matchers.Get().(*matcher)
	defer m.release()
	if len(res.Body) > MaxBody {
		res.Body, res.Cut = res.Body[:MaxBody], true
	}
	m.reset(&res, 0)
	s, _ := d.read(m, d.planFor(res.Status), &req, &res)
	if s != nil { // now with what no shape asks for
		switch s.form {
		case formJSON:
			_ = m.tree.JSON(res.Body, res.Cut)
		case formXML:
			_ = m.tree.XML(res.Body, res.Cut)
		}
	}
	e.Path = s != nil && onPath(s.paths, req.Path) || slices.ContainsFunc(d.shapes, func(one *shape) bool { return onPath(one.writeFor, req.Path) })
	for _, one := range slices.Concat(d.shapes, d.extras) {
		if one.body != nil && one != s {
			continue
		}
		for _, h := range one.headers {
			if len(values(res.Header, h.name)) > 0 && !slices.Contains(e.Headers, h.name) {
				e.Headers = append(e.Headers, h.name)
			}
		}
	}
	if s == nil {
		return e
	}
	if !slices.Contains(mediaTypes[:], s.media) {
		e.Type = s.media
	}
	w := witness{m: m, e: &e}
	switch {
	case s.form == formJSON && len(m.tree.Nodes) > 0:
		w.see(s.body, 0, "")
	case s.form == formXML && len(m.tree.Nodes) > 0:
		root := s.body.root()
		name := string(m.tree.Key(0))
		if s.body.rest == nil {
			w.name(root, name)
		}
		if root.value.op == opList {
			w.elements(root.value, name, func(yield func(uint32) bool) { yield(0) })
		} else {
			w.see(root.value, 0, name)
		}
	case s.body.guarded() || s.body.tells:
		e.Constants = append(e.Constants, s.name)
	case s.body.implied.has(field, attrPath) && len(o.Fields) > 0 && o.Fields[0].Path != "":
		e.Texts = append(e.Texts, s.name)
	}
	return e
}

// onPath reports that a path is one of those that the globs name.
func onPath(globs []string, path string) bool {
	return path != "" && slices.ContainsFunc(globs, func(g string) bool { return strings.Trim(g, "*/") != "" && glob(g, path) })
}

// witness holds a document, read before, against the template that it fits.
type witness struct {
	m    *matcher
	e    *Evidence
	seen []*member // those that are named already: a definition counts once, however deep it goes
}

func (w *witness) see(t *template, n uint32, path string) {
	switch t.op {
	case opConst:
		switch t.kind {
		case tree.Null:
		case tree.True, tree.False:
			w.e.Flags = append(w.e.Flags, path)
		default:
			w.e.Constants = append(w.e.Constants, path)
		}
	case opHole:
		if t.hole != nil && t.hole.guard != nil {
			w.e.Constants = append(w.e.Constants, path)
		}
	case opObject:
		w.members(t, n, path)
	case opList:
		w.elements(t, path+"[]", w.m.tree.Children(n))
	case opReference:
		w.see(t.def.body, n, path)
	case opEither:
		if by := w.fitting(t.elems, n); by != nil {
			w.see(by, n, path)
		}
	}
}

// fitting is the first of the templates that a node fits.
func (w *witness) fitting(of []*template, n uint32) *template {
	for _, t := range of {
		before := w.m.mark()
		fits := w.m.value(t, n)
		w.m.back(before)
		if fits {
			return t
		}
	}
	return nil
}

func (w *witness) elements(t *template, path string, all func(yield func(uint32) bool)) {
	seen := 0
	for c := range all {
		if by := w.fitting(t.elems, c); by != nil {
			w.see(by, c, path)
		}
		if seen++; seen == maxMarks {
			break
		}
	}
}

func (w *witness) members(t *template, n uint32, path string) {
	found := make([]bool, len(t.members))
	others := 0
	for c := range w.m.tree.Children(n) {
		name := string(w.m.tree.Key(c))
		below := name
		if path != "" {
			below = path + "." + name
		}
		i := slices.IndexFunc(t.members, func(one member) bool {
			return w.m.takes(&selection{named: &one}, c)
		})
		switch {
		case i >= 0:
			one := &t.members[i]
			switch {
			case one.value.op == opList && w.m.tree.Nodes[c].Kind == tree.Element:
				w.name(one, below)
				w.elements(one.value, below, func(yield func(uint32) bool) { yield(c) })
			case !w.m.filled(one, c):
				w.name(one, below)
			case w.fitting([]*template{one.value}, c) == nil:
				continue // of another form: it is a stranger that has the name
			default:
				if !found[i] {
					w.name(one, below)
				}
				w.see(one.value, c, below)
			}
			found[i] = true
		case t.rest != nil:
			if others++; others > maxMarks {
				continue
			}
			siblings := t.rest.value.op == opList && w.m.tree.Nodes[c].Kind == tree.Element
			if !siblings && w.fitting([]*template{t.rest.value}, c) == nil {
				continue
			}
			if t.key.attr != attrNone && name != "" && !slices.Contains(w.e.Inputs, below) {
				w.e.Inputs = append(w.e.Inputs, below)
			}
			if siblings {
				w.elements(t.rest.value, path+".*", func(yield func(uint32) bool) { yield(c) })
			} else {
				w.see(t.rest.value, c, path+".*")
			}
		case w.m.tree.Nodes[c].Kind != tree.Attribute && !slices.Contains(w.e.Strange, below):
			w.e.Strange = append(w.e.Strange, below)
		}
	}
	for i := range t.members {
		if one := &t.members[i]; !found[i] && !one.optional && len(one.names) > 0 {
			w.e.Missing = append(w.e.Missing, one.names[0])
		}
	}
}

// name notes a member that the shape has by name.
func (w *witness) name(one *member, path string) {
	if slices.Contains(w.seen, one) {
		return
	}
	w.seen = append(w.seen, one)
	if !slices.ContainsFunc(w.e.Named, func(k Mark) bool { return k.Path == path }) {
		w.e.Named = append(w.e.Named, Mark{Path: path, Choices: len(one.names)})
	}
}
