package spec

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// HeaderHole is a header field and its content: a text, parameters, or a JSON
// document.
type HeaderHole struct {
	Name    string
	Value   *Template   // a hole or a constant, nil if the field has parts
	Schemes []challenge // of WWW-Authenticate and its like (RFC 9110, 11.6.1)
	Params  []Parameter // name=value, with , or ; between them
	JSON    *Template
}

// challenge is an authentication scheme with its parameters.
type challenge struct {
	Scheme string
	Params []Parameter
}

// Parameter is one name=value of a header field.
type Parameter struct {
	Name  string
	Value *Template // a hole or a constant
}

// headers compiles the fields of a shape.
func (r *Reporter) headers(n *yaml.Node, s *Shape) {
	c := &shapeCompiler{Reporter: r, form: FormNone}
	r.Pairs(n, "headers", func(k, v *yaml.Node) {
		if !httpheader.IsToken(k.Value) || strings.HasSuffix(k.Value, "!") {
			r.Fault(At(k), "bad_header", "write the name alone, and the condition as its value: a constant, $any for any value, $absent for a missing field", "%q is not a valid name of a header field", k.Value)
		}
		h := HeaderHole{Name: httpheader.Canonical(k.Value)}
		if v.Kind != yaml.MappingNode {
			h.Value = c.headerText(v)
			s.take(h.Value)
			s.Headers, s.Size = append(s.Headers, h), s.Size+1
			return
		}
		r.Pairs(v, "a header", func(pk, pv *yaml.Node) {
			switch {
			case pk.Value == "$json":
				j := &shapeCompiler{Reporter: r, form: FormJSON}
				h.JSON = j.whole(pv)
				if h.JSON.Reads.Of(Field)|h.JSON.Reads.Of(Item) != 0 {
					r.Fault(At(pv), "bad_place", "read it from the body", "a header cannot hold records")
				}
				s.take(h.JSON)
			case pv.Kind == yaml.MappingNode:
				h.Schemes = append(h.Schemes, challenge{pk.Value, c.params(pv, s)})
			default:
				h.Params = append(h.Params, c.param(pk, pv, s))
			}
			s.Size++
		})
		if Btoi(h.JSON != nil)+Btoi(h.Schemes != nil)+Btoi(h.Params != nil) > 1 {
			r.Fault(At(v), "contradiction", "write name: $hole, Scheme: {name: $hole} or $json: {…}", "a header field can have only one of parameters, schemes and JSON")
		}
		s.Headers = append(s.Headers, h)
	})
}

// unasked reports that no header of a shape is a condition.
func (s *Shape) unasked() bool {
	return s.Is == "" && !slices.ContainsFunc(s.Headers, func(h HeaderHole) bool {
		return h.Value == nil || h.Value.Op != OpHole || h.Value.Hole.Guard != nil || h.Value.Hole.Readings[0].Target.Attr == AttrNote
	})
}

func (c *shapeCompiler) headerText(v *yaml.Node) *Template {
	t := c.template(v)
	if t.Op != OpHole && t.Op != OpConst && t.Op != OpAbsent && t.Op != OpAny {
		c.Fault(At(v), "wrong_type", "", "the value of a header must be a text")
		return &Template{Op: OpConst, Pos: At(v)}
	}
	if t.Op == OpConst && wire.HeaderText(t.Text) != t.Text {
		c.Fault(At(v), "bad_header", "", "a header field cannot contain line breaks, or spaces around its value")
	}
	return t
}

func (c *shapeCompiler) params(n *yaml.Node, s *Shape) (all []Parameter) {
	c.Pairs(n, "the parameters of a header", func(k, v *yaml.Node) { all = append(all, c.param(k, v, s)) })
	return all
}

func (c *shapeCompiler) param(k, v *yaml.Node, s *Shape) Parameter {
	if !httpheader.IsToken(k.Value) {
		c.Fault(At(k), "bad_header", "", "%q is not a valid name of a parameter", k.Value)
	}
	p := Parameter{strings.ToLower(k.Value), c.headerText(v)}
	s.take(p.Value)
	return p
}

// Silent reports that none of the fields of a bare shape that are asked for is
// there.
func (s *Shape) Silent(h wire.Header, wants Set) bool {
	for i := range s.Headers {
		if f := &s.Headers[i]; !f.Idle(wants) && len(wire.Values(h, f.Name)) > 0 {
			return false
		}
	}
	return true
}

// Idle reports that nothing hangs on a field of a bare shape.
func (f *HeaderHole) Idle(wants Set) bool {
	return f.Value.Hole.Plain && f.Value.Reads&wants == 0
}

// Btoi is 1 for true.
func Btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
