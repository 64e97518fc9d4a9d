package write

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
)

func (w *output) lost(attribute, reason string) {
	w.losses = append(w.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// left are the attributes that have not been written yet.
func (w *output) left() spec.Set {
	s := w.present.Of(spec.Whole) &^ w.carried &^ spec.BitOf(spec.Whole, spec.AttrStatus) &^ spec.BitOf(spec.Whole, spec.AttrRetryAfter) &^ spec.BitOf(spec.Whole, spec.AttrData) &^ spec.BitOf(spec.Whole, spec.AttrFailures) &^ spec.BitOf(spec.Whole, spec.AttrSuccesses) &^ spec.BitOf(spec.Whole, spec.AttrTotal)
	if back := w.choice.Back; back.Kind == w.o.Kind && back.Reason == w.o.Reason {
		s &^= spec.BitOf(spec.Whole, spec.AttrKind) | spec.BitOf(spec.Whole, spec.AttrReason)
	}
	return s
}

// losable are the attributes of the whole that need a place.
var losable = [...]spec.Attribute{spec.AttrCode, spec.AttrFamily, spec.AttrTitle, spec.AttrDetail, spec.AttrType, spec.AttrInstance, spec.AttrRequestID, spec.AttrNote, spec.AttrRetryAfter, spec.AttrRetryable, spec.AttrHelp}

// lose reports every attribute that is set and was not written.
func (w *output) lose(header []wire.HeaderField) {
	w.loseMeaning(header)
	w.loseTexts()
	w.loseExtras()
	if w.ownDetail && w.carried.Has(spec.Whole, spec.AttrDetail) {
		w.lost("detail", "the texts of the fields stand behind it")
	}
	if len(w.data.Body) > 0 && !w.carried.Has(spec.Whole, spec.AttrData) {
		w.lost("data", "there is no place for a payload in such a response")
	}
	if n := len(w.o.Fields); n > 0 && !w.loseSome("fields", n, w.fields.done) {
		w.copiedField()
	}
	if n := len(w.o.Items); n > 0 && !w.loseSome("items", n, w.items.done) {
		w.lost("items", "there is no place for them")
	}
}

// loseMeaning reports a kind, reason or status that the written response does not have.
func (w *output) loseMeaning(header []wire.HeaderField) {
	o := w.o
	kind, reason := w.readsAs(header)
	if kind != o.Kind {
		w.lost("kind", "status "+strconv.Itoa(w.status)+" means "+kind.String()+" here")
	}
	switch {
	case reason == o.Reason:
	case o.Reason != "":
		w.lost("reason", "there is no place for it")
	case reason == parlance.ReasonExpired:
		w.lost("reason", "it is read as expired here, which a client responds to with a refresh")
	}
	if o.Status != 0 && o.Status != w.status {
		w.lost("status", "it is written as "+strconv.Itoa(w.status))
	}
}

// readsAs is the meaning that readers find in the response.
func (w *output) readsAs(header []wire.HeaderField) (kind parlance.Kind, reason parlance.Reason) {
	if w.lacksBody() {
		return parlance.KindNoted, ""
	}
	if w.headersSay != "" && w.status >= 200 {
		// The header and the body may name different forms: read which one counts.
		fields := wire.HeaderMap{}
		for _, p := range header {
			fields[httpheader.Canonical(p.Name)] = append(fields[httpheader.Canonical(p.Name)], p.Value)
		}
		return w.readBack(fields)
	}
	if len(w.o.Items) > 0 && len(w.back) == 0 && w.shape != nil && w.shape.CarriesItems() {
		// A form for records may have another meaning without any: read which one.
		return w.readBack(wire.HeaderMap{"Content-Type": {w.shape.Media}})
	}
	if w.codeIsLent() {
		w.spoil()
		return w.readBack(wire.HeaderMap{"Content-Type": {w.shape.Media}})
	}
	back := w.reads()
	if len(w.back) > 0 && w.status < 400 {
		return w.rolledUp(back)
	}
	if w.carried.Has(spec.Whole, spec.AttrKind) && w.d.MayState(w.o.Kind, w.status, w.req) {
		if w.carried.Has(spec.Whole, spec.AttrReason) {
			reason = w.o.Reason
		}
		return w.o.Kind, reason
	}
	return back.Kind, back.Reason
}

// codeIsLent reports that the code of a Field is read as that of the whole too.
func (w *output) codeIsLent() bool {
	code := spec.BitOf(spec.Whole, spec.AttrCode)
	return len(w.o.Fields) > 0 && w.shape != nil && w.shape.Copies&code != 0 && w.carried&code == 0
}

// lacksBody reports that the body is empty where the dialect has one.
func (w *output) lacksBody() bool {
	return w.depth == 0 && w.status == 200 && len(w.dst) == w.start && w.d.PlanFor(200).Lacks(w.req, &wire.Response{Status: 200}) != ""
}

// rolledUp is the meaning that readers find in the records of a good response.
func (w *output) rolledUp(of *spec.Row) (kind parlance.Kind, reason parlance.Reason) {
	kind, reason = w.d.RollUp(of, w.back, w.shape.FailuresOnly, w.shapeIs() != "")
	if kind == parlance.KindSuccess && slices.ContainsFunc(w.back, func(it parlance.Item) bool { return it.Outcome.Kind == parlance.KindNoted }) {
		kind = parlance.KindNoted
	}
	return kind, reason
}

// readBack reads the written response, with this header.
func (w *output) readBack(header wire.HeaderMap) (parlance.Kind, parlance.Reason) {
	read := w.d.Decode(*w.req, wire.Response{Status: w.status, Header: header, Body: w.dst[w.start:]}, w.depth)
	return read.Outcome.Kind, read.Outcome.Reason
}

// loseTexts reports the attributes of the whole that have no place.
func (w *output) loseTexts() {
	left := w.present &^ w.carried
	for _, a := range losable {
		if !left.Has(spec.Whole, a) {
			continue
		}
		switch a {
		case spec.AttrFamily:
			if w.o.Family != "" {
				w.lost("family", "there is no place for it")
			}
		case spec.AttrCode:
			if w.o.Code == w.code {
				w.lost("code", "there is no place for it")
			}
		case spec.AttrNote:
			w.lost("notes", "there is no place for them")
		case spec.AttrRetryAfter:
			if w.withheld {
				w.lost("retry_after", "with Retry-After the response means something else here")
				continue
			}
			w.lost("retry_after", "the header holds whole seconds; it was rounded up")
		default:
			w.lost(a.String(), "there is no place for it")
		}
	}
}

// loseExtras reports what a vendor adds and has no place.
func (w *output) loseExtras() {
	for _, name := range w.otherExtras() {
		w.lost("extra."+name, "there is no place for it")
	}
}

// loseSome reports the records that were not written, if others were. It returns false and
// reports nothing if no record was written.
func (w *output) loseSome(what string, n int, done []bool) bool {
	left := notWritten(done)
	if len(left) == n || len(done) == 0 {
		return false
	}
	for _, i := range left {
		w.lost(what+"["+strconv.Itoa(i)+"]", "there is no place for it beside the others")
	}
	return true
}

// reads is the row by which the written response is read.
func (w *output) reads() *spec.Row {
	code, family, is := "", "", w.shapeIs()
	if w.carried.Has(spec.Whole, spec.AttrCode) {
		code = w.code
	}
	if w.carried.Has(spec.Whole, spec.AttrFamily) {
		family = w.family()
	}
	if code == "" && family == "" && is == "" {
		return w.choice.Back
	}
	r, _ := w.d.Meaning(&parlance.Outcome{Status: w.status, Code: code, Family: family}, is, w.req)
	return r
}

// notWritten are the records that were not written.
func notWritten(done []bool) (left []int) {
	for i, is := range done {
		if !is {
			left = append(left, i)
		}
	}
	return left
}

// shapeIs is the name that the written form gives.
func (w *output) shapeIs() string {
	if w.shape == nil || w.shape.Is == "" {
		return w.headersSay
	}
	return w.shape.Is
}
