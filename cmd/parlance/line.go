package main

import (
	"bytes"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// lineParser reads the lines of --jsonl as encoding/json reads them into a
// recorded, in memory that it uses again. What is unusual (another spelling of a
// name, a name twice, a value of a wrong type, bytes that are no UTF-8) it leaves
// to encoding/json, which also knows what to complain of.
type lineParser struct {
	line []byte
	at   int

	dialect, method, path string
	status                int
	headers, request      header
	body                  []byte
	has                   uint8 // the members that the line has

	texts map[string]string // texts that come back, such as the names of headers
	names map[string]string // headers' names as they are spelt, and the canonical form
	body2 []byte            // the body without its escapes
	text2 []byte
}

// members are the names that a line may have. The bit of each is 1 << its place.
var members = [...]string{"dialect", "method", "path", "status", "headers", "body", "request_headers"}

const (
	hasDialect uint8 = 1 << iota
	hasMethod
	hasPath
	hasStatus
	hasHeaders
	hasBody
	hasRequest
)

// mostTexts bounds what is kept between lines.
const mostTexts = 4096

// header is a few fields, of which any can be asked for.
type header struct{ names, values []string }

// Values is what wire.Header asks for. It shares memory with the header.
func (h *header) Values(name string) []string {
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

func newLineParser() *lineParser {
	return &lineParser{texts: map[string]string{}, names: map[string]string{}}
}

// parse reads a line. It reports false for one that it leaves to encoding/json.
func (p *lineParser) parse(line []byte) bool {
	if !utf8.Valid(line) {
		return false
	}
	p.line, p.at, p.has, p.body, p.status = line, 0, 0, nil, 0
	p.dialect, p.method, p.path = "", "", ""
	p.headers.names, p.headers.values = p.headers.names[:0], p.headers.values[:0]
	p.request.names, p.request.values = p.request.names[:0], p.request.values[:0]
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

func (p *lineParser) member() bool {
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
	if p.has&bit != 0 {
		return false // of two the last one counts, and encoding/json knows how
	}
	p.space()
	if p.at < len(p.line) && p.line[p.at] == 'n' {
		return p.word("null") // the same as nothing said
	}
	p.has |= bit
	return p.value(bit)
}

// value reads the value of a member.
func (p *lineParser) value(bit uint8) (ok bool) {
	switch bit {
	case hasDialect:
		p.dialect, ok = p.kept()
	case hasMethod:
		p.method, ok = p.kept()
	case hasPath:
		p.path, ok = p.kept()
	case hasStatus:
		p.status, ok = p.number()
	case hasHeaders:
		ok = p.fields(&p.headers)
	case hasRequest:
		ok = p.fields(&p.request)
	case hasBody:
		p.body, p.body2, ok = p.unescaped(p.body2)
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

func (p *lineParser) space() {
	for p.at < len(p.line) && (p.line[p.at] == ' ' || p.line[p.at] == '\t' || p.line[p.at] == '\r' || p.line[p.at] == '\n') {
		p.at++
	}
}

func (p *lineParser) take(c byte) bool {
	p.space()
	if p.at < len(p.line) && p.line[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *lineParser) word(w string) bool {
	if !bytes.HasPrefix(p.line[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

// raw is a text as it stands, between its quotes.
func (p *lineParser) raw() ([]byte, bool) {
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
func (p *lineParser) unescaped(into []byte) (text, memory []byte, ok bool) {
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
func (p *lineParser) kept() (string, bool) {
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
func (p *lineParser) fields(h *header) bool {
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
func (p *lineParser) number() (int, bool) {
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
func (p *lineParser) skip(depth int) bool {
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
	_, ok := p.number()
	return ok
}

// skipMembers passes over what stands in an object or a list, its end included.
func (p *lineParser) skipMembers(opening byte, depth int) bool {
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

// appendLine responds to a line, and reports false for one that is left to
// encoding/json.
func (a *app) appendLine(b []byte, p *lineParser, x *exchange, line []byte, said *decoded) ([]byte, bool) {
	if !p.parse(line) || p.status < 100 {
		return b, false
	}
	name := x.Dialect
	if p.has&hasDialect != 0 {
		name = p.dialect
	}
	d, ok := a.dialects[name]
	if !ok {
		return b, false // not compiled yet, or it does not exist, or it is to be found out
	}
	req := dialect.Request{Method: x.Method, Path: x.Path, Header: textproto.MIMEHeader(x.Header)}
	if p.has&hasMethod != 0 {
		req.Method = p.method
	}
	req.Method = strings.ToUpper(req.Method)
	if p.has&hasPath != 0 {
		req.Path = p.path
	}
	if p.has&hasRequest != 0 {
		req.Header = &p.request
	}
	if name := d.IdempotencyHeader(); name != "" {
		if keys := req.Header.Values(name); len(keys) > 0 {
			req.Key = keys[0]
		}
	}
	res := dialect.Response{Status: p.status, Header: &p.headers, Body: p.body}
	reading := d.Decode(req, res)
	*said = decoded{Outcome: reading.Outcome, Diagnostics: append(reading.Diagnostics, authoring.MissingPath(d, req, res)...)}
	said.Decision = d.Decide(req, &said.Outcome)
	return appendDecoded(b, said), true
}

var _ dialect.Header = (*header)(nil)
