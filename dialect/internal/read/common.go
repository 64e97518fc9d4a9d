package read

import (
	"bytes"
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
// fits no shape of the file, its texts are taken by them: problem details (RFC 9457),
// {"message"}, {"error": "…"}, {"error": {code, message}}, {"errors": […]}, the pair of
// OAuth (RFC 6749, 5.2), FastAPI's detail, the title of a page, a plain text. They
// give texts. What the failure means is what the file says of the status.

// record holds the texts of one object by the names that everybody uses.
type record struct {
	path, code, message []byte
	id                  []byte // of the request
	declared            bool   // the message stands in a member that is for messages
}

// The names by which a text is known, the best first. Case, hyphens and underscores do
// not count.
var (
	messageNames = []string{"message", "errormessage", "errordescription", "detail", "msg", "errmsg", "errormsg", "description", "usermessage", "longmessage", "developermessage", "faultstring", "reason", "details", "error", "text", "title", "summary", "errors", "errortext"}
	codeNames    = []string{"code", "errorcode", "errcode", "faultcode", "subcode", "type", "name", "issue", "key", "reason", "error", "status"}
	pathNames    = []string{"field", "path", "pointer", "param", "parameter", "property", "propertypath", "attribute", "location", "loc", "source", "target"}
	idNames      = []string{"requestid", "traceid", "correlationid", "debugid", "errorid"}

	// What holds the failure inside of a body, the most telling first. Its texts count
	// before those beside it, or behind them.
	beforeOwn = []string{"error", "errors", "err", "fault", "exception", "apierror", "errorresponse", "body", "response", "envelope"}
	behindOwn = []string{"message", "detail", "details", "data", "result", "messages", "issues", "violations", "invalidparams", "validationerrors", "fielderrors", "causes"}
)

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
	if n, err := spec.Number(found.code); !d.PlanFor(res.Status).SaysMore && (err == nil && n <= spec.LastStatus || d.CodeRow(found.code, "", req) != nil) {
		coded = false // no shape reads a code under this status, so none may be taken for one of the file
	}
	if !found.complete(o, coded) {
		return wire.CommonNone
	}
	m.note("common_form", "the texts were taken by the forms that most APIs use, for the body fits no shape of the dialect")
	if found.declared {
		return wire.CommonMember
	}
	return wire.CommonText
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
	f.promote()
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
		m.whole(f, only, depth+1) // an envelope of one member, whatever its name
	}
	if f.detail == "" && own.message != nil {
		f.detail, f.declared = string(own.message), own.declared
	}
	if f.code == "" {
		f.code = string(own.code)
	}
	if f.id == "" {
		f.id = string(own.id)
	}
	m.containers(f, n, behindOwn, depth)
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
	if f.detail == before.detail && f.code == before.code && len(f.fields) == len(before.fields) && node.Kind == tree.Object {
		m.byName(f, c)
	}
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

// record takes the texts of an object or element by the names that everybody uses.
func (m *Matcher) record(n uint32) (r record) {
	var used uint32 // the member that gave the message
	if c := m.best(n, messageNames, 0); c != 0 {
		used, r.message = c, m.Tree.Value(c)
		r.declared = sameName(m.Tree.Key(c), "message") || sameName(m.Tree.Key(c), "detail") || sameName(m.Tree.Key(c), "error") || sameName(m.Tree.Key(c), "errordescription")
	}
	if c := m.best(n, codeNames, used); c != 0 {
		r.code = m.Tree.Value(c)
	}
	if c := m.best(n, pathNames, used); c != 0 {
		r.path = m.Tree.Value(c)
	} else if c := m.segments(n); len(c) > 0 {
		r.path = c
	}
	if c := m.best(n, idNames, used); c != 0 {
		r.id = m.Tree.Value(c)
	}
	return r
}

// best is the member with the best of some names that holds a text, but not the one that
// is used; 0 for none.
func (m *Matcher) best(n uint32, names []string, used uint32) (at uint32) {
	rank := len(names)
	for c := range m.Tree.Children(n) {
		if c == used || !m.isText(c) {
			continue
		}
		for i, name := range names[:rank] {
			if sameName(m.Tree.Key(c), name) && m.suitsName(c, name) {
				at, rank = c, i
				break
			}
		}
	}
	return at
}

// isText reports that a node is a text with something in it, or a number.
func (m *Matcher) isText(n uint32) bool {
	switch node := &m.Tree.Nodes[n]; node.Kind {
	case tree.Text, tree.Attribute:
		return node.End > node.Start
	case tree.Number:
		return true
	case tree.Element:
		return m.Tree.IsLeaf(n) && len(m.Tree.Value(n)) > 0
	}
	return false
}

// suitsName reports that the text of a member is of the kind that its name promises: a
// link is no code, and a number is one only under a name that says so.
func (m *Matcher) suitsName(n uint32, name string) bool {
	text := m.Tree.Value(n)
	switch name {
	case "code", "errorcode":
		return string(text) != strconv.Itoa(m.status) // which says nothing more
	case "type", "name", "issue", "key", "reason", "error", "status", "title":
		return m.Tree.Nodes[n].Kind != tree.Number && !tree.IsDigits(string(text)) &&
			(name != "type" && name != "status" || bytes.IndexByte(text, ' ') < 0 && !bytes.Contains(text, []byte(":/")) && string(text) != "about:blank" && string(text) != "error")
	case "message", "detail", "msg", "description", "details", "errors", "text", "errortext":
		return m.Tree.Nodes[n].Kind != tree.Number
	}
	return true
}

// segments joins a list of names to a path, as FastAPI's loc is one.
func (m *Matcher) segments(n uint32) []byte {
	for c := range m.Tree.Children(n) {
		if m.Tree.Nodes[c].Kind != tree.List || !sameName(m.Tree.Key(c), "loc") && !sameName(m.Tree.Key(c), "path") {
			continue
		}
		var parts [][]byte
		for e := range m.Tree.Children(c) {
			if m.isText(e) {
				parts = append(parts, m.Tree.Value(e))
			}
		}
		return bytes.Join(parts, []byte("."))
	}
	return nil
}

// sameName compares a member's name with one in small letters. Case, hyphens and
// underscores do not count, nor does a prefix of XML.
func sameName(key []byte, name string) bool {
	if i := bytes.LastIndexByte(key, ':'); i >= 0 {
		key = key[i+1:]
	}
	at := 0
	for _, c := range key {
		if c == '_' || c == '-' {
			continue
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if at >= len(name) || name[at] != c {
			return false
		}
		at++
	}
	return at == len(name)
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

// lacksTexts reports that a failure was read without a text, although its body may have
// one.
func (f *filler) lacksTexts(o *parlance.Outcome, shape *spec.Shape) bool {
	switch {
	case shape == nil:
		return o.Detail == "" && len(o.Fields) == 0 && len(o.Items) == 0
	case f.lends: // no text is wanted, and no code comes of it
		return false
	}
	return o.Detail == "" && len(o.Fields) == 0 && len(o.Items) == 0 && (f.bound&(spec.Telling|1<<spec.AttrTitle|1<<spec.AttrNote) == 0 || f.unread() > 0)
}
