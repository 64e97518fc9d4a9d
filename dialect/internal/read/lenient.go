package read

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// leniently fits the body of a failure again, now with members of another form than the
// dialect knows. The status says that it is a failure, so only texts depend on it. It
// tries the given shapes in order, and keeps the first that takes a text by itself.
func (m *Matcher) leniently(shapes []*spec.Shape, p *spec.Plan, req *wire.Request, res *wire.Response) *spec.Shape {
	if !m.everything(res.Body) {
		return nil
	}
	m.lenient, m.wants = true, EveryAttribute // what is wanted must not decide what fits
	defer func() { m.lenient, m.nulls = false, false }()
	if s := m.firstToTell(shapes, p, req, res, bind.tells); s != nil {
		return s
	}
	m.nulls = true
	return m.firstToTell(shapes, p, req, res, bind.codes)
}

// firstToTell is the first of the shapes that the body fits and that takes a text which
// counts.
func (m *Matcher) firstToTell(shapes []*spec.Shape, p *spec.Plan, req *wire.Request, res *wire.Response, counts func(bind) bool) *spec.Shape {
	for _, s := range shapes {
		if s.Form != m.form || s.Body.HasGuard || !p.Concerns(s, req) {
			continue
		}
		before, taken := m.Mark(), len(m.binds)
		m.cut = mayLack(s, res)
		if (len(s.Headers) == 0 || m.Header(s, res.Header)) && m.body(s, res.Body) && slices.ContainsFunc(m.binds[taken:], counts) {
			return s
		}
		m.Back(before)
	}
	m.cut = res.Cut
	return nil
}

// tells reports that a template took a text which says what failed.
func (b bind) tells() bool {
	return !b.kept && b.target.Bit()&(spec.Telling|spec.OwnerBits[spec.Field]|spec.OwnerBits[spec.Item]) != 0
}

// codes reports that a template took a code of the whole: it tells the meaning, even if
// another member that must be there is null.
func (b bind) codes() bool {
	return b.tells() && b.target == (spec.Target{Owner: spec.Whole, Attr: spec.AttrCode})
}

// everything reads the body again, without a guide: the members that no shape names
// count now. It reports false for a form without members.
func (m *Matcher) everything(body []byte) bool {
	var err error
	switch m.form {
	case spec.FormJSON:
		err = m.Tree.JSON(body, m.cut)
	case spec.FormXML:
		err = m.Tree.XML(body, m.cut)
	default:
		return false
	}
	m.limit = m.steps + minSteps + stepsPerNode*len(m.Tree.Nodes)
	return err == nil
}

// overlooked are the shapes before the one that fits which have a member that must be
// there, is there, and is nothing that the one that fits reads.
func (m *Matcher) overlooked(p *spec.Plan, fits *spec.Shape, req *wire.Request) (all []*spec.Shape) {
	if m.form != spec.FormJSON {
		return nil
	}
	for _, s := range p.Shapes {
		if s == fits {
			return all
		}
		if s.Form == m.form && !s.Body.HasGuard && p.Concerns(s, req) && m.hasMore(s.Body, fits.Body) {
			all = append(all, s)
		}
	}
	return nil
}

// hasMore reports that the document has all members that must be there for a template,
// and one that says what the other template does not read.
func (m *Matcher) hasMore(t, other *spec.Template) (more bool) {
	if t.Op == spec.OpEither {
		return slices.ContainsFunc(t.Elems, func(e *spec.Template) bool { return m.hasMore(e, other) })
	}
	if t.Op != spec.OpObject || other.Op != spec.OpObject || other.Rest != nil || m.Tree.Nodes[0].Kind != tree.Object {
		return false
	}
	for i := range t.Members {
		w := &t.Members[i]
		if w.Value.WriteOnly {
			continue // a guide leaves it out
		}
		filled := m.filledAtTop(w)
		if w.Must && !filled {
			return false
		}
		more = more || filled && !readsMember(other, w.Names[0]) && w.Value.Reads&(spec.Telling|spec.OwnerBits[spec.Field]) != 0
	}
	return more
}

// filledAtTop reports that a member of the whole document is there, and not empty.
func (m *Matcher) filledAtTop(w *spec.Member) bool {
	for j := range w.Names {
		if c, found := m.find(w, 0, j); found && m.Filled(w, c) && !tree.Empty(&m.Tree, c) {
			return true
		}
	}
	return false
}

// readsMember reports that an object's template reads a member of that name.
func readsMember(t *spec.Template, name string) bool {
	return slices.ContainsFunc(t.Members, func(w spec.Member) bool {
		return w.Value.Op != spec.OpAny && slices.Contains(w.Names, name)
	})
}

// stranger keeps the texts of a node that has another form than its template. They
// become what the texts of the template would have become. It reports whether it kept
// one.
func (m *Matcher) stranger(t *spec.Template, n uint32) bool {
	if t.HasGuard || t.WriteOnly {
		return false
	}
	switch t = t.Resolve(); t.Op {
	case spec.OpEither:
		return m.strangeEither(t, n)
	case spec.OpConst, spec.OpAny, spec.OpAbsent:
		return false
	}
	kept := false
	switch node := &m.Tree.Nodes[n]; node.Kind {
	case tree.List:
		place := int32(0)
		for c := n + 1; c < node.Next; c = m.Tree.Nodes[c].Next {
			kept = m.insideList(t, c) || m.strangeElement(t, c, place) || kept
			place++
		}
	case tree.Object:
		if t.Op == spec.OpList && m.bound&spec.Telling != 0 && m.iteration(t, n, 0, spec.Target{}, false, 0) >= 0 {
			kept = true
			break
		}
		kept = m.strangeElement(t, n, 0)
	default:
		kept = m.strangeElement(t, n, 0)
	}
	if kept {
		m.unfitAt(n, "; its texts were kept")
	}
	return kept
}

// strangeEither is stranger by the first of several templates that keeps a text.
func (m *Matcher) strangeEither(t *spec.Template, n uint32) bool {
	for _, e := range t.Elems {
		before := m.Mark()
		if m.stranger(e, n) {
			return true
		}
		m.Back(before)
	}
	return false
}

// insideList fits an element of a list that stands around what a template describes.
func (m *Matcher) insideList(t *spec.Template, c uint32) bool {
	if t.Op == spec.OpList {
		return false
	}
	if m.furtherText(t, c) {
		return true
	}
	before := m.Mark()
	if m.Value(t, c) {
		return true
	}
	m.Back(before)
	return false
}

// furtherText keeps a text of a list as a note if it stands where the dialect has one text,
// which is the detail, and there is a detail already.
func (m *Matcher) furtherText(t *spec.Template, c uint32) bool {
	detail := spec.Target{Owner: spec.Whole, Attr: spec.AttrDetail}
	if t.Op != spec.OpHole || t.Hole.Readings[0].Target != detail || t.Hole.Readings[0].Pattern != nil || m.later > 0 || m.bound&detail.Bit() == 0 || !m.isText(c) {
		return false
	}
	before := len(m.binds)
	m.bind(spec.Target{Owner: spec.Whole, Attr: spec.AttrNote}, m.Tree.Value(c), false)
	return m.keepFrom(before)
}

// strangeElement keeps the texts of one value, as a record of its own if the template
// makes records.
func (m *Matcher) strangeElement(t *spec.Template, n uint32, place int32) bool {
	outer := m.scope
	inList := outer > 0 && m.scopes[outer].node == n
	if owner := recordOf(t); owner != spec.Whole && !inList {
		m.scope = m.newScope(t, outer, place, n)
		s := &m.scopes[m.scope]
		s.field, s.item, s.items = owner == spec.Field, owner == spec.Item, owner == spec.Item
	}
	defer func() { m.scope = outer }()
	switch node := &m.Tree.Nodes[n]; node.Kind {
	case tree.Text, tree.Attribute, tree.Number:
		if holdsText(t) {
			if t.Hole.Refuses(node.Kind) {
				return false
			}
			before := len(m.binds)
			m.bind(t.Hole.Readings[0].Target, m.Tree.Value(n), false)
			return m.keepFrom(before)
		}
		if node.Kind == tree.Number && t.Op != spec.OpHole {
			return false
		}
		return m.strange(t, record{message: m.Tree.Value(n)})
	case tree.Object, tree.Element:
		return m.strangeMembers(t, n)
	case tree.List:
		return m.strange(t, record{message: []byte(m.wordsIn(n))})
	}
	return false
}

// strangeMembers keeps the texts of an object or an element.
func (m *Matcher) strangeMembers(t *spec.Template, n uint32) bool {
	object := m.Tree.Nodes[n].Kind == tree.Object
	if !object && m.Tree.IsLeaf(n) {
		return m.strange(t, record{message: m.Tree.Value(n)})
	}
	if m.strange(t, m.record(n)) || object && m.scopes[m.scope].mapped && m.strangeNames(t, n) {
		return true
	}
	return m.bound&spec.Telling != 0 && holdsText(t) && m.textsIn(t, n)
}

// strangeNames keeps the texts of an object in a map of errors as errors of their own. The
// names around a text are its path, and so are the places in a list of objects.
func (m *Matcher) strangeNames(t *spec.Template, n uint32) (kept bool) {
	outer, path := m.scope, spec.Target{Owner: spec.Field, Attr: spec.AttrPath}
	if path.Bit()&m.wants == 0 {
		return false
	}
	defer func() { m.scope = outer }()
	if len(m.Tree.Key(n)) == 0 { // an element of a list
		m.take(path, outer, m.keep(strconv.AppendInt(nil, int64(m.scopes[outer].place), 10))).key = true
	}
	place, told, taken := int32(0), len(m.diags), len(m.binds)
	for c := range m.Tree.Children(n) {
		before := m.Mark()
		m.scope = m.newScope(t, outer, place, c)
		m.scopes[m.scope].field = true
		m.take(path, m.scope, m.keep(m.Tree.Key(c))).key = true
		inner, texts := m.Mark(), len(m.binds)
		if !m.Value(t, c) || len(m.binds) == texts {
			m.Back(inner)
			if !m.stranger(t, c) {
				m.Back(before)
			}
		}
		kept = kept || len(m.binds) > texts
		place++
	}
	m.diags = m.diags[:min(told, len(m.diags))] // its own place is told
	return kept && m.keepFrom(taken)
}

// wordsIn are the texts and numbers of a list, with a space between two.
func (m *Matcher) wordsIn(n uint32) string {
	var words []string
	for c := range m.Tree.Children(n) {
		if k := m.Tree.Nodes[c].Kind; k == tree.Text || k == tree.Number {
			words = append(words, string(m.Tree.Value(c)))
		}
	}
	return strings.Join(words, " ")
}

// holdsText reports that a template is a place for a text that may be kept as it is.
func holdsText(t *spec.Template) bool {
	return t.Op == spec.OpHole && strangeText[t.Hole.Readings[0].Target.Attr]
}

// textsIn keeps the texts in an object whose names say nothing, such as those of languages.
// The body has to be the vendor's, which a code that was read shows.
func (m *Matcher) textsIn(t *spec.Template, n uint32) (kept bool) {
	for c := range m.Tree.Children(n) {
		if node := &m.Tree.Nodes[c]; node.Kind == tree.Text || node.Kind == tree.Element && m.Tree.IsLeaf(c) {
			kept = m.strange(t, record{message: m.Tree.Value(c)}) || kept
		}
	}
	return kept
}

// strangeText are the attributes that a text is kept for if it has not the notation that
// the dialect has there. Others state a meaning or a time, which must not be guessed.
var strangeText = map[spec.Attribute]bool{spec.AttrPath: true, spec.AttrMessage: true, spec.AttrDetail: true, spec.AttrTitle: true, spec.AttrInstance: true, spec.AttrID: true}

// recordOf is the owner of the records that a template makes, Whole for none.
func recordOf(t *spec.Template) spec.Owner {
	switch {
	case t.Reads.Of(spec.Item) != 0:
		return spec.Item
	case t.Reads.Of(spec.Field) != 0 && t.Shallow().Of(spec.Whole) == 0:
		return spec.Field
	case t.Reads.Of(spec.Field) != 0 && t.Op == spec.OpList:
		return spec.Field
	}
	return spec.Whole
}

// strange takes the texts of a record for the attributes that a template reads.
func (m *Matcher) strange(t *spec.Template, r record) bool {
	before := len(m.binds)
	take := func(owner spec.Owner, attr spec.Attribute, text []byte) {
		if target := (spec.Target{Owner: owner, Attr: attr}); t.Reads&target.Bit() != 0 {
			m.bind(target, text, false)
		}
	}
	if t.Reads.Of(spec.Field) != 0 {
		m.bind(spec.Target{Owner: spec.Field, Attr: spec.AttrPath}, r.path, false)
		m.bind(spec.Target{Owner: spec.Field, Attr: spec.AttrCode}, r.code, false)
		m.bind(spec.Target{Owner: spec.Field, Attr: spec.AttrMessage}, r.message, false)
	}
	take(spec.Item, spec.AttrCode, r.code)
	take(spec.Item, spec.AttrDetail, r.message)
	take(spec.Whole, spec.AttrCode, r.code)
	detail := spec.Target{Owner: spec.Whole, Attr: spec.AttrDetail}
	if m.later == 0 && m.bound&detail.Bit() != 0 && t.Reads.Of(spec.Field) == 0 {
		detail.Attr = spec.AttrNote // the first of several texts is the detail
	}
	if t.Reads&(spec.Target{Owner: spec.Whole, Attr: spec.AttrDetail}).Bit() != 0 {
		m.bind(detail, r.message, false)
	}
	return m.keepFrom(before)
}

// keepFrom marks the texts from a place on as kept of members of another form: those
// that templates took count before them. It reports whether there are any.
func (m *Matcher) keepFrom(at int) bool {
	for i := range m.binds[at:] {
		m.binds[at+i].kept = true
	}
	m.strangers = m.strangers || len(m.binds) > at
	return len(m.binds) > at
}

// pointerEscape builds its tables once, at its first use.
var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// maxPointer is how long the place of a node may be in a sentence, in bytes.
const maxPointer = 200

// pointer is the place of a node as a JSON pointer (RFC 6901), "the body" for the root.
func (m *Matcher) pointer(n uint32) string {
	if n == 0 {
		return "the body"
	}
	var b strings.Builder
	for at := uint32(0); at != n; {
		place := 0
		for c := range m.Tree.Children(at) {
			if n < m.Tree.Nodes[c].Next {
				b.WriteByte('/')
				if m.Tree.Nodes[at].Kind == tree.List {
					b.WriteString(strconv.Itoa(place))
				} else {
					b.WriteString(pointerEscape.Replace(keyfile.Short(strings.ToValidUTF8(string(m.Tree.Key(c)), "\uFFFD"))))
				}
				at = c
				break
			}
			place++
		}
		if b.Len() > maxPointer {
			return b.String() + "/…"
		}
	}
	return b.String()
}

// unfitAt notes that a node has another form than the dialect knows.
func (m *Matcher) unfitAt(n uint32, more string) {
	if len(m.diags) < maxNotes {
		at := m.pointer(n)
		m.noteAt(strings.TrimPrefix(at, "the body"), "unfit_member", "%s has a form that the dialect does not describe%s", at, more)
	}
}

// strangerIn keeps the texts of an element that fits none of the templates of its list.
func (m *Matcher) strangerIn(t *spec.Template, c uint32, place int32, key spec.Target) bool {
	before, outer := m.Mark(), m.scope
	defer func() { m.scope = outer }()
	if t.Reads.Of(spec.Field)|t.Reads.Of(spec.Item) != 0 {
		m.scope = m.newScope(t, outer, place, c)
	}
	if key.Attr != spec.AttrNone {
		m.key(t, c, place, key)
	}
	for _, e := range t.Elems {
		if m.stranger(e, c) {
			return true
		}
	}
	m.Back(before)
	return false
}
