package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Reading is one way to take a text: as an attribute, or by a pattern.
type Reading struct {
	Target  Target
	Bit     Set // of the target
	Conv    Conversion
	Pattern *Pattern // nil if the whole text is the attribute
	Extra   string   // the name of an AttrExtra
}

// Targets are the attributes that a reading gives.
func (r Reading) Targets() Set {
	if r.Pattern != nil {
		return r.Pattern.Targets()
	}
	return r.Target.Bit()
}

// structured reports that it, or a part of its pattern, is a list and no text.
func (r Reading) structured() bool {
	return r.Conv.Structured() || r.Pattern != nil && slices.ContainsFunc(r.Pattern.Parts, func(p Part) bool { return p.Conv.Structured() })
}

// needed are the targets that must be set for it to be written.
func (r Reading) needed() Set {
	if r.Pattern == nil {
		return r.Targets()
	}
	var s Set
	for _, p := range r.Pattern.Parts {
		if p.Hole.Attr != AttrNone {
			s |= p.Hole.Bit()
		}
	}
	return s
}

// Hole is a place of a shape that names attributes: $code:int = 0, or
// $detail & $field.message. The first reading is written; the others are copies of
// the same text.
type Hole struct {
	Readings []Reading
	Fallback string   // the value that stands for "unset", and is written for it
	Defaults bool     // fallback is given
	Plain    bool     // every reading is the whole text as it is
	Shared   bool     // it gives one text to a record and to the whole
	Sole     bool     // see sole
	Unused   bool     // it is the status of the whole, which is the transport's
	Guard    *Pattern // the text must fit it; its canonical text is written if the attribute does not
	StandIn  *Pattern // what is written for an attribute that is not set, and read as it stands; nil for nothing
	Worded   bool     // it takes no number: see typed
	Numeric  bool     // it takes no text: see typed
	NoData   string   // what is written for $data that is not set: {} or []; "" for null
}

// Noted reports that the hole takes any text in its notation. A text that does not fit it
// is then a fault of the response, and not the mark of another shape.
func (h *Hole) Noted() bool { return h.Guard == nil && h.Readings[0].Pattern == nil }

// Refuses reports that the hole takes no value of this kind, although others would.
func (h *Hole) Refuses(kind tree.Kind) bool {
	return h.Worded && kind == tree.Number || h.Numeric && kind == tree.Text
}

// IsStatus reports that a hole is the status of the whole, as a number and nothing else.
func (h *Hole) IsStatus() bool {
	first := &h.Readings[0]
	return first.Target == Target{Whole, AttrStatus} && first.Conv.Notation == Integer && !h.Defaults
}

// hole reads "$a:int & $b & 'pattern' = default", "$a or 'text'" and "$a is 'pattern'".
// It returns nil after a fault.
func (c *shapeCompiler) hole(pos Position, text string) *Hole {
	h := &Hole{}
	operands := splitOutside(text, " & ")
	first := strings.TrimSpace(operands[0])
	if head, guard, found := cutOutside(first, " is "); found && len(operands) > 1 && strings.HasPrefix(first, "$") {
		c.Fault(pos, "bad_hole", "write "+head+" & "+strings.Join(operands[1:], " & ")+" is "+guard, "`is` comes last, after all attributes and patterns")
		return nil
	}
	if whole := unquote(text); whole != text && strings.HasPrefix(whole, "$") || first != unquote(first) && strings.HasPrefix(unquote(first), "$") {
		c.Fault(pos, "bad_hole", "write it without these quotes", "the quotes make a literal text of %s", unquote(first))
		return nil
	}
	if len(operands) > 1 && isPattern(first) && first == unquote(first) {
		c.Fault(pos, "bad_hole", "put it in quotes: '"+first+"' & "+strings.Join(operands[1:], " & "), "a pattern before & needs quotes, because & could be a part of it")
		return nil
	}
	if !strings.HasPrefix(text, "$") {
		h.emptyData(operands)
	} else if !c.ending(pos, h, operands) {
		return nil
	}
	for i, one := range operands {
		one = unquote(one)
		if name, isHole := strings.CutPrefix(one, "$"); isHole && !isPattern(one) {
			t, conv, ok := c.attribute(pos, name)
			if !ok {
				return nil
			}
			name, _, _ = strings.Cut(name, ":")
			extra, _ := strings.CutPrefix(name, extraPrefix)
			if t.Attr != AttrExtra {
				extra = ""
			}
			h.Readings = append(h.Readings, Reading{Target: t, Bit: t.Bit(), Conv: conv, Extra: extra})
			continue
		}
		if !isPattern(one) {
			c.Fault(pos, "bad_hole", "write $attribute, or a pattern such as 'text {$detail}'", "%q is neither an attribute nor a pattern", one)
			return nil
		}
		p := c.parsePattern(pos, one)
		if p == nil {
			return nil
		}
		if i > 0 && p.Targets() == 0 {
			c.readsNothing(pos, operands, i)
			return nil
		}
		if i == 0 && p.readOnly() && !c.readOnly {
			c.Warn(pos, "lossy", "write {_=text} if it is also written, or {$read: …} if it is only read", "{_} without a text makes this place read-only")
		}
		h.Readings = append(h.Readings, Reading{Pattern: p})
	}
	c.invented(pos, h)
	if !c.repeated && c.inside == nil {
		h.order()
	}
	return h
}

// invents reports that the text of a guard is written as a code that nobody knows.
func (h *Hole) invents() bool {
	return h.Guard != nil && h.Guard.readOnly() && slices.ContainsFunc(h.Readings, func(r Reading) bool {
		return r.Pattern == nil && (r.Target.Attr == AttrCode || r.Target.Attr == AttrFamily)
	})
}

// readsNothing refuses a pattern beside an attribute that names none.
func (c *shapeCompiler) readsNothing(pos Position, operands []string, i int) {
	one := unquote(operands[i])
	rest := strings.Join(slices.Delete(slices.Clone(operands), i, i+1), " & ")
	c.Fault(pos, "bad_hole", "write "+rest+" is "+strconv.Quote(one)+" if only such a text fits, or leave the pattern out", "the pattern %q reads nothing, and without `is` it is no condition", one)
}

// invented warns of a text that is written as a code.
func (c *shapeCompiler) invented(pos Position, h *Hole) {
	if h.invents() && !c.readOnly {
		c.Warn(pos, "lossy", "write {_=text} with the rest of a code that is written without one, or {$read: …} if it is only read", "a code that does not fit is written as %q, because {_} has no text", h.Guard.Canonical())
	}
}

// Others reports that the hole gives the whole or an item the first of several texts, and
// notes of the others: $detail & $note.
func (h *Hole) Others() bool {
	if len(h.Readings) != 2 || h.Readings[0].Pattern != nil || h.Readings[1].Pattern != nil {
		return false
	}
	first, note := h.Readings[0].Target, h.Readings[1].Target
	return first.Owner == note.Owner && first.Attr != AttrNote && note.Attr == AttrNote
}

// below reports that the hole reads the rest of a path.
func (h *Hole) below() bool {
	return slices.ContainsFunc(h.Readings, func(r Reading) bool {
		return r.Target.Attr == AttrBelow || r.Pattern != nil && slices.ContainsFunc(r.Pattern.Parts, func(p Part) bool { return p.Hole.Attr == AttrBelow })
	})
}

// order puts the attributes of the whole before those of a Field. Outside of a repetition
// there is one text for both, which means the same in whatever order they are written.
func (h *Hole) order() {
	if slices.ContainsFunc(h.Readings, func(r Reading) bool { return r.Pattern != nil || r.Conv.Notation != Plain }) {
		return
	}
	slices.SortStableFunc(h.Readings, func(a, b Reading) int {
		return Btoi(a.Target.Owner == Field && b.Target.Owner == Whole) - Btoi(b.Target.Owner == Field && a.Target.Owner == Whole)
	})
}

// ending cuts the part after the readings off the last operand: is 'pattern', or 'text',
// and = default. It returns false after a fault.
func (c *shapeCompiler) ending(pos Position, h *Hole, operands []string) bool {
	last := &operands[len(operands)-1]
	if head, guard, found := cutOutside(*last, " is "); found {
		if *last = head; len(operands) > 1 && guard == unquote(guard) {
			c.Fault(pos, "bad_hole", "if `is` belongs to the pattern, put all of it in quotes; if not, put quotes around the part before `is`", "` is ` may belong to the pattern before it")
			return false
		}
		if h.Guard = c.guard(pos, guard); h.Guard == nil {
			return false
		}
	}
	if head, value, found := cutOutside(*last, " or "); found && !h.emptyData(operands) {
		*last = head
		if first, rest, more := cutOutside(strings.TrimSpace(value), " or "); more {
			c.Fault(pos, "bad_hole", "put quotes around the text if the second `or` is a part of it", "only one text can follow `or`: %q is followed by %q", first, rest)
			return false
		}
		if h.StandIn = c.standIn(pos, strings.TrimSpace(value)); h.StandIn == nil {
			return false
		}
	}
	if head, value, found := cutOutside(*last, " = "); found {
		if h.StandIn != nil {
			c.Fault(pos, "bad_hole", "write `= text` if the text means that nothing is set, or `or text` if it is a normal value", "a hole cannot have both `=` and `or`")
			return false
		}
		*last, h.Fallback, h.Defaults = head, unquote(value), true
	}
	return true
}

// emptyData cuts the text for a payload that is not set off the last operand: $data or {},
// $data or [].
func (h *Hole) emptyData(operands []string) bool {
	last := &operands[len(operands)-1]
	head, value, _ := cutOutside(*last, " or ")
	if head != "$data" || value != "{}" && value != "[]" {
		return false
	}
	*last, h.NoData = head, value
	return true
}

// guard reads the pattern after is. It returns nil after a fault.
func (c *shapeCompiler) guard(pos Position, text string) *Pattern {
	if first, rest, more := cutOutside(strings.TrimSpace(text), " or "); more && unquote(first) != first {
		c.Fault(pos, "bad_hole", "write {$either: [first, second]} with a text in each", "only one text can follow `is`, not also %s", rest)
		return nil
	}
	text = unquote(text)
	p := c.parsePattern(pos, text)
	if p == nil {
		return nil
	}
	p.fold()
	if p.Targets() != 0 {
		c.Fault(pos, "bad_pattern", "use {_} or {_=text} in it", "the pattern after `is` only checks, so it cannot contain attributes")
		return nil
	}
	return p
}

// standInHoles are the attributes that a text after `or` may contain: each response by the
// same row has them.
const standInHoles = Set(1<<AttrKind | 1<<AttrReason | 1<<AttrStatus | 1<<AttrCode | 1<<AttrFamily | 1<<AttrPhrase)

// standIn reads the text for an attribute that is not set: $phrase, a text, or a text with
// holes. It returns nil after a fault.
func (c *shapeCompiler) standIn(pos Position, text string) *Pattern {
	if name, isHole := strings.CutPrefix(text, "$"); isHole {
		text = "{$" + name + "}"
	}
	p := c.parsePattern(pos, unquote(text))
	if p == nil {
		return nil
	}
	if p.Targets()&^standInHoles != 0 || p.readOnly() || len(p.Parts) == 0 {
		c.Fault(pos, "bad_hole", "write a text, or one with {$status}, {$phrase}, {$code}, {$family}, {$kind} or {$reason} in it",
			"the text after `or` can contain only attributes that are always known")
		return nil
	}
	return p
}

// splitOutside splits a text at a separator outside of braces and of operands in quotes.
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

// cutOutside is strings.Cut at the first such separator.
func cutOutside(s, separator string) (head, rest string, found bool) {
	depth := 0
	for i := 0; i < len(s); i++ {
		if (s[i] == '\'' || s[i] == '"') && (i == 0 || s[i-1] == ' ') && depth <= 0 {
			if i += quoted(s[i:]); i >= len(s) {
				break
			}
		}
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

// extraPrefix begins the name of what a vendor adds.
const extraPrefix = "extra."

// isExtraName reports that an extra can have such a name.
func isExtraName(s string) bool {
	return s != "" && len(s) <= MaxKey && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// attribute reads "field.path:pointer(#)".
func (c *shapeCompiler) attribute(pos Position, text string) (t Target, conv Conversion, ok bool) {
	name, notation, _ := strings.Cut(text, ":")
	t, known := ParseTarget(name)
	if extra, is := strings.CutPrefix(name, extraPrefix); is {
		if t, known = (Target{Attr: AttrExtra}), nil; !isExtraName(extra) {
			c.Fault(pos, "unknown_attribute", "write $extra.decline_code", "%q is no name: an extra has a name of letters, digits, hyphens and underscores", extra)
			return t, conv, false
		}
	}
	if known != nil {
		for def := range c.defs {
			known = append(known, def)
		}
		sortTexts(known)
		c.Unknown(pos, "unknown_attribute", "attribute", name, known)
		return t, conv, false
	}
	if notation != "" {
		conv, ok = c.conversion(pos, notation, t)
		return t, conv, ok
	}
	if t.Attr.Counts() {
		conv = Conversion{Notation: Integer} // a count is a number unless the file says otherwise
	}
	return t, conv, true
}

func (r *Reporter) conversion(pos Position, text string, t Target) (Conversion, bool) {
	c, message := parseConversion(text)
	switch message {
	case "":
		if ok, what := c.suits(t); !ok {
			r.Fault(pos, "bad_place", "", "%s is only for %s, not for %s", text, what, t)
			return c, false
		}
		return c, true
	case "unknown":
		name, _, _ := strings.Cut(text, "(")
		r.Unknown(pos, "unknown_notation", "notation", name, NotationNames[1:])
	default:
		r.Fault(pos, "unknown_notation", c.slashes(), "%s", message)
	}
	return c, false
}

// quoted is the length of the operand in quotes that a text begins with; 0 if the quotes are
// not closed. A backslash before a quote makes it one of the operand.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

// unquote is a text without the quotes around it, and without the backslashes before those
// inside.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '\'' && s[0] != '"' || s[len(s)-1] != s[0] {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], `\`+s[:1], s[:1])
}
