package tree

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Plain is the length of the beginning of s that stands in a JSON text as it
// is: ASCII, without control characters, quotes and backslashes.
func Plain(s string) int {
	n := 0
	b := unsafe.Slice(unsafe.StringData(s), len(s)) // only read
	for n+8 <= len(b) {
		word := binary.LittleEndian.Uint64(b[n : n+8 : n+8])
		if stop := stops(word) | word&highs; stop != 0 {
			return n + bits.TrailingZeros64(stop)/8
		}
		n += 8
	}
	for n < len(b) && b[n] >= 0x20 && b[n] < 0x80 && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}
