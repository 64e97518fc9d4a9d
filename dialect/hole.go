package dialect

import (
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
	yaml "go.yaml.in/yaml/v4"
)

// reading is one way to take a text: as an attribute, or by a pattern.
type reading struct {
	target  target
	bit     set // of the target
	conv    conversion
	pattern *pattern // nil where the whole text is the attribute
}

func (r reading) targets() set {
	if r.pattern != nil {
		return r.pattern.targets()
	}
	return r.target.bit()
}

// needed are the targets without which it cannot be written.
func (r reading) needed() set {
	if r.pattern == nil {
		return r.targets()
	}
	var s set
	for _, p := range r.pattern.parts {
		if p.hole.attr != attrNone {
			s |= p.hole.bit()
		}
	}
	return s
}

// hole is where an attribute stands in a shape: $code:int = 0, or
// $detail & $field.message. The first reading is written, the others are
// copies of the same text.
type hole struct {
	readings []reading
	fallback string   // the value that stands for "unset", and is written for it
	defaults bool     // fallback is given
	plain    bool     // every reading is the whole text as it is
	unused   bool     // it is the status of the whole, which is the transport's
	guard    *pattern // the text must fit it; its canonical text is written where the attribute does not
	standIn  *pattern // what is written for an attribute that is not set, and read as it stands; nil for nothing
	noData   string   // what is written for $data that is not set: {} or []; "" for null
}

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

// hole reads "$a:int & $b & 'pattern' = default", "$a or 'text'" and "$a is 'pattern'".
// It returns nil after a fault.
func (c *shapeCompiler) hole(pos position, text string) *hole {
	h := &hole{}
	operands := splitOutside(text, " & ")
	if first := strings.TrimSpace(operands[0]); len(operands) > 1 && isPattern(first) && first == unquote(first) {
		c.fault(pos, "bad_hole", "put it in quotes: '"+first+"' & "+strings.Join(operands[1:], " & "), "a pattern that other readings follow needs quotes, for & could be a part of it")
		return nil
	}
	last := len(operands) - 1
	if head, guard, found := cutOutside(operands[last], " is "); found && strings.HasPrefix(text, "$") {
		operands[last] = head
		if last > 0 && guard == unquote(guard) {
			c.fault(pos, "bad_hole", "put the pattern in quotes if `is` belongs to it, or what it checks if it does not", "it is not clear whether ` is ` belongs to the pattern before it")
			return nil
		}
		guard = unquote(guard)
		if h.guard = c.parsePattern(pos, guard); h.guard == nil {
			return nil
		}
		h.guard.fold()
		if h.guard.targets() != 0 {
			c.fault(pos, "bad_pattern", "use {_} or {_=text} in it", "the pattern after `is` only checks; it cannot hold attributes")
			return nil
		}
	}
	if head, value, found := cutOutside(operands[last], " or "); found && head == "$data" && (value == "{}" || value == "[]") {
		operands[last], h.noData = head, value
	} else if found && strings.HasPrefix(text, "$") {
		operands[last] = head
		if h.standIn = c.standIn(pos, strings.TrimSpace(value)); h.standIn == nil {
			return nil
		}
	}
	if head, value, found := cutOutside(operands[last], " = "); found && strings.HasPrefix(text, "$") {
		if h.standIn != nil {
			c.fault(pos, "bad_hole", "keep one: `= text` if the text means that nothing is set, `or text` if it is a value like any other", "a hole has `=` or `or`, not both")
			return nil
		}
		operands[last], h.fallback, h.defaults = head, unquote(value), true
	}
	for i, one := range operands {
		one = unquote(one)
		if name, isHole := strings.CutPrefix(one, "$"); isHole && !isPattern(one) {
			t, conv, ok := c.attribute(pos, name)
			if !ok {
				return nil
			}
			h.readings = append(h.readings, reading{target: t, bit: t.bit(), conv: conv})
			continue
		}
		if !isPattern(one) {
			c.fault(pos, "bad_hole", "write $attribute, or a pattern such as 'text {$detail}'", "%q is neither an attribute nor a pattern", one)
			return nil
		}
		p := c.parsePattern(pos, one)
		if p == nil {
			return nil
		}
		if i == 0 && p.readOnly() && !c.readOnly {
			c.warn(pos, "lossy", "write {_=text} so that it can be written back, or {$read: …} where it need not be", "a bare {_} makes this place read-only")
		}
		h.readings = append(h.readings, reading{pattern: p})
	}
	return h
}

// standInHoles are the attributes that a text after `or` may hold: those that every
// response has that is written by the same row.
const standInHoles = set(1<<attrKind | 1<<attrReason | 1<<attrStatus | 1<<attrCode | 1<<attrFamily | 1<<attrPhrase)

// standIn reads what is written for an attribute that is not set: $phrase, a text, or
// a text with holes. It returns nil after a fault.
func (c *shapeCompiler) standIn(pos position, text string) *pattern {
	if name, isHole := strings.CutPrefix(text, "$"); isHole {
		text = "{$" + name + "}"
	}
	p := c.parsePattern(pos, unquote(text))
	if p == nil {
		return nil
	}
	if p.targets()&^standInHoles != 0 || p.readOnly() || len(p.parts) == 0 {
		c.fault(pos, "bad_hole", "write a text, or one with {$status}, {$phrase}, {$code}, {$family}, {$kind} or {$reason} in it",
			"the text after `or` must be known wherever the attribute is not set")
		return nil
	}
	return p
}

// splitOutside splits a text at a separator that stands neither in braces nor
// in an operand in quotes.
func splitOutside(s, separator string) (all []string) {
	for {
		head, rest, found := cutOutside(s, separator)
		all = append(all, head)
		if !found {
			return all
		}
		s = rest
	}
}

// cutOutside is strings.Cut at such a place.
func cutOutside(s, separator string) (head, rest string, found bool) {
	depth, start := 0, len(s)-len(strings.TrimLeft(s, " "))
	if start < len(s) && (s[start] == '\'' || s[start] == '"') {
		if end := strings.IndexByte(s[start+1:], s[start]); end >= 0 {
			start += end + 2
		}
	}
	for i := start; i < len(s); i++ {
		switch {
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case depth <= 0 && strings.HasPrefix(s[i:], separator):
			return s[:i], s[i+len(separator):], true
		}
	}
	return s, "", false
}

// attribute reads "field.path:pointer(#)".
func (c *shapeCompiler) attribute(pos position, text string) (t target, conv conversion, ok bool) {
	name, notation, _ := strings.Cut(text, ":")
	t, known := parseTarget(name)
	if known != nil {
		for def := range c.defs {
			known = append(known, def)
		}
		sortTexts(known)
		c.unknown(pos, "unknown_attribute", "attribute", name, known)
		return t, conv, false
	}
	if notation != "" {
		conv, ok = c.conversion(pos, notation, t)
		return t, conv, ok
	}
	if t.attr.counts() {
		conv = conversion{notation: integer} // a count is a number unless the file says otherwise
	}
	return t, conv, true
}

func (r *reporter) conversion(pos position, text string, t target) (conversion, bool) {
	c, message := parseConversion(text)
	switch message {
	case "":
		if ok, what := c.suits(t); !ok {
			r.fault(pos, "bad_place", "", "%s is for %s, not for %s", text, what, t)
			return c, false
		}
		return c, true
	case "unknown":
		name, _, _ := strings.Cut(text, "(")
		r.unknown(pos, "unknown_notation", "notation", name, notationNames[1:])
	default:
		r.fault(pos, "unknown_notation", "", "%s", message)
	}
	return c, false
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
