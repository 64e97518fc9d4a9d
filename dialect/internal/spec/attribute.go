package spec

import (
	"slices"
	"strings"
)

// Owner is what an attribute belongs to.
type Owner uint8

// The owners.
const (
	Whole Owner = iota // the Outcome itself
	Item               // one of its Items
	Field              // one of its Fields
)

// Attribute is what a hole names. Those of an item are the same words as those
// of the whole, for an item has an Outcome of its own.
type Attribute uint8

// The attributes. The name of each is its word in a dialect file.
const (
	AttrNone Attribute = iota
	AttrKind
	AttrReason
	AttrStatus
	AttrCode
	AttrFamily
	AttrTitle
	AttrDetail
	AttrType
	AttrInstance
	AttrRequestID
	AttrHelp
	AttrRetryAfter
	AttrRetryable
	AttrNote
	AttrData
	AttrReset     // a time that counts only if the retry of a row asks for it
	AttrFailures  // how many items failed
	AttrSuccesses // how many did not
	AttrTotal     // how many there are
	AttrID
	AttrIndex
	AttrBody    // a response of its own, read by the whole dialect
	AttrHeaders // its header
	AttrIs      // what the form says: $is
	AttrPath
	AttrMessage
	AttrPhrase // the title of the row, else HTTP's words for the status: written, and never read
	AttrExtra  // what a vendor adds, by a name of its own: $extra.name
	AttrCount  // how many attributes there are

	AttrBelow // the rest of a path: it goes after the path around it, and is only read
)

var wholeAttributes = map[string]Attribute{
	"kind": AttrKind, "reason": AttrReason, "status": AttrStatus, "code": AttrCode, "family": AttrFamily, "title": AttrTitle,
	"detail": AttrDetail, "type": AttrType, "instance": AttrInstance, "request_id": AttrRequestID,
	"help": AttrHelp, "retry_after": AttrRetryAfter, "retryable": AttrRetryable, "note": AttrNote, "data": AttrData,
	"reset": AttrReset, "phrase": AttrPhrase, "failures": AttrFailures, "successes": AttrSuccesses, "total": AttrTotal,
}

var itemAttributes = map[string]Attribute{
	"id": AttrID, "index": AttrIndex, "kind": AttrKind, "reason": AttrReason, "status": AttrStatus, "code": AttrCode, "family": AttrFamily,
	"title": AttrTitle, "detail": AttrDetail, "type": AttrType, "instance": AttrInstance, "request_id": AttrRequestID, "help": AttrHelp,
	"retry_after": AttrRetryAfter, "retryable": AttrRetryable, "note": AttrNote, "body": AttrBody, "headers": AttrHeaders,
}

var fieldAttributes = map[string]Attribute{"path": AttrPath, "code": AttrCode, "message": AttrMessage, "below": AttrBelow}

var attributeNames = func() (names [AttrCount]string) {
	for _, m := range []map[string]Attribute{wholeAttributes, itemAttributes, fieldAttributes} {
		for name, a := range m {
			if a < AttrCount {
				names[a] = name
			}
		}
	}
	names[AttrExtra] = "extra"
	return
}()

// String is the word for the attribute in a dialect file, without its owner.
func (a Attribute) String() string {
	if a == AttrBelow {
		return "below"
	}
	return attributeNames[a]
}

// Counts reports that an attribute is a number of items.
func (a Attribute) Counts() bool { return a >= AttrFailures && a <= AttrTotal }

// Target is an attribute of an owner: $detail, $field.path, $item.id.
type Target struct {
	Owner Owner
	Attr  Attribute
}

// document reports that it is a payload, or a part of an embedded response, and no
// text.
func (t Target) document() bool {
	return t.Attr == AttrData || t.Attr == AttrBody || t.Attr == AttrHeaders
}

// String is the target as a hole names it, such as $field.path.
func (t Target) String() string {
	switch t.Owner {
	case Field:
		return "$field." + t.Attr.String()
	case Item:
		return "$item." + t.Attr.String()
	}
	return "$" + t.Attr.String()
}

// Set is a set of targets: the whole's in the low bits, the items' above them,
// the fields' three at the top.
type Set uint64

const (
	itemShift  = 30
	fieldShift = 60
)

// BitOf is the set that holds one attribute of an owner.
func BitOf(o Owner, a Attribute) Set {
	if o != Field {
		return 1 << (Set(a) + Set(o)*itemShift)
	}
	switch a {
	case AttrPath, AttrBelow:
		return PathBit
	case AttrCode:
		return CodeBit
	}
	return MessageBit
}

// OwnerBits are the sets of all attributes that an owner can have.
var OwnerBits = [...]Set{Whole: 1<<itemShift - 1, Item: (1<<itemShift - 1) << itemShift, Field: 7 << fieldShift}

// Bit is the set that holds the target alone.
func (t Target) Bit() Set { return BitOf(t.Owner, t.Attr) }

// [Set.Of] is the part of a set that belongs to an owner.
func (s Set) Of(o Owner) Set { return s & OwnerBits[o] }

// Has reports that the attribute of an owner is in the set.
func (s Set) Has(o Owner, a Attribute) bool { return s&BitOf(o, a) != 0 }

// HasTarget reports that the target is in the set.
func (s Set) HasTarget(t Target) bool { return s&t.Bit() != 0 }

// ParseTarget reads the name in a hole. $field alone is its path, $item its id.
// A text that is no attribute gives the words that are.
func ParseTarget(name string) (t Target, known []string) {
	table := wholeAttributes
	prefix, rest, dotted := strings.Cut(name, ".")
	switch prefix {
	case "field":
		t.Owner, table = Field, fieldAttributes
		if !dotted {
			rest = "path"
		}
	case "item":
		t.Owner, table = Item, itemAttributes
		if !dotted {
			rest = "id"
		}
	default:
		rest = name
	}
	if a, ok := table[rest]; ok {
		t.Attr = a
		return t, nil
	}
	for word := range table {
		if t.Owner != Whole {
			word = prefix + "." + word
		}
		known = append(known, word)
	}
	if t.Owner == Whole {
		known = append(known, "field", "field.code", "field.message", "item", "item.code")
	}
	sortTexts(known)
	return Target{}, known
}

func sortTexts(s []string) { slices.Sort(s) }

// The sets that hold one attribute of a Field.
const (
	PathBit    = Set(1) << fieldShift
	CodeBit    = Set(2) << fieldShift
	MessageBit = Set(4) << fieldShift
)

// Texts are the attributes of a record that make one even if other records stand
// further down: such a node of a tree has a text of its own.
var Texts = MessageBit | CodeBit | BitOf(Item, AttrDetail) | BitOf(Item, AttrCode)

func firstBit(s Set) Set { return s & -s }

// recordBit stands for "there is a record of the owner".
func recordBit(s Set, o Owner, a Attribute) Set {
	if s.Of(o) == 0 {
		return 0
	}
	return BitOf(o, a)
}
