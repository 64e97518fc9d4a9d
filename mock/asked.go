package mock

import (
	"strings"
	"sync"
	"sync/atomic"
)

// asked is a wish as it was read from Prefer, and its texts.
type asked struct {
	wish    Wish
	why     string // "Prefer: code=402"
	applied string // the value of Preference-Applied
}

// maxAsked bounds how many values of Prefer are kept, and maxPrefer their length in bytes. A
// test sends the same ones again and again.
const (
	maxAsked  = 1000
	maxPrefer = 200
)

// prefers are the values of Prefer that were read. The zero value is empty.
type prefers struct {
	kept  sync.Map // *asked by the value
	count atomic.Int64
}

// read reads the values of Prefer. It returns nil if they wish nothing.
func (p *prefers) read(values []string) (*asked, error) {
	one := len(values) == 1 && len(values[0]) <= maxPrefer
	if one {
		if known, ok := p.kept.Load(values[0]); ok {
			return known.(*asked), nil
		}
	}
	w, err := ParsePrefer(values...)
	if err != nil || w.IsZero() {
		return nil, err
	}
	a := &asked{wish: w, why: "Prefer: " + strings.Join(values, ", "), applied: w.String()}
	if one && p.count.Load() < maxAsked {
		p.count.Add(1)
		p.kept.Store(strings.Clone(values[0]), a)
	}
	return a, nil
}
