package dialect

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// headerHole is a header field with what stands in it: a text, parameters, or
// a JSON document.
type headerHole struct {
	name    string
	value   *template   // a hole or a constant, nil where the field has parts
	schemes []challenge // of WWW-Authenticate and its like (RFC 9110, 11.6.1)
	params  []parameter // name=value, with , or ; between them
	json    *template
}

// challenge is an authentication scheme with its parameters.
type challenge struct {
	scheme string
	params []parameter
}

type parameter struct {
	name  string
	value *template // a hole or a constant
}

// headers compiles the fields of a shape.
func (r *reporter) headers(n *yaml.Node, s *shape) {
	c := &shapeCompiler{reporter: r, form: formNone}
	r.pairs(n, "headers", func(k, v *yaml.Node) {
		if !isToken(k.Value) || strings.HasSuffix(k.Value, "!") {
			r.fault(at(k), "bad_header", "write the name alone: a constant and $any ask for the field, $absent for its absence", "%q is no name of a header field", k.Value)
		}
		h := headerHole{name: canonicalHeader(k.Value)}
		if v.Kind != yaml.MappingNode {
			h.value = c.headerText(v)
			s.take(h.value)
			s.headers, s.size = append(s.headers, h), s.size+1
			return
		}
		r.pairs(v, "a header", func(pk, pv *yaml.Node) {
			switch {
			case pk.Value == "$json":
				j := &shapeCompiler{reporter: r, form: formJSON}
				h.json = j.whole(pv)
				if h.json.reads.of(field)|h.json.reads.of(item) != 0 {
					r.fault(at(pv), "bad_place", "read it from the body", "records cannot stand in a header")
				}
				s.take(h.json)
			case pv.Kind == yaml.MappingNode:
				h.schemes = append(h.schemes, challenge{pk.Value, c.params(pv, s)})
			default:
				h.params = append(h.params, c.param(pk, pv, s))
			}
			s.size++
		})
		if btoi(h.json != nil)+btoi(h.schemes != nil)+btoi(h.params != nil) > 1 {
			r.fault(at(v), "contradiction", "write name: $hole, Scheme: {name: $hole} or $json: {…}", "a header field has parameters, schemes or JSON, and not several of these")
		}
		s.headers = append(s.headers, h)
	})
}

// unasked reports that no header of a shape is a condition.
func (s *shape) unasked() bool {
	return s.is == "" && !slices.ContainsFunc(s.headers, func(h headerHole) bool {
		return h.value == nil || h.value.op != opHole || h.value.hole.guard != nil || h.value.hole.readings[0].target.attr == attrNote
	})
}

func (c *shapeCompiler) headerText(v *yaml.Node) *template {
	t := c.template(v)
	if t.op != opHole && t.op != opConst && t.op != opAbsent && t.op != opAny {
		c.fault(at(v), "wrong_type", "", "the value of a header must be a text")
		return &template{op: opConst, pos: at(v)}
	}
	if t.op == opConst && headerText(t.text) != t.text {
		c.fault(at(v), "bad_header", "", "a header field cannot hold line breaks or blanks around its value")
	}
	return t
}

func (c *shapeCompiler) params(n *yaml.Node, s *shape) (all []parameter) {
	c.pairs(n, "the parameters of a header", func(k, v *yaml.Node) { all = append(all, c.param(k, v, s)) })
	return all
}

func (c *shapeCompiler) param(k, v *yaml.Node, s *shape) parameter {
	if !isToken(k.Value) {
		c.fault(at(k), "bad_header", "", "%q is no name of a parameter", k.Value)
	}
	p := parameter{strings.ToLower(k.Value), c.headerText(v)}
	s.take(p.value)
	return p
}

// silent reports that none of the fields of a bare shape that are asked for is
// there.
func (s *shape) silent(h Header, wants set) bool {
	for i := range s.headers {
		if f := &s.headers[i]; !f.idle(wants) && len(values(h, f.name)) > 0 {
			return false
		}
	}
	return true
}

// idle reports that nothing hangs on a field of a bare shape.
func (f *headerHole) idle(wants set) bool {
	return f.value.hole.plain && f.value.reads&wants == 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
