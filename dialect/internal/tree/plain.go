package tree

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// AppendPlain appends s in quotes if it stands in a JSON text as it is: ASCII,
// without control characters, quotes and backslashes. It looks at eight bytes
// at once while it copies them. It reports false, and dst as it was, for a text
// that needs more.
func AppendPlain(dst []byte, s string) ([]byte, bool) {
	n, size := len(dst), len(s)
	dst = slices.Grow(dst, size+2)
	to := dst[n : n+size+2]
	from := unsafe.Slice(unsafe.StringData(s), size) // only read
	to[0] = '"'
	if size >= 8 {
		for i := 0; i < size; i += 8 {
			at := min(i, size-8) // the last eight may be looked at twice
			word := binary.LittleEndian.Uint64(from[at : at+8])
			if (stops(word)|word)&highs != 0 {
				return dst, false
			}
			binary.LittleEndian.PutUint64(to[at+1:at+9], word)
		}
	} else {
		for i := range size {
			c := from[i]
			if c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
				return dst, false
			}
			to[i+1] = c
		}
	}
	to[size+1] = '"'
	return dst[:n+size+2], true
}
