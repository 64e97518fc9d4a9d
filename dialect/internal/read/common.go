package read

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// The forms that everybody uses stand behind every dialect. If the body of a failure
// fits no shape of the file, or fits one that looks for a detail and finds none, its texts
// are taken by them: problem details (RFC 9457),
// {"message"}, {"error": "…"}, {"error": {code, message}}, {"errors": […]}, the pair of
// OAuth (RFC 6749, 5.2), FastAPI's detail, the title of a page, a plain text. They
// give texts. What the failure means is what the file says of the status.

// common takes what an Outcome lacks from a failure's body, by the forms that everybody
// uses: the code only if coded is set.
func (m *Matcher) common(d *Reader, o *parlance.Outcome, req *wire.Request, coded bool, res *wire.Response) wire.Common {
	body := beginning(m.inUTF8(res.Header, res.Body))
	if len(body) == 0 {
		return wire.CommonNone
	}
	var found finding
	switch {
	case isPage(body, wire.MediaType(res.Header)):
		found.detail = pageText(body)
	case m.document(d.Spec, body, res):
		m.top(&found)
	case bytes.IndexByte([]byte("{[<"), body[0]) < 0 && readable(body):
		found.detail = strings.ToValidUTF8(string(body), "\uFFFD")
	}
	if !coded {
		found.beyond(o)
	}
	if len(o.Fields) == 0 {
		found.promote()
	} else {
		found.besides(o)
	}
	if n, err := spec.Number(found.code); !d.PlanFor(res.Status).SaysMore && (err == nil && n <= 999 || d.CodeRow(found.code, "", req) != nil) {
		coded = false // no shape reads a code under this status, so none may be taken for one of the file
	}
	if !found.complete(o, coded) {
		return wire.CommonNone
	}
	m.note("common_form", "the texts were taken by the forms that most APIs use, for no shape of the dialect reads one in the body")
	if found.declared {
		return wire.CommonMember
	}
	return wire.CommonText
}

// texts gives an element of a stream that fits no template the texts of its data.
func (d *Reader) texts(to *wire.Decoded, req *wire.Request, res *wire.Response) {
	fill := filler{d: d, depth: 1, wants: EveryAttribute}
	defer fill.release()
	m := fill.matcher(res)
	m.note("unfit_body", "an event has the name of a failure, and none of the forms that the dialect describes")
	if from := m.common(d, &to.Outcome, req, true, res); from != wire.CommonNone {
		to.Common = from
	}
	to.Diagnostics = append(to.Diagnostics, m.diags...)
}

// top takes what the whole document says.
func (m *Matcher) top(f *finding) {
	if m.Tree.Nodes[0].Kind == tree.Text {
		f.detail = string(m.Tree.Value(0))
	}
	if m.whole(f, 0, 0); len(f.fields) == 0 && f.detail == "" && m.onlyLists(0) {
		m.byName(f, 0)
	}
}

// document reads a body of JSON or XML whole, also one with something around it.
func (m *Matcher) document(d *spec.Spec, body []byte, res *wire.Response) bool {
	if f := m.form; (f == spec.FormJSON || f == spec.FormXML) && m.everything(res.Body) {
		return true
	}
	switch {
	case bytes.IndexByte([]byte(`{["`), body[0]) >= 0 && m.Tree.JSON(body, res.Cut) == nil, body[0] == '<' && m.Tree.XML(body, res.Cut) == nil:
		return true
	}
	inner := wire.Response{Status: res.Status, Header: res.Header, Body: body, Cut: res.Cut}
	m.form = m.unwrapped(d, spec.Forms{spec.FormJSON: true, spec.FormXML: true}, &inner)
	return m.everything(inner.Body)
}

// finding is what was taken of a whole body.
type finding struct {
	code, detail, id string
	fields           []parlance.Field
	declared         bool
}

// complete gives an Outcome what it lacks, the code if coded is set, and reports whether it
// was anything.
func (f *finding) complete(o *parlance.Outcome, coded bool) bool {
	gave := false
	set := func(to *string, text string) {
		if *to == "" && text != "" {
			*to, gave = text, true
		}
	}
	set(&o.Detail, f.detail)
	if coded && o.Code == "" && o.Family == "" && len(f.code) <= spec.MaxKey {
		set(&o.Code, f.code)
	}
	if len(o.Fields) == 0 && len(o.Items) == 0 && len(f.fields) > 0 {
		o.Fields, gave = f.fields, true
	}
	set(&o.RequestID, f.id)
	return gave
}

// promote makes the detail of the first Field if there is none.
func (f *finding) promote() {
	if len(f.fields) > 0 && f.detail == "" {
		first := &f.fields[0]
		f.detail = first.Message
		if f.code == "" && first.Path == "" {
			f.code = first.Code
		}
		if len(f.fields) == 1 && first.Path == "" {
			f.fields = nil
		}
	}
	if f.code == f.detail {
		f.code = ""
	}
}

// beyond drops what a shape has read of the body: the words of a kind, a reason or a status,
// and what is a part of the code. They are no texts for people, unless the code is one of
// several texts in a list.
func (f *finding) beyond(o *parlance.Outcome) {
	read := func(text string) bool {
		return slices.Contains([]string{string(o.Reason), o.Kind.String(), strconv.Itoa(o.Status)}, text) || strings.Contains(o.Code, text) || strings.Contains(o.Family, text)
	}
	if read(f.detail) {
		f.detail = ""
	}
	if !slices.ContainsFunc(f.fields, func(field parlance.Field) bool { return field.Path == "" && !read(field.Message) }) {
		f.fields = slices.DeleteFunc(f.fields, func(field parlance.Field) bool { return field.Message != "" && read(field.Message) })
	}
}

// besides drops what an Outcome has elsewhere, such as in its Fields.
func (f *finding) besides(o *parlance.Outcome) {
	if f.detail == o.Title || f.detail == o.Code {
		f.detail = ""
	}
	for i := range o.Fields {
		if f.detail == o.Fields[i].Message {
			f.detail = ""
		}
		if f.code == o.Fields[i].Code {
			f.code = ""
		}
	}
}

// maxNested is how deep the forms that everybody uses are looked for.
const maxNested = 6

// maxFields is how many Fields are taken of a form that no file describes.
const maxFields = 200

// whole takes what node n says of the failure, and what the containers in it say, whose
// words count before its own.
func (m *Matcher) whole(f *finding, n uint32, depth int) {
	node := &m.Tree.Nodes[n]
	if depth > maxNested {
		return
	}
	if node.Kind == tree.List {
		m.list(f, n, depth)
		return
	}
	if node.Kind != tree.Object && node.Kind != tree.Element {
		return
	}
	own := m.record(n)
	m.containers(f, n, beforeOwn, depth)
	if only := n + 1; f.empty() && own.message == nil && m.alone(n) && m.Tree.Nodes[only].Kind != tree.List {
		if m.whole(f, only, depth+1); f.detail != "" || len(f.fields) > 0 {
			return // an envelope of one member, whatever its name
		}
	}
	taken := f.detail == "" && own.message != nil
	if taken {
		f.detail, f.declared = string(own.message), own.declared
	}
	if f.code == "" {
		f.code = string(own.code)
	}
	if f.id == "" {
		f.id = string(own.id)
	}
	m.containers(f, n, behindOwn, depth)
	if field := m.best(n, fieldNames, 0); taken && field != 0 && len(f.fields) == 0 && f.detail == string(own.message) {
		f.fields = append(f.fields, parlance.Field{Path: string(m.Tree.Value(field)), Code: string(own.code), Message: string(own.message)})
	}
}

// empty reports that nothing was found so far.
func (f *finding) empty() bool { return f.detail == "" && f.code == "" && len(f.fields) == 0 }

// alone reports that a node has just one child.
func (m *Matcher) alone(n uint32) bool {
	next := m.Tree.Nodes[n].Next
	return n+1 < next && m.Tree.Nodes[n+1].Next == next
}

// containers takes what the members of some names contain.
func (m *Matcher) containers(f *finding, n uint32, names []string, depth int) {
	for _, name := range names {
		for c := range m.Tree.Children(n) {
			if m.holds(c) && sameName(m.Tree.Key(c), name) {
				m.contained(f, c, depth)
			}
		}
	}
}

// contained takes what a container says: a record, a list of records, or texts by the
// names of what they are about.
func (m *Matcher) contained(f *finding, c uint32, depth int) {
	node := &m.Tree.Nodes[c]
	if node.Kind == tree.List || node.Kind == tree.Element && m.repeats(c) {
		m.list(f, c, depth)
		return
	}
	before := *f
	m.whole(f, c, depth+1)
	if f.detail == before.detail && f.code == before.code && len(f.fields) == len(before.fields) && node.Kind == tree.Object && !m.repeated(f, c) {
		m.byName(f, c)
	}
}

// repeated reports that an object has the code and the text that were taken: its members are no
// Fields.
func (m *Matcher) repeated(f *finding, n uint32) bool {
	r := m.record(n)
	return len(r.message) > 0 && string(r.message) == f.detail && string(r.code) == f.code
}

// list takes the elements of a list as Fields.
func (m *Matcher) list(f *finding, n uint32, depth int) {
	for c := range m.Tree.Children(n) {
		if len(f.fields) >= maxFields {
			return
		}
		switch m.Tree.Nodes[c].Kind {
		case tree.Text:
			f.add(record{message: m.Tree.Value(c), declared: true})
		case tree.List:
			if depth < maxNested {
				m.list(f, c, depth+1)
			}
		case tree.Object, tree.Element:
			r := m.record(c)
			if r.message == nil {
				inner := finding{}
				m.whole(&inner, c, depth+1)
				r.message, r.declared = []byte(inner.detail), inner.declared
				if r.code == nil {
					r.code = []byte(inner.code)
				}
				f.fields = append(f.fields, inner.fields[:min(len(inner.fields), maxFields-len(f.fields))]...)
			}
			f.add(r)
		}
	}
}

// byName takes the members of an object as Fields: the name is the path, and the value a
// text or a list of texts.
func (m *Matcher) byName(f *finding, n uint32) {
	for c := range m.Tree.Children(n) {
		if len(f.fields) >= maxFields {
			return
		}
		switch node := &m.Tree.Nodes[c]; node.Kind {
		case tree.Text:
			f.add(record{path: m.Tree.Key(c), message: m.Tree.Value(c)})
		case tree.List:
			for e := range m.Tree.Children(c) {
				switch m.Tree.Nodes[e].Kind {
				case tree.Text:
					f.add(record{path: m.Tree.Key(c), message: m.Tree.Value(e)})
				case tree.Object:
					r := m.record(e)
					if r.path == nil {
						r.path = m.Tree.Key(c)
					}
					f.add(r)
				}
			}
		}
	}
}

// onlyLists reports that all members of an object are lists of texts, as of a body that
// has the names of fields at its top.
func (m *Matcher) onlyLists(n uint32) bool {
	for c := range m.Tree.Children(n) {
		if m.Tree.Nodes[c].Kind != tree.List {
			return false
		}
		for e := range m.Tree.Children(c) {
			if m.Tree.Nodes[e].Kind != tree.Text {
				return false
			}
		}
	}
	return true
}

func (f *finding) add(r record) {
	if len(r.message) == 0 && len(r.code) == 0 || len(f.fields) >= maxFields {
		return
	}
	if len(f.fields) == 0 && f.detail == "" {
		f.declared = r.declared
	}
	f.fields = append(f.fields, parlance.Field{Path: string(r.path), Code: string(r.code), Message: string(r.message)})
}

// holds reports that a node has something below it.
func (m *Matcher) holds(n uint32) bool {
	switch m.Tree.Nodes[n].Kind {
	case tree.Object, tree.List, tree.Element:
		return m.Tree.Nodes[n].Next > n+1
	}
	return false
}

// repeats reports that the children of an element all have one name: they are a list.
func (m *Matcher) repeats(n uint32) bool {
	first, count := n+1, 0
	for c := range m.Tree.Children(n) {
		if !bytes.Equal(m.Tree.Key(c), m.Tree.Key(first)) || !m.holds(c) {
			return false
		}
		count++
	}
	return count > 1
}

// pageText is the title of a page, or its heading.
func pageText(body []byte) string {
	for _, name := range [...]string{"title", "h1", "h2"} {
		if text, found := tree.HtmlText(body, name); found && len(text) > 0 {
			return string(text)
		}
	}
	return ""
}

// readable reports that a body is a text that a person can read: it has no control
// characters but those of lines.
func readable(body []byte) bool {
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
		body = body[size:]
	}
	return true
}

// strange reports that texts were kept of members of another form than the file describes.
func (f *filler) strange() bool {
	return f.m != nil && f.m.strangers && slices.ContainsFunc(f.m.binds, func(b bind) bool { return b.kept })
}

// namesAlone reports that all that the shape itself read are names around texts of another
// form: the body is hardly one that it describes.
func (f *filler) namesAlone() bool {
	return f.strange() && !slices.ContainsFunc(f.m.binds, func(b bind) bool { return !b.key && b.tells() })
}

// lacksTexts reports that a failure was read without a text, although its body may have
// one. Fields that were kept of another form than the file describes leave that open.
func (f *filler) lacksTexts(o *parlance.Outcome, shape *spec.Shape) bool {
	lacks := o.Detail == "" && len(o.Items) == 0 && (len(o.Fields) == 0 || f.strange())
	switch {
	case shape == nil:
		return lacks
	case f.lends: // no text is wanted, and no code comes of it
		return false
	}
	if f.bound&(1<<spec.AttrDetail|1<<spec.AttrTitle|1<<spec.AttrNote) != 0 {
		return lacks && f.unread() > 0
	}
	return lacks && (f.bound&spec.Telling == 0 || shape.Reads&(1<<spec.AttrDetail) != 0 || f.unread() > 0)
}
