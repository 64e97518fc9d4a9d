package dialect

import (
	"bytes"
	"strings"
)

// pattern is a text with holes: "field '{$field}'", "{_=soap}:{$code}". It is
// read from left to right, each hole up to the next place where the literal
// after it stands; there is no going back, so that its time is bounded by the
// length of the text.
type pattern struct {
	parts []part
}

// part is a literal, a skip or a hole.
type part struct {
	literal string
	skip    bool
	write   string // what a skip writes
	bare    bool   // a skip that writes nothing of its own
	hole    target
	conv    conversion
}

func (p part) open() bool { return p.skip || p.hole.attr != attrNone }

// isPattern reports whether a text is one: {$name}, {_} or {_=text} is in it.
func isPattern(s string) bool { return strings.Contains(s, "{$") || strings.Contains(s, "{_") }

// parsePattern reads a pattern. A fault is returned as rule and message.
func (r *reporter) parsePattern(pos position, s string) *pattern {
	p := &pattern{}
	for s != "" {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 == len(s) || s[i+1] != '$' && s[i+1] != '_' {
			if i >= 0 && i+1 < len(s) {
				i++ // a brace of the text itself
				j := strings.IndexByte(s[i:], '{')
				if j < 0 {
					i = len(s)
				} else {
					i += j
				}
			} else {
				i = len(s)
			}
			p.literal(s[:i])
			s = s[i:]
			continue
		}
		p.literal(s[:i])
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			r.fault(pos, "bad_pattern", "write {$detail} or {_=text}", "a { in the pattern has no }")
			return nil
		}
		inner := s[i+1 : i+end]
		s = s[i+end+1:]
		var next part
		if inner[0] == '_' {
			write, has := strings.CutPrefix(inner, "_=")
			if !has && inner != "_" {
				r.fault(pos, "bad_pattern", "write {_} to skip, or {_=text} to skip and write text", "unknown skip {%s}", inner)
				return nil
			}
			next = part{skip: true, bare: !has}
			if has {
				next.write = write
			}
		} else {
			name, conv, _ := strings.Cut(inner[1:], ":")
			t, known := parseTarget(name)
			if known != nil {
				r.unknown(pos, "unknown_attribute", "attribute", name, known)
				return nil
			}
			next = part{hole: t}
			if conv != "" {
				c, ok := r.conversion(pos, conv)
				if !ok {
					return nil
				}
				next.conv = c
			}
		}
		if n := len(p.parts); n > 0 && p.parts[n-1].open() {
			r.fault(pos, "touching_holes", "put the text that stands between them there", "two holes touch, so nothing says where the first one ends")
			return nil
		}
		p.parts = append(p.parts, next)
	}
	return p
}

func (p *pattern) literal(s string) {
	if s == "" {
		return
	}
	if n := len(p.parts); n > 0 && p.parts[n-1].literal != "" {
		p.parts[n-1].literal += s
		return
	}
	p.parts = append(p.parts, part{literal: s})
}

// targets are the attributes that it reads.
func (p *pattern) targets() (s set) {
	for _, part := range p.parts {
		if part.hole.attr != attrNone {
			s |= part.hole.bit()
		}
	}
	return s
}

// readOnly reports that it cannot be written: a bare skip says nothing of what
// stood there.
func (p *pattern) readOnly() bool {
	for _, part := range p.parts {
		if part.skip && part.bare {
			return true
		}
	}
	return false
}

// read fits text against the pattern and calls bind for every hole. It reports
// false where the text does not fit; what was bound until then is to be
// forgotten.
func (p *pattern) read(text []byte, bind func(part, []byte) bool) bool {
	for i := 0; i < len(p.parts); i++ {
		now := p.parts[i]
		if !now.open() {
			if !bytes.HasPrefix(text, []byte(now.literal)) {
				return false
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
					return false
				}
				end = len(text) - len(after)
			} else if end = bytes.Index(text, after); end < 0 {
				return false
			}
		}
		if now.hole.attr != attrNone && (end == 0 || !bind(now, text[:end])) {
			return false
		}
		text = text[end:]
	}
	return len(text) == 0
}

// canonical is the text it writes where no attribute fills it: its literals,
// and what its skips write.
func (p *pattern) canonical() string {
	var b strings.Builder
	for _, part := range p.parts {
		b.WriteString(part.literal + part.write)
	}
	return b.String()
}
