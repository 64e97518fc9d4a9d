package openapi

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxNesting bounds how deep a document may be nested.
const maxNesting = 1000

// parseJSON reads a document in JSON as the nodes of YAML, some ten times as fast as the
// parser of YAML does. It reports false for what is not JSON, which may still be YAML.
func parseJSON(text []byte) (*yaml.Node, bool) {
	p := &jsonParser{text: text, line: 1}
	p.blanks()
	if p.at == len(text) || text[p.at] != '{' || !utf8.Valid(text) {
		return nil, false
	}
	n := p.value(0)
	p.blanks()
	return n, n != nil && p.at == len(text)
}

// jsonParser reads JSON (RFC 8259). A method returns nil if the text is something else.
type jsonParser struct {
	text  []byte
	at    int
	line  int
	start int         // of the line
	slab  []yaml.Node // nodes are made by the thousand
}

func (p *jsonParser) node(kind yaml.Kind, tag string) *yaml.Node {
	if len(p.slab) == 0 {
		p.slab = make([]yaml.Node, 1024)
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.Kind, n.Tag, n.Line, n.Column = kind, tag, p.line, p.at-p.start+1
	return n
}

func (p *jsonParser) blanks() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '\n':
			p.line, p.start = p.line+1, p.at+1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.at++
	}
}

// next takes a byte if it is the next one that is no blank.
func (p *jsonParser) next(c byte) bool {
	p.blanks()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) value(depth int) *yaml.Node {
	p.blanks()
	if p.at == len(p.text) || depth > maxNesting {
		return nil
	}
	switch c := p.text[p.at]; {
	case c == '{':
		return p.members(p.node(yaml.MappingNode, "!!map"), depth)
	case c == '[':
		return p.elements(p.node(yaml.SequenceNode, "!!seq"), depth)
	case c == '"':
		return p.string()
	case c == 't':
		return p.word("true", "!!bool")
	case c == 'f':
		return p.word("false", "!!bool")
	case c == 'n':
		return p.word("null", "!!null")
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return nil
}

func (p *jsonParser) members(n *yaml.Node, depth int) *yaml.Node {
	p.at++
	n.Style = yaml.FlowStyle
	if p.next('}') {
		return n
	}
	for {
		p.blanks()
		if p.at == len(p.text) || p.text[p.at] != '"' {
			return nil
		}
		key := p.string()
		if key == nil || !p.next(':') {
			return nil
		}
		value := p.value(depth + 1)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, key, value)
		if p.next('}') {
			return n
		}
		if !p.next(',') {
			return nil
		}
	}
}

func (p *jsonParser) elements(n *yaml.Node, depth int) *yaml.Node {
	p.at++
	n.Style = yaml.FlowStyle
	if p.next(']') {
		return n
	}
	for {
		value := p.value(depth + 1)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, value)
		if p.next(']') {
			return n
		}
		if !p.next(',') {
			return nil
		}
	}
}

func (p *jsonParser) word(word, tag string) *yaml.Node {
	if !strings.HasPrefix(string(p.text[p.at:min(p.at+len(word), len(p.text))]), word) {
		return nil
	}
	n := p.node(yaml.ScalarNode, tag)
	n.Value = word
	p.at += len(word)
	return n
}

func (p *jsonParser) digits() bool {
	from := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at > from
}

func (p *jsonParser) number() *yaml.Node {
	n, from := p.node(yaml.ScalarNode, "!!int"), p.at
	if p.text[p.at] == '-' {
		p.at++
	}
	first := p.at
	if !p.digits() || p.text[first] == '0' && p.at-first > 1 {
		return nil
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		n.Tag = "!!float"
		if p.at++; !p.digits() {
			return nil
		}
	}
	if p.at < len(p.text) && (p.text[p.at] == 'e' || p.text[p.at] == 'E') {
		n.Tag = "!!float"
		if p.at++; p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		if !p.digits() {
			return nil
		}
	}
	n.Value = string(p.text[from:p.at])
	return n
}

func (p *jsonParser) string() *yaml.Node {
	n := p.node(yaml.ScalarNode, "!!str")
	n.Style = yaml.DoubleQuotedStyle
	p.at++
	from := p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			n.Value = string(p.text[from:p.at])
			p.at++
			return n
		case c == '\\':
			return p.escaped(n, from)
		case c < ' ':
			return nil
		}
		p.at++
	}
	return nil
}

// escaped reads a text from its first escape on.
func (p *jsonParser) escaped(n *yaml.Node, from int) *yaml.Node {
	var b strings.Builder
	b.Write(p.text[from:p.at])
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == '"':
			n.Value = b.String()
			return n
		case c < ' ':
			return nil
		case c != '\\':
			b.WriteByte(c)
			continue
		}
		if p.at == len(p.text) {
			return nil
		}
		e := p.text[p.at]
		p.at++
		if e == 'u' {
			r, ok := p.unicode()
			if !ok {
				return nil
			}
			b.WriteRune(r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, e)
		if i < 0 {
			return nil
		}
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
	}
	return nil
}

// unicode reads the digits of an escape, and a second one if the first is half a character.
func (p *jsonParser) unicode() (rune, bool) {
	r, ok := p.hex()
	if !ok || !utf16.IsSurrogate(r) {
		return r, ok
	}
	if p.at+1 < len(p.text) && p.text[p.at] == '\\' && p.text[p.at+1] == 'u' {
		p.at += 2
		low, ok := p.hex()
		return utf16.DecodeRune(r, low), ok
	}
	return utf8.RuneError, true
}

func (p *jsonParser) hex() (r rune, ok bool) {
	if p.at+4 > len(p.text) {
		return 0, false
	}
	for _, c := range p.text[p.at : p.at+4] {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 || c < '0' || c > '9' && c < 'A' {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	p.at += 4
	return r, true
}
