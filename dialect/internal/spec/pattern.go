package spec

import (
	"bytes"
	"slices"
	"strings"
)

// Pattern is a text with holes: "field '{$field}'", "{?{_=soap}:}{$code}". It is
// read from left to right. A hole ends at the next place of the literal after it.
// There is no going back, so that the time is bounded by the length of the text. A
// pattern with optional parts is read with all of them first, then without.
type Pattern struct {
	Parts    []Part
	variants []*Pattern // without optional parts, in the order in which they are tried; itself where it has none
}

// Part is a literal, a skip, a hole, or an optional run of these.
type Part struct {
	Literal string
	skip    bool
	Write   string // what a skip writes
	bare    bool   // a skip that writes nothing of its own
	Hole    Target
	Conv    Conversion
	Group   []Part // {?…}
	raw     string // a hole or a skip as it is written
}

const maxOptional = 3 // optional parts of a pattern: each doubles what is tried

// Open reports that a part takes a text that is not known beforehand.
func (p Part) Open() bool { return p.skip || p.Hole.Attr != AttrNone }

// isPattern reports whether a text is one: {$name}, {_}, {_=text} or {?…} is in it.
func isPattern(s string) bool {
	return strings.Contains(s, "{$") || strings.Contains(s, "{_") || strings.Contains(s, "{?")
}

// parsePattern reads a pattern. It returns nil after a fault.
func (r *Reporter) parsePattern(pos Position, s string) *Pattern {
	parts, ok := r.patternParts(pos, s, false)
	if !ok {
		return nil
	}
	p := &Pattern{Parts: parts}
	p.variants = variants(parts)
	if len(p.variants) > 1<<maxOptional {
		r.Fault(pos, "bad_pattern", "split it into alternatives with $either", "a pattern can have at most %d optional parts", maxOptional)
		return nil
	}
	for _, v := range p.variants {
		for i := 1; i < len(v.Parts); i++ {
			if v.Parts[i-1].Open() && v.Parts[i].Open() {
				first, second := v.Parts[i-1].raw, v.Parts[i].raw
				r.Fault(r.Inside(pos, first+second), "touching_holes", "write the text between them", "the holes %s and %s touch, so the end of the first one is unknown", first, second)
				return nil
			}
		}
	}
	return p
}

func (r *Reporter) patternParts(pos Position, s string, inside bool) (parts []Part, ok bool) {
	text := ""
	for s != "" {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 == len(s) || !strings.ContainsRune("$_?", rune(s[i+1])) {
			// No brace, or one of the text itself.
			n := len(s)
			if i >= 0 {
				n = i + 1
			}
			text, s = text+s[:n], s[n:]
			continue
		}
		text += s[:i]
		end := closing(s[i:])
		if end < 0 {
			r.Fault(pos, "bad_pattern", "write {$detail} or {_=text}", "the pattern has a { without its }")
			return nil, false
		}
		inner := s[i+1 : i+end]
		s = s[i+end+1:]
		if text != "" {
			parts, text = append(parts, Part{Literal: text}), ""
		}
		one, ok := r.patternPart(pos, inner, inside)
		if !ok {
			return nil, false
		}
		one.raw = "{" + inner + "}"
		parts = append(parts, one)
	}
	if text != "" {
		parts = append(parts, Part{Literal: text})
	}
	for _, p := range parts {
		if name := bareAttribute(p.Literal); name != "" {
			r.Warn(pos, "constant_attribute", "write {$"+name+"}", "$%s has no braces, so it is a part of the text", name)
		}
	}
	return parts, true
}

// closing is the place at which the first brace of s is closed, -1 if it is not closed.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (r *Reporter) patternPart(pos Position, inner string, inside bool) (p Part, ok bool) {
	switch inner[0] {
	case '?':
		if inside {
			r.Fault(pos, "bad_pattern", "put one after the other", "an optional part cannot contain another one")
			return p, false
		}
		p.Group, ok = r.patternParts(pos, inner[1:], true)
		return p, ok
	case '_':
		write, has := strings.CutPrefix(inner, "_=")
		if !has && inner != "_" {
			r.Fault(pos, "bad_pattern", "write {_} to skip, or {_=text} to skip and write text", "unknown skip {%s}", inner)
			return p, false
		}
		if has {
			return Part{skip: true, Write: write}, true
		}
		return Part{skip: true, bare: true}, true
	}
	name, conv, _ := strings.Cut(inner[1:], ":")
	t, known := ParseTarget(name)
	if known != nil {
		r.Unknown(pos, "unknown_attribute", "attribute", name, known)
		return p, false
	}
	p.Hole = t
	if conv != "" {
		p.Conv, ok = r.conversion(pos, conv, t)
		return p, ok
	}
	return p, true
}

// variants are all combinations of the optional parts, as patterns without optional parts.
// Those with more parts come first. Adjacent literals become one.
func variants(parts []Part) []*Pattern {
	all := []*Pattern{{}}
	for _, p := range parts {
		if p.Group == nil {
			for _, v := range all {
				v.add(p)
			}
			continue
		}
		var both []*Pattern
		for _, v := range all {
			with := &Pattern{Parts: append([]Part(nil), v.Parts...)}
			for _, g := range p.Group {
				with.add(g)
			}
			both = append(both, with)
		}
		all = append(both, all...)
		if len(all) > 2<<maxOptional {
			return all // too many: the caller says so
		}
	}
	return all
}

func (p *Pattern) add(one Part) {
	if n := len(p.Parts); one.Literal != "" && n > 0 && p.Parts[n-1].Literal != "" {
		p.Parts[n-1].Literal += one.Literal
		return
	}
	p.Parts = append(p.Parts, one)
}

// Targets are the attributes that it reads.
func (p *Pattern) Targets() (s Set) { return targetsOf(p.Parts) }

func targetsOf(parts []Part) (s Set) {
	for _, p := range parts {
		if p.Hole.Attr != AttrNone {
			s |= p.Hole.Bit()
		}
		s |= targetsOf(p.Group)
	}
	return s
}

// readOnly reports that the pattern cannot be written, because it skips a text without
// giving one to write.
func (p *Pattern) readOnly() bool { return HasBare(p.Parts) }

// HasBare reports that one of the parts skips a text and writes nothing for it.
func HasBare(parts []Part) bool {
	for _, p := range parts {
		if p.skip && p.bare {
			return true
		}
	}
	return false
}

// Taken is a text that a hole of a pattern took.
type Taken struct {
	Hole Target
	Text []byte
}

// Read fits text against the pattern and appends what its holes took. It
// reports false if the text does not fit.
func (p *Pattern) Read(text []byte, from Clock, to []Taken) ([]Taken, bool) {
	for _, v := range p.variants {
		if all, ok := v.readFlat(text, from, to); ok {
			return all, true
		}
	}
	return to, false
}

// fold makes a pattern without holes ignore the case of letters, for a guard.
func (p *Pattern) fold() {
	for _, v := range p.variants {
		for i := range v.Parts {
			v.Parts[i].Literal = strings.ToLower(v.Parts[i].Literal)
		}
	}
}

// Fits reports that text fits a guard.
func (p *Pattern) Fits(text []byte) bool {
	_, ok := p.Read(bytes.ToLower(text), nil, nil)
	return ok
}

func (p *Pattern) readFlat(text []byte, from Clock, to []Taken) ([]Taken, bool) {
	for i := 0; i < len(p.Parts); i++ {
		now := &p.Parts[i]
		if !now.Open() {
			if len(text) < len(now.Literal) || string(text[:len(now.Literal)]) != now.Literal {
				return to, false
			}
			text = text[len(now.Literal):]
			continue
		}
		end := len(text)
		if i+1 < len(p.Parts) {
			after := []byte(p.Parts[i+1].Literal)
			if i+2 == len(p.Parts) {
				// The last literal ends the text, wherever else it stands.
				if !bytes.HasSuffix(text, after) {
					return to, false
				}
				end = len(text) - len(after)
			} else if end = bytes.Index(text, after); end < 0 {
				return to, false
			}
		}
		if now.Hole.Attr != AttrNone {
			if end == 0 {
				return to, false
			}
			value, ok := now.Conv.Read(text[:end], from)
			if !ok {
				return to, false
			}
			if len(value) > 0 {
				to = append(to, Taken{now.Hole, value})
			}
		}
		text = text[end:]
	}
	return to, len(text) == 0
}

// Canonical is the text it writes if no attribute fills it: its literals, and what
// its skips write.
func (p *Pattern) Canonical() string {
	var b strings.Builder
	for _, part := range p.Parts {
		if part.Group == nil {
			b.WriteString(part.Literal + part.Write)
		}
	}
	return b.String()
}

// FitsPart reports that a pattern fits a part of a text, but not all of it.
func (p *Pattern) FitsPart(text []byte, from Clock) bool {
	if _, fits := p.Read(text, from, nil); fits {
		return false
	}
	for _, v := range p.variants {
		around := &Pattern{Parts: v.Parts}
		if n := len(v.Parts); n > 0 && !v.Parts[n-1].Open() {
			around.Parts = append(slices.Clone(around.Parts), Part{skip: true, bare: true})
		}
		if len(v.Parts) > 0 && !v.Parts[0].Open() {
			around.Parts = append([]Part{{skip: true, bare: true}}, around.Parts...)
		}
		if _, fits := around.readFlat(text, from, nil); fits {
			return true
		}
	}
	return false
}
