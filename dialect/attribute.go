package dialect

import "strings"

// owner is what an attribute belongs to.
type owner uint8

const (
	whole owner = iota // the Outcome itself
	field              // one of its Fields
	item               // one of its Items
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
	attrTitle
	attrDetail
	attrType
	attrInstance
	attrRequestID
	attrHelp
	attrRetryAfter
	attrNote
	attrData
	attrID
	attrIndex
	attrPath
	attrMessage
	attrCount
)

var wholeAttributes = map[string]attribute{
	"kind": attrKind, "reason": attrReason, "status": attrStatus, "code": attrCode, "title": attrTitle,
	"detail": attrDetail, "type": attrType, "instance": attrInstance, "request_id": attrRequestID,
	"help": attrHelp, "retry_after": attrRetryAfter, "note": attrNote, "data": attrData,
}

var itemAttributes = map[string]attribute{
	"id": attrID, "index": attrIndex, "kind": attrKind, "reason": attrReason, "status": attrStatus, "code": attrCode,
	"title": attrTitle, "detail": attrDetail, "type": attrType, "instance": attrInstance, "request_id": attrRequestID, "help": attrHelp,
	"retry_after": attrRetryAfter,
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

// set is a set of targets.
type set uint64

func bitOf(o owner, a attribute) set { return 1 << (set(o)*set(attrCount) + set(a)) }

func (t target) bit() set { return bitOf(t.owner, t.attr) }

const perOwner = set(1)<<attrCount - 1

// of is the part of a set that belongs to an owner.
func (s set) of(o owner) set { return s & (perOwner << (set(o) * set(attrCount))) }

func (s set) has(o owner, a attribute) bool { return s&bitOf(o, a) != 0 }

func (s set) hasTarget(t target) bool { return s&t.bit() != 0 }

// parseTarget reads the name in a hole. $field alone is its path. A text that
// is no attribute gives the words that are.
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
	for word := range wholeAttributes {
		known = append(known, word)
	}
	for word := range fieldAttributes {
		known = append(known, "field."+word)
	}
	for word := range itemAttributes {
		known = append(known, "item."+word)
	}
	sortTexts(known)
	return target{}, known
}
