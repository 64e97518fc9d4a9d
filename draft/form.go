package draft

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// form is a schema with the statuses under which it stands.
type form struct {
	schema   *Schema
	media    string
	first    int      // one under which it can stand
	statuses []int    // those that the document names
	shown    []*value // its examples, if the document tells what they say
}

// form is the schema of the body: problem details have one without saying so.
func (r *Response) form() *Schema {
	media, _, _ := strings.Cut(strings.ToLower(r.Media), ";")
	if r.Schema == nil && strings.TrimSpace(media) == "application/problem+json" {
		return problem
	}
	if !strings.HasSuffix(strings.TrimSpace(media), "json") && media != "*/*" {
		return nil // a form of XML or text is taken from its examples
	}
	return r.Schema
}

// problem is the schema of RFC 9457.
var problem = &Schema{Type: "object", Members: []Member{
	{"type", false, &Schema{Type: "string", Format: "uri-reference"}}, {"title", false, &Schema{Type: "string"}},
	{"status", false, &Schema{Type: "integer"}}, {"detail", false, &Schema{Type: "string"}}, {"instance", false, &Schema{Type: "string", Format: "uri-reference"}},
}}

// addForm notes a status of a schema.
func addForm(all []*form, schema *Schema, r *Response, status int, exact bool) []*form {
	i := slices.IndexFunc(all, func(f *form) bool { return f.schema == schema && f.media == r.Media && f.first < 400 == (status < 400) })
	if i < 0 {
		if len(all) == maxForms {
			return all
		}
		i, all = len(all), append(all, &form{schema: schema, media: r.Media, first: status})
	}
	for j := range r.Examples {
		if e := &r.Examples[j]; e.Says != nil {
			if v := parse(e.recorded(r, status)); v != nil {
				v.label(e.Says)
				all[i].shown = append(all[i].shown, v)
			}
		}
	}
	if exact && !slices.Contains(all[i].statuses, status) {
		all[i].statuses = append(all[i].statuses, status)
	}
	return all
}

// shown takes the examples of a response as recorded ones.
func (d *drafted) shown(r *Response, status int) {
	for i := range r.Examples {
		one := r.Examples[i].recorded(r, status)
		if len(d.samples) == maxShown || len(one.Body)+len(one.Header) == 0 || status < 400 && !d.shows(&r.Examples[i], r, status) {
			continue
		}
		if slices.ContainsFunc(d.samples, func(s *sample) bool { return s.Status == status && string(s.Body) == string(one.Body) }) {
			continue
		}
		d.take(one, r.Examples[i].Says)
	}
}

// recorded is the example as a response that somebody recorded.
func (e *Example) recorded(r *Response, status int) Recorded {
	one := Recorded{Status: status, Header: dialect.HeaderMap{}, Body: e.Body}
	for name, values := range e.Header {
		one.Header[name] = values
	}
	if r.Media != "" {
		one.Header["Content-Type"] = []string{strings.ReplaceAll(r.Media, "*/*", "application/json")}
	}
	return one
}

// fails reports that an example is one of a failure.
func (e *Example) fails(r *Response, status int) bool {
	one := e.recorded(r, status)
	return e.Says != nil || one.Fails()
}

// complaintDepth is how deep a body is looked into for what tells a failure.
const complaintDepth = 3

// fails reports that an example of a response is one of a failure, or that each body of its
// schema is.
func (r *Response) fails(status int) bool {
	if slices.ContainsFunc(r.Examples, func(e Example) bool { return e.fails(r, status) }) {
		return true
	}
	if schema := r.form(); schema != nil {
		v := schema.value("", status, maxDepth/2-complaintDepth) // most successes are deeper
		return v != nil && v.complains()
	}
	return false
}

// form takes a schema as a response that nobody has recorded.
func (d *drafted) form(f *form) {
	status := f.first
	v := f.schema.value("", status, 0)
	if v == nil || v.kind != object && v.kind != list {
		return
	}
	v.form = "json"
	if status < 400 && !v.complains() {
		return // its examples say which codes fail
	}
	if f.shown == nil {
		d.schema(f, v)
		return
	}
	var codes []string // the places of the code: each is a shape of its own
	for _, of := range f.shown {
		if at := of.codeAt(""); v.takes(of) && !slices.Contains(codes, at) {
			codes = append(codes, at)
		}
	}
	for _, at := range codes {
		v := f.schema.value("", status, 0)
		for _, of := range f.shown {
			if of.codeAt("") == at && v.takes(of) {
				v.adopt(of)
			}
		}
		d.schema(f, v)
	}
}

// schema takes a value of a schema.
func (d *drafted) schema(f *form, v *value) {
	v.form = "json"
	status := f.first
	g := &guesser{status: status, taken: map[string]bool{}, labeled: len(f.shown) > 0}
	p := g.document(v)
	if p == nil {
		return
	}
	marked(p, v)
	s := &shape{name: g.name(), form: v.form, body: p, classes: classesOf(status, true), failed: status < 400, labeled: g.labeled}
	if media, _, _ := strings.Cut(f.media, ";"); media != "application/json" && !strings.Contains(media, "*") {
		s.media = strings.TrimSpace(media)
	}
	d.shapes = append(d.shapes, s)
	d.numbers = d.numbers || g.numbers
	if g.fields {
		d.inputs(f.statuses)
	}
	for i, code := range g.enum {
		if i == maxCodes {
			break
		}
		status, known := f.statusFor(code)
		if d.codeRow(code, status); !known && len(d.rows) > 0 && d.rows[len(d.rows)-1].key == code {
			d.rows[len(d.rows)-1].comment = unknownStatus
		}
	}
}

// inputs notes the statuses under which bad inputs are listed.
func (d *drafted) inputs(statuses []int) {
	for _, s := range statuses {
		if s == 422 {
			d.statusRow(s, &guesser{fields: true})
		}
	}
}

// statusFor is the status under which a code of the schema travels, by its name. It
// reports false if that is open.
func (f *form) statusFor(code string) (status int, known bool) {
	if len(f.statuses) == 1 {
		return f.statuses[0], true
	}
	kind := kindOfWord(code)
	for _, s := range f.statuses {
		if kind != "" && kindOfStatus(s) == kind {
			return s, true
		}
	}
	if s := plainStatus[kind]; s != 0 {
		return s, true
	}
	return http400, false
}
