package dialect

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// attributes are those of an Outcome that is written by a row and with a code,
// and those of a Field that some of its Fields do not have.
func attributes(o *parlance.Outcome, by *row, code string, payload bool) (s, lacking set) {
	s = 1<<attrKind | 1<<attrStatus
	if o.Reason != "" {
		s |= 1 << attrReason
	}
	if code != "" {
		s |= 1 << attrCode
	}
	if o.Family != "" || by.family != "" {
		s |= 1 << attrFamily
	}
	if o.Title != "" && o.Title != by.title {
		s |= 1 << attrTitle
	}
	if o.Detail != "" {
		s |= 1 << attrDetail
	}
	if o.Type != "" {
		s |= 1 << attrType
	}
	if o.Instance != "" {
		s |= 1 << attrInstance
	}
	if o.RequestID != "" {
		s |= 1 << attrRequestID
	}
	if o.Help != "" && o.Help != by.help {
		s |= 1 << attrHelp
	}
	if o.RetryAfter > 0 {
		s |= 1 << attrRetryAfter
		if by.retry.reset {
			s |= 1 << attrReset
		}
	}
	if o.Retryable != 0 {
		s |= 1 << attrRetryable
	}
	if len(o.Notes) > 0 {
		s |= 1 << attrNote
	}
	if payload {
		s |= 1 << attrData
	}
	for i := range o.Fields {
		has := fieldSet(&o.Fields[i])
		s |= has
		lacking |= ownerBits[field] &^ has
	}
	if len(o.Items) > 0 {
		s |= 1<<attrFailures | 1<<attrSuccesses | 1<<attrTotal
	}
	for i := range o.Items {
		s |= itemSet(&o.Items[i])
	}
	return s, lacking
}

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

// itemSet are the attributes that a record has. It is asked for several times of
// each, and so does without their texts.
func itemSet(it *parlance.Item) set {
	o := &it.Outcome
	s := bitOf(item, attrKind) | bitOf(item, attrIndex)
	for _, one := range [...]struct {
		attr attribute
		set  bool
	}{
		{attrID, it.ID != ""},
		{attrReason, o.Reason != ""},
		{attrStatus, o.Status != 0},
		{attrCode, o.Code != ""},
		{attrFamily, o.Family != ""},
		{attrTitle, o.Title != ""},
		{attrDetail, o.Detail != ""},
		{attrType, o.Type != ""},
		{attrInstance, o.Instance != ""},
		{attrRequestID, o.RequestID != ""},
		{attrHelp, o.Help != ""},
		{attrRetryable, o.Retryable.String() != ""},
		{attrRetryAfter, o.RetryAfter > 0},
	} {
		if one.set {
			s |= bitOf(item, one.attr)
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

// setWhole sets an attribute that is not set yet: of several places the first
// filled one counts. The HTTP status is the transport's and never the body's.
func setWhole(o *parlance.Outcome, a attribute, text string) {
	var to *string
	switch a {
	case attrCode:
		to = &o.Code
	case attrFamily:
		to = &o.Family
	case attrTitle:
		to = &o.Title
	case attrDetail:
		to = &o.Detail
	case attrType:
		to = &o.Type
	case attrInstance:
		to = &o.Instance
	case attrRequestID:
		to = &o.RequestID
	case attrHelp:
		to = &o.Help
	case attrReason:
		if o.Reason == "" {
			o.Reason = parlance.Reason(text)
		}
		return
	case attrKind:
		if k, ok := parlance.ParseKind(text); ok && o.Kind == 0 {
			o.Kind = k
		}
		return
	case attrNote:
		o.Notes = append(o.Notes, text)
		return
	case attrRetryAfter:
		o.RetryAfter = max(o.RetryAfter, waitOf(text)) // of several times the longest counts
		return
	case attrRetryable:
		if o.Retryable == 0 {
			o.Retryable = adviceOf(text)
		}
		return
	default:
		return
	}
	if *to == "" {
		*to = text
	}
}

func adviceOf(text string) parlance.Advice {
	switch strings.ToLower(text) {
	case "true", "yes", "1":
		return parlance.AdviceRetry
	case "false", "no", "0":
		return parlance.AdviceStop
	}
	return 0
}

// waitOf is a number of seconds as a duration; one beyond all time is the
// longest that there is, so that nobody comes back early.
func waitOf(seconds string) time.Duration {
	f, err := strconv.ParseFloat(seconds, 64)
	if d, ok := parlance.Seconds(f); ok && err == nil {
		return min(d, forever)
	}
	if f > 0 {
		return forever
	}
	return 0
}

const forever = 100 * 365 * 24 * time.Hour

// settled are the attributes whose texts a choice and a dress are kept for.
const settled = set(1<<attrKind | 1<<attrReason | 1<<attrStatus | 1<<attrCode | 1<<attrFamily | 1<<attrRetryable)
