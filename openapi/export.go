package openapi

import (
	"bytes"
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// Export writes the responses of a dialect as an OpenAPI 3.1 document in YAML. It has
// components with the responses, schemas, headers and examples, and a path /example that
// has each of the responses. The examples are written by Dialect.Encode.
//
// OpenAPI has no place for a status beyond 599, and Export leaves such a response out. It has
// no place either for what a code means. So each response has the extension x-parlance, a
// list with an object for each row of the table of codes:
//
//   - codes: the codes of the row, as the dialect file has them; missing if the row is of the
//     status itself
//   - kind, reason: what they mean, by the names of [parlance.Kind] and [parlance.Reason]
//   - act: what a client does first, by the name of [parlance.Act]
//   - example: the name of an example of the failure, among those of the bodies and header
//     fields; with the code and the detail that it says, if it says them
func Export(d *dialect.Dialect) ([]byte, error) {
	e := newExport(d)
	return written(e.document())
}

// export is what a document is made of.
type export struct {
	dialect   *dialect.Dialect
	schemas   []*exportSchema
	responses []*exportResponse // in the order of their statuses
	headers   map[string]string // of all responses: an example of each
	examples  map[string]bool   // the names that are taken
}

// exportSchema is the schema of a shape.
type exportSchema struct {
	authoring.BodySchema
	name     string
	compiled *jsonschema.Schema
	used     bool // by an example
	failure  bool // a failure has it, with a request ID or without
}

// exportResponse is the response of a status, or of a class such as 4XX.
type exportResponse struct {
	status   string
	name     string
	examples []*exportExample
}

// exportExample is a written response.
type exportExample struct {
	authoring.Example
	name    string
	written dialect.Encoded
	read    parlance.Outcome // the response as the dialect reads it
	media   string
	header  dialect.HeaderMap
	value   *yaml.Node // of the body; nil without one
	schema  *exportSchema
}

// exampleID is the request ID of the examples.
const exampleID = "7b1ecbd7-3cb5-4c8f-a7c5-f1b3f4b0fd3f"

func newExport(d *dialect.Dialect) *export {
	e := &export{dialect: d, headers: map[string]string{}, examples: map[string]bool{}}
	names := map[string]bool{}
	for _, s := range authoring.BodySchemas(d) {
		name := unique(names, pascal(s.Shape))
		schema, err := compiled(string(s.Schema))
		if err != nil {
			continue // it is made of texts and numbers alone
		}
		e.schemas = append(e.schemas, &exportSchema{BodySchema: s, name: name, compiled: schema})
	}
	for _, one := range authoring.Examples(d) {
		e.add(one)
	}
	slices.SortStableFunc(e.responses, func(a, b *exportResponse) int { return cmp.Compare(a.status, b.status) })
	return e
}

// add writes an example of a row, and puts it under its status.
func (e *export) add(one authoring.Example) {
	x := &exportExample{Example: one, header: dialect.HeaderMap{}}
	x.Outcome.RequestID = exampleID
	x.written = e.dialect.Encode(nil, one.Request, &x.Outcome, one.Payload)
	status, ok := statusKey(x)
	if !ok {
		return
	}
	x.header.Set(x.written.Header)
	if types := x.header["Content-Type"]; len(types) > 0 {
		x.media, _, _ = mime.ParseMediaType(types[0])
	}
	x.read = e.dialect.Decode(one.Request, dialect.Response{Status: x.written.Status, Header: x.header, Body: x.written.Body}).Outcome
	x.name = unique(e.examples, safe(cmp.Or(x.Outcome.Code, one.Key)))
	for name, values := range x.header {
		if name != "Content-Type" && e.headers[name] == "" {
			e.headers[name] = values[0]
		}
	}
	if len(x.written.Body) > 0 {
		e.describe(x)
	}
	if x.Kind.Failing() {
		for _, id := range []string{"", exampleID} {
			x.Outcome.RequestID = id
			e.fails(e.dialect.Encode(nil, one.Request, &x.Outcome, one.Payload))
		}
	}
	i := slices.IndexFunc(e.responses, func(r *exportResponse) bool { return r.status == status })
	if i < 0 {
		i = len(e.responses)
		e.responses = append(e.responses, &exportResponse{status: status, name: responseName(status)})
	}
	e.responses[i].examples = append(e.responses[i].examples, x)
}

// describe finds the schema of a body.
func (e *export) describe(x *exportExample) {
	if !isJSON(x.media) {
		x.value = text(string(x.written.Body))
		return
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(x.written.Body))
	if err != nil {
		x.value = text(string(x.written.Body))
		return
	}
	x.value = ofJSON(x.written.Body)
	if x.schema = e.schemaOf(x.written.Status, body); x.schema != nil {
		x.schema.used = true
	}
}

// schemaOf is the first schema that takes a body, nil for none.
func (e *export) schemaOf(status int, body any) *exportSchema {
	i := slices.IndexFunc(e.schemas, func(s *exportSchema) bool { return s.Admits(status) && s.compiled.Validate(body) == nil })
	if i < 0 {
		return nil
	}
	return e.schemas[i]
}

// fails marks the schema of a failure.
func (e *export) fails(written dialect.Encoded) {
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(written.Body))
	if err != nil {
		return // no JSON
	}
	if s := e.schemaOf(written.Status, body); s != nil {
		s.failure = true
	}
}

// statusKey is the key of a response in a document. A class stands for its statuses. It
// reports false for a status that OpenAPI has no place for.
func statusKey(x *exportExample) (string, bool) {
	if key := strings.ToUpper(x.Key); len(key) == 3 && strings.HasSuffix(key, "XX") && key[0] >= '2' && key[0] <= '5' {
		return key, true
	}
	return strconv.Itoa(x.written.Status), x.written.Status >= 200 && x.written.Status <= 599
}

func (e *export) document() *yaml.Node {
	title := e.title()
	return object(
		"openapi", "3.1.0",
		"info", object(
			"title", title+": responses",
			"version", "1.0.0",
			"description", "The responses of "+title+", made from its dialect file. Refer to the components from your own operations.",
			"contact", e.contact(),
		),
		"servers", list(object("url", "http://127.0.0.1:4010", "description", "parlance mock "+e.dialect.Name())),
		"tags", list(object("name", "example", "description", "An operation that has every response of the API")),
		"paths", object("/example", object(
			"get", e.operation("get", "example", "Get any response of the API"),
			"post", e.operation("post", "exampleOfChange", "Get any response of the API to a request that changes something"),
		)),
		"components", e.components(),
	)
}

func (e *export) title() string { return cmp.Or(e.dialect.Title(), e.dialect.Name()) }

func (e *export) contact() *yaml.Node {
	name := e.dialect.Support().Contact
	if name == "" {
		name = e.title()
	}
	return object("name", name)
}

// operation is an operation with all responses that its method can get.
func (e *export) operation(method, id, summary string) *yaml.Node {
	return object(
		"operationId", id,
		"summary", summary,
		"description", "Each response refers to a component.",
		"tags", list(text("example")),
		"responses", e.references(method),
	)
}

// references are the responses that a method can get, by status. An operation has a success
// in OpenAPI, also if the dialect says nothing of it.
func (e *export) references(method string) *yaml.Node {
	n := object()
	if !slices.ContainsFunc(e.responses, func(r *exportResponse) bool { return r.status < "4" && r.given(method) }) {
		n.Content = append(n.Content, text("2XX"), object("description", "A success, which the dialect does not describe."))
	}
	for _, r := range e.responses {
		if r.given(method) {
			n.Content = append(n.Content, text(r.status), object("$ref", "#/components/responses/"+r.name))
		}
	}
	return n
}

// given reports whether a request with the method can get the response.
func (r *exportResponse) given(method string) bool {
	return slices.ContainsFunc(r.examples, func(x *exportExample) bool {
		return !x.asksForMethod() || strings.EqualFold(cmp.Or(x.Request.Method, "GET"), method)
	})
}

// asksForMethod reports that the row is for requests with certain methods.
func (x *exportExample) asksForMethod() bool {
	for _, c := range x.Conditions {
		for _, terms := range c.Any {
			if slices.ContainsFunc(terms, func(t authoring.Term) bool { return t.Word == "method" }) {
				return true
			}
		}
	}
	return false
}

func (e *export) components() *yaml.Node {
	responses, schemas, headers, examples := object(), object(), object(), object()
	for _, r := range e.responses {
		responses.Content = append(responses.Content, text(r.name), e.response(r))
		for _, x := range r.examples {
			if x.value != nil {
				examples.Content = append(examples.Content, text(x.name), x.component())
			}
		}
	}
	for _, s := range e.schemas {
		if s.used { // a reference within it goes to its own place
			schema := bytes.ReplaceAll(s.Schema, []byte(`"#/$defs/`), []byte(`"#/components/schemas/`+s.name+`/$defs/`))
			schemas.Content = append(schemas.Content, text(s.name), ofJSON(schema))
		}
	}
	for _, name := range sortedKeys(e.headers) {
		common := e.headers[name]
		if slices.ContainsFunc(e.responses, func(r *exportResponse) bool { return r.has(name) && !r.varies(name, common) }) {
			headers.Content = append(headers.Content, text(name), header(name, common))
		}
	}
	return object("responses", responses, "schemas", filled(schemas), "headers", filled(headers), "examples", filled(examples))
}

func (e *export) response(r *exportResponse) *yaml.Node {
	headers, content := object(), object()
	for _, name := range sortedKeys(e.headers) {
		if r.has(name) {
			headers.Content = append(headers.Content, text(name), r.header(name, e.headers[name]))
		}
	}
	var media []string
	for _, x := range r.examples {
		if x.value != nil && !slices.Contains(media, x.media) {
			media = append(media, x.media)
		}
	}
	for _, m := range media {
		content.Content = append(content.Content, text(m), r.content(m))
	}
	return object("description", r.description(), "headers", filled(headers), "content", filled(content), "x-parlance", r.rows())
}

// header refers to the component of a field. A field that says something else in each
// example has its examples here.
func (r *exportResponse) header(name, common string) *yaml.Node {
	if !r.varies(name, common) {
		return object("$ref", "#/components/headers/"+name)
	}
	examples := object()
	for _, x := range r.examples {
		if values := x.header[name]; values != nil {
			examples.Content = append(examples.Content, text(x.name), object("value", headerValue(values[0])))
		}
	}
	n := header(name, common)
	n.Content[len(n.Content)-2], n.Content[len(n.Content)-1] = text("examples"), examples
	return n
}

// has reports that an example has the field.
func (r *exportResponse) has(name string) bool {
	return slices.ContainsFunc(r.examples, func(x *exportExample) bool { return x.header[name] != nil })
}

// varies reports that an example has the field with another value than the common one.
func (r *exportResponse) varies(name, common string) bool {
	return slices.ContainsFunc(r.examples, func(x *exportExample) bool {
		values := x.header[name]
		return values != nil && values[0] != common
	})
}

// rows are the extension x-parlance of a response.
func (r *exportResponse) rows() *yaml.Node {
	n := list()
	for _, x := range r.examples {
		n.Content = append(n.Content, x.row())
	}
	return n
}

// row is a row of the extension. A member is left out if it says nothing.
func (x *exportExample) row() *yaml.Node {
	n := object()
	add := func(name string, value any) { n.Content = append(n.Content, object(name, value).Content...) }
	if x.Status != 0 {
		codes := list()
		for code := range strings.SplitSeq(x.Key, ",") {
			codes.Content = append(codes.Content, text(strings.TrimSpace(code)))
		}
		add("codes", codes)
	}
	add("kind", x.Kind.String())
	if x.Reason != "" {
		add("reason", string(x.Reason))
	}
	add("act", x.Decision.Act.String())
	if !x.Kind.Failing() {
		return n
	}
	example := object("name", x.name)
	if x.read.Code != "" {
		example.Content = append(example.Content, text("code"), text(x.read.Code))
	}
	if x.read.Detail != "" {
		example.Content = append(example.Content, text("detail"), text(x.read.Detail))
	}
	add("example", example)
	return n
}

// content is the schema and the examples of one media type.
func (r *exportResponse) content(media string) *yaml.Node {
	var schemas []*yaml.Node
	var names []string
	var other *yaml.Node
	examples := object()
	for _, x := range r.examples {
		if x.value == nil || x.media != media {
			continue
		}
		examples.Content = append(examples.Content, text(x.name), object("$ref", "#/components/examples/"+x.name))
		switch {
		case x.schema == nil:
			other = object("description", "A body that no shape of the dialect file describes")
		case !slices.Contains(names, x.schema.name):
			names = append(names, x.schema.name)
			schemas = append(schemas, object("$ref", "#/components/schemas/"+x.schema.name))
		}
	}
	if other != nil && len(schemas) > 0 {
		schemas = append(schemas, other)
	}
	schema := object("type", "string")
	switch {
	case len(schemas) == 1:
		schema = schemas[0]
	case len(schemas) > 1:
		schema = object("anyOf", list(schemas...))
	case isJSON(media):
		schema = object()
	}
	return object("schema", schema, "examples", filled(examples))
}

// description says what each code of the response means, and what a client does.
func (r *exportResponse) description() string {
	if len(r.examples) == 1 {
		return r.examples[0].meaning()
	}
	var lines []string
	for _, x := range r.examples {
		lines = append(lines, fmt.Sprintf("- `%s`: %s", x.Key, x.meaning()))
	}
	return strings.Join(lines, "\n")
}

func (x *exportExample) meaning() string {
	said := cmp.Or(x.Title, http.StatusText(x.written.Status), x.Kind.String())
	if x.Help != "" && x.Help != x.Title {
		said += ". " + x.Help
	}
	if x.When != "" {
		said += " (if " + x.When + ")"
	}
	if x.Decision.Act != parlance.ActDone {
		said += ". A client: " + x.Decision.Act.String()
	}
	return said
}

func (x *exportExample) component() *yaml.Node {
	return object("summary", cmp.Or(x.Title, x.Kind.String()), "value", x.value)
}
