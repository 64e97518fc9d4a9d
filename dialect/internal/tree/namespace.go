package tree

import "bytes"

// Prefixed reports that the name of an element or attribute has a prefix.
func (t *Tree) Prefixed(n uint32) bool {
	start := t.Nodes[n].KeyStart
	return start > 0 && t.Source[start-1] == ':'
}

// Prefix is the prefix of the name of an element or attribute, empty for none.
func (t *Tree) Prefix(n uint32) []byte {
	if !t.Prefixed(n) {
		return nil
	}
	end := t.Nodes[n].KeyStart - 1
	return t.Source[bytes.LastIndexAny(t.Source[:end], "< \t\r\n")+1 : end]
}

// Declared is the namespace that the start tag of an element declares for a prefix, or for
// names without one. It reports how many bytes it looked at.
func (t *Tree) Declared(n uint32, prefix []byte) (space []byte, found bool, cost int) {
	at := int(t.Nodes[n].KeyEnd)
	tag := t.Source[at:]
	if close := int(t.Nodes[n].Close); close > at {
		tag = t.Source[at:close]
	}
	for rest := tag; ; {
		equals := bytes.IndexAny(rest, "=>")
		if equals < 0 || rest[equals] == '>' {
			return nil, false, len(tag) - len(rest)
		}
		name, value := bytes.TrimSpace(rest[:equals]), bytes.TrimLeft(rest[equals+1:], " \t\r\n")
		if len(value) == 0 {
			return nil, false, len(tag)
		}
		end := bytes.IndexByte(value[1:], value[0])
		if end < 0 {
			return nil, false, len(tag)
		}
		if declares(name, prefix) {
			return bytes.TrimSpace(value[1 : 1+end]), true, len(tag) - len(rest) + end
		}
		rest = value[end+2:]
	}
}

// declares reports that an attribute declares the namespace of a prefix.
func declares(name, prefix []byte) bool {
	rest, is := bytes.CutPrefix(name, []byte("xmlns"))
	if !is || len(prefix) == 0 {
		return is && len(rest) == 0
	}
	return len(rest) > 0 && rest[0] == ':' && bytes.Equal(rest[1:], prefix)
}
