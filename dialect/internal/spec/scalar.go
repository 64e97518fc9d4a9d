package spec

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// scalar compiles a scalar of a shape: a hole, a pattern, a name, or a constant.
func (c *shapeCompiler) scalar(n *yaml.Node) *Template {
	switch n.Tag {
	case "!!null", "!!bool", "!!int", "!!float":
		return c.constant(n)
	}
	t := &Template{Op: OpConst, Pos: At(n), Kind: tree.Text, Text: n.Value}
	if rest, escaped := strings.CutPrefix(n.Value, "$$"); escaped {
		t.Text = "$" + rest
		return t
	}
	if name, dollar := strings.CutPrefix(n.Value, "$"); dollar {
		if t := c.word(n, name); t != nil {
			return t
		}
	} else if !isPattern(n.Value) {
		c.warnOfConstant(n)
		return t
	}
	h := c.hole(At(n), n.Value)
	if h == nil {
		return t
	}
	c.checkPlace(At(n), h)
	h.derive()
	t.Op, t.Hole, t.HasGuard = OpHole, h, h.Guard != nil
	for i, r := range h.Readings {
		t.Reads |= r.Targets()
		if i > 0 && r.Pattern != nil {
			t.Implied |= r.Targets()
		}
		if i == 0 && !(r.Pattern != nil && r.Pattern.readOnly()) {
			t.Writes |= r.Targets()
		}
	}
	if h.Others() {
		t.Writes |= h.Readings[1].Bit
	}
	if t.Copies = t.Reads &^ t.Writes; h.below() {
		t.ReadOnly = true // the path around it is written whole
		t.Writes, t.Copies, t.Implied = 0, 0, 0
	}
	return t
}

// constant compiles null, true, false or a number.
func (c *shapeCompiler) constant(n *yaml.Node) *Template {
	t := &Template{Op: OpConst, Pos: At(n)}
	switch n.Tag {
	case "!!null":
		t.Kind = tree.Null
	case "!!bool":
		t.Kind = tree.False
		t.Text = strings.ToLower(n.Value) // as XML would hold it
		if t.Text == "true" {
			t.Kind = tree.True
		}
	default:
		if !tree.IsNumber(n.Value) {
			c.Fault(At(n), "bad_constant", "write the number as in JSON, or put a text in quotes", "%s is not a JSON number", n.Value)
		}
		t.Kind, t.Text = tree.Number, n.Value
	}
	return t
}

// converts reports that a reading takes something else than the whole text as it is, or
// gives it to an attribute that is kept in a way of its own.
func (r Reading) converts() bool {
	return r.Pattern != nil || r.Conv.Notation != Plain || r.Target.document() || r.Target.Attr == AttrBelow || r.Target.Attr == AttrExtra
}

// derive sets the fields of a hole that follow from its readings.
func (h *Hole) derive() {
	others := h.Others() && h.Readings[0].Target.Owner == Whole
	h.Plain = h.Guard == nil && !h.Defaults && !others && !slices.ContainsFunc(h.Readings, Reading.converts)
	owns := func(o Owner) bool {
		return slices.ContainsFunc(h.Readings, func(r Reading) bool { return r.Pattern == nil && r.Target.Owner == o })
	}
	h.Shared = owns(Whole) && (owns(Field) || owns(Item)) || others
	h.Sole = h.sole()
	h.Unused = len(h.Readings) == 1 && !h.Defaults && h.Guard == nil && h.Readings[0].Conv.Notation == Integer && h.Readings[0].Target == Target{Whole, AttrStatus}
}

// sole reports that a hole gives the whole a text that makes neither a note nor a record: if
// it stands in a list, that of a later element is lost.
func (h *Hole) sole() bool {
	others := func(r Reading) bool {
		t := r.Targets()
		return t.Of(Field)|t.Of(Item)|t&BitOf(Whole, AttrNote) != 0
	}
	return h.Readings[0].Targets()&(BitOf(Whole, AttrDetail)|BitOf(Whole, AttrCode)|BitOf(Whole, AttrTitle)|BitOf(Whole, AttrExtra)) != 0 && !slices.ContainsFunc(h.Readings, others)
}

// Beside reports that a reading of a hole is a copy of another attribute of the same record.
func (h *Hole) Beside(r *Reading) bool {
	first := &h.Readings[0]
	return first != r && first.Pattern == nil && first.Target.Owner == Item && r.Target.Owner == Item
}

// word compiles $any, $absent and the names of definitions. It returns nil for everything
// else.
func (c *shapeCompiler) word(n *yaml.Node, name string) *Template {
	head, value, has := strings.Cut(name, " = ")
	switch {
	case name == "absent":
		return &Template{Op: OpAbsent, Pos: At(n)}
	case head == "any":
		t := &Template{Op: OpAny, Pos: At(n)}
		if has {
			t.Text = c.literal(n, strings.TrimSpace(value))
		}
		return t
	case c.defs[name] != nil:
		return c.reference(n, c.defs[name])
	}
	return nil
}

// literal is the value that $any writes: as JSON, or as a text in other forms.
func (c *shapeCompiler) literal(n *yaml.Node, value string) string {
	quoted := value != unquote(value)
	value = unquote(value)
	if c.form != FormJSON {
		return value
	}
	var t tree.Tree
	if !quoted && t.JSON([]byte(value), false) == nil {
		return value
	}
	if !quoted && value != "" && strings.IndexByte("{[", value[0]) >= 0 {
		c.Fault(At(n), "bad_constant", "write {}, [], null, a number or a text", "%s is not JSON", value)
	}
	return string(jsontext.Append(nil, value))
}

// warnOfConstant warns of a constant that was probably meant as something else.
func (c *shapeCompiler) warnOfConstant(n *yaml.Node) {
	if name := bareAttribute(n.Value); name != "" {
		c.Warn(At(n), "constant_attribute", "write {$"+name+"} inside of a text",
			"the text %q is a constant here, so the body must contain this text and nothing is read from it", n.Value)
		return
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return
	}
	if strings.Contains(" yes no on off y n ", " "+strings.ToLower(n.Value)+" ") {
		c.Warn(At(n), "word_for_boolean", "write true or false, or put the text in quotes", "%s is the text %q here, not a boolean", n.Value, n.Value)
	}
	if _, known := ParseTarget(n.Value); known == nil {
		c.Warn(At(n), "constant_attribute", "write $"+n.Value+" if you mean the attribute, or put the constant in quotes",
			"the text %q is a constant here, so the body must contain this text and nothing is read from it", n.Value)
	}
}

// bareAttribute is the first attribute that stands in a text with its dollar sign and without
// braces; empty if there is none.
func bareAttribute(text string) string {
	for {
		_, rest, found := strings.Cut(text, "$")
		if !found {
			return ""
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && r != '.' && (r < 'a' || r > 'z') })
		if end < 0 {
			end = len(rest)
		}
		name := strings.TrimRight(rest[:end], ".")
		if _, known := ParseTarget(name); known == nil {
			return name
		}
		text = rest
	}
}

// alone reports that a hole contains a single attribute.
func (h *Hole) alone() bool { return len(h.Readings) == 1 && h.Readings[0].Pattern == nil }

// embedded are the parts of a response inside a response.
var embedded = BitOf(Item, AttrBody) | BitOf(Item, AttrHeaders)

// checkPlace refuses a hole that the compiled form cannot have at this place.
func (c *shapeCompiler) checkPlace(pos Position, h *Hole) {
	alone := h.alone()
	for i, r := range h.Readings {
		reads := r.Targets()
		if reads.Has(Whole, AttrData) && (c.form != FormJSON && c.form != FormXML || !alone) {
			c.Fault(pos, "bad_place", "use $data alone, as a member of a JSON body or an element of XML", "the payload is not allowed here")
		}
		if h.NoData != "" && c.form != FormJSON {
			c.Fault(pos, "bad_place", "write $data alone", "only a JSON body can have an empty object or list after `or`")
		}
		if reads&embedded != 0 && (c.form != FormJSON || !alone) {
			c.Fault(pos, "bad_place", "use $item.body and $item.headers alone, as members of a JSON body", "an embedded response is not allowed here")
		}
		if r.structured() && (c.form != FormJSON || r.Pattern != nil || i > 0) {
			c.Fault(pos, "bad_place", "use a notation that is a text, such as :pointer", "a list is not allowed here")
		}
	}
}
