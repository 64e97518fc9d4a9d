package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/nearest"
	yaml "go.yaml.in/yaml/v4"
)

// Shape is how one kind of body looks, together with when it does.
type Shape struct {
	Name         string
	Pos          Position
	Status       statuses
	Methods      []string
	Paths        []string
	WriteFor     []string // paths that this shape is written for before others
	Headers      []HeaderHole
	Form         Form
	Body         *Template
	Is           string
	Media        string
	ReadOnly     bool
	WriteOnly    bool
	Graft        bool
	ItemCodes    []string
	Codes        []string // the codes that it is written for; others are not
	FailuresOnly bool     // its list holds only the records that failed
	Reads        Set
	Writes       Set
	Copies       Set
	Size         int
	Sites        []Site // where records are written, by their number
	Shares       bool   // a text in it is read as the code of the whole and of a Field
	Bare         bool   // it is headers that ask for nothing: they are read if they are there
}

func (s *Shape) take(t *Template) {
	s.Reads |= t.Reads
	s.Writes |= t.Writes
	s.Copies |= t.Copies
}

// Fits reports that the shape may read an answer with this status to such a
// request.
func (s *Shape) Fits(req *wire.Request, status int) bool {
	return !s.WriteOnly && s.Concerns(req, status)
}

func (s *Shape) Concerns(req *wire.Request, status int) bool {
	return s.Status.Admits(status) && admitsMethod(s.Methods, req.Method) && AdmitsPath(s.Paths, req.Path)
}

// CarriesData reports that the success payload stands in the body.
func (s *Shape) CarriesData() bool { return s.Reads.Has(Whole, AttrData) }

// CarriesItems reports that records of a bulk request stand in the body.
func (s *Shape) CarriesItems() bool { return s.Reads.Of(Item) != 0 }

var shapeKeys = []string{"name", "status", "method", "path", "for", "headers", "json", "xml", "html", "text", "is", "type", "read_only", "write_only", "graft", "item_codes", "codes", "lists"}

func (r *Reporter) shapes(n *yaml.Node) []*Shape {
	if n.Kind != yaml.SequenceNode {
		r.Fault(At(n), "wrong_type", "write a list: each shape begins with `- name: …`", "shapes must be a list, not %s", KindOf(n))
		return nil
	}
	var all []*Shape
	for _, e := range n.Content {
		if s := r.shape(e); s != nil {
			all = append(all, s)
		}
	}
	return all
}

func (r *Reporter) shape(n *yaml.Node) *Shape {
	s := &Shape{Pos: At(n)}
	if n.Kind != yaml.MappingNode {
		r.Pairs(n, "a shape", nil)
		return nil
	}
	r.Pairs(n, "a shape", func(k, v *yaml.Node) {
		switch k.Value {
		case "name":
			s.Name, _ = r.Text(v, "the name of a shape")
		case "status":
			for _, w := range r.words(v, "status") {
				sp, ok := ParseSpan(w)
				if !ok || sp.From < 100 || sp.To > 999 {
					r.Fault(At(v), "bad_status", "write 422, 4xx or 200-299", "%q is no HTTP status", w)
					continue
				}
				s.Status = append(s.Status, sp)
			}
		case "method":
			s.Methods = r.methods(v)
		case "path":
			s.Paths = r.words(v, "path")
		case "for":
			s.WriteFor = r.words(v, "for")
		case "headers":
			r.headers(v, s)
		case "json", "xml", "html", "text":
			if s.Form != FormNone {
				r.Fault(At(k), "duplicate_key", "make a second shape of it", "a shape has one body")
				return
			}
			if v.Tag == "!!null" && v.Value == "" {
				r.Fault(At(k), "empty_shape", "write "+k.Value+": null if the body is the literal null", "nothing stands after %s:", k.Value)
				return
			}
			s.Form = formNames[k.Value]
			s.Body = r.body(s.Form, v, readOnly(n))
			s.take(s.Body)
			s.Size += s.Body.size
		case "is":
			if s.Is, _ = r.Text(v, "is"); s.Is != "" {
				r.named = append(r.named, namedPlace{s.Is, At(v)})
			}
		case "type":
			s.Media, _ = r.Text(v, "type")
			if wire.HeaderText(s.Media) != s.Media {
				r.Fault(At(v), "bad_header", "", "a content type cannot hold line breaks or blanks around it")
			}
		case "read_only":
			s.ReadOnly = r.Boolean(v, "read_only")
		case "write_only":
			s.WriteOnly = r.Boolean(v, "write_only")
		case "graft":
			s.Graft = r.Boolean(v, "graft")
		case "item_codes":
			s.ItemCodes = r.words(v, "item_codes")
		case "codes":
			s.Codes = r.words(v, "codes")
		case "lists":
			if s.FailuresOnly = v.Value == "failures"; !s.FailuresOnly {
				r.Fault(At(v), "wrong_type", "write lists: failures, or leave it out", "lists says that a list holds failures only, not %s", KindOf(v))
			}
		default:
			r.Unknown(At(k), "unknown_key", "key of a shape", k.Value, shapeKeys)
		}
	})
	s.Bare = s.Body == nil && s.unasked()
	if s.Name == "" {
		s.Name = "line " + strconv.Itoa(s.Pos.Line)
	}
	s.Shares = s.Body != nil && s.Body.sharesCode()
	if s.Is == "" && s.Body != nil && s.Body.Op == OpObject {
		s.Is = s.Body.Is // what the form says of the whole
	}
	if s.Media == "" {
		s.Media = MediaTypes[s.Form]
	}
	if s.ReadOnly && s.WriteOnly {
		r.Fault(s.Pos, "contradiction", "keep one of them", "the shape %q is read only and write only, so it is never used", s.Name)
	}
	if s.Graft && s.Form != FormXML {
		r.Fault(s.Pos, "contradiction", "leave graft out", "only XML can be grafted into the caller's document")
	}
	if s.Body == nil && len(s.Headers) == 0 {
		r.Fault(s.Pos, "empty_shape", "add json, xml, html, text or headers", "the shape %q says nothing of what it looks like", s.Name)
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

func (r *Reporter) body(f Form, n *yaml.Node, readOnly bool) *Template {
	c := &shapeCompiler{Reporter: r, form: f, readOnly: readOnly}
	t := c.whole(n)
	switch f {
	case FormText:
		if t.Op != OpHole && t.Op != OpConst {
			r.Fault(At(n), "wrong_type", "write text: $detail", "a text body must be one text")
		}
	case FormHTML:
		if t.Op != OpObject {
			r.Fault(At(n), "wrong_type", "write html: {title: $detail}", "an HTML body must be a mapping of elements to texts")
		}
	case FormXML:
		if t.Op != OpObject || t.Op == OpObject && len(t.Members) != 1 && t.Rest == nil {
			r.Fault(At(n), "wrong_type", "write xml: {Error: {Code: $code}}", "an XML body must be one root element")
		}
	}
	return t
}

// methods are those of a condition. Any token is a method (RFC 9110, 9.1); one
// that looks like a misspelt one is warned of.
func (r *Reporter) methods(n *yaml.Node) (all []string) {
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, m := range r.words(n, "method") {
		m = strings.ToUpper(m)
		if best := nearest.Word(m, known); best != "" && !slices.Contains(known, m) {
			r.warn(At(n), "unknown_method", "did you mean "+best+"?", "%s is no method that HTTP defines", m)
		}
		all = append(all, m)
	}
	return all
}
