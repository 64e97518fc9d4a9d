package tree

import "bytes"

func (p *xmlParser) startTag() error {
	if len(p.elements) == 0 && len(p.Nodes) > 0 {
		return p.fail("a second root element")
	}
	if len(p.elements) >= MaxDepth {
		return p.fail("the XML is nested too deep")
	}
	p.at++ // <
	start, local, err := p.name()
	if err != nil {
		return err
	}
	guide, slot := p.child(local)
	mine := uint32(len(p.Nodes))
	if guide != nil {
		n := p.node()
		n.Kind, n.Slot, n.KeyStart, n.KeyEnd = Element, slot, uint32(local), uint32(p.at)
	}
	p.count++
	p.elements = append(p.elements, element{guide: guide, node: mine, start: uint32(start), end: uint32(p.at), text: p.count, blank: true, empty: true})
	p.names, p.seen = p.names[:0], nil
	return p.attributes(guide, mine)
}

// child finds the guide and slot of an element by its local name, which ends
// where the parser is.
func (p *xmlParser) child(local int) (guide *Guide, slot uint16) {
	if len(p.elements) == 0 {
		return p.guide, 0
	}
	outer := &p.elements[len(p.elements)-1]
	if outer.guide == nil {
		return nil, 0
	}
	if guide, slot = outer.guide.member(p.src, local, p.at, &outer.next); guide == nil {
		p.Nodes[outer.node].skip()
	}
	return guide, slot
}

// attributes reads the rest of a start tag.
func (p *xmlParser) attributes(guide *Guide, element uint32) error {
	for {
		spaced := p.space()
		switch {
		case p.at >= len(p.src):
			return p.fail("")
		case p.src[p.at] == '>':
			p.at++
			return nil
		case p.has("/>"):
			p.closeAt(p.at)
			p.at += 2
			p.close()
			return nil
		case p.cut && p.src[p.at] == '/' && p.at+1 == len(p.src):
			return done
		case !spaced:
			return p.fail("expected white space, > or />")
		}
		if err := p.attribute(guide, element); err != nil {
			return err
		}
	}
}

func (p *xmlParser) attribute(guide *Guide, element uint32) error {
	start, local, err := p.name()
	if err != nil {
		return err
	}
	end := p.at
	if err := p.equals(); err != nil {
		return err
	}
	quote := p.src[p.at]
	p.at++
	from := p.at
	escaped, err := p.value(quote)
	if err != nil {
		return err
	}
	to := p.at
	p.at++
	if p.repeated(start, end) {
		return &SyntaxError{start, "a duplicate attribute"}
	}
	// A prefix is dropped, but that of a declaration: xmlns:a is not named a.
	if string(p.src[start:local]) == "xmlns:" {
		local = start
	}
	if guide == nil {
		return nil
	}
	slot := uint16(0)
	if n := guide.attributes.find(p.src, local, end, new(int32)); n != nil {
		slot = n.slot
	} else if !guide.all {
		p.Nodes[element].skip()
		return nil
	}
	n := p.node()
	n.Kind, n.Slot, n.Escaped = Attribute, slot, escaped
	n.KeyStart, n.KeyEnd, n.Start, n.End, n.Next = uint32(local), uint32(end), uint32(from), uint32(to), uint32(len(p.Nodes))
	return nil
}

// equals moves to the quote before the value of an attribute.
func (p *xmlParser) equals() error {
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '=' {
		return p.fail("expected = after an attribute's name")
	}
	p.at++
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' && p.src[p.at] != '\'' {
		return p.fail("expected an attribute's value in quotes")
	}
	return nil
}

// value moves to the quote after the value of an attribute.
func (p *xmlParser) value(quote byte) (escaped bool, err error) {
	from, broken, references, folded := p.at, false, false, false
	for p.at = special(p.src, p.at, quote); p.at < len(p.src) && p.src[p.at] != quote; p.at = special(p.src, p.at+1, quote) {
		switch p.src[p.at] {
		case '<':
			broken = true
		case '&':
			references = true
		case '\r':
			folded = true
		}
	}
	switch {
	case p.at >= len(p.src):
		return false, p.fail("")
	case broken:
		return false, &SyntaxError{from, "< in an attribute's value"}
	case references:
		err = p.entities(from, p.at)
	}
	return references || folded, err
}

// fewAttributes is the most attributes that are compared with each other. More are looked up.
const fewAttributes = 16

// name is the place of an attribute's name with its prefix.
type name struct{ start, end uint32 }

// repeated reports that the element has an attribute of that full name already:
// a:x and b:x may stand beside each other.
func (p *xmlParser) repeated(start, end int) bool {
	full := p.src[start:end]
	if p.seen == nil {
		for _, n := range p.names {
			if bytes.Equal(p.src[n.start:n.end], full) {
				return true
			}
		}
		p.names = append(p.names, name{uint32(start), uint32(end)})
		if len(p.names) == fewAttributes {
			p.seen = map[string]struct{}{}
			for _, n := range p.names {
				p.seen[string(p.src[n.start:n.end])] = struct{}{}
			}
		}
		return false
	}
	if _, found := p.seen[string(full)]; found {
		return true
	}
	p.seen[string(full)] = struct{}{}
	return false
}

func (p *xmlParser) endTag() error {
	if len(p.elements) == 0 {
		return p.fail("an end tag without its start tag")
	}
	p.closeAt(p.at)
	p.at += 2
	e := &p.elements[len(p.elements)-1]
	if name := p.src[e.start:e.end]; bytes.HasPrefix(p.src[p.at:], name) && p.at+len(name) < len(p.src) && p.src[p.at+len(name)] == '>' {
		p.at += len(name) + 1
		p.close()
		return nil
	}
	start, _, err := p.name()
	if err != nil {
		return err
	}
	if !bytes.Equal(p.src[start:p.at], p.src[e.start:e.end]) {
		return &SyntaxError{start, "an end tag that does not fit its start tag"}
	}
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '>' {
		return p.fail("expected > in an end tag")
	}
	p.at++
	p.close()
	return nil
}

// closeAt sets the place of the end tag of the innermost element.
func (p *xmlParser) closeAt(at int) {
	if e := &p.elements[len(p.elements)-1]; e.guide != nil {
		p.Nodes[e.node].Close = uint32(at)
	}
}

func (p *xmlParser) close() {
	e := &p.elements[len(p.elements)-1]
	if e.guide != nil {
		p.Nodes[e.node].Next = uint32(len(p.Nodes))
	}
	p.elements = p.elements[:len(p.elements)-1]
}
