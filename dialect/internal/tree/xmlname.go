package tree

import (
	"unicode"
	"unicode/utf8"
)

// name reads a qualified name and returns where its local part begins.
func (p *xmlParser) name() (start, local int, err error) {
	start = p.at
	if p.at < len(p.src) && nameByte[p.src[p.at]] == letter {
		for p.at++; p.at < len(p.src) && nameByte[p.src[p.at]] != 0; {
			p.at++
		}
		if p.at < len(p.src) && p.src[p.at] != ':' && p.src[p.at] < utf8.RuneSelf {
			return start, start, nil // ASCII without a prefix, as most are
		}
	}
	local, err = p.nameFrom(start)
	return start, local, err
}

// nameFrom reads the rest of a name that begins at start, and returns the place of its local
// part.
func (p *xmlParser) nameFrom(start int) (local int, err error) {
	local = start
	for p.at < len(p.src) {
		size := 1
		switch c := p.src[p.at]; {
		case nameByte[c] == letter:
		case nameByte[c] == more:
			if p.at == local {
				return 0, p.fail("a name cannot begin with this character")
			}
		case c == ':':
			if p.at == local || local != start {
				return 0, p.fail("a name with a misplaced colon")
			}
			local = p.at + 1
		case c >= utf8.RuneSelf:
			if p.cut && !utf8.FullRune(p.src[p.at:]) {
				return 0, done
			}
			var r rune
			r, size = utf8.DecodeRune(p.src[p.at:])
			if !unicode.Is(nameStart, r) && (p.at == local || !unicode.Is(nameMore, r)) {
				return 0, p.fail("a character that is not allowed in a name")
			}
		case p.at == local:
			return 0, p.fail("expected a name")
		default:
			return local, nil
		}
		p.at += size
	}
	return 0, p.fail("")
}

// nameByte marks the ASCII characters of a name without a prefix.
var nameByte = func() (of [256]byte) {
	for c := range of {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
			of[c] = letter
		case '0' <= c && c <= '9', c == '-', c == '.':
			of[c] = more
		}
	}
	return of
}()

const (
	letter = 1 // a name may begin with it
	more   = 2 // a name may go on with it
)

// nameStart and nameMore are the characters beyond ASCII in the productions NameStartChar and
// NameChar of XML 1.0 (fifth edition), 2.3.
var (
	nameStart = &unicode.RangeTable{
		R16: []unicode.Range16{
			{0xC0, 0xD6, 1}, {0xD8, 0xF6, 1}, {0xF8, 0x2FF, 1}, {0x370, 0x37D, 1}, {0x37F, 0x1FFF, 1}, {0x200C, 0x200D, 1},
			{0x2070, 0x218F, 1}, {0x2C00, 0x2FEF, 1}, {0x3001, 0xD7FF, 1}, {0xF900, 0xFDCF, 1}, {0xFDF0, 0xFFFD, 1},
		},
		R32:         []unicode.Range32{{0x10000, 0xEFFFF, 1}},
		LatinOffset: 2,
	}
	nameMore = &unicode.RangeTable{
		R16:         []unicode.Range16{{0xB7, 0xB7, 1}, {0x300, 0x36F, 1}, {0x203F, 0x2040, 1}},
		LatinOffset: 1,
	}
)
