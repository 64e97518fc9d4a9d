package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// shapeWords says what a shape asks of a response beside the status: what of its
// header and texts tells it from others, else members, else its name.
func shapeWords(s *shape) string {
	parts := concerning(s.methods, s.paths)
	for _, h := range s.headers {
		switch {
		case h.value == nil:
		case h.value.op == opConst:
			parts = append(parts, "the response has "+h.name+": "+h.value.text)
		case h.value.op == opAbsent:
			parts = append(parts, "the response has no "+h.name)
		case h.value.op == opAny:
			parts = append(parts, "the response has "+h.name)
		}
	}
	before := len(parts)
	if s.body != nil {
		var texts []string
		s.body.guards(func(p *pattern) {
			if w := patternWords(p); !slices.Contains(texts, w) {
				texts = append(texts, w)
			}
		})
		switch {
		case len(texts) > 0:
			parts = append(parts, "a text in the body "+strings.Join(texts, " or "))
		case before > 0 && len(s.headers) > 0:
		default:
			parts = append(parts, templateWords(s.body, "")...)
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("the body has the form %q", s.name)
	}
	return strings.Join(parts, " and ")
}

// patternWords says in plain words which texts fit a pattern.
func patternWords(p *pattern) string {
	if len(p.parts) == 1 && !p.parts[0].open() {
		return fmt.Sprintf("is %q", p.parts[0].literal)
	}
	var b strings.Builder
	for i, part := range p.parts {
		switch last := len(p.parts) - 1; {
		case part.literal != "":
			b.WriteString(part.literal)
		case i > 0 && i < last:
			b.WriteString("…")
		}
	}
	verb := "begins with"
	if len(p.parts) > 0 && p.parts[0].open() {
		if verb = "contains"; !p.parts[len(p.parts)-1].open() {
			verb = "ends with"
		}
	} else if len(p.parts) > 0 && !p.parts[len(p.parts)-1].open() {
		verb = "looks like"
	}
	return fmt.Sprintf("%s %q", verb, b.String())
}

// maxMembers is how many members tell a form in words: more say no more.
const maxMembers = 3

// templateWords says which members of a body tell its form: those that are constants, then
// those that must be there.
func templateWords(t *template, path string) (parts []string) {
	switch t.op {
	case opConst:
		if path == "" {
			return []string{"the body is " + shown(t)}
		}
		return []string{path + " is " + shown(t)}
	case opEither:
		var texts []string
		for _, e := range t.elems {
			if e.op != opConst {
				return nil
			}
			texts = append(texts, shown(e))
		}
		return []string{path + " is " + strings.Join(texts, " or ")}
	case opObject:
	default:
		return nil
	}
	var musts []string
	for i := range t.members {
		m := &t.members[i]
		name := strings.Join(m.names, " or ")
		if path != "" {
			name = path + "." + name
		}
		switch {
		case m.value.op == opAbsent:
			parts = append(parts, name+" is missing")
		case m.must:
			told := templateWords(m.value, name)
			if parts = append(parts, told...); len(told) == 0 {
				musts = append(musts, "the body has "+name)
			}
		case !m.optional:
			parts = append(parts, templateWords(m.value, name)...)
		}
	}
	parts = append(parts, musts...)
	return parts[:min(len(parts), maxMembers)]
}

// shown is a constant as people write it.
func shown(t *template) string {
	switch {
	case t.kind == tree.Null:
		return "null"
	case t.kind == tree.Text:
		return strconv.Quote(t.text)
	}
	return t.text
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
