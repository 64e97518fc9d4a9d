package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

func (w *writer) lost(attribute, reason string) {
	w.losses = append(w.losses, parlance.Loss{Attribute: attribute, Reason: reason})
}

// left is what no place took so far.
func (w *writer) left() set {
	s := w.present.of(whole) &^ w.carried &^ bitOf(whole, attrStatus) &^ bitOf(whole, attrRetryAfter) &^ bitOf(whole, attrData)
	if back := w.d.statusRow(w.status, w.req); back.kind == w.o.Kind && back.reason == w.o.Reason {
		s &^= bitOf(whole, attrKind) | bitOf(whole, attrReason)
	}
	return s
}

// lose reports every attribute that is set and was not carried.
func (w *writer) lose() {
	o := w.o
	back := w.d.statusRow(w.status, w.req)
	if w.code != "" && w.carried.has(whole, attrCode) {
		if r := w.d.codeRow(w.code, w.req); r != nil {
			back = r
		}
	}
	if w.shape != nil && w.shape.is != "" && !(w.shape.is == "failed" && w.status >= 400) {
		if r := choose(w.d.codes.exact[w.shape.is], w.req); r != nil {
			back = r
		} else if k, ok := parlance.ParseKind(w.shape.is); ok {
			back = &row{kind: k}
		}
	}
	kind, reason := back.kind, back.reason
	if w.carried.has(whole, attrKind) && w.d.mayState(o.Kind, w.status, w.req) {
		kind, reason = o.Kind, ""
		if w.carried.has(whole, attrReason) {
			reason = o.Reason
		}
	}
	if len(o.Items) > 0 && w.itemsDone && w.status < 400 {
		kind, reason = rollUp(back, w.back)
		if kind == parlance.Success && slices.ContainsFunc(w.back, func(it parlance.Item) bool { return it.Outcome.Kind == parlance.Noted }) {
			kind = parlance.Noted
		}
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
	for _, a := range []attribute{attrCode, attrTitle, attrDetail, attrType, attrInstance, attrRequestID, attrNote, attrRetryAfter, attrHelp} {
		t := target{whole, a}
		if !w.present.hasTarget(t) || w.carried.hasTarget(t) {
			continue
		}
		switch a {
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
	if len(w.data.Body) > 0 && !w.carried.has(whole, attrData) {
		w.lost("data", "there is no place for a payload in such an answer")
	}
	if len(o.Fields) > 0 && !w.fieldsDone {
		w.copiedField()
	}
	if len(o.Items) > 0 && !w.itemsDone {
		w.lost("items", "there is no place for them")
	}
}

// copiedField reports the Fields that do not stand in the text of another
// attribute, where the shape reads them out of it.
func (w *writer) copiedField() {
	var found []parlance.Field
	if w.shape != nil && w.shape.copies.of(field) != 0 && w.shape.body.op == opHole {
		m := matchers.Get().(*matcher)
		defer m.release()
		m.reset()
		if m.text(w.shape.body.hole, []byte(strings.TrimSpace(w.render(w.shape.body.hole)))) {
			var o parlance.Outcome
			f := filler{m: m, d: w.d, req: w.req}
			f.whole(&o)
			f.fields(&o)
			found = o.Fields
		}
	}
	if slices.Equal(found, w.o.Fields) {
		return
	}
	if len(found) == 0 {
		w.lost("fields", "there is no place for them")
		return
	}
	for i, f := range w.o.Fields {
		if !slices.Contains(found, f) {
			w.lost("fields["+strconv.Itoa(i)+"]", "it does not stand in the text")
		}
	}
}

func (w *writer) loseField(i int, written set) {
	for _, a := range [...]attribute{attrPath, attrCode, attrMessage} {
		if lost := (target{field, a}); fieldSet(&w.o.Fields[i]).hasTarget(lost) && !written.hasTarget(lost) {
			w.lost("fields["+strconv.Itoa(i)+"]."+a.String(), "there is no place for it")
		}
	}
}
