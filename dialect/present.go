package dialect

import (
	"strconv"

	"github.com/parlance-api/parlance"
)

// attributes is the set of what the Outcome holds.
func (w *writer) attributes() (s set) {
	o := w.o
	add := func(own owner, a attribute, is bool) {
		if is {
			s |= bitOf(own, a)
		}
	}
	add(whole, attrKind, true)
	add(whole, attrReason, o.Reason != "")
	add(whole, attrStatus, true)
	add(whole, attrCode, w.code != "")
	add(whole, attrFamily, o.Family != "" || w.row.family != "")
	add(whole, attrRetryable, o.Retryable != 0)
	add(whole, attrReset, o.RetryAfter > 0 && w.row.retry.reset)
	add(whole, attrFailures, len(o.Items) > 0)
	add(whole, attrSuccesses, len(o.Items) > 0)
	add(whole, attrTotal, len(o.Items) > 0)
	add(whole, attrTitle, o.Title != "" && o.Title != w.row.title)
	add(whole, attrDetail, o.Detail != "")
	add(whole, attrType, o.Type != "")
	add(whole, attrInstance, o.Instance != "")
	add(whole, attrRequestID, o.RequestID != "")
	add(whole, attrHelp, o.Help != "" && o.Help != w.row.help)
	add(whole, attrRetryAfter, o.RetryAfter > 0)
	add(whole, attrNote, len(o.Notes) > 0)
	add(whole, attrData, len(w.data.Body) > 0)
	w.lacking = 0
	for i := range o.Fields {
		has := fieldSet(&o.Fields[i])
		s |= has
		w.lacking |= ownerBits[field] &^ has
	}
	for i := range o.Items {
		s |= itemSet(&o.Items[i])
	}
	return s
}

const (
	pathBit    = set(1) << fieldShift
	codeBit    = set(2) << fieldShift
	messageBit = set(4) << fieldShift
)

func fieldSet(f *parlance.Field) (s set) {
	if f.Path != "" {
		s = pathBit
	}
	if f.Code != "" {
		s |= codeBit
	}
	if f.Message != "" {
		s |= messageBit
	}
	return s
}

func fieldText(f *parlance.Field, a attribute) string {
	switch a {
	case attrPath:
		return f.Path
	case attrCode:
		return f.Code
	case attrMessage:
		return f.Message
	}
	return ""
}

func itemSet(it *parlance.Item) (s set) {
	for a := attrNone + 1; a < attrCount; a++ {
		if a == attrKind || a == attrIndex || itemText(it, a) != "" {
			s |= bitOf(item, a)
		}
	}
	return s
}

func itemText(it *parlance.Item, a attribute) string {
	switch a {
	case attrID:
		return it.ID
	case attrIndex:
		return strconv.Itoa(it.Index)
	}
	return outcomeText(&it.Outcome, a)
}

// outcomeText is an attribute as text, "" where it is not set.
func outcomeText(o *parlance.Outcome, a attribute) string {
	switch a {
	case attrKind:
		return o.Kind.String()
	case attrReason:
		return string(o.Reason)
	case attrStatus:
		if o.Status != 0 {
			return strconv.Itoa(o.Status)
		}
	case attrCode:
		return o.Code
	case attrFamily:
		return o.Family
	case attrTitle:
		return o.Title
	case attrDetail:
		return o.Detail
	case attrType:
		return o.Type
	case attrInstance:
		return o.Instance
	case attrRequestID:
		return o.RequestID
	case attrHelp:
		return o.Help
	case attrRetryable:
		return o.Retryable.String()
	case attrRetryAfter:
		if o.RetryAfter > 0 {
			return strconv.FormatFloat(float64(o.RetryAfter)/1e9, 'f', -1, 64)
		}
	}
	return ""
}
