package dialect

import (
	"slices"
	"strings"
)

// owner is what an attribute belongs to.
type owner uint8

const (
	whole owner = iota // the Outcome itself
	item               // one of its Items
	field              // one of its Fields
)

// attribute is what a hole names. Those of an item are the same words as those
// of the whole, for an item has an Outcome of its own.
type attribute uint8

const (
	attrNone attribute = iota
	attrKind
	attrReason
	attrStatus
	attrCode
	attrFamily
	attrTitle
	attrDetail
	attrType
	attrInstance
	attrRequestID
	attrHelp
	attrRetryAfter
	attrRetryable
	attrNote
	attrData
	attrReset     // a time that counts only where a row's retry asks for it
	attrFailures  // how many items failed
	attrSuccesses // how many did not
	attrTotal     // how many there are
	attrID
	attrIndex
	attrBody    // an answer of its own, read by the whole dialect
	attrHeaders // its header
	attrIs      // what the form says: $is
	attrPath
	attrMessage
	attrPhrase // the title of the row, else HTTP's words for the status: written, and never read
	attrCount
)

var wholeAttributes = map[string]attribute{
	"kind": attrKind, "reason": attrReason, "status": attrStatus, "code": attrCode, "family": attrFamily, "title": attrTitle,
	"detail": attrDetail, "type": attrType, "instance": attrInstance, "request_id": attrRequestID,
	"help": attrHelp, "retry_after": attrRetryAfter, "retryable": attrRetryable, "note": attrNote, "data": attrData,
	"reset": attrReset, "phrase": attrPhrase, "failures": attrFailures, "successes": attrSuccesses, "total": attrTotal,
}

var itemAttributes = map[string]attribute{
	"id": attrID, "index": attrIndex, "kind": attrKind, "reason": attrReason, "status": attrStatus, "code": attrCode, "family": attrFamily,
	"title": attrTitle, "detail": attrDetail, "type": attrType, "instance": attrInstance, "request_id": attrRequestID, "help": attrHelp,
	"retry_after": attrRetryAfter, "retryable": attrRetryable, "note": attrNote, "body": attrBody, "headers": attrHeaders,
}

var fieldAttributes = map[string]attribute{"path": attrPath, "code": attrCode, "message": attrMessage}

var attributeNames = func() (names [attrCount]string) {
	for _, m := range []map[string]attribute{wholeAttributes, itemAttributes, fieldAttributes} {
		for name, a := range m {
			names[a] = name
		}
	}
	return
}()

func (a attribute) String() string { return attributeNames[a] }

// counts reports that an attribute is a number of items.
func (a attribute) counts() bool { return a >= attrFailures && a <= attrTotal }

// target is an attribute of an owner: $detail, $field.path, $item.id.
type target struct {
	owner owner
	attr  attribute
}

func (t target) String() string {
	switch t.owner {
	case field:
		return "$field." + t.attr.String()
	case item:
		return "$item." + t.attr.String()
	}
	return "$" + t.attr.String()
}

// set is a set of targets: the whole's in the low bits, the items' above them,
// the fields' three at the top.
type set uint64

const (
	itemShift  = 28
	fieldShift = 56
)

func bitOf(o owner, a attribute) set {
	if o != field {
		return 1 << (set(a) + set(o)*itemShift)
	}
	switch a {
	case attrPath:
		return pathBit
	case attrCode:
		return codeBit
	}
	return messageBit
}

var ownerBits = [...]set{whole: 1<<itemShift - 1, item: (1<<itemShift - 1) << itemShift, field: 7 << fieldShift}

func (t target) bit() set { return bitOf(t.owner, t.attr) }

// of is the part of a set that belongs to an owner.
func (s set) of(o owner) set { return s & ownerBits[o] }

func (s set) has(o owner, a attribute) bool { return s&bitOf(o, a) != 0 }

func (s set) hasTarget(t target) bool { return s&t.bit() != 0 }

// parseTarget reads the name in a hole. $field alone is its path, $item its id.
// A text that is no attribute gives the words that are.
func parseTarget(name string) (t target, known []string) {
	table := wholeAttributes
	prefix, rest, dotted := strings.Cut(name, ".")
	switch prefix {
	case "field":
		t.owner, table = field, fieldAttributes
		if !dotted {
			rest = "path"
		}
	case "item":
		t.owner, table = item, itemAttributes
		if !dotted {
			rest = "id"
		}
	default:
		rest = name
	}
	if a, ok := table[rest]; ok {
		t.attr = a
		return t, nil
	}
	for word := range table {
		if t.owner != whole {
			word = prefix + "." + word
		}
		known = append(known, word)
	}
	if t.owner == whole {
		known = append(known, "field", "field.code", "field.message", "item", "item.code")
	}
	sortTexts(known)
	return target{}, known
}

func sortTexts(s []string) { slices.Sort(s) }

const (
	pathBit    = set(1) << fieldShift
	codeBit    = set(2) << fieldShift
	messageBit = set(4) << fieldShift
)

// texts are the attributes of a record that make one also where others stand
// further down: a node of a tree with a text of its own.
var texts = messageBit | codeBit | bitOf(item, attrDetail) | bitOf(item, attrCode)

func firstBit(s set) set { return s & -s }

// recordBit stands for "there is a record of the owner".
func recordBit(s set, o owner, a attribute) set {
	if s.of(o) == 0 {
		return 0
	}
	return bitOf(o, a)
}
