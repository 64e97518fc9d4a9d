package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// shape is how one kind of body looks, together with when it does.
type shape struct {
	name         string
	pos          position
	status       statuses
	methods      []string
	paths        []string
	writeFor     []string // paths that this shape is written for before others
	headers      []headerHole
	form         form
	body         *template
	is           string
	media        string
	readOnly     bool
	writeOnly    bool
	graft        bool
	itemCodes    []string
	codes        []string // the codes that it is written for; others are not
	failuresOnly bool     // its list holds only the records that failed
	reads        set
	writes       set
	copies       set
	size         int
	sites        []site // where records are written, by their number
	shares       bool   // a text in it is read as the code of the whole and of a Field
	bare         bool   // it is headers that ask for nothing: they are read if they are there
}

func (s *shape) take(t *template) {
	s.reads |= t.reads
	s.writes |= t.writes
	s.copies |= t.copies
}

// fits reports that the shape may read an answer with this status to such a
// request.
func (s *shape) fits(req *Request, status int) bool {
	return !s.writeOnly && s.concerns(req, status)
}

func (s *shape) concerns(req *Request, status int) bool {
	return s.status.admits(status) && admitsMethod(s.methods, req.Method) && admitsPath(s.paths, req.Path)
}

// carriesData reports that the success payload stands in the body.
func (s *shape) carriesData() bool { return s.reads.has(whole, attrData) }

// carriesItems reports that records of a bulk request stand in the body.
func (s *shape) carriesItems() bool { return s.reads.of(item) != 0 }

var shapeKeys = []string{"name", "status", "method", "path", "for", "headers", "json", "xml", "html", "text", "is", "type", "read_only", "write_only", "graft", "item_codes", "codes", "lists"}

func (r *reporter) shapes(n *yaml.Node) []*shape {
	if n.Kind != yaml.SequenceNode {
		r.fault(at(n), "wrong_type", "write a list: each shape begins with `- name: …`", "shapes must be a list, not %s", kindOf(n))
		return nil
	}
	var all []*shape
	for _, e := range n.Content {
		if s := r.shape(e); s != nil {
			all = append(all, s)
		}
	}
	return all
}

func (r *reporter) shape(n *yaml.Node) *shape {
	s := &shape{pos: at(n)}
	if n.Kind != yaml.MappingNode {
		r.pairs(n, "a shape", nil)
		return nil
	}
	r.pairs(n, "a shape", func(k, v *yaml.Node) {
		switch k.Value {
		case "name":
			s.name, _ = r.text(v, "the name of a shape")
		case "status":
			for _, w := range r.words(v, "status") {
				sp, ok := parseSpan(w)
				if !ok || sp.from < 100 || sp.to > 999 {
					r.fault(at(v), "bad_status", "write 422, 4xx or 200-299", "%q is no HTTP status", w)
					continue
				}
				s.status = append(s.status, sp)
			}
		case "method":
			s.methods = r.methods(v)
		case "path":
			s.paths = r.words(v, "path")
		case "for":
			s.writeFor = r.words(v, "for")
		case "headers":
			r.headers(v, s)
		case "json", "xml", "html", "text":
			if s.form != formNone {
				r.fault(at(k), "duplicate_key", "make a second shape of it", "a shape has one body")
				return
			}
			if v.Tag == "!!null" && v.Value == "" {
				r.fault(at(k), "empty_shape", "write "+k.Value+": null if the body is the literal null", "nothing stands after %s:", k.Value)
				return
			}
			s.form = formNames[k.Value]
			s.body = r.body(s.form, v, readOnly(n))
			s.take(s.body)
			s.size += s.body.size
		case "is":
			if s.is, _ = r.text(v, "is"); s.is != "" {
				r.named = append(r.named, namedPlace{s.is, at(v)})
			}
		case "type":
			s.media, _ = r.text(v, "type")
			if headerText(s.media) != s.media {
				r.fault(at(v), "bad_header", "", "a content type cannot hold line breaks or blanks around it")
			}
		case "read_only":
			s.readOnly = r.boolean(v, "read_only")
		case "write_only":
			s.writeOnly = r.boolean(v, "write_only")
		case "graft":
			s.graft = r.boolean(v, "graft")
		case "item_codes":
			s.itemCodes = r.words(v, "item_codes")
		case "codes":
			s.codes = r.words(v, "codes")
		case "lists":
			if s.failuresOnly = v.Value == "failures"; !s.failuresOnly {
				r.fault(at(v), "wrong_type", "write lists: failures, or leave it out", "lists says that a list holds failures only, not %s", kindOf(v))
			}
		default:
			r.unknown(at(k), "unknown_key", "key of a shape", k.Value, shapeKeys)
		}
	})
	s.bare = s.body == nil && s.unasked()
	if s.name == "" {
		s.name = "line " + strconv.Itoa(s.pos.line)
	}
	s.shares = s.body != nil && s.body.sharesCode()
	if s.is == "" && s.body != nil && s.body.op == opObject {
		s.is = s.body.is // what the form says of the whole
	}
	if s.media == "" {
		s.media = mediaTypes[s.form]
	}
	if s.readOnly && s.writeOnly {
		r.fault(s.pos, "contradiction", "keep one of them", "the shape %q is read only and write only, so it is never used", s.name)
	}
	if s.graft && s.form != formXML {
		r.fault(s.pos, "contradiction", "leave graft out", "only XML can be grafted into the caller's document")
	}
	if s.body == nil && len(s.headers) == 0 {
		r.fault(s.pos, "empty_shape", "add json, xml, html, text or headers", "the shape %q says nothing of what it looks like", s.name)
		return nil
	}
	return s
}

// readOnly reports that a shape says so of itself.
func readOnly(n *yaml.Node) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "read_only" {
			return n.Content[i+1].Value == "true"
		}
	}
	return false
}

func (r *reporter) body(f form, n *yaml.Node, readOnly bool) *template {
	c := &shapeCompiler{reporter: r, form: f, readOnly: readOnly}
	t := c.whole(n)
	switch f {
	case formText:
		if t.op != opHole && t.op != opConst {
			r.fault(at(n), "wrong_type", "write text: $detail", "a text body must be one text")
		}
	case formHTML:
		if t.op != opObject {
			r.fault(at(n), "wrong_type", "write html: {title: $detail}", "an HTML body must be a mapping of elements to texts")
		}
	case formXML:
		if t.op != opObject || t.op == opObject && len(t.members) != 1 && t.rest == nil {
			r.fault(at(n), "wrong_type", "write xml: {Error: {Code: $code}}", "an XML body must be one root element")
		}
	}
	return t
}

// methods are those of a condition. Any token is a method (RFC 9110, 9.1); one
// that looks like a misspelt one is warned of.
func (r *reporter) methods(n *yaml.Node) (all []string) {
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, m := range r.words(n, "method") {
		m = strings.ToUpper(m)
		if best := nearest.Word(m, known); best != "" && !slices.Contains(known, m) {
			r.warn(at(n), "unknown_method", "did you mean "+best+"?", "%s is no method that HTTP defines", m)
		}
		all = append(all, m)
	}
	return all
}
