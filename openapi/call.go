package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/parlance-api/parlance/dialect"
)

// Call is a request of an operation, ready to be sent below the URL of the API.
type Call struct {
	Method string
	Target string                // the path and the query, such as /cameras/7?full=true
	Header []dialect.HeaderField // without credentials
	Body   []byte                // nil for none
	Wrong  string                // what is wrong with it on purpose; "" for a good one
}

// parameter is one in the path, the query or the header. Cookies are left out: they
// are credentials as a rule.
type parameter struct {
	name     string
	in       string
	required bool
	typed    bool   // a number or a boolean, for which a word is wrong
	value    string // an example
}

// body is the JSON that an operation takes; others are not generated.
type body struct {
	mediaType string
	required  []string       // the members that must be there
	types     map[string]any // a value of another type for each member that has one
	example   []byte
}

// parameters are those of a path and of an operation, which win.
func parameters(ofPath, ofOperation []*v3.Parameter) []parameter {
	var all []parameter
	for _, p := range slices.Concat(ofOperation, ofPath) {
		known := slices.ContainsFunc(all, func(q parameter) bool { return q.name == p.Name && q.in == p.In })
		if known || p.Name == "" || p.In == "cookie" {
			continue
		}
		all = append(all, newParameter(p))
	}
	return all
}

func newParameter(p *v3.Parameter) parameter {
	q := parameter{name: p.Name, in: p.In, required: p.In == "path" || p.Required != nil && *p.Required, value: "1"}
	s := schemaOf(p.Schema)
	if s != nil {
		q.typed = slices.ContainsFunc(s.Type, func(t string) bool { return t == "integer" || t == "number" || t == "boolean" })
	}
	switch media := (&v3.MediaType{Schema: p.Schema, Example: p.Example, Examples: p.Examples}); {
	case p.Schema == nil && p.Example == nil && p.Examples.Len() == 0:
	default:
		if example := newContent("application/json", media).still(); example != nil {
			q.value = plain(example)
		}
	}
	return q
}

// plain is a JSON value as it stands in a path, a query or a header: a list has commas
// between its items (the styles simple and form of OpenAPI).
func plain(data []byte) string {
	var value any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return strings.TrimSpace(string(data))
	}
	switch v := value.(type) {
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, fmt.Sprint(item))
		}
		return strings.Join(items, ",")
	case map[string]any:
		return strings.TrimSpace(string(data))
	}
	return fmt.Sprint(value)
}

func schemaOf(p *base.SchemaProxy) *base.Schema {
	if p == nil {
		return nil
	}
	return p.Schema()
}

func newBody(r *v3.RequestBody) *body {
	if r == nil {
		return nil
	}
	for mediaType, media := range r.Content.FromOldest() {
		c := newContent(mediaType, media)
		if !isJSON(c.essence()) {
			continue
		}
		b := &body{mediaType: mediaType, example: c.still(), types: map[string]any{}}
		if s := schemaOf(media.Schema); s != nil {
			b.required = s.Required
			for name, property := range s.Properties.FromOldest() {
				if other, ok := otherType(schemaOf(property)); ok {
					b.types[name] = other
				}
			}
		}
		return b
	}
	return nil
}

// otherType is a value that a schema does not take.
func otherType(s *base.Schema) (any, bool) {
	if s == nil || len(s.Type) != 1 {
		return nil, false
	}
	if s.Type[0] == "object" {
		return "a text in place of an object", true
	}
	return map[string]any{"unexpected": true}, true
}

// fault is what is wrong with a request on purpose. The zero value is nothing.
type fault struct {
	text     string
	in, name string         // the parameter that it concerns
	word     bool           // the parameter is a word; else it is missing
	members  map[string]any // of the body; nil is those of the example
}

// Call is a good request: each required parameter and member has an example of the
// document, else a value that its schema generates.
func (o *Operation) Call() Call { return o.call(fault{}) }

// Wrong are requests with one fault each, which an API should refuse. A required
// parameter or member is missing, a word stands for a number, a value has another type,
// or the body is cut off.
func (o *Operation) Wrong() []Call {
	var all []Call
	for _, p := range o.parameters {
		if p.required && p.in != "path" {
			all = append(all, o.call(fault{text: fmt.Sprintf("the %s parameter %s is missing", p.in, p.name), in: p.in, name: p.name}))
		}
		if p.typed {
			all = append(all, o.call(fault{text: fmt.Sprintf("the %s parameter %s is a word", p.in, p.name), in: p.in, name: p.name, word: true}))
		}
	}
	var members map[string]any
	if o.body == nil || json.Unmarshal(o.body.example, &members) != nil {
		return all
	}
	for _, name := range o.body.required {
		without := maps.Clone(members)
		delete(without, name)
		all = append(all, o.call(fault{text: fmt.Sprintf("the member %s is missing", name), members: without}))
	}
	for _, name := range slices.Sorted(maps.Keys(o.body.types)) {
		other := maps.Clone(members)
		other[name] = o.body.types[name]
		all = append(all, o.call(fault{text: fmt.Sprintf("the member %s has another type", name), members: other}))
	}
	cut := o.call(fault{text: "the body is cut off"})
	cut.Body = cut.Body[:(len(cut.Body)+1)/2]
	return append(all, cut)
}

func (o *Operation) call(f fault) Call {
	c := Call{Method: o.Method, Wrong: f.text}
	path, query := o.Path, url.Values{}
	for _, p := range o.parameters {
		value, here := p.value, f.in == p.in && f.name == p.name
		switch {
		case here && f.word:
			value = "not-a-value"
		case here || !p.required:
			continue
		}
		switch p.in {
		case "path":
			path = strings.ReplaceAll(path, "{"+p.name+"}", url.PathEscape(value))
		case "query":
			query.Set(p.name, value)
		case "header":
			c.Header = append(c.Header, dialect.HeaderField{Name: p.name, Value: value})
		}
	}
	if c.Target = path; len(query) > 0 {
		c.Target += "?" + query.Encode()
	}
	if o.body == nil || o.body.example == nil {
		return c
	}
	c.Header = append(c.Header, dialect.HeaderField{Name: "Content-Type", Value: o.body.mediaType})
	if c.Body = o.body.example; f.members != nil {
		c.Body, _ = json.Marshal(f.members) // they came from JSON
	}
	return c
}
