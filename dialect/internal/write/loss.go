package write

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/meaning"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

func (w *Output) lost(attribute, reason string) {
	w.losses = append(w.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// left is what no place took so far.
func (w *Output) left() spec.Set {
	s := w.present.Of(spec.Whole) &^ w.carried &^ spec.BitOf(spec.Whole, spec.AttrStatus) &^ spec.BitOf(spec.Whole, spec.AttrRetryAfter) &^ spec.BitOf(spec.Whole, spec.AttrData) &^ spec.BitOf(spec.Whole, spec.AttrFailures) &^ spec.BitOf(spec.Whole, spec.AttrSuccesses) &^ spec.BitOf(spec.Whole, spec.AttrTotal)
	if back := w.choice.Back; back.Kind == w.O.Kind && back.Reason == w.O.Reason {
		s &^= spec.BitOf(spec.Whole, spec.AttrKind) | spec.BitOf(spec.Whole, spec.AttrReason)
	}
	return s
}

// losable are the attributes of the whole that a place is needed for.
var losable = [...]spec.Attribute{spec.AttrCode, spec.AttrFamily, spec.AttrTitle, spec.AttrDetail, spec.AttrType, spec.AttrInstance, spec.AttrRequestID, spec.AttrNote, spec.AttrRetryAfter, spec.AttrRetryable, spec.AttrHelp}

// lose reports every attribute that is set and was not carried.
func (w *Output) lose(header []wire.Pair) {
	o := w.O
	back := w.reads()
	kind, reason := back.Kind, back.Reason
	if w.carried.Has(spec.Whole, spec.AttrKind) && w.D.MayState(o.Kind, w.Status, w.Req) {
		kind, reason = o.Kind, ""
		if w.carried.Has(spec.Whole, spec.AttrReason) {
			reason = o.Reason
		}
	}
	if len(w.back) > 0 && w.Status < 400 {
		kind, reason = meaning.RollUp(back, w.back, w.shape.FailuresOnly)
		if kind == parlance.Success && slices.ContainsFunc(w.back, func(it parlance.Item) bool { return it.Outcome.Kind == parlance.Noted }) {
			kind = parlance.Noted
		}
	}
	if len(o.Items) > 0 && len(w.back) == 0 && w.shape != nil && w.shape.CarriesItems() {
		// A form of records without any may be read as something else: see what.
		read := w.D.Decode(*w.Req, wire.Response{Status: w.Status, Header: wire.Fields{"Content-Type": {w.shape.Media}}, Body: w.dst[w.start:]}, w.depth)
		kind, reason = read.Outcome.Kind, read.Outcome.Reason
	}
	if w.headersSay != "" && w.Status >= 200 {
		// What a header says of the form and what the body says may differ: see what counts.
		fields := wire.Fields{}
		for _, p := range header {
			fields[wire.CanonicalHeader(p.Name)] = append(fields[wire.CanonicalHeader(p.Name)], p.Value)
		}
		read := w.D.Decode(*w.Req, wire.Response{Status: w.Status, Header: fields, Body: w.dst[w.start:]}, w.depth)
		kind, reason = read.Outcome.Kind, read.Outcome.Reason
	}
	if kind != o.Kind {
		w.lost("kind", "status "+strconv.Itoa(w.Status)+" means "+kind.String()+" here")
	}
	switch {
	case reason == o.Reason:
	case o.Reason != "":
		w.lost("reason", "there is no place for it")
	case reason == parlance.Expired:
		w.lost("reason", "it is read as expired here, which a client answers with a refresh")
	}
	if o.Status != 0 && o.Status != w.Status {
		w.lost("status", "it is written as "+strconv.Itoa(w.Status))
	}
	for _, a := range losable {
		if t := (spec.Target{Owner: spec.Whole, Attr: a}); !(w.present &^ w.carried).HasTarget(t) {
			continue
		}
		switch a {
		case spec.AttrFamily:
			if o.Family != "" {
				w.lost("family", "there is no place for it")
			}
		case spec.AttrCode:
			if o.Code == w.Code {
				w.lost("code", "there is no place for it")
			}
		case spec.AttrNote:
			w.lost("notes", "there is no place for them")
		case spec.AttrRetryAfter:
			w.lost("retry_after", "the header holds whole seconds; it was rounded up")
		default:
			w.lost(a.String(), "there is no place for it")
		}
	}
	if w.behind && w.carried.Has(spec.Whole, spec.AttrDetail) {
		w.lost("detail", "the texts of the fields stand behind it")
	}
	if len(w.data.Body) > 0 && !w.carried.Has(spec.Whole, spec.AttrData) {
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
func (w *Output) reads() *spec.Row {
	code, family, is := "", "", w.shapeIs()
	if w.carried.Has(spec.Whole, spec.AttrCode) {
		code = w.Code
	}
	if w.carried.Has(spec.Whole, spec.AttrFamily) {
		family = w.family()
	}
	if code == "" && family == "" && is == "" {
		return w.choice.Back
	}
	r, _ := w.D.Meaning(&parlance.Outcome{Status: w.Status, Code: code, Family: family}, is, w.Req)
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
func (w *Output) shapeIs() string {
	if w.shape == nil || w.shape.Is == "" {
		return w.headersSay
	}
	return w.shape.Is
}
