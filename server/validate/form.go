package validate

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The two media types of forms.
const (
	urlencoded = "application/x-www-form-urlencoded"
	multiparts = "multipart/form-data"
)

// Form passes requests whose body is a form that fits the schema, which is the schema
// of an object. A form has texts only: each becomes the number, boolean or list that
// the schema requires before it is checked. [Into] reads the result. The value of a
// file in a multipart form is its content.
func Form(s *Schema, options ...Option) server.Middleware {
	c := configure(options)
	return middleware(func(w http.ResponseWriter, r *http.Request) error { return c.form(w, r, s) })
}

// CheckForm does the work of [Form] inside a handler.
func (s *Schema) CheckForm(w http.ResponseWriter, r *http.Request, options ...Option) error {
	return configure(options).form(w, r, s)
}

// Query is [Form] for the query of the URL; [QueryInto] reads it. The parameter that
// chooses the language is not checked.
func Query(s *Schema, options ...Option) server.Middleware {
	c := configure(options)
	return middleware(func(w http.ResponseWriter, r *http.Request) error { return c.queried(w, r, s) })
}

// CheckQuery does the work of [Query] inside a handler.
func (s *Schema) CheckQuery(w http.ResponseWriter, r *http.Request, options ...Option) error {
	return configure(options).queried(w, r, s)
}

func (c *config) form(w http.ResponseWriter, r *http.Request, s *Schema) error {
	data, refused := c.read(w, r, urlencoded, multiparts)
	var p pairs
	if refused == nil {
		p, refused = c.formPairs(r.Header.Get("Content-Type"), data)
	}
	var all []violation
	if refused == nil {
		all = p.check(r, bodyKey{}, s)
	}
	return c.failure(w, r, parlance.ReasonFields, refused, all)
}

func (c *config) formPairs(contentType string, data []byte) (pairs, *refusal) {
	if media, params, _ := mime.ParseMediaType(contentType); media == multiparts {
		return c.parts(data, params["boundary"])
	}
	return c.pairs(string(data), "form")
}

func (c *config) queried(w http.ResponseWriter, r *http.Request, s *Schema) error {
	p, refused := c.queryPairs(r)
	var all []violation
	if refused == nil {
		all = p.check(r, queryKey{}, s)
	}
	return c.failure(w, r, parlance.ReasonFields, refused, all)
}

func (c *config) queryPairs(r *http.Request) (pairs, *refusal) {
	p, refused := c.pairs(r.URL.RawQuery, "query")
	if c.query != "" {
		delete(p.values, c.query)
	}
	return p, refused
}

// pairs are the names and texts of a form, in its order.
type pairs struct {
	values map[string][]string
	order  map[string]int
}

func (p *pairs) add(name, value string) {
	if p.values == nil {
		p.values, p.order = map[string][]string{}, map[string]int{}
	}
	if _, known := p.values[name]; !known {
		p.order[name] = 1 + len(p.order)
	}
	p.values[name] = append(p.values[name], value)
}

// pairs reads what is urlencoded; url.ParseQuery would forget the order.
func (c *config) pairs(s, key string) (pairs, *refusal) {
	var p pairs
	for count := 0; s != ""; {
		var pair string
		if pair, s, _ = strings.Cut(s, "&"); pair == "" {
			continue
		}
		if count++; count > c.values {
			return pairs{}, &refusal{key: "tooMany"}
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return pairs{}, &refusal{key: key, cause: err}
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return pairs{}, &refusal{key: "utf8", location: []string{strings.ToValidUTF8(name, "\ufffd")}}
		}
		p.add(name, value)
	}
	return p, nil
}

// parts reads a multipart form.
func (c *config) parts(data []byte, boundary string) (pairs, *refusal) {
	var p pairs
	reader := multipart.NewReader(bytes.NewReader(data), boundary)
	for count := 0; ; {
		part, err := reader.NextPart()
		if err == io.EOF && closed(data, boundary) {
			return p, nil
		}
		if count++; count > c.values {
			return pairs{}, &refusal{key: "tooMany"}
		}
		if err != nil {
			return pairs{}, &refusal{key: "form", cause: err}
		}
		value, err := io.ReadAll(part)
		name := part.FormName()
		switch {
		case err != nil || name == "":
			return pairs{}, &refusal{key: "form", cause: err}
		case !utf8.ValidString(name) || part.FileName() == "" && !utf8.Valid(value):
			return pairs{}, &refusal{key: "utf8", location: []string{strings.ToValidUTF8(name, "\ufffd")}}
		}
		p.add(name, string(value))
	}
}

// closed reports that a form has its last boundary (RFC 2046, 5.1.1). The reader
// takes one that was cut off behind a boundary for whole.
func closed(data []byte, boundary string) bool {
	i := bytes.LastIndex(data, []byte("--"+boundary+"--"))
	return i == 0 || i > 0 && data[i-1] == '\n'
}

// check holds the pairs to a schema and keeps what came of them.
func (p pairs) check(r *http.Request, key any, s *Schema) []violation {
	object := map[string]any{}
	for name, values := range p.values {
		object[name] = typedAs(s.at([]string{name}), values)
	}
	all := s.check(object)
	if len(all) == 0 {
		data, err := json.Marshal(object)
		if err == nil {
			keep(r, key, data)
		}
		return nil
	}
	for i, v := range all {
		if len(v.location) > 0 {
			all[i].at = int64(p.order[v.location[0]])
		}
	}
	return sorted(all)
}

// typedAs is what the texts under one name stand for: a list where the schema
// wants one, or where a name that should come once comes again, which then does
// not fit.
func typedAs(s *jsonschema.Schema, values []string) any {
	if takes(s, "array", 0) || len(values) > 1 {
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = typedText(child(s, strconv.Itoa(i), 0), value)
		}
		return list
	}
	return typedText(s, values[0])
}

// typedText is a text as what the schema wants, or else the text.
func typedText(s *jsonschema.Schema, text string) any {
	switch {
	case takes(s, "string", 0):
	case (takes(s, "number", 0) || takes(s, "integer", 0)) && isNumber(text):
		return json.Number(text)
	case takes(s, "boolean", 0) && (text == "true" || text == "false"):
		return text == "true"
	case takes(s, "null", 0) && text == "":
		return nil
	case (takes(s, "object", 0) || takes(s, "array", 0)) && json.Valid([]byte(text)):
		if v, refused := (limits{depth: DefaultMaxDepth, values: DefaultMaxValues}).parse([]byte(text)); refused == nil {
			return v
		}
	}
	return text
}

// isNumber holds for a number as JSON writes it.
func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && goodNumber(s) && json.Valid([]byte(s))
}

// takes reports whether a schema names a type.
func takes(s *jsonschema.Schema, name string, hops int) bool {
	if s == nil || hops > maxHops {
		return false
	}
	if s.Types != nil {
		for _, t := range s.Types.ToStrings() {
			if t == name {
				return true
			}
		}
	}
	for _, other := range alike(s) {
		if takes(other, name, hops+1) {
			return true
		}
	}
	return false
}
