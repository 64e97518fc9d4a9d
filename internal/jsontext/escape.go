package jsontext

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ValidEscapes reports that every backslash of a text, as it stands between its
// quotes, begins an escape that JSON has.
func ValidEscapes(raw []byte) bool {
	for {
		at := bytes.IndexByte(raw, '\\')
		if at < 0 {
			return true
		}
		raw = raw[at+1:]
		switch {
		case len(raw) == 0:
			return false
		case raw[0] == 'u':
			if hex4(raw[1:]) < 0 {
				return false
			}
		case strings.IndexByte(`"\/bfnrt`, raw[0]) < 0:
			return false
		}
		raw = raw[1:]
	}
}

// Hex is the value of a hexadecimal digit. It is negative for anything else.
func Hex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// hex4 is the value of four hexadecimal digits. It is negative for anything else.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	return Hex(b[0])<<12 | Hex(b[1])<<8 | Hex(b[2])<<4 | Hex(b[3])
}

// AppendUnescaped appends a validated JSON text with its escapes undone. As in
// encoding/json, a surrogate without its other half and bytes that are not
// UTF-8 become U+FFFD.
func AppendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			if raw[i] < utf8.RuneSelf {
				dst = append(dst, raw[i])
				i++
				continue
			}
			r, size := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					if pair := utf16.DecodeRune(r, hex4(raw[i+2:])); pair != utf8.RuneError {
						dst = utf8.AppendRune(dst, pair)
						i += 6
						continue
					}
				}
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
