package bulk

import (
	"bytes"
	"errors"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

// listing writes records one after the other as a dialect writes them together. It
// has some encoded at a time, behind the witnesses, so that the whole stays what it
// is, and cuts out what they add.
type listing struct {
	x       core.Exchange
	outcome parlance.Outcome // of the whole; its items are the witnesses
	message dialect.Encoded  // the head's status and headers

	head  []byte // goes out before the first record
	tail  []byte // goes out behind the last one
	comma []byte // between two

	prefix []byte // what an encoded batch begins with: the head and the witnesses

	items []parlance.Item
	body  []byte
}

var errNotListed = errors.New("bulk: the dialect cannot add a record after the others")

// newListing is how the dialect lists records; nil where it cannot write one after the
// other. place is false where it cannot write them at all.
func newListing(x core.Exchange, o *parlance.Outcome) (l *listing, place bool) {
	l = &listing{x: x, message: x.Encode(nil, o, dialect.Payload{}, nil), outcome: *o}
	one, some := l.message.Body, o.Items
	if len(one) == 0 || slices.ContainsFunc(l.message.Losses, func(l parlance.Loss) bool { return l.Attribute == "items" }) {
		return nil, false
	}
	behind := l.encode(append(slices.Clip(some), some[len(some)-1]))
	before := l.encode(append([]parlance.Item{some[0]}, some...))
	to, from := commonPrefix(one, behind), len(one)-commonSuffix(one, before)
	if json := one[0] == '{' || one[0] == '['; json {
		l.comma = []byte(",")
	} else {
		// An element begins with a <, however alike what begins there is.
		to = bytes.LastIndexByte(one[:min(to+1, len(one))], '<')
		if next := bytes.IndexByte(one[max(from, 0):], '<'); next >= 0 {
			from += next
		}
	}
	if to <= from || from < 0 || to < 0 {
		return nil, true
	}
	l.head, l.prefix, l.tail = one[:from], one[:to], one[to:]
	var witnesses []handled
	for _, item := range some {
		witnesses = append(witnesses, handled{item: item})
	}
	if again, err := l.append(nil, witnesses, true); err != nil || !bytes.Equal(again, one[from:to]) {
		return nil, true
	}
	return l, true
}

// encode is the body of the whole with these records.
func (l *listing) encode(items []parlance.Item) []byte {
	o, request := l.outcome, l.x.Request()
	o.Items = items
	return l.x.Dialect().Encode(nil, request, &o, dialect.Payload{}).Body
}

// append writes records. first is that none is before them.
func (l *listing) append(dst []byte, records []handled, first bool) ([]byte, error) {
	l.items = append(l.items[:0], l.outcome.Items...)
	for i := range records {
		l.items = append(l.items, records[i].item)
	}
	o := l.outcome
	o.Items = l.items
	l.body = l.x.Dialect().Encode(l.body[:0], l.x.Request(), &o, dialect.Payload{}).Body
	added, ok := l.cut(l.body)
	if ok {
		added, ok = bytes.CutPrefix(added, l.comma)
	}
	if !ok {
		return dst, errNotListed
	}
	if !first {
		dst = append(dst, l.comma...)
	}
	return append(dst, added...), nil
}

// cut is what an encoded batch has between the witnesses and the end.
func (l *listing) cut(body []byte) ([]byte, bool) {
	body, begins := bytes.CutPrefix(body, l.prefix)
	body, ends := bytes.CutSuffix(body, l.tail)
	return body, begins && ends
}

func commonPrefix(a, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b []byte) (n int) {
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
