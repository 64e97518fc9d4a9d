package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/keyfile"
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
	Sites        []Site   // the places of records, by their number
	SharesCode   bool     // a text in it is read as the code of the whole and of a Field
	Inherited    bool     // it is of the dialect that this one extends
	Fails        bool     // it is a failure's: it says so, or no good status has it
	Marks        []string // the names of the members of its body that are marks
	Bare         bool     // it is headers that ask for nothing: they are read if they are there
	Roots        Roots    // of JSON, what its body can be
	Stream       *Stream  // what its body is, if it is a stream; else nil
}

func (s *Shape) take(t *Template) {
	s.Reads |= t.Reads
	s.Writes |= t.Writes
	s.Copies |= t.Copies
}

// Fits reports that the shape may read a response with this status to such a
// request.
func (s *Shape) Fits(req *wire.Request, status int) bool {
	return !s.WriteOnly && s.Concerns(req, status)
}

// Concerns reports that the shape is about such a request and status.
func (s *Shape) Concerns(req *wire.Request, status int) bool {
	return s.Status.Admits(status) && admitsMethod(s.Methods, req.Method) && AdmitsPath(s.Paths, req.Path)
}

// CarriesData reports that the success payload stands in the body.
func (s *Shape) CarriesData() bool { return s.Reads.Has(Whole, AttrData) }

// CarriesItems reports that records of a bulk request stand in the body.
func (s *Shape) CarriesItems() bool { return s.Reads.Of(Item) != 0 }

func (r *Reporter) shapes(n *yaml.Node, unwritten bool) []*Shape {
	var all []*Shape
	for _, e := range r.elements(n, "shapes", "write a list: each shape begins with `- name: …`") {
		if s := r.shape(e, unwritten); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// shape compiles a shape. It returns nil if the shape has neither a body nor headers.
// unwritten is set if the file is only read.
func (r *Reporter) shape(n *yaml.Node, unwritten bool) *Shape {
	if !r.IsMapping(n, "a shape") {
		return nil
	}
	s, streams := &Shape{Pos: At(n)}, false
	body := func(k, v *yaml.Node) { r.bodyOf(s, k, v, unwritten || readOnly(n)) }
	r.Keys(n, "a shape",
		Key{Name: "name", Read: func(_, v *yaml.Node) { s.Name, _ = r.Text(v, "the name of a shape") }},
		Key{Name: "status", Read: func(_, v *yaml.Node) { s.Status = append(s.Status, r.statuses(v)...) }},
		Key{Name: "method", Read: r.methodsTo(&s.Methods)},
		Key{Name: "path", Read: r.pathsTo(&s.Paths)},
		Key{Name: "for", Read: r.pathsTo(&s.WriteFor)},
		Key{Name: "headers", Read: func(_, v *yaml.Node) { r.headers(v, s) }},
		Key{Name: "json", Read: body},
		Key{Name: "xml", Read: body},
		Key{Name: "html", Read: body},
		Key{Name: "text", Read: body},
		Key{Name: "is", Read: r.nameTo(&s.Is, &r.named)},
		Key{Name: "type", Read: func(_, v *yaml.Node) { s.Media = r.media(v) }},
		Key{Name: "read_only", Read: r.BooleanTo(&s.ReadOnly)},
		Key{Name: "write_only", Read: r.BooleanTo(&s.WriteOnly)},
		Key{Name: "graft", Read: r.BooleanTo(&s.Graft)},
		Key{Name: "item_codes", Read: r.wordsTo(&s.ItemCodes)},
		Key{Name: "codes", Read: r.wordsTo(&s.Codes)},
		Key{Name: "lists", Read: func(_, v *yaml.Node) { s.FailuresOnly = r.failuresOnly(v) }},
		Key{Name: "stream", Read: func(_, _ *yaml.Node) { streams = true }},
		Key{Name: "elements", Read: func(_, _ *yaml.Node) { streams = true }},
		Key{Name: "query", Read: func(_, _ *yaml.Node) { streams = true }},
		Key{Name: "partial", Read: func(_, _ *yaml.Node) { streams = true }},
	)
	if streams && !r.streamOf(s, n) {
		return nil
	}
	s.derive()
	return r.checked(s)
}

// statuses are the HTTP statuses that a shape has.
func (r *Reporter) statuses(n *yaml.Node) (all statuses) {
	for _, w := range r.Words(n, "status") {
		sp, ok := ParseSpan(w)
		if !ok || sp.From < 100 || sp.To > 999 {
			r.Fault(At(n), "bad_status", "write 422, 4xx or 200-299", "%q is not an HTTP status", w)
			continue
		}
		all = append(all, sp)
	}
	return all
}

// bodyOf compiles the body of a shape, whose key is its form.
func (r *Reporter) bodyOf(s *Shape, k, v *yaml.Node, readOnly bool) {
	if s.Form != FormNone {
		r.Fault(At(k), "duplicate_key", "write a second shape for it", "a shape can have only one body")
		return
	}
	if v.Tag == "!!null" && v.Value == "" {
		r.Fault(At(k), "empty_shape", "write "+k.Value+": null if the body is the literal null", "%s has no value", k.Value)
		return
	}
	s.Form = formNames[k.Value]
	s.Body = r.body(s.Form, v, readOnly)
	s.take(s.Body)
	s.Size += s.Body.size
}

// media is a content type.
func (r *Reporter) media(n *yaml.Node) string {
	media, _ := r.Text(n, "type")
	if wire.HeaderText(media) != media {
		r.Fault(At(n), "bad_header", "", "a content type cannot contain line breaks, or spaces around it")
	}
	return media
}

// failuresOnly reads lists: failures.
func (r *Reporter) failuresOnly(n *yaml.Node) bool {
	if n.Value != "failures" {
		r.Fault(At(n), "wrong_type", "write lists: failures, or leave it out", "the only value of lists is failures, not %s", keyfile.KindOf(n))
		return false
	}
	return true
}

// derive sets the fields of a shape that follow from its keys, and its defaults.
func (s *Shape) derive() {
	s.Bare = s.Body == nil && s.unasked()
	s.namespaces()
	s.SharesCode = s.Body != nil && s.Body.sharesCode()
	if s.Name == "" {
		s.Name = "line " + strconv.Itoa(s.Pos.Line)
	}
	if s.Is == "" && s.Body != nil && s.Body.inline().Op == OpObject {
		s.Is = s.Body.inline().Is // what the form says of the whole
	}
	if s.Media == "" {
		s.Media = MediaTypes[s.Form]
	}
	s.typed()
}

// typed marks the members of a problem document whose type RFC 9457 defines. A value of
// another type does not fit them (section 3.1): a number is no text, and a text no status.
func (s *Shape) typed() {
	if s.Body == nil || s.Body.Op != OpObject || httpheader.MediaType(s.Media) != "application/problem+json" {
		return
	}
	for i := range s.Body.Members {
		w := &s.Body.Members[i]
		if w.Value.Op != OpHole {
			continue
		}
		switch w.Names[0] {
		case "type", "title", "detail", "instance":
			w.Value.Hole.Worded = true
		case "status":
			w.Value.Hole.Numeric = true
		}
	}
}

// checked refuses a shape whose keys contradict each other. It returns nil for a shape that
// has neither a body nor headers.
func (r *Reporter) checked(s *Shape) *Shape {
	if s.ReadOnly && s.WriteOnly {
		r.Fault(s.Pos, "contradiction", "keep one of them", "the shape %q is both read_only and write_only, so it is never used", s.Name)
	}
	if s.Graft && s.Form != FormXML {
		r.Fault(s.Pos, "contradiction", "remove graft", "graft works for XML only")
	}
	if s.Body == nil && len(s.Headers) == 0 && s.Stream == nil {
		r.Fault(s.Pos, "empty_shape", "add json, xml, html, text or headers", "the shape %q has neither a body nor headers", s.Name)
		return nil
	}
	return s
}

// readOnly reports that a shape has read_only: true.
func readOnly(n *yaml.Node) bool { return has(n, "read_only", "true") }

// has reports that a mapping has a key with that value.
func has(n *yaml.Node, key, value string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value == value
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
			r.Fault(At(n), "wrong_type", "write text: $detail", "a text body must be a single text")
		}
	case FormHTML:
		if t.Op != OpObject {
			r.Fault(At(n), "wrong_type", "write html: {title: $detail}", "an HTML body must be a mapping of elements to texts")
		}
	case FormXML:
		if t.Op != OpObject || t.Op == OpObject && len(t.Members) != 1 && t.Rest == nil {
			r.Fault(At(n), "wrong_type", "write xml: {Error: {Code: $code}}", "an XML body must be a single root element")
		}
	}
	return t
}

// methods are the methods of a condition. Any token is a method (RFC 9110, 9.1). It warns
// of one that looks misspelled.
func (r *Reporter) methods(n *yaml.Node) (all []string) {
	known := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, m := range r.Words(n, "method") {
		m = strings.ToUpper(m)
		if best := nearest.Word(m, known); best != "" && !slices.Contains(known, m) {
			r.Warn(At(n), "unknown_method", "did you mean "+best+"?", "HTTP does not define the method %s", m)
		}
		all = append(all, m)
	}
	return all
}

// HoldsUnread reports that a part of the shape, or all of it, is written and never read.
func (s *Shape) HoldsUnread() bool {
	unread := s.WriteOnly
	if s.Body != nil {
		s.Body.each(map[*Instance]bool{}, func(t *Template) { unread = unread || t.WriteOnly })
	}
	return unread
}

// Names reports that a member of the body has that name, at any depth.
func (s *Shape) Names(name string) (found bool) {
	if s.Body == nil {
		return false
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) { found = found || t.Names([]byte(name)) })
	return found
}

// WritesAny reports that a member of that name can be anything and is written as the text; if
// the text is empty, that it is not written.
func (s *Shape) WritesAny(name, text string) (found bool) {
	if s.Body == nil {
		return false
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		for i := range t.Members {
			w := &t.Members[i]
			found = found || w.Value.Op == OpAny && w.Value.Text == text && slices.ContainsFunc(w.Names, func(n string) bool { return w.Local(s.Form, n) == tree.LocalName(name) })
		}
	})
	return found
}
