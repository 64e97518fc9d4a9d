package spec

import (
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Attributes are those of an Outcome that is written by a row and with a code,
// and those of a Field that some of its Fields do not have.
func Attributes(o *parlance.Outcome, by *Row, code string, payload bool) (s, lacking Set) {
	s = 1<<AttrKind | 1<<AttrStatus |
		given(AttrReason, o.Reason != "") | given(AttrCode, code != "") | given(AttrFamily, o.Family != "" || by.Family != "") |
		given(AttrTitle, o.Title != "" && o.Title != by.Title) | given(AttrDetail, o.Detail != "") | given(AttrType, o.Type != "") |
		given(AttrInstance, o.Instance != "") | given(AttrRequestID, o.RequestID != "") | given(AttrHelp, o.Help != "" && o.Help != by.Help) |
		given(AttrRetryAfter, AsksWait(o)) | given(AttrReset, o.RetryAfter > 0 && by.Retry.Reset) | given(AttrRetryable, o.Retryable != 0) |
		given(AttrNote, len(o.Notes) > 0) | given(AttrData, payload) | given(AttrExtra, len(o.Extra) > 0)
	for i := range o.Fields {
		has := FieldSet(&o.Fields[i])
		s |= has
		lacking |= OwnerBits[Field] &^ has
	}
	if len(o.Items) > 0 {
		s |= 1<<AttrFailures | 1<<AttrSuccesses | 1<<AttrTotal
	}
	for i := range o.Items {
		s |= ItemSet(&o.Items[i])
	}
	return s, lacking
}

// given is the set of an attribute of the whole that is set, else the empty set.
func given(a Attribute, is bool) Set { return Set(Btoi(is)) << a }

// FieldSet are the attributes that a Field has.
func FieldSet(f *parlance.Field) (s Set) {
	if f.Path != "" {
		s = PathBit
	}
	if f.Code != "" {
		s |= CodeBit
	}
	if f.Message != "" {
		s |= MessageBit
	}
	return s
}

// FieldText is an attribute of a Field, "" if it is not set.
func FieldText(f *parlance.Field, a Attribute) string {
	switch a {
	case AttrPath:
		return f.Path
	case AttrCode:
		return f.Code
	case AttrMessage:
		return f.Message
	}
	return ""
}

// ItemSet are the attributes that a record has. It is asked for several times of
// each, and so does without their texts.
func ItemSet(it *parlance.Item) Set {
	o := &it.Outcome
	s := BitOf(Item, AttrKind) | BitOf(Item, AttrIndex)
	for _, one := range [...]struct {
		attr Attribute
		set  bool
	}{
		{AttrID, it.ID != ""},
		{AttrReason, o.Reason != ""},
		{AttrStatus, o.Status != 0},
		{AttrCode, o.Code != ""},
		{AttrFamily, o.Family != ""},
		{AttrTitle, o.Title != ""},
		{AttrDetail, o.Detail != ""},
		{AttrType, o.Type != ""},
		{AttrInstance, o.Instance != ""},
		{AttrRequestID, o.RequestID != ""},
		{AttrHelp, o.Help != ""},
		{AttrRetryable, o.Retryable.String() != ""},
		{AttrRetryAfter, AsksWait(o)},
		{AttrNote, len(o.Notes) > 0},
	} {
		if one.set {
			s |= BitOf(Item, one.attr)
		}
	}
	return s
}

// ItemText is an attribute of an Item as text, "" if it is not set.
func ItemText(it *parlance.Item, a Attribute) string {
	switch a {
	case AttrID:
		return it.ID
	case AttrIndex:
		return strconv.Itoa(it.Index)
	}
	return OutcomeText(&it.Outcome, a)
}

// OutcomeText is an attribute as text, "" if it is not set. It and SetWhole run for
// each attribute of a response. Each has a switch of its own, because both took a
// fifth longer with a shared function for the place of a text.
func OutcomeText(o *parlance.Outcome, a Attribute) string {
	switch a {
	case AttrKind:
		return o.Kind.String()
	case AttrReason:
		return string(o.Reason)
	case AttrStatus:
		if o.Status != 0 {
			return strconv.Itoa(o.Status)
		}
	case AttrCode:
		return o.Code
	case AttrFamily:
		return o.Family
	case AttrTitle:
		return o.Title
	case AttrDetail:
		return o.Detail
	case AttrType:
		return o.Type
	case AttrInstance:
		return o.Instance
	case AttrRequestID:
		return o.RequestID
	case AttrHelp:
		return o.Help
	case AttrRetryable:
		return o.Retryable.String()
	case AttrRetryAfter:
		switch {
		case o.RetryAfter == parlance.RetryNow:
			return "0"
		case o.RetryAfter > 0:
			return strconv.FormatFloat(float64(o.RetryAfter)/1e9, 'f', -1, 64)
		}
	}
	return ""
}

// Unheard reports that a text is none of the words that an attribute can have.
func Unheard(a Attribute, text string) bool {
	switch a {
	case AttrKind:
		_, known := parlance.ParseKind(text)
		return !known && text != ""
	case AttrRetryable:
		return adviceOf(text) == 0 && text != ""
	}
	return false
}

// SetWhole sets an attribute that is not set yet: of several places the first
// filled one counts. The HTTP status is the transport's and never the body's.
func SetWhole(o *parlance.Outcome, a Attribute, text string) {
	var to *string
	switch a {
	case AttrCode:
		to = &o.Code
	case AttrFamily:
		to = &o.Family
	case AttrTitle:
		to = &o.Title
	case AttrDetail:
		to = &o.Detail
	case AttrType:
		to = &o.Type
	case AttrInstance:
		to = &o.Instance
	case AttrRequestID:
		to = &o.RequestID
	case AttrHelp:
		to = &o.Help
	case AttrReason:
		if o.Reason == "" {
			o.Reason = parlance.Reason(text)
		}
		return
	case AttrKind:
		if k, ok := parlance.ParseKind(text); ok && o.Kind == 0 {
			o.Kind = k
		}
		return
	case AttrNote:
		o.Notes = append(o.Notes, text)
		return
	case AttrRetryAfter:
		wait := WaitOf(text)
		if wait == 0 {
			wait = parlance.RetryNow
		}
		o.RetryAfter = LongerWait(o.RetryAfter, wait)
		return
	case AttrRetryable:
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

// AsksWait reports that an Outcome says when to come back, if only that it may be now.
func AsksWait(o *parlance.Outcome) bool {
	return o.RetryAfter > 0 || o.RetryAfter == parlance.RetryNow
}

// LongerWait is what counts of two waits that a response asks for. 0 is none, and counts
// less than RetryNow.
func LongerWait(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return a + b
	}
	return max(a, b)
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

// WaitOf is a number of seconds as a duration; one beyond all time is the
// longest that there is, so that nobody comes back early.
func WaitOf(seconds string) time.Duration {
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

// ChoiceKey are the attributes whose texts choose how an Outcome is written: the
// lessons of an earlier one are kept for each combination of them.
const ChoiceKey = Set(1<<AttrKind | 1<<AttrReason | 1<<AttrStatus | 1<<AttrCode | 1<<AttrFamily | 1<<AttrRetryable)
