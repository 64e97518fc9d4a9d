package dialect

import "strings"

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
