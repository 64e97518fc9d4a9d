package jsonl

import (
	"bytes"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// Parser reads recorded responses, one JSON object a line, as encoding/json reads them, in
// memory that it uses again. It leaves unusual lines to encoding/json, which also knows how
// to complain. Unusual are another spelling of a name, a name twice, a value of a wrong
// type, and bytes that are not UTF-8. It is for one goroutine.
type Parser struct {
	Line
	line []byte
	at   int

	texts map[string]string // texts that come back, such as the names of headers
	names map[string]string // headers' names as they are spelt, and the canonical form
	body2 []byte            // the body without its escapes
	text2 []byte
}

// Line is one recorded response. Its header fields and its body are good until the next
// line is read.
type Line struct {
	Dialect, Method, Path string
	Status                int // 0 if it is missing
	Headers, Request      Header
	Body                  []byte
	Raw                   bool  // the body is not a text, but JSON as it is
	Has                   uint8 // the members that the line has
}

// members are the names that a line may have. The bit of each is 1 << its place.
var members = [...]string{"dialect", "method", "path", "status", "headers", "body", "request_headers"}

// The members of a line that are not null, as bits of Has.
const (
	HasDialect uint8 = 1 << iota
	HasMethod
	HasPath
	HasStatus
	HasHeaders
	HasBody
	HasRequest
)

// mostTexts bounds what is kept between lines.
const mostTexts = 4096

// Header is a few fields, of which any can be asked for.
type Header struct{ names, values []string }

// Len is how many values there are.
func (h *Header) Len() int { return len(h.values) }

// Values is what a dialect.Header has. It shares memory with the header.
func (h *Header) Values(name string) []string {
	from := slices.Index(h.names, name)
	if from < 0 {
		return nil
	}
	to := from + 1
	for to < len(h.names) && h.names[to] == name {
		to++
	}
	found := h.values[from:to:to]
	for i := to; i < len(h.names); i++ { // two spellings of a name, and others between them
		if h.names[i] == name {
			found = append(found, h.values[i])
		}
	}
	return found
}

// NewParser makes a Parser.
func NewParser() *Parser {
	return &Parser{texts: map[string]string{}, names: map[string]string{}}
}

// Parse reads a line. It reports false for one that it leaves to encoding/json.
func (p *Parser) Parse(line []byte) bool {
	if !utf8.Valid(line) {
		return false
	}
	p.line, p.at, p.Has, p.Body, p.Raw, p.Status = line, 0, 0, nil, false, 0
	p.Dialect, p.Method, p.Path = "", "", ""
	p.Headers.names, p.Headers.values = p.Headers.names[:0], p.Headers.values[:0]
	p.Request.names, p.Request.values = p.Request.names[:0], p.Request.values[:0]
	p.body2 = p.body2[:0]
	if !p.take('{') {
		return false
	}
	if !p.take('}') {
		for {
			if !p.member() {
				return false
			}
			if p.take(',') {
				continue
			}
			if p.take('}') {
				break
			}
			return false
		}
	}
	p.space()
	return p.at == len(p.line)
}

func (p *Parser) member() bool {
	p.space()
	name, ok := p.raw()
	if !ok || !p.take(':') {
		return false
	}
	place := slices.IndexFunc(members[:], func(known string) bool { return known == string(name) })
	if place < 0 {
		return !similar(name) && p.skip(0)
	}
	bit := uint8(1) << place
	if p.Has&bit != 0 {
		return false // of two the last one counts, and encoding/json knows how
	}
	p.space()
	if p.at < len(p.line) && p.line[p.at] == 'n' {
		return p.word("null") // the same as nothing said
	}
	p.Has |= bit
	return p.value(bit)
}

// value reads the value of a member.
func (p *Parser) value(bit uint8) (ok bool) {
	switch bit {
	case HasDialect:
		p.Dialect, ok = p.kept()
	case HasMethod:
		p.Method, ok = p.kept()
	case HasPath:
		p.Path, ok = p.kept()
	case HasStatus:
		p.Status, ok = p.number()
	case HasHeaders:
		ok = p.fields(&p.Headers)
	case HasRequest:
		ok = p.fields(&p.Request)
	case HasBody:
		if p.at < len(p.line) && p.line[p.at] != '"' {
			from := p.at
			ok = p.skip(0)
			p.Body, p.Raw = p.line[from:p.at], true
			break
		}
		p.Body, p.body2, ok = p.unescaped(p.body2)
	}
	return ok
}

// similar reports a name that encoding/json takes for one of ours: it does not
// look at the case.
func similar(name []byte) bool {
	for _, known := range members {
		if len(name) >= len(known) && strings.EqualFold(string(name), known) {
			return true
		}
	}
	return bytes.IndexByte(name, '\\') >= 0
}

func (p *Parser) space() {
	for p.at < len(p.line) && (p.line[p.at] == ' ' || p.line[p.at] == '\t' || p.line[p.at] == '\r' || p.line[p.at] == '\n') {
		p.at++
	}
}

func (p *Parser) take(c byte) bool {
	p.space()
	if p.at < len(p.line) && p.line[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *Parser) word(w string) bool {
	if !bytes.HasPrefix(p.line[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

// raw is a text as it stands, between its quotes.
func (p *Parser) raw() ([]byte, bool) {
	if p.at >= len(p.line) || p.line[p.at] != '"' {
		return nil, false
	}
	rest := p.line[p.at+1:]
	for from := 0; ; {
		end := bytes.IndexByte(rest[from:], '"')
		if end < 0 {
			return nil, false
		}
		end += from
		slashes := 0
		for end-slashes > 0 && rest[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			p.at += end + 2
			for _, c := range rest[:end] {
				if c < ' ' {
					return nil, false
				}
			}
			return rest[:end], true
		}
		from = end + 1
	}
}

// unescaped is a text without its escapes: a part of the line if it has none, else
// of the memory that is given.
func (p *Parser) unescaped(into []byte) (text, memory []byte, ok bool) {
	raw, ok := p.raw()
	switch {
	case !ok, !jsontext.ValidEscapes(raw):
		return nil, into, false
	case bytes.IndexByte(raw, '\\') < 0:
		return raw, into, true
	}
	b := jsontext.AppendUnescaped(into, raw)
	return b[len(into):], b, true
}

// kept is a text that outlives the line. Those that come back are kept once.
func (p *Parser) kept() (string, bool) {
	text, memory, ok := p.unescaped(p.text2[:0])
	p.text2 = memory[:0]
	if !ok {
		return "", false
	}
	if known, ok := p.texts[string(text)]; ok {
		return known, true
	}
	own := string(text)
	if len(p.texts) < mostTexts && len(own) < 256 {
		p.texts[own] = own
	}
	return own, true
}

// fields reads {"Name": "value", "Other": ["a", "b"]}.
func (p *Parser) fields(h *Header) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	for {
		p.space()
		name, ok := p.kept()
		if !ok || !p.take(':') {
			return false
		}
		canonical, known := p.names[name]
		if !known {
			canonical = textproto.CanonicalMIMEHeaderKey(name)
			if len(p.names) < mostTexts {
				p.names[name] = canonical
			}
		}
		p.space()
		if p.take('[') {
			for more := !p.take(']'); more; {
				p.space()
				value, ok := p.kept()
				if !ok {
					return false
				}
				h.names, h.values = append(h.names, canonical), append(h.values, value)
				if more = p.take(','); !more && !p.take(']') {
					return false
				}
			}
		} else {
			value, ok := p.kept()
			if !ok {
				return false
			}
			h.names, h.values = append(h.names, canonical), append(h.values, value)
		}
		if p.take(',') {
			continue
		}
		return p.take('}')
	}
}

// number reads a status: what is no short whole number is encoding/json's.
func (p *Parser) number() (int, bool) {
	from, n := p.at, 0
	for p.at < len(p.line) && '0' <= p.line[p.at] && p.line[p.at] <= '9' {
		n = n*10 + int(p.line[p.at]-'0')
		if p.at++; p.at-from > 3 {
			return 0, false
		}
	}
	if p.at == from || p.line[from] == '0' {
		return 0, false
	}
	return n, p.at == len(p.line) || strings.IndexByte(",} \t\r", p.line[p.at]) >= 0
}

// mostNested bounds what is skipped; beyond it encoding/json decides.
const mostNested = 64

// skip passes over a value that nobody asked for.
func (p *Parser) skip(depth int) bool {
	p.space()
	if p.at >= len(p.line) || depth > mostNested {
		return false
	}
	switch c := p.line[p.at]; c {
	case '"':
		raw, ok := p.raw()
		return ok && jsontext.ValidEscapes(raw)
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	case '{', '[':
		p.at++
		return p.take(c+2) || p.skipMembers(c, depth)
	}
	return p.skipNumber()
}

// skipNumber passes over a number (RFC 8259, 6).
func (p *Parser) skipNumber() bool {
	digits := func() int {
		from := p.at
		for p.at < len(p.line) && '0' <= p.line[p.at] && p.line[p.at] <= '9' {
			p.at++
		}
		return p.at - from
	}
	one := func(of string) bool {
		if p.at < len(p.line) && strings.IndexByte(of, p.line[p.at]) >= 0 {
			p.at++
			return true
		}
		return false
	}
	one("-")
	from := p.at
	if n := digits(); n == 0 || n > 1 && p.line[from] == '0' {
		return false
	}
	if one(".") && digits() == 0 {
		return false
	}
	if one("eE") {
		one("+-")
		return digits() > 0
	}
	return true
}

// skipMembers passes over what stands in an object or a list, its end included.
func (p *Parser) skipMembers(opening byte, depth int) bool {
	for {
		if opening == '{' {
			p.space()
			name, ok := p.raw()
			if !ok || !jsontext.ValidEscapes(name) || !p.take(':') {
				return false
			}
		}
		if !p.skip(depth + 1) {
			return false
		}
		if !p.take(',') {
			return p.take(opening + 2)
		}
	}
}
