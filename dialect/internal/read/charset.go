package read

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance/dialect/internal/wire"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// charsets are those that bodies have beside UTF-8 (the Encoding Standard of the WHATWG,
// 4.2): the first three are one.
var charsets = map[string]encoding.Encoding{
	"iso-8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252, "us-ascii": charmap.Windows1252,
	"iso-8859-2": charmap.ISO8859_2, "iso-8859-5": charmap.ISO8859_5, "iso-8859-7": charmap.ISO8859_7, "iso-8859-9": charmap.Windows1254, "iso-8859-15": charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254,
	"koi8-r": charmap.KOI8R,
	"utf-16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

// inUTF8 is a body in UTF-8. Bytes that are UTF-8 are taken for it, whatever the header
// says, for no other charset gives them by chance. Else the charset counts that the
// header names, or the declaration of XML. A body in a charset that is not known stays
// as it is, with a note. JSON is always UTF-8 (RFC 8259, 8.1), so another charset is noted
// there.
func (m *Matcher) inUTF8(h wire.Header, body []byte) []byte {
	name := wideCharset(body)
	if name == "" && utf8.Valid(body) {
		if in := encodingOf(body); in != "" && in != "utf-8" {
			return withoutEncoding(body)
		}
		return body
	}
	if name == "" {
		name = cmp.Or(charsetOf(h), encodingOf(body))
	}
	if name == "" || name == "utf-8" || name == "utf8" {
		return m.mended(body)
	}
	from := charsets[name]
	if from == nil {
		m.note("not_utf8", "the body is in the charset %q, which is not known", name)
		return body
	}
	text, err := from.NewDecoder().Bytes(body)
	if err != nil {
		m.note("not_utf8", "the body is not in the charset %q that it declares", name)
		return body
	}
	if !bytes.HasPrefix(text, []byte("<")) {
		m.note("not_utf8", "the body is in the charset %q; it was converted", name)
	}
	return withoutEncoding(text)
}

// mended is a document of XML or HTML in which U+FFFD stands for the bytes that are not UTF-8.
// A reader of XML refuses such bytes. In JSON and texts, they are replaced later. A body that
// was cut in a character stays as it is.
func (m *Matcher) mended(body []byte) []byte {
	if !bytes.HasPrefix(bytes.TrimLeft(body, blanks), []byte("<")) {
		return body
	}
	for last := range min(utf8.UTFMax, len(body)) {
		if utf8.Valid(body[:len(body)-last]) {
			return body
		}
	}
	m.checkUTF8(body)
	return bytes.ToValidUTF8(body, []byte("\uFFFD"))
}

// wideCharset is the charset of a body whose characters have two bytes, "" for any other.
// A text of JSON, XML or a page begins with ASCII, so that one of its first two bytes is
// zero.
func wideCharset(body []byte) string {
	switch {
	case len(body) < 2:
		return ""
	case body[0] == 0xFE && body[1] == 0xFF, body[0] == 0 && body[1] != 0:
		return "utf-16be"
	case body[0] == 0xFF && body[1] == 0xFE, body[0] != 0 && body[1] == 0:
		return "utf-16le"
	}
	return ""
}

// charsetOf is the charset that the header names, in small letters; "" for none.
func charsetOf(h wire.Header) string {
	for _, v := range wire.Values(h, "Content-Type") {
		if _, after, found := strings.Cut(strings.ToLower(v), "charset="); found {
			name, _, _ := strings.Cut(after, ";")
			return strings.Trim(name, "\"' ")
		}
	}
	return ""
}

// encodingOf is the charset in the declaration of an XML document (XML 1.0, 4.3.3), in
// small letters; "" for none.
func encodingOf(body []byte) string {
	if !bytes.HasPrefix(body, []byte("<?xml")) {
		return ""
	}
	head, _, _ := bytes.Cut(body[:min(len(body), 200)], []byte("?>"))
	_, after, found := bytes.Cut(head, []byte("encoding="))
	if !found || len(after) < 2 {
		return ""
	}
	name, _, _ := bytes.Cut(after[1:], after[:1])
	return strings.ToLower(string(name))
}

// withoutEncoding drops the encoding from the declaration of an XML document, which is
// UTF-8 by now.
func withoutEncoding(text []byte) []byte {
	if !bytes.HasPrefix(text, []byte("<?xml")) {
		return text
	}
	if end := bytes.Index(text, []byte("?>")); end > 0 {
		return append([]byte(`<?xml version="1.0"`), text[end:]...)
	}
	return text
}
