package validate

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// API holds the requests of an OpenAPI document. It is immutable and safe for
// concurrent use.
type API struct {
	bases      []string // the paths of its servers
	operations []*operation
}

// CompileOpenAPI reads an OpenAPI 3.1 document, in JSON or YAML. Version 3.0 is not
// supported, since its schemas are not JSON Schemas. Formats are as in [Compile].
// References must be within the document.
func CompileOpenAPI[T ~string | ~[]byte](document T, formats ...Format) (*API, error) {
	data, err := jsonOf([]byte(document))
	if err != nil {
		return nil, fmt.Errorf("validate: the OpenAPI document: %w", err)
	}
	d, err := newDocument(data, formats)
	if err != nil {
		return nil, err
	}
	a, err := (&apiReader{d}).api()
	if err != nil {
		return nil, fmt.Errorf("validate: the OpenAPI document: %w", err)
	}
	return a, nil
}

// MustCompileOpenAPI is CompileOpenAPI for a document that is part of the program: it
// panics on an error.
func MustCompileOpenAPI[T ~string | ~[]byte](document T, formats ...Format) *API {
	a, err := CompileOpenAPI(document, formats...)
	if err != nil {
		panic(err)
	}
	return a
}

// OpenAPI passes requests that match the document. It checks the parameters in path,
// query, headers and cookies, and the body as JSON or as a form. A body of another type
// that the document allows passes unread. A request that the document does not know
// passes too: the mux responds if there is no route.
func OpenAPI(a *API, options ...Option) server.Middleware {
	c := forAPI(options)
	return middleware(func(w http.ResponseWriter, r *http.Request) error { return c.openAPI(w, r, a) })
}

// Check does the work of [OpenAPI] inside a handler.
func (a *API) Check(w http.ResponseWriter, r *http.Request, options ...Option) error {
	return forAPI(options).openAPI(w, r, a)
}

// forAPI is configure without media types: the document says which.
func forAPI(options []Option) *config {
	c := configure(options)
	c.types = nil
	return c
}

func (c *config) openAPI(w http.ResponseWriter, r *http.Request, a *API) error {
	o, inPath := a.find(r)
	if o == nil {
		return nil
	}
	query, refused := c.pairs(r.URL.RawQuery, "query")
	var all []violation
	if refused == nil {
		all = o.check(r, inPath, query)
		if o.body != nil {
			var more []violation
			more, refused = c.requested(w, r, o.body)
			all = append(all, more...)
		}
	}
	return c.failure(w, r, parlance.ReasonFields, refused, all)
}

// requested holds the body to the schema of its type.
func (c *config) requested(w http.ResponseWriter, r *http.Request, b *requestBody) ([]violation, *refusal) {
	if r.Body == nil || r.Body == http.NoBody {
		if b.required {
			return nil, &refusal{key: "empty"}
		}
		return nil, nil
	}
	if refused := typed(w, r, b.types); refused != nil {
		return nil, refused
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	s, _ := b.schema(media)
	isForm := media == urlencoded || media == multiparts
	if s == nil || !isForm && media != "application/json" && !strings.HasSuffix(media, "+json") {
		return nil, nil
	}
	data, refused := c.read(w, r, b.types...)
	if refused != nil {
		return nil, refused
	}
	if isForm {
		p, refused := c.formPairs(r.Header.Get("Content-Type"), data)
		if refused != nil {
			return nil, refused
		}
		return p.check(r, bodyKey{}, s), nil
	}
	keep(r, bodyKey{}, data)
	return c.checkJSON(data, s)
}

// find is the operation that a request is for, nil where there is none. The
// path may have lost that of the server, by http.StripPrefix.
func (a *API) find(r *http.Request) (*operation, map[string]string) {
	path := r.URL.EscapedPath()
	for _, base := range a.bases {
		below, ok := strings.CutPrefix(path, base)
		if !ok {
			continue
		}
		for _, o := range a.operations {
			if o.method != r.Method {
				continue
			}
			if values, ok := o.match(below); ok {
				return o, values
			}
		}
	}
	return nil, nil
}

// object is one of the document's and the pointer to it.
type object struct {
	members map[string]any
	pointer string
}

func (o object) text(name string) string { s, _ := o.members[name].(string); return s }

func (o object) flag(name string) bool { b, _ := o.members[name].(bool); return b }

type apiReader struct{ *document }

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (d *apiReader) api() (*API, error) {
	root, err := d.object(d.root, "")
	if err != nil {
		return nil, err
	}
	if version := root.text("openapi"); !strings.HasPrefix(version, "3.1") && !strings.HasPrefix(version, "3.2") {
		return nil, fmt.Errorf("openapi is %q; it must be 3.1, whose schemas are JSON Schemas", version)
	}
	a := &API{}
	servers, _ := root.members["servers"].([]any)
	for _, s := range servers {
		if s, ok := s.(map[string]any); ok {
			text, _ := s["url"].(string)
			if u, err := url.Parse(text); err == nil && strings.Trim(u.Path, "/") != "" {
				a.bases = append(a.bases, strings.TrimSuffix(u.EscapedPath(), "/"))
			}
		}
	}
	a.bases = append(a.bases, "")
	paths, _ := root.members["paths"].(map[string]any)
	for _, path := range d.sorted(paths, "/paths") {
		item, err := d.object(paths[path], "/paths/"+escape(path))
		if err != nil {
			return nil, err
		}
		for _, method := range methods {
			if item.members[method] == nil {
				continue
			}
			o, err := d.operation(item, method, path)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", strings.ToUpper(method), path, err)
			}
			a.operations = append(a.operations, o)
		}
	}
	// What is concrete goes before what is templated (OpenAPI 3.1.1, 4.8.8.2).
	slices.SortStableFunc(a.operations, func(x, y *operation) int { return cmp.Compare(len(x.names), len(y.names)) })
	return a, nil
}

// sorted are the names of an object in the document's order.
func (d *apiReader) sorted(members map[string]any, pointer string) []string {
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Compare(d.order[pointer+"/"+escape(a)], d.order[pointer+"/"+escape(b)])
	})
	return names
}

func (d *apiReader) operation(item object, method, path string) (*operation, error) {
	at, err := d.object(item.members[method], item.pointer+"/"+method)
	if err != nil {
		return nil, err
	}
	o := &operation{method: strings.ToUpper(method)}
	o.path, o.names = template(path)
	for _, owner := range []object{at, item} { // the operation's own go first, and override
		list, _ := owner.members["parameters"].([]any)
		for i, v := range list {
			p, err := d.parameter(v, owner.pointer+"/parameters/"+strconv.Itoa(i))
			if err != nil {
				return nil, err
			}
			if p != nil && !slices.ContainsFunc(o.parameters, func(q parameter) bool { return q.name == p.name && q.in == p.in }) {
				o.parameters = append(o.parameters, *p)
			}
		}
	}
	if at.members["requestBody"] != nil {
		if o.body, err = d.body(at.members["requestBody"], at.pointer+"/requestBody"); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// parameter is nil for one that the document has no say in: these headers are
// described elsewhere in it (OpenAPI 3.1.1, 4.8.12.2).
func (d *apiReader) parameter(v any, pointer string) (*parameter, error) {
	at, err := d.object(v, pointer)
	if err != nil {
		return nil, err
	}
	p := &parameter{name: at.text("name"), in: at.text("in"), required: at.flag("required")}
	if p.in == "header" && slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(p.name)) {
		return nil, nil
	}
	style := at.text("style")
	if style == "" {
		style = map[string]string{"query": "form", "cookie": "form"}[p.in]
		style = cmp.Or(style, "simple")
	}
	explode, set := at.members["explode"].(bool)
	if !set {
		explode = style == "form"
	}
	separator, known := separators[style]
	if !known {
		return nil, fmt.Errorf("the parameter %q has the style %q, which is not supported", p.name, style)
	}
	if !explode || p.in != "query" {
		p.separator = separator
	}
	pointer = at.pointer + "/schema"
	if content, ok := at.members["content"].(map[string]any); ok {
		for media := range content { // there is exactly one
			pointer = at.pointer + "/content/" + escape(media) + "/schema"
			p.inJSON = media == "application/json"
		}
	} else if at.members["schema"] == nil {
		return nil, fmt.Errorf("the parameter %q has no schema", p.name)
	}
	if p.schema, err = d.schema(pointer); err != nil {
		return nil, err
	}
	if takes(p.schema.compiled, "object", 0) && !p.inJSON {
		return nil, fmt.Errorf("the parameter %q is an object, which is supported only as JSON content", p.name)
	}
	return p, nil
}

func (d *apiReader) body(v any, pointer string) (*requestBody, error) {
	at, err := d.object(v, pointer)
	if err != nil {
		return nil, err
	}
	b := &requestBody{required: at.flag("required"), schemas: map[string]*Schema{}}
	content, _ := at.members["content"].(map[string]any)
	for media, v := range content {
		b.types = append(b.types, strings.ToLower(media))
		pointer := at.pointer + "/content/" + escape(media)
		entry, err := d.object(v, pointer)
		if err != nil {
			return nil, err
		}
		if entry.members["schema"] == nil {
			continue
		}
		if b.schemas[strings.ToLower(media)], err = d.schema(entry.pointer + "/schema"); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(b.types, bySpecificity)
	return b, nil
}

var errRefs = errors.New("its $refs form a cycle")

// object is a value that is one, or refers to one within the document.
func (d *apiReader) object(v any, pointer string) (object, error) {
	for range maxHops {
		members, ok := v.(map[string]any)
		if !ok {
			return object{}, fmt.Errorf("%s is not an object", cmp.Or(pointer, "it"))
		}
		ref, ok := members["$ref"].(string)
		if !ok {
			return object{members, pointer}, nil
		}
		fragment, ok := strings.CutPrefix(ref, "#")
		if !ok {
			return object{}, fmt.Errorf("%s refers to %q, outside the document", pointer, ref)
		}
		decoded, err := url.PathUnescape(fragment)
		if err != nil {
			return object{}, fmt.Errorf("%s: %w", pointer, err)
		}
		if v, ok = d.lookup(decoded); !ok {
			return object{}, fmt.Errorf("%s refers to %q, which does not exist", pointer, ref)
		}
		pointer = decoded
	}
	return object{}, fmt.Errorf("%s: %w", pointer, errRefs)
}

// lookup is the value at a JSON pointer.
func (d *apiReader) lookup(pointer string) (any, bool) {
	v := d.root
	for _, name := range strings.Split(pointer, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, v != nil
}

// escape is a name within a JSON pointer (RFC 6901, section 3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
