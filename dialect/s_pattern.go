package dialect

import (
	"bytes"
	"strings"
)

// pattern is a text with holes: "field '{$field}'", "{?{_=soap}:}{$code}". It
// is read from left to right, each hole up to the next place where the literal
// after it stands; there is no going back, so that its time is bounded by the
// length of the text. One with optional parts is read with all of them first,
// then without.
type pattern struct {
	parts    []part
	variants []*pattern // without optional parts, in the order in which they are tried; itself where it has none
}

// part is a literal, a skip, a hole, or an optional run of these.
type part struct {
	literal string
	skip    bool
	write   string // what a skip writes
	bare    bool   // a skip that writes nothing of its own
	hole    target
	conv    conversion
	group   []part // {?…}
}

const maxOptional = 3 // optional parts of a pattern: each doubles what is tried

func (p part) open() bool { return p.skip || p.hole.attr != attrNone }

// isPattern reports whether a text is one: {$name}, {_}, {_=text} or {?…} is in it.
func isPattern(s string) bool {
	return strings.Contains(s, "{$") || strings.Contains(s, "{_") || strings.Contains(s, "{?")
}

// parsePattern reads a pattern. It returns nil after a fault.
func (r *reporter) parsePattern(pos position, s string) *pattern {
	parts, ok := r.patternParts(pos, s, false)
	if !ok {
		return nil
	}
	p := &pattern{parts: parts}
	p.variants = variants(parts)
	if len(p.variants) > 1<<maxOptional {
		r.fault(pos, "bad_pattern", "make two alternatives of it with $either", "a pattern can have at most %d optional parts", maxOptional)
		return nil
	}
	for _, v := range p.variants {
		for i := 1; i < len(v.parts); i++ {
			if v.parts[i-1].open() && v.parts[i].open() {
				r.fault(pos, "touching_holes", "put the text that stands between them there", "two holes touch, so nothing says where the first one ends")
				return nil
			}
		}
	}
	return p
}

func (r *reporter) patternParts(pos position, s string, inside bool) (parts []part, ok bool) {
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
			r.fault(pos, "bad_pattern", "write {$detail} or {_=text}", "a { in the pattern has no }")
			return nil, false
		}
		inner := s[i+1 : i+end]
		s = s[i+end+1:]
		if text != "" {
			parts, text = append(parts, part{literal: text}), ""
		}
		one, ok := r.patternPart(pos, inner, inside)
		if !ok {
			return nil, false
		}
		parts = append(parts, one)
	}
	if text != "" {
		parts = append(parts, part{literal: text})
	}
	return parts, true
}

// closing is where the brace that s begins with is closed, -1 where it is not.
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

func (r *reporter) patternPart(pos position, inner string, inside bool) (p part, ok bool) {
	switch inner[0] {
	case '?':
		if inside {
			r.fault(pos, "bad_pattern", "put the two beside each other", "an optional part cannot stand in another")
			return p, false
		}
		p.group, ok = r.patternParts(pos, inner[1:], true)
		return p, ok
	case '_':
		write, has := strings.CutPrefix(inner, "_=")
		if !has && inner != "_" {
			r.fault(pos, "bad_pattern", "write {_} to skip, or {_=text} to skip and write text", "unknown skip {%s}", inner)
			return p, false
		}
		if has {
			return part{skip: true, write: write}, true
		}
		return part{skip: true, bare: true}, true
	}
	name, conv, _ := strings.Cut(inner[1:], ":")
	t, known := parseTarget(name)
	if known != nil {
		r.unknown(pos, "unknown_attribute", "attribute", name, known)
		return p, false
	}
	p.hole = t
	if conv != "" {
		p.conv, ok = r.conversion(pos, conv, t)
		return p, ok
	}
	return p, true
}

// variants are the patterns without optional parts that a run of parts stands
// for, those with more of them first. Literals beside each other become one.
func variants(parts []part) []*pattern {
	all := []*pattern{{}}
	for _, p := range parts {
		if p.group == nil {
			for _, v := range all {
				v.add(p)
			}
			continue
		}
		var both []*pattern
		for _, v := range all {
			with := &pattern{parts: append([]part(nil), v.parts...)}
			for _, g := range p.group {
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

func (p *pattern) add(one part) {
	if n := len(p.parts); one.literal != "" && n > 0 && p.parts[n-1].literal != "" {
		p.parts[n-1].literal += one.literal
		return
	}
	p.parts = append(p.parts, one)
}

// targets are the attributes that it reads.
func (p *pattern) targets() (s set) { return targetsOf(p.parts) }

func targetsOf(parts []part) (s set) {
	for _, p := range parts {
		if p.hole.attr != attrNone {
			s |= p.hole.bit()
		}
		s |= targetsOf(p.group)
	}
	return s
}

// readOnly reports that it cannot be written: a bare skip says nothing of what
// stood there.
func (p *pattern) readOnly() bool { return hasBare(p.parts) }

func hasBare(parts []part) bool {
	for _, p := range parts {
		if p.skip && p.bare {
			return true
		}
	}
	return false
}

// taken is a text that a hole of a pattern took.
type taken struct {
	hole target
	text []byte
}

// read fits text against the pattern and appends what its holes took. It
// reports false where the text does not fit.
func (p *pattern) read(text []byte, from clock, to []taken) ([]taken, bool) {
	for _, v := range p.variants {
		if all, ok := v.readFlat(text, from, to); ok {
			return all, true
		}
	}
	return to, false
}

// fold makes a guard of a pattern without holes: the case of letters does not matter.
func (p *pattern) fold() {
	for _, v := range p.variants {
		for i := range v.parts {
			v.parts[i].literal = strings.ToLower(v.parts[i].literal)
		}
	}
}

// fits reports that text fits a guard.
func (p *pattern) fits(text []byte) bool {
	_, ok := p.read(bytes.ToLower(text), nil, nil)
	return ok
}

func (p *pattern) readFlat(text []byte, from clock, to []taken) ([]taken, bool) {
	for i := 0; i < len(p.parts); i++ {
		now := &p.parts[i]
		if !now.open() {
			if len(text) < len(now.literal) || string(text[:len(now.literal)]) != now.literal {
				return to, false
			}
			text = text[len(now.literal):]
			continue
		}
		end := len(text)
		if i+1 < len(p.parts) {
			after := []byte(p.parts[i+1].literal)
			if i+2 == len(p.parts) {
				// The last literal ends the text, wherever else it stands.
				if !bytes.HasSuffix(text, after) {
					return to, false
				}
				end = len(text) - len(after)
			} else if end = bytes.Index(text, after); end < 0 {
				return to, false
			}
		}
		if now.hole.attr != attrNone {
			if end == 0 {
				return to, false
			}
			value, ok := now.conv.read(text[:end], from)
			if !ok {
				return to, false
			}
			if len(value) > 0 {
				to = append(to, taken{now.hole, value})
			}
		}
		text = text[end:]
	}
	return to, len(text) == 0
}

// canonical is the text it writes where no attribute fills it: its literals,
// and what its skips write.
func (p *pattern) canonical() string {
	var b strings.Builder
	for _, part := range p.parts {
		if part.group == nil {
			b.WriteString(part.literal + part.write)
		}
	}
	return b.String()
}
