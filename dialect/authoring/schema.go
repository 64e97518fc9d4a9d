package authoring

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// BodySchema is the JSON Schema (draft 2020-12) of the bodies of one shape.
type BodySchema struct {
	Shape     string          // the name of the shape
	MediaType string          // such as application/json
	Is        string          // the is of the shape; "" for none
	Schema    json.RawMessage // an object; a definition of the file is in its $defs
	admits    func(int) bool
}

// Admits reports whether the shape is for responses with an HTTP status.
func (b *BodySchema) Admits(status int) bool { return b.admits(status) }

// BodySchemas are the schemas of the shapes that are written as JSON, in the order of the
// file. If none is written, they are those of the shapes that are read. A member that a
// body must have is required; a body may have others. A pattern of a text is not in the
// schema. It is safe for concurrent use.
func BodySchemas(d *dialect.Dialect) []BodySchema {
	shapes := d.Internal().Shapes
	written := func(s *spec.Shape) bool { return s.Form == spec.FormJSON && !s.ReadOnly }
	if !slices.ContainsFunc(shapes, written) {
		written = func(s *spec.Shape) bool { return s.Form == spec.FormJSON }
	}
	var all []BodySchema
	for _, s := range shapes {
		if !written(s) {
			continue
		}
		w := schemaWriter{}
		root := w.of(s.Body)
		if len(w.definitions) > 0 {
			root = append(root, member{"$defs", w.definitions})
		}
		text, err := json.Marshal(root)
		if err != nil {
			continue // it is made of texts and numbers alone
		}
		media := s.Media
		if media == "" {
			media = spec.MediaTypes[s.Form]
		}
		all = append(all, BodySchema{Shape: s.Name, MediaType: media, Is: s.Is, Schema: text, admits: s.Status.Admits})
	}
	return all
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	text := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			text = append(text, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		text = append(append(append(text, name...), ':'), value...)
	}
	return append(text, '}'), nil
}

// schemaWriter makes the schema of a template.
type schemaWriter struct {
	definitions object
	known       map[*spec.Instance]string
}

func (w *schemaWriter) of(t *spec.Template) object {
	switch t.Op {
	case spec.OpConst:
		return object{{"const", constant(t)}}
	case spec.OpHole:
		return ofHole(t.Hole)
	case spec.OpObject:
		return w.object(t)
	case spec.OpList:
		return w.list(t)
	case spec.OpEither:
		return w.either(t)
	case spec.OpReference:
		return w.reference(t)
	}
	return object{}
}

// constant is the value of a constant, as JSON has it.
func constant(t *spec.Template) any {
	switch t.Kind {
	case tree.Null:
		return nil
	case tree.True, tree.False:
		return t.Kind == tree.True
	case tree.Number:
		return json.Number(t.Text)
	}
	return t.Text
}

// object is the schema of members by name.
func (w *schemaWriter) object(t *spec.Template) object {
	if t.Indexed {
		return object{{"type", "array"}, {"items", object{}}}
	}
	properties, required := object{}, []string{}
	for i := range t.Members {
		m := &t.Members[i]
		if m.Value.Op == spec.OpAbsent || m.Unwritten || m.Value.ReadOnly {
			continue
		}
		value := w.of(m.Value)
		if !m.Must && !m.Optional {
			value = nullable(value)
		}
		if properties = append(properties, member{m.Names[0], value}); m.Must {
			required = append(required, m.Names[0])
		}
	}
	s := object{{"type", "object"}}
	if len(properties) > 0 {
		s = append(s, member{"properties", properties})
	}
	if len(required) > 0 {
		s = append(s, member{"required", required})
	}
	if t.Rest != nil && t.Rest.Value.Op != spec.OpAbsent && t.Rest.Value.Op != spec.OpAny {
		s = append(s, member{"additionalProperties", w.of(t.Rest.Value)})
	}
	return s
}

// nullable also takes null: a member without ! shows an attribute that is not set so.
func nullable(s object) object {
	for i, m := range s {
		if name, ok := m.value.(string); ok && m.name == "type" {
			s[i].value = []string{name, "null"}
			return s
		}
	}
	for _, m := range s {
		if m.name == "const" && m.value != nil || m.name == "$ref" || m.name == "anyOf" {
			return object{{"anyOf", []object{s, {{"type", "null"}}}}}
		}
	}
	return s
}

func (w *schemaWriter) list(t *spec.Template) object {
	s := object{{"type", "array"}}
	var of []object
	for _, e := range t.Elems {
		of = append(of, w.of(e))
	}
	switch {
	case len(of) == 1:
		s = append(s, member{"items", of[0]})
	case len(of) > 1:
		s = append(s, member{"items", object{{"anyOf", of}}})
	}
	return s
}

func (w *schemaWriter) either(t *spec.Template) object {
	var of []object
	for _, e := range t.Elems {
		if e.ReadOnly || e.Op == spec.OpAbsent {
			continue
		}
		of = append(of, w.of(e))
	}
	switch len(of) {
	case 0:
		return object{}
	case 1:
		return of[0]
	}
	return object{{"anyOf", of}}
}

// reference is a definition of the file: by its place if it refers to itself.
func (w *schemaWriter) reference(t *spec.Template) object {
	if !t.Def.Loops {
		return w.of(t.Def.Body)
	}
	name, ok := w.known[t.Def]
	if !ok {
		if w.known == nil {
			w.known = map[*spec.Instance]string{}
		}
		name = "d" + strconv.Itoa(len(w.known)+1)
		w.known[t.Def] = name
		body := w.of(t.Def.Body)
		w.definitions = append(w.definitions, member{name, body})
	}
	return object{{"$ref", "#/$defs/" + name}}
}

// ofHole is the schema of the text that is written first.
func ofHole(h *spec.Hole) object {
	first := h.Readings[0]
	if first.Pattern != nil {
		return object{{"type", "string"}}
	}
	switch first.Target.Attr {
	case spec.AttrData, spec.AttrBody, spec.AttrExtra:
		return object{}
	case spec.AttrHeaders:
		return object{{"type", "object"}}
	}
	var s object
	switch name := spec.NotationNames[first.Conv.Notation]; name {
	case "int", "epoch", "epochms":
		s = object{{"type", "integer"}}
	case "seconds", "ms", "minutes":
		s = object{{"type", "number"}}
	case "bool":
		s = object{{"type", "boolean"}}
	case "segments", "pairs":
		s = object{{"type", "array"}, {"items", object{}}}
	case "iso":
		s = object{{"type", "string"}, {"format", "date-time"}}
	default:
		s = object{{"type", "string"}}
	}
	if text := meanings[first.Target]; text != "" {
		s = append(s, member{"description", text})
	}
	return s
}

// meanings describe the attributes for readers of a schema.
var meanings = map[spec.Target]string{
	{Owner: spec.Whole, Attr: spec.AttrCode}:       "The code of the error",
	{Owner: spec.Whole, Attr: spec.AttrFamily}:     "The coarser code of the error",
	{Owner: spec.Whole, Attr: spec.AttrTitle}:      "The error in a few words",
	{Owner: spec.Whole, Attr: spec.AttrPhrase}:     "The error in a few words",
	{Owner: spec.Whole, Attr: spec.AttrDetail}:     "What happened, for people",
	{Owner: spec.Whole, Attr: spec.AttrType}:       "A link that describes the error",
	{Owner: spec.Whole, Attr: spec.AttrInstance}:   "The request that failed",
	{Owner: spec.Whole, Attr: spec.AttrStatus}:     "The HTTP status",
	{Owner: spec.Whole, Attr: spec.AttrRequestID}:  "The ID of the request, for support",
	{Owner: spec.Whole, Attr: spec.AttrHelp}:       "What to do about the error",
	{Owner: spec.Whole, Attr: spec.AttrRetryAfter}: "When to send the request again",
	{Owner: spec.Whole, Attr: spec.AttrRetryable}:  "Whether a retry can help",
	{Owner: spec.Whole, Attr: spec.AttrNote}:       "A note on the success",
	{Owner: spec.Field, Attr: spec.AttrPath}:       "The input that is wrong",
	{Owner: spec.Field, Attr: spec.AttrCode}:       "The code of the fault",
	{Owner: spec.Field, Attr: spec.AttrMessage}:    "What is wrong with the input",
	{Owner: spec.Item, Attr: spec.AttrID}:          "The ID of the record",
	{Owner: spec.Item, Attr: spec.AttrIndex}:       "The place of the record in the request",
	{Owner: spec.Item, Attr: spec.AttrStatus}:      "The status of the record",
	{Owner: spec.Item, Attr: spec.AttrCode}:        "The code of the record",
	{Owner: spec.Item, Attr: spec.AttrDetail}:      "What happened to the record, for people",
}
