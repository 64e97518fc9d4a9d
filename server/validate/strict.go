package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// limits bound what is made of a document, whatever its length.
type limits struct {
	depth  int // objects and lists within one another
	values int // members, items, elements, attributes: each costs memory
}

func newBuffer(data []byte) *bytes.Buffer { return bytes.NewBuffer(data[:len(data):len(data)]) }

// parse reads one JSON value and nothing else, more strictly than
// encoding/json: UTF-8 only, no name twice in an object (RFC 8259, section 4,
// leaves open what it means), and no number that a float64 cannot hold. Numbers
// stay as they are written.
func (l limits) parse(data []byte) (any, *refusal) {
	if refused := badUTF(data); refused != nil {
		return nil, refused
	}
	p := parser{limits: l, decoder: jsontext.NewDecoder(newBuffer(data))}
	value, err := p.value()
	if err == nil {
		if _, err = p.decoder.ReadToken(); err == io.EOF {
			return value, nil
		}
		// A second value and rubbish are one to the client.
		err = &refusal{key: "trailing", offset: afterValue(data, p.end), cause: err}
	}
	return nil, p.refuse(data, err)
}

// badUTF refuses byte order marks. RFC 8259, 8.1, forbids that of UTF-8; those of
// UTF-16 tell what the body is instead.
func badUTF(data []byte) *refusal {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return &refusal{key: "byteOrderMark"}
		}
	}
	return nil
}

type parser struct {
	limits
	decoder *jsontext.Decoder
	deep    int
	end     int64 // of the value
}

func (p *parser) value() (any, error) {
	token, err := p.decoder.ReadToken()
	if err != nil {
		return nil, err
	}
	if p.values--; p.values < 0 {
		return nil, &refusal{key: "tooMany", offset: p.decoder.InputOffset()}
	}
	var v any
	switch token.Kind() {
	case 'n':
	case 't', 'f':
		v = token.Bool()
	case '"':
		v = token.String()
	case '0':
		n := token.String()
		if !goodNumber(n) {
			return nil, &refusal{key: "number", offset: p.decoder.InputOffset() - int64(len(n)), location: p.location()}
		}
		v = json.Number(n)
	default:
		if p.deep++; p.deep > p.depth {
			return nil, &refusal{key: "tooDeep", args: []any{p.depth}, offset: p.decoder.InputOffset() - 1}
		}
		if token.Kind() == '{' {
			v, err = p.object()
		} else {
			v, err = p.list()
		}
		p.deep--
	}
	p.end = p.decoder.InputOffset()
	return v, err
}

func (p *parser) object() (any, error) {
	object := map[string]any{}
	for p.decoder.PeekKind() != '}' {
		name, err := p.decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if object[key], err = p.value(); err != nil {
			return nil, err
		}
	}
	_, err := p.decoder.ReadToken()
	return object, err
}

func (p *parser) list() (any, error) {
	list := []any{}
	for p.decoder.PeekKind() != ']' {
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := p.decoder.ReadToken()
	return list, err
}

func (p *parser) location() []string { return split(p.decoder.StackPointer()) }

// refuse is a parser's error as what the client is told.
func (p *parser) refuse(data []byte, err error) *refusal {
	var refused *refusal
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &refused):
	case len(bytes.TrimSpace(data)) == 0:
		return &refusal{key: "empty"}
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		refused = &refusal{key: "duplicate", offset: syntax.ByteOffset, location: split(syntax.JSONPointer)}
	case errors.As(err, &syntax):
		refused = &refusal{key: "json", offset: syntax.ByteOffset, cause: err}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			refused.offset = int64(len(data))
		}
	default: // io.EOF, within a value
		refused = &refusal{key: "json", offset: int64(len(data)), cause: err}
	}
	refused.locate(data)
	return refused
}

func split(pointer jsontext.Pointer) []string {
	var location []string
	for token := range pointer.Tokens() {
		location = append(location, token)
	}
	return location
}

func afterValue(data []byte, end int64) int64 {
	rest := data[end:]
	return end + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n")))
}

// maxDigits bounds a number's text: what checks it does so exactly, at a cost
// that grows faster than its length.
const maxDigits = 400

// goodNumber holds for what a float64 can hold, be it rounded: not 1e400, nor
// 1e-400, which would become a 0.
func goodNumber(s string) bool {
	if len(s) > maxDigits {
		return false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return false
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	if len(strings.TrimLeft(exponent, "+-0")) > 3 {
		return false // a zero, but not for who computes with the exponent
	}
	return f != 0 || strings.Trim(mantissa, "-0.") == ""
}
