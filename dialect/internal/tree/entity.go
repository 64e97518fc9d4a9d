package tree

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// entities checks every reference in a text.
func (p *xmlParser) entities(start, end int) error {
	for i := start; i < end; i++ {
		if p.src[i] != '&' {
			continue
		}
		_, size := entity(p.src[i:end])
		if size == 0 {
			return &SyntaxError{i, "an invalid or undefined entity"}
		}
		i += size - 1
	}
	return nil
}

// entity reads the reference at the start of b. size is 0 if there is none.
func entity(b []byte) (r rune, size int) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 2 {
		return 0, 0
	}
	switch name := string(b[1:end]); name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if name[0] != '#' {
			return 0, 0
		}
		digits, base := name[1:], 10
		if strings.HasPrefix(digits, "x") {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil || !isCharacter(rune(n)) {
			return 0, 0
		}
		r = rune(n)
	}
	return r, end + 1
}

// isCharacter is the production Char of XML 1.0, 2.2.
func isCharacter(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' ||
		r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// appendEntities appends a text with its references undone and its line ends
// folded (XML 1.0, 2.11).
func appendEntities(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] == '\r' {
			if i++; i == len(raw) || raw[i] != '\n' {
				dst = append(dst, '\n')
			}
			continue
		}
		if raw[i] == '&' {
			if r, size := entity(raw[i:]); size > 0 {
				dst = utf8.AppendRune(dst, r)
				i += size
				continue
			}
		}
		dst = append(dst, raw[i])
		i++
	}
	return dst
}
