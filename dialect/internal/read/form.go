package read

import (
	"bytes"
	"net/url"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// mediaForm is the type of a form (WHATWG URL, 5). Endpoints for tokens that are older than
// RFC 6749 respond so.
const mediaForm = "application/x-www-form-urlencoded"

// maxPairs is how many members of a form are read.
const maxPairs = 256

// fromForm puts the members of a form as an object of JSON into the place of a body, so that
// the shapes for JSON read it. A shape for text reads a form as it stands.
func (m *Matcher) fromForm(wanted spec.Forms, res *wire.Response) {
	if !wanted[spec.FormJSON] || wanted[spec.FormText] || wire.MediaType(res.Header) != mediaForm {
		return
	}
	start := beginning(res.Body)
	if len(start) == 0 || bytes.IndexByte([]byte("{[<"), start[0]) >= 0 {
		return // the type is wrong
	}
	text := append(make([]byte, 0, len(res.Body)+64), '{')
	for n := 0; len(start) > 0 && n < maxPairs; n++ {
		var pair []byte
		pair, start, _ = bytes.Cut(start, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		if len(name) == 0 {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(jsontext.Append(text, decoded(name)), ':')
		text = jsontext.Append(text, decoded(bytes.TrimRight(value, blanks)))
	}
	res.Body = append(text, '}')
	m.posted = true
}

// decoded is a name or a value of a form without its escapes. One with a broken escape stays
// as it is.
func decoded(text []byte) string {
	if plain, err := url.QueryUnescape(string(text)); err == nil {
		return plain
	}
	return string(text)
}
