package validate

import (
	"cmp"
	"math/big"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/parlance-api/parlance"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// violation is one way in which a value breaks its schema.
type violation struct {
	location []string
	code     string
	keys     []string // of texts, besides that of the code, best first
	args     []any    // of the text, besides the field's name
	title    string
	at       int64  // the place in the document
	rank     int    // the place in the schema
	turn     int    // the place in the keyword's own list
	named    string // the schema of names that the last name of the location breaks
}

// violations are the leaves of the library's tree, each in terms of a field.
func (s *Schema) violations(e *jsonschema.ValidationError) []violation {
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		var all []violation
		for _, cause := range e.Causes {
			all = append(all, s.violations(cause)...)
		}
		return all
	case *kind.AnyOf:
		return s.branches(e, "anyOf")
	case *kind.OneOf:
		if len(k.Subschemas) == 0 {
			return s.branches(e, "oneOf")
		}
	case *kind.Required:
		return s.each(e, "required", k.Missing)
	case *kind.AdditionalProperties:
		return s.each(e, "additionalProperties", k.Properties)
	case *kind.DependentRequired:
		return s.each(e, "dependentRequired", k.Missing, k.Prop)
	case *kind.Dependency:
		return s.each(e, "dependentRequired", k.Missing, k.Prop)
	case *kind.PropertyNames:
		all := s.each(e, "propertyNames", []string{k.Property})
		all[0].named = e.SchemaURL
		return all
	case *formatFault:
		all := s.one(e, "format", k.name)
		all[0].keys = []string{"format " + k.name}
		if k.text != "" {
			all[0].keys = []string{k.text}
		}
		return all
	}
	return s.one(e, keyword(e), wants(e.ErrorKind)...)
}

// keyword is the one that a value itself breaks.
func keyword(e *jsonschema.ValidationError) string {
	switch e.ErrorKind.(type) {
	case *kind.FalseSchema:
		return lastKeyword(e.SchemaURL)
	case *kind.Not:
		return "not"
	}
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		return path[0]
	}
	return "schema"
}

// wants is what a keyword demands of a value, for its text.
func wants(of jsonschema.ErrorKind) []any {
	switch k := of.(type) {
	case *kind.Type:
		return []any{strings.Join(k.Want, ", ")}
	case *kind.Enum:
		return []any{list(k.Want)}
	case *kind.Const:
		return []any{clip(asText(k.Want))}
	case *kind.UniqueItems:
		return []any{k.Duplicates[0], k.Duplicates[1]}
	case *kind.Pattern:
		return []any{k.Want}
	}
	if n := count(of); n != nil {
		return []any{*n}
	}
	if n := bound(of); n != nil {
		return []any{number(n)}
	}
	return nil
}

// count is the number of things that a keyword demands, nil for other keywords.
func count(of jsonschema.ErrorKind) *int {
	switch k := of.(type) {
	case *kind.MinProperties:
		return &k.Want
	case *kind.MaxProperties:
		return &k.Want
	case *kind.MinItems:
		return &k.Want
	case *kind.MaxItems:
		return &k.Want
	case *kind.MinContains:
		return &k.Want
	case *kind.MaxContains:
		return &k.Want
	case *kind.MinLength:
		return &k.Want
	case *kind.MaxLength:
		return &k.Want
	}
	return nil
}

// bound is the number that a keyword compares with, nil for other keywords.
func bound(of jsonschema.ErrorKind) *big.Rat {
	switch k := of.(type) {
	case *kind.Minimum:
		return k.Want
	case *kind.Maximum:
		return k.Want
	case *kind.ExclusiveMinimum:
		return k.Want
	case *kind.ExclusiveMaximum:
		return k.Want
	case *kind.MultipleOf:
		return k.Want
	}
	return nil
}

// one is the violation of a keyword by the value itself.
func (s *Schema) one(e *jsonschema.ValidationError, code string, args ...any) []violation {
	return []violation{{location: e.InstanceLocation, code: code, args: args,
		title: s.title(e.InstanceLocation), rank: s.rank(e.SchemaURL, code)}}
}

// each is the violation of a keyword by members of the value.
func (s *Schema) each(e *jsonschema.ValidationError, code string, names []string, args ...any) []violation {
	var all []violation
	for i, name := range names {
		location := append(slices.Clip(e.InstanceLocation), name)
		all = append(all, violation{location: location, code: code, args: args,
			title: s.title(location), rank: s.rank(e.SchemaURL, code), turn: i})
	}
	return all
}

// branches are the violations of the one alternative that was meant, where that
// can be told; else it is that none fits. An alternative that wants another type,
// or another word in a member that tells alternatives apart, was not meant.
func (s *Schema) branches(e *jsonschema.ValidationError, code string) []violation {
	var meant []violation
	for _, branch := range e.Causes {
		all := s.violations(branch)
		if slices.ContainsFunc(all, func(v violation) bool {
			depth := len(v.location) - len(e.InstanceLocation)
			return depth == 0 && (v.code == "type" || v.code == "const" || v.code == "enum") || depth == 1 && v.code == "const"
		}) {
			continue
		}
		if meant != nil {
			return s.one(e, code)
		}
		meant = all
	}
	if meant == nil {
		return s.one(e, code)
	}
	return meant
}

// rank is the place of a keyword in the schema.
func (s *Schema) rank(schemaURL, keyword string) int {
	_, fragment, _ := strings.Cut(schemaURL, "#")
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	if rank, ok := s.order[fragment+"/"+keyword]; ok {
		return rank
	}
	return s.order[fragment]
}

// lastKeyword is the one whose schema is false, as in unevaluatedProperties.
func lastKeyword(schemaURL string) string {
	parts := strings.Split(schemaURL, "/")
	if last := parts[len(parts)-1]; strings.HasPrefix(last, "unevaluated") || last == "items" {
		return last
	}
	return "false"
}

// number is exact where it is an integer.
func number(r *big.Rat) any {
	if r.IsInt() && r.Num().IsInt64() {
		return r.Num().Int64()
	}
	f, _ := r.Float64()
	return f
}

func list(values []any) string {
	var all []string
	for _, v := range values {
		all = append(all, asText(v))
	}
	return clip(strings.Join(all, ", "))
}

// sortIn puts violations in the order of the document, then of the schema, and
// leaves out what is told twice: the library walks over maps.
func sortIn(d *jsontext.Decoder, all []violation) []violation {
	root := &places{}
	found := make([]*places, len(all))
	for i, v := range all {
		found[i] = root.want(v.location)
	}
	root.find(d)
	for i := range all {
		all[i].at = found[i].at
	}
	return sorted(all)
}

func sorted(all []violation) []violation {
	slices.SortStableFunc(all, func(a, b violation) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank), cmp.Compare(a.turn, b.turn),
			slices.Compare(a.location, b.location))
	})
	return slices.CompactFunc(all, func(a, b violation) bool {
		return a.at == b.at && a.rank == b.rank && a.code == b.code && slices.Equal(a.location, b.location)
	})
}

// path is a location as a Field has it.
func (v violation) path() string {
	names := make([]string, len(v.location))
	for i, name := range v.location {
		names[i] = clip(name)
	}
	return strings.Join(names, ".")
}

func (v violation) field(s speaker) parlance.Field {
	return parlance.Field{Path: v.path(), Code: v.code, Message: s.violation(v)}
}
