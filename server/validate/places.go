package validate

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// places is the tree of those locations in a document whose order is asked for.
// All else is skipped.
type places struct {
	at       int64
	children map[string]*places
}

func (p *places) want(location []string) *places {
	for _, name := range location {
		next := p.children[name]
		if next == nil {
			if p.children == nil {
				p.children = map[string]*places{}
			}
			next = &places{at: -1}
			p.children[name] = next
		}
		p = next
	}
	return p
}

// find notes where in the document each place begins. What is missing stands
// where its object does. The document was read before and has no errors.
func (p *places) find(d *jsontext.Decoder) {
	p.at = d.InputOffset()
	if p.children == nil {
		_ = d.SkipValue()
		return
	}
	for _, child := range p.children {
		child.at = p.at
	}
	token, _ := d.ReadToken()
	switch token.Kind() {
	case '{':
		for d.PeekKind() == '"' {
			name, err := d.ReadToken()
			if err != nil {
				return
			}
			p.visit(name.String(), d)
		}
		_, _ = d.ReadToken()
	case '[':
		for i := 0; d.PeekKind() != ']' && d.PeekKind() != 0; i++ {
			p.visit(strconv.Itoa(i), d)
		}
		_, _ = d.ReadToken()
	}
}

func (p *places) visit(name string, d *jsontext.Decoder) {
	if child := p.children[name]; child != nil {
		child.find(d)
	} else {
		_ = d.SkipValue()
	}
}
