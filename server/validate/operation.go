package validate

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// operation is what an OpenAPI document says of one method on one path.
type operation struct {
	method     string
	path       *regexp.Regexp // of the escaped path; a group for each name
	names      []string       // of the path's parameters
	parameters []parameter
	body       *requestBody // nil: the document says nothing of one
}

type parameter struct {
	name      string
	in        string // path, query, header, cookie
	required  bool
	separator string // between the items of a list; "" where each comes under the name
	inJSON    bool   // its content is JSON
	schema    *Schema
}

type requestBody struct {
	required bool
	types    []string
	schemas  map[string]*Schema // by media type; nil is any body
}

// template is the pattern of a path with {names}.
func template(path string) (*regexp.Regexp, []string) {
	var names []string
	var b strings.Builder
	b.WriteString("^")
	for path != "" {
		literal, rest, found := strings.Cut(path, "{")
		b.WriteString(regexp.QuoteMeta(literal))
		if path = rest; found {
			name, rest, _ := strings.Cut(rest, "}")
			names, path = append(names, name), rest
			b.WriteString("([^/]+)")
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String()), names
}

// match are the values of the path's parameters; ok is false for another path.
func (o *operation) match(path string) (values map[string]string, ok bool) {
	m := o.path.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	values = map[string]string{}
	for i, name := range o.names {
		value, err := url.PathUnescape(m[i+1])
		if err != nil {
			return nil, false
		}
		values[name] = value
	}
	return values, true
}

// check holds the parameters of a request to their schemas.
func (o *operation) check(r *http.Request, inPath map[string]string, query pairs) []violation {
	var all []violation
	for i, p := range o.parameters {
		values := p.values(r, inPath, query)
		if values == nil {
			if p.required {
				all = append(all, violation{location: []string{p.name}, code: "required", at: int64(i), title: p.schema.title(nil)})
			}
			continue
		}
		for _, v := range p.schema.check(p.typed(values)) {
			v.location, v.at = append([]string{p.name}, v.location...), int64(i)
			all = append(all, v)
		}
	}
	return sorted(all)
}

// values are the texts that were sent under the parameter's name, nil for none.
func (p *parameter) values(r *http.Request, inPath map[string]string, query pairs) []string {
	var values []string
	switch p.in {
	case "path":
		if value, ok := inPath[p.name]; ok {
			values = []string{value}
		}
	case "query":
		values = query.values[p.name]
	case "header":
		values = r.Header.Values(p.name)
	case "cookie":
		if c, err := r.Cookie(p.name); err == nil {
			values = []string{c.Value}
		}
	}
	if p.separator == "" || p.inJSON || !takes(p.schema.compiled, "array", 0) {
		return values
	}
	var items []string
	for _, value := range values {
		items = append(items, strings.Split(value, p.separator)...)
	}
	if p.in == "header" { // RFC 9110, 5.6.1: white space may stand around items
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
	}
	return items
}

func (p *parameter) typed(values []string) any {
	if p.inJSON && len(values) == 1 {
		l := limits{depth: DefaultMaxDepth, values: DefaultMaxValues}
		if v, refused := l.parse([]byte(values[0])); refused == nil {
			return v
		}
		return values[0]
	}
	return typedAs(p.schema.compiled, values)
}

// schema is that of a body of some type; ok is false where the type is not taken.
func (b *requestBody) schema(media string) (s *Schema, ok bool) {
	// The most specific key goes first (OpenAPI 3.1.1, 4.8.14).
	i := slices.IndexFunc(b.types, func(t string) bool { return ofType(media, t) })
	if i < 0 {
		return nil, false
	}
	return b.schemas[b.types[i]], true
}

// bySpecificity sorts media types, those with a * last.
func bySpecificity(a, b string) int {
	if n := strings.Count(a, "*") - strings.Count(b, "*"); n != 0 {
		return n
	}
	return strings.Compare(a, b)
}

// separators are those of a style that is not exploded.
var separators = map[string]string{"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
