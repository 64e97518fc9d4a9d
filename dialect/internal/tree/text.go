package tree

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendXML appends escaped text. A character that XML cannot hold becomes
// U+FFFD.
func AppendXML(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\r', r == '\n', r == '\t':
			// As references, for white space is folded by some readers.
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(r), 10), ';')
		case r < 0x20 || r == 0xFFFE || r == 0xFFFF:
			dst = append(dst, "\uFFFD"...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// IsXMLName is a careful part of the production Name of XML 1.0, 2.3.
func IsXMLName(s string) bool {
	for i, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-.", c)) {
			return false
		}
	}
	return s != ""
}

// IsNumber reports a number of JSON without an exponent: no code has one.
func IsNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, has := strings.Cut(s, ".")
	return IsDigits(whole) && (len(whole) == 1 || whole[0] != '0') && (!has || IsDigits(fraction))
}

// IsDigits reports a text of ASCII digits, and at least one.
func IsDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// IsWhole reports a number that a conversion to int takes.
func IsWhole(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil && IsNumber(s)
}
