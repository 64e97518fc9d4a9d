package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// scalar compiles a scalar of a shape: a hole, a pattern, a name, or a constant.
func (c *shapeCompiler) scalar(n *yaml.Node) *template {
	t := &template{op: opConst, pos: at(n)}
	switch n.Tag {
	case "!!null":
		t.kind = tree.Null
		return t
	case "!!bool":
		t.kind = tree.False
		if strings.EqualFold(n.Value, "true") {
			t.kind = tree.True
		}
		t.text = strings.ToLower(n.Value) // as XML would hold it
		return t
	case "!!int", "!!float":
		if !isNumber(n.Value) {
			c.fault(at(n), "bad_constant", "write it as JSON does, or in quotes for a text", "%s is no number of JSON", n.Value)
		}
		t.kind, t.text = tree.Number, n.Value
		return t
	}
	t.kind, t.text = tree.Text, n.Value
	if rest, escaped := strings.CutPrefix(n.Value, "$$"); escaped {
		t.text = "$" + rest
		return t
	}
	if name, dollar := strings.CutPrefix(n.Value, "$"); dollar {
		if t := c.word(n, name); t != nil {
			return t
		}
	} else if !isPattern(n.Value) {
		c.looksMeant(n)
		return t
	}
	h := c.hole(at(n), n.Value)
	if h == nil {
		return t
	}
	c.placed(at(n), h)
	h.plain = h.guard == nil && !h.defaults && !slices.ContainsFunc(h.readings, func(r reading) bool {
		return r.pattern != nil || r.conv.notation != plain || r.target.attr == attrData || r.target.attr == attrBody || r.target.attr == attrHeaders
	})
	h.unused = len(h.readings) == 1 && !h.defaults && h.guard == nil && h.readings[0].conv.notation == integer && h.readings[0].target == target{whole, attrStatus}
	t.op, t.hole, t.tells = opHole, h, h.guard != nil
	for i, r := range h.readings {
		t.reads |= r.targets()
		if i > 0 && r.pattern != nil {
			t.implied |= r.targets()
		}
		if i == 0 && !(r.pattern != nil && r.pattern.readOnly()) {
			t.writes |= r.targets()
		}
	}
	t.copies = t.reads &^ t.writes
	return t
}

// word compiles what is no attribute behind a dollar: $any, $absent, and the
// names of definitions. It returns nil for everything else.
func (c *shapeCompiler) word(n *yaml.Node, name string) *template {
	head, value, has := strings.Cut(name, " = ")
	switch {
	case name == "absent":
		return &template{op: opAbsent, pos: at(n)}
	case head == "any":
		t := &template{op: opAny, pos: at(n)}
		if has {
			t.text = c.literal(n, strings.TrimSpace(value))
		}
		return t
	case c.defs[name] != nil:
		return c.reference(n, c.defs[name])
	}
	return nil
}

// literal is the JSON of what $any writes, or its text in other forms.
func (c *shapeCompiler) literal(n *yaml.Node, value string) string {
	quoted := value != unquote(value)
	value = unquote(value)
	if c.form != formJSON {
		return value
	}
	var t tree.Tree
	if !quoted && t.JSON([]byte(value), false) == nil {
		return value
	}
	if !quoted && value != "" && strings.IndexByte("{[", value[0]) >= 0 {
		c.fault(at(n), "bad_constant", "write {}, [], null, a number or a text", "%s is no JSON", value)
	}
	return string(appendJSONText(nil, value))
}

// looksMeant warns of a constant that was probably meant as something else.
func (c *shapeCompiler) looksMeant(n *yaml.Node) {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return
	}
	if strings.Contains(" yes no on off y n ", " "+strings.ToLower(n.Value)+" ") {
		c.warn(at(n), "word_for_boolean", "write true or false, or put the text in quotes", "%s is the text %q here, and no boolean", n.Value, n.Value)
	}
	if _, known := parseTarget(n.Value); known == nil {
		c.warn(at(n), "constant_attribute", "write $"+n.Value+" for the attribute, or put the constant in quotes",
			"the text %q is a constant here: the body must hold just that, and nothing is read", n.Value)
	}
}

// placed refuses what cannot stand in the form that is compiled.
func (c *shapeCompiler) placed(pos position, h *hole) {
	alone := len(h.readings) == 1 && h.readings[0].pattern == nil
	for i, r := range h.readings {
		whole := func(attr attribute) bool { return r.targets().has(whole, attr) }
		embedded := r.targets().has(item, attrBody) || r.targets().has(item, attrHeaders)
		structured := r.conv.structured()
		if r.pattern != nil {
			for _, p := range r.pattern.parts {
				structured = structured || p.conv.structured()
			}
		}
		if whole(attrData) && (c.form != formJSON && c.form != formXML || !alone) {
			c.fault(pos, "bad_place", "let $data stand alone, as a member of a JSON body or an element of XML", "the payload cannot stand here")
		}
		if h.noData != "" && c.form != formJSON {
			c.fault(pos, "bad_place", "write $data alone", "an empty object or list after `or` is for JSON bodies")
		}
		if embedded && (c.form != formJSON || !alone) {
			c.fault(pos, "bad_place", "let $item.body and $item.headers stand alone, as members of a JSON body", "an answer of its own cannot stand here")
		}
		if structured && (c.form != formJSON || r.pattern != nil || i > 0) {
			c.fault(pos, "bad_place", "write it as a text, for example with :pointer", "a list cannot stand here")
		}
	}
}
