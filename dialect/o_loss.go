package dialect

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
)

func (w *output) lost(attribute, reason string) {
	w.losses = append(w.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// left is what no place took so far.
func (w *output) left() set {
	s := w.present.of(whole) &^ w.carried &^ bitOf(whole, attrStatus) &^ bitOf(whole, attrRetryAfter) &^ bitOf(whole, attrData) &^ bitOf(whole, attrFailures) &^ bitOf(whole, attrSuccesses) &^ bitOf(whole, attrTotal)
	if back := w.choice.back; back.kind == w.o.Kind && back.reason == w.o.Reason {
		s &^= bitOf(whole, attrKind) | bitOf(whole, attrReason)
	}
	return s
}

// losable are the attributes of the whole that a place is needed for.
var losable = [...]attribute{attrCode, attrFamily, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrNote, attrRetryAfter, attrRetryable, attrHelp}

// lose reports every attribute that is set and was not carried.
func (w *output) lose(header []Pair) {
	o := w.o
	back := w.reads()
	kind, reason := back.kind, back.reason
	if w.carried.has(whole, attrKind) && w.d.mayState(o.Kind, w.status, w.req) {
		kind, reason = o.Kind, ""
		if w.carried.has(whole, attrReason) {
			reason = o.Reason
		}
	}
	if len(w.back) > 0 && w.status < 400 {
		kind, reason = rollUp(back, w.back, w.shape.failuresOnly)
		if kind == parlance.Success && slices.ContainsFunc(w.back, func(it parlance.Item) bool { return it.Outcome.Kind == parlance.Noted }) {
			kind = parlance.Noted
		}
	}
	if len(o.Items) > 0 && len(w.back) == 0 && w.shape != nil && w.shape.carriesItems() {
		// A form of records without any may be read as something else: see what.
		read := w.d.decode(*w.req, Response{Status: w.status, Header: Fields{"Content-Type": {w.shape.media}}, Body: w.dst[w.start:]}, w.depth)
		kind, reason = read.Outcome.Kind, read.Outcome.Reason
	}
	if w.headersSay != "" && w.status >= 200 {
		// What a header says of the form and what the body says may differ: see what counts.
		fields := Fields{}
		for _, p := range header {
			fields[canonicalHeader(p.Name)] = append(fields[canonicalHeader(p.Name)], p.Value)
		}
		read := w.d.decode(*w.req, Response{Status: w.status, Header: fields, Body: w.dst[w.start:]}, w.depth)
		kind, reason = read.Outcome.Kind, read.Outcome.Reason
	}
	if kind != o.Kind {
		w.lost("kind", "status "+strconv.Itoa(w.status)+" means "+kind.String()+" here")
	}
	switch {
	case reason == o.Reason:
	case o.Reason != "":
		w.lost("reason", "there is no place for it")
	case reason == parlance.Expired:
		w.lost("reason", "it is read as expired here, which a client answers with a refresh")
	}
	if o.Status != 0 && o.Status != w.status {
		w.lost("status", "it is written as "+strconv.Itoa(w.status))
	}
	for _, a := range losable {
		if t := (target{whole, a}); !(w.present &^ w.carried).hasTarget(t) {
			continue
		}
		switch a {
		case attrFamily:
			if o.Family != "" {
				w.lost("family", "there is no place for it")
			}
		case attrCode:
			if o.Code == w.code {
				w.lost("code", "there is no place for it")
			}
		case attrNote:
			w.lost("notes", "there is no place for them")
		case attrRetryAfter:
			w.lost("retry_after", "the header holds whole seconds; it was rounded up")
		default:
			w.lost(a.String(), "there is no place for it")
		}
	}
	if w.behind && w.carried.has(whole, attrDetail) {
		w.lost("detail", "the texts of the fields stand behind it")
	}
	if len(w.data.Body) > 0 && !w.carried.has(whole, attrData) {
		w.lost("data", "there is no place for a payload in such an answer")
	}
	switch left := undone(w.fields.done); {
	case len(o.Fields) == 0:
	case len(left) == len(o.Fields), len(w.fields.done) == 0:
		w.copiedField()
	default:
		for _, i := range left {
			w.lost("fields["+strconv.Itoa(i)+"]", "there is no place for it beside the others")
		}
	}
	switch left := undone(w.items.done); {
	case len(o.Items) == 0:
	case len(left) == len(o.Items), len(w.items.done) == 0:
		w.lost("items", "there is no place for them")
	default:
		for _, i := range left {
			w.lost("items["+strconv.Itoa(i)+"]", "there is no place for it beside the others")
		}
	}
}

// reads is the row that what was written reads as.
func (w *output) reads() *row {
	code, family, is := "", "", w.shapeIs()
	if w.carried.has(whole, attrCode) {
		code = w.code
	}
	if w.carried.has(whole, attrFamily) {
		family = w.family()
	}
	if code == "" && family == "" && is == "" {
		return w.choice.back
	}
	r, _ := w.d.meaning(&parlance.Outcome{Status: w.status, Code: code, Family: family}, is, w.req)
	return r
}

// undone are the records that were not written.
func undone(done []bool) (left []int) {
	for i, is := range done {
		if !is {
			left = append(left, i)
		}
	}
	return left
}

// shapeIs is what the form that is written says of itself.
func (w *output) shapeIs() string {
	if w.shape == nil || w.shape.is == "" {
		return w.headersSay
	}
	return w.shape.is
}
