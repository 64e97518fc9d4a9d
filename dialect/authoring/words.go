package authoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// shapeWords says what a shape asks of a response beside the status: what of its
// header and texts tells it from others, else members, else its name.
func shapeWords(s *spec.Shape) string {
	parts := concerning(s.Methods, s.Paths)
	for _, h := range s.Headers {
		switch {
		case h.Value == nil:
		case h.Value.Op == spec.OpConst:
			parts = append(parts, "the response has "+h.Name+": "+h.Value.Text)
		case h.Value.Op == spec.OpAbsent:
			parts = append(parts, "the response has no "+h.Name)
		case h.Value.Op == spec.OpAny:
			parts = append(parts, "the response has "+h.Name)
		}
	}
	before := len(parts)
	if s.Body != nil {
		var texts []string
		s.Body.Guards(func(p *spec.Pattern) {
			if w := patternWords(p); !slices.Contains(texts, w) {
				texts = append(texts, w)
			}
		})
		switch {
		case len(texts) > 0:
			parts = append(parts, "a text in the body "+strings.Join(texts, " or "))
		case before > 0 && len(s.Headers) > 0:
		default:
			parts = append(parts, templateWords(s.Body, "")...)
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("the body has the form %q", s.Name)
	}
	return strings.Join(parts, " and ")
}

// patternWords says in plain words which texts fit a pattern.
func patternWords(p *spec.Pattern) string {
	if len(p.Parts) == 1 && !p.Parts[0].Open() {
		return fmt.Sprintf("is %q", p.Parts[0].Literal)
	}
	var b strings.Builder
	for i, part := range p.Parts {
		switch last := len(p.Parts) - 1; {
		case part.Literal != "":
			b.WriteString(part.Literal)
		case i > 0 && i < last:
			b.WriteString("…")
		}
	}
	verb := "begins with"
	if len(p.Parts) > 0 && p.Parts[0].Open() {
		if verb = "contains"; !p.Parts[len(p.Parts)-1].Open() {
			verb = "ends with"
		}
	} else if len(p.Parts) > 0 && !p.Parts[len(p.Parts)-1].Open() {
		verb = "looks like"
	}
	return fmt.Sprintf("%s %q", verb, b.String())
}

// maxMembers is how many members tell a form in words: more say no more.
const maxMembers = 3

// templateWords says which members of a body tell its form: those that are constants, then
// those that must be there.
func templateWords(t *spec.Template, path string) (parts []string) {
	switch t.Op {
	case spec.OpConst:
		if path == "" {
			return []string{"the body is " + shown(t)}
		}
		return []string{path + " is " + shown(t)}
	case spec.OpEither:
		var texts []string
		for _, e := range t.Elems {
			if e.Op != spec.OpConst {
				return nil
			}
			texts = append(texts, shown(e))
		}
		return []string{path + " is " + strings.Join(texts, " or ")}
	case spec.OpObject:
	default:
		return nil
	}
	var musts []string
	for i := range t.Members {
		m := &t.Members[i]
		name := strings.Join(m.Names, " or ")
		if path != "" {
			name = path + "." + name
		}
		switch {
		case m.Value.Op == spec.OpAbsent:
			parts = append(parts, name+" is missing")
		case m.Must:
			inside := templateWords(m.Value, name)
			if parts = append(parts, inside...); len(inside) == 0 {
				musts = append(musts, "the body has "+name)
			}
		case !m.Optional:
			parts = append(parts, templateWords(m.Value, name)...)
		}
	}
	parts = append(parts, musts...)
	return parts[:min(len(parts), maxMembers)]
}

// shown is a constant as people write it.
func shown(t *spec.Template) string {
	switch {
	case t.Kind == tree.Null:
		return "null"
	case t.Kind == tree.Text:
		return strconv.Quote(t.Text)
	}
	return t.Text
}

// concerning is a condition on the request in words.
func concerning(methods, paths []string) (parts []string) {
	if len(methods) > 0 {
		parts = append(parts, "the method is "+strings.Join(methods, " or "))
	}
	if len(paths) > 0 {
		parts = append(parts, "the path is "+strings.Join(paths, " or "))
	}
	return parts
}
