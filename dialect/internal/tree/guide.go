package tree

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Guide says which parts of a value become nodes: its members, attributes and
// elements that somebody asks for. The other parts are validated all the same. A
// Guide may lead to itself. It is built by one goroutine; once it is whole, any
// number may read by it.
type Guide struct {
	slots      map[label]uint16 // shared by guides that belong together, so that a name has one slot in all
	members    names
	attributes names
	others     *Guide // of the members without a name here; nil: they are skipped
	elements   *Guide // of the elements of a list; nil: they are skipped
	all        bool   // everything below is taken, attributes too
}

// label is a name with its slot.
type label struct {
	name      string
	attribute bool
}

// everything takes all of a document. It is used if no guide is given.
var everything = func() *Guide {
	g := &Guide{all: true}
	g.others, g.elements = g, g
	return g
}()

// NewGuide makes one that takes a value itself and nothing below it, for a
// caller to add to. The guides that it leads to number their names together.
func NewGuide() *Guide {
	return &Guide{slots: map[label]uint16{}}
}

// Member asks for the members, or child elements, of that name. Their values are
// read by child; nil stands for the guide that the name has already, or for a new
// one, which takes nothing below. It returns that guide, and the slot that the
// nodes carry. A name has the same slot in every guide that one NewGuide leads to.
// The slot is 0 only for a name beyond the 65,535th.
func (g *Guide) Member(name string, child *Guide) (slot uint16, guide *Guide) {
	n := g.members.find([]byte(name), 0, len(name), new(int32))
	if n == nil {
		n = g.members.add(named{name: name, slot: g.slot(label{name, false})})
	}
	// A shape that asks for the others may be another one than that which named
	// this, and then this is one of the others: it is taken whole.
	n.guide = g.below(n.guide, child, g.all || g.others != nil)
	return n.slot, n.guide
}

// Attribute asks for the XML attribute of that name. Its slot is not that of a
// child element of the same name.
func (g *Guide) Attribute(name string) (slot uint16) {
	n := g.attributes.find([]byte(name), 0, len(name), new(int32))
	if n == nil {
		n = g.attributes.add(named{name: name, slot: g.slot(label{name, true})})
	}
	return n.slot
}

// Others asks for the members, or child elements, that have no name in this
// guide, and for those that have one whole. The guide that it takes and returns
// is as with Member.
func (g *Guide) Others(child *Guide) *Guide {
	if g.others == nil {
		g.wholeMembers()
	}
	g.others = g.below(g.others, child, g.all)
	return g.others
}

// Elements asks for the elements of a list. The guide that it takes and returns
// is as with Member.
func (g *Guide) Elements(child *Guide) *Guide {
	g.elements = g.below(g.elements, child, g.all)
	return g.elements
}

// All asks for everything below. Names that are asked for as well keep their
// slots.
func (g *Guide) All() {
	if g.all {
		return
	}
	g.all = true
	g.wholeMembers()
	for _, below := range []**Guide{&g.others, &g.elements} {
		if *below == nil {
			*below = everything
		}
		(*below).All()
	}
}

func (g *Guide) wholeMembers() {
	for i := range g.members.list {
		if below := g.members.list[i].guide; below != nil {
			below.All()
		}
	}
}

// below chooses the guide of a child: the given one, the one that exists, or a new one.
func (g *Guide) below(present, given *Guide, whole bool) *Guide {
	if given == nil {
		given = present
	}
	if given == nil || given == everything {
		given = &Guide{slots: g.slots}
	}
	if whole {
		given.All()
	}
	return given
}

func (g *Guide) slot(of label) uint16 {
	slot, known := g.slots[of]
	if !known && len(g.slots) < math.MaxUint16 {
		slot = uint16(len(g.slots) + 1)
		g.slots[of] = slot
	}
	return slot
}

// member is the guide and slot of a member by its name.
func (g *Guide) member(source []byte, start, end int, expected *int32) (child *Guide, slot uint16) {
	if n := g.members.find(source, start, end, expected); n != nil {
		return n.guide, n.slot
	}
	return g.others, 0
}

// names finds a name by its bytes. Most documents have the names in the order in which they
// were added. All of them are also in a table with open addressing, at most half full.
type names struct {
	list  []named
	table []int32 // one more than the place in list, 0 for none
}

type named struct {
	word  uint64 // what the name begins with
	name  string
	guide *Guide
	slot  uint16
}

// find returns the entry of the name from start to end, nil if there is none. It first looks
// at the expected place in the list.
func (s *names) find(source []byte, start, end int, expected *int32) *named {
	if len(s.list) == 0 {
		return nil
	}
	word := begin(source, start, end)
	if i := int(*expected); i < len(s.list) && s.list[i].is(word, source, start, end) {
		*expected++
		return &s.list[i]
	}
	mask := len(s.table) - 1
	for i := hash(word, end-start); ; i++ {
		at := int(s.table[i&mask]) - 1
		if at < 0 {
			return nil
		}
		if s.list[at].is(word, source, start, end) {
			*expected = int32(at) + 1
			return &s.list[at]
		}
	}
}

func (n *named) is(word uint64, source []byte, start, end int) bool {
	return n.word == word && len(n.name) == end-start && (end-start <= 8 || n.name == string(source[start:end]))
}

// add adds a new name, and returns its entry. The entry is valid until the next call.
func (s *names) add(n named) *named {
	n.word = begin([]byte(n.name), 0, len(n.name))
	s.list = append(s.list, n)
	if 2*len(s.list) > len(s.table) {
		s.table = make([]int32, max(4, 2*len(s.table)))
		for i := range s.list[:len(s.list)-1] {
			s.enter(i)
		}
	}
	s.enter(len(s.list) - 1)
	return &s.list[len(s.list)-1]
}

// enter puts a place in the list into the table.
func (s *names) enter(at int) {
	mask := len(s.table) - 1
	i := hash(s.list[at].word, len(s.list[at].name))
	for s.table[i&mask] != 0 {
		i++
	}
	s.table[i&mask] = int32(at) + 1
}

// begin is the first eight bytes of a name as one number. A shorter name is filled with
// zeros.
func begin(source []byte, start, end int) uint64 {
	size := end - start
	if start+8 <= len(source) {
		word := binary.LittleEndian.Uint64(source[start:])
		if size < 8 {
			word &= 1<<(8*uint(size)) - 1
		}
		return word
	}
	var word uint64
	for i := range size {
		word |= uint64(source[start+i]) << (8 * uint(i))
	}
	return word
}

// hash spreads names over a table, by their first bytes and their length.
func hash(word uint64, size int) int {
	high, low := bits.Mul64(word^uint64(size)<<56, 0x9E3779B97F4A7C15)
	return int(high ^ low)
}
