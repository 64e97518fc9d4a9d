package write

import (
	"slices"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/jsontext"
)

// itemSaid are the attributes of a record that were written.
func (w *output) itemSaid(it *parlance.Item, written spec.Set) spec.Set {
	have := spec.ItemSet(it) &^ (spec.BitOf(spec.Item, spec.AttrCode) | spec.BitOf(spec.Item, spec.AttrStatus))
	if w.itemCode != "" {
		have |= spec.BitOf(spec.Item, spec.AttrCode)
	}
	if w.itemStatus != 0 {
		have |= spec.BitOf(spec.Item, spec.AttrStatus)
	}
	return have & written
}

func (w *output) withItem(i int, e *spec.Template, write func(*spec.Template)) {
	it := &w.o.Items[i]
	w.item, w.itemAt = it, i
	site := &w.shape.Sites[w.items.site[i]]
	written := e.Writes | e.Copies | w.around
	w.itemCode, w.itemStatus = w.itemMeaning(it, written, site)
	if site.Must&^w.itemSaid(it, spec.OwnerBits[spec.Item]) != 0 {
		w.lost("items["+strconv.Itoa(i)+"]", "it lacks what must be there for it to be read")
		return
	}
	if written.Has(spec.Item, spec.AttrBody) {
		w.nestedResponse(it, "items["+strconv.Itoa(i)+"].outcome.")
	}
	fields := w.withFields(it, i, e, write)
	if w.itemBody == nil && site.Is == "" && w.itemSaid(it, written) == 0 && e.Resolve().Op != spec.OpObject {
		w.lost("items["+strconv.Itoa(i)+"]", "it has nothing that stands in such a place")
		return
	}
	w.loseItem(it, i, site, written)
	if !fields {
		w.lost("items["+strconv.Itoa(i)+"].outcome.fields", "there is no place for them")
	}
	w.itemBody, w.itemHeader = nil, nil
}

// loseItem keeps the meaning that the written record is read with, and reports the
// attributes that were not written.
func (w *output) loseItem(it *parlance.Item, i int, site *spec.Site, written spec.Set) {
	at := func(name string) string { return "items[" + strconv.Itoa(i) + "].outcome." + name }
	back := w.readsBack(it, site, written)
	if w.itemBody != nil {
		back = &spec.Row{Kind: w.itemBack.kind, Reason: w.itemBack.reason}
	}
	w.wrote = append(w.wrote, i)
	w.back = append(w.back, parlance.Item{Outcome: parlance.Outcome{Kind: back.Kind, Reason: back.Reason}})
	if back.Kind != it.Outcome.Kind {
		w.lost(at("kind"), "it is written as "+back.Kind.String())
	}
	if it.Outcome.Reason != "" && back.Reason != it.Outcome.Reason {
		w.lost(at("reason"), "there is no place for it")
	}
	if it.Index != len(w.back)-1 && !written.Has(spec.Item, spec.AttrIndex) && !w.grafted {
		w.lost("items["+strconv.Itoa(i)+"].index", "records have no number of their own here")
	}
	w.loseItemTexts(it, i, written, at)
}

// loseItemTexts reports the texts of a record that were not written.
func (w *output) loseItemTexts(it *parlance.Item, i int, written spec.Set, at func(name string) string) {
	lost := w.itemLost(it, written)
	for a := spec.AttrNone + 1; a < spec.AttrCount && lost != 0; a++ {
		switch {
		case !lost.Has(spec.Item, a):
		case a == spec.AttrNote:
			w.lost(at("notes"), "there is no place for them")
		case a == spec.AttrID:
			w.lost("items["+strconv.Itoa(i)+"].id", "there is no place for it")
		default:
			w.lost(at(a.String()), "there is no place for it")
		}
	}
}

// itemLost are the attributes of a record that were lost or changed.
func (w *output) itemLost(it *parlance.Item, written spec.Set) spec.Set {
	lost := spec.ItemSet(it) &^ (spec.BitOf(spec.Item, spec.AttrKind) | spec.BitOf(spec.Item, spec.AttrReason) | spec.BitOf(spec.Item, spec.AttrIndex))
	if w.itemBody != nil {
		lost &= spec.BitOf(spec.Item, spec.AttrStatus) | spec.BitOf(spec.Item, spec.AttrID)
	}
	if w.itemCode != it.Outcome.Code {
		written &^= spec.BitOf(spec.Item, spec.AttrCode)
	}
	if w.itemStatus != it.Outcome.Status {
		written &^= spec.BitOf(spec.Item, spec.AttrStatus)
	}
	return lost &^ written
}

// nestedResponse writes a record as a response inside the body, with its own body and
// header.
func (w *output) nestedResponse(it *parlance.Item, at string) {
	o := it.Outcome
	var m wire.Encoded
	w.d.Encode(&m, nil, &wire.Request{Path: w.req.Path, Now: w.req.Now, Header: acceptJSON}, &o, &wire.Payload{}, w.depth+1)
	w.itemStatus = m.Status
	w.itemBody, w.itemHeader = m.Body, m.Header
	if w.itemBody == nil {
		w.itemBody = []byte{}
	}
	var t tree.Tree
	if len(m.Body) > 0 && t.JSON(m.Body, false) != nil {
		w.itemBody = jsontext.Append(nil, string(m.Body))
	}
	w.itemBack.kind, w.itemBack.reason = o.Kind, o.Reason
	for _, l := range m.Losses {
		w.lost(at+l.Attribute, l.Reason)
		switch l.Attribute {
		case "kind":
			w.itemBack.kind, w.itemBack.reason = w.d.StatusRow(m.Status, w.req).Kind, ""
		case "reason":
			w.itemBack.reason = ""
		}
	}
}

var acceptJSON = wire.HeaderMap{"Accept": {"application/json"}}

// itemMeaning is the code and the status for a record, so that it is read as its kind.
func (w *output) itemMeaning(it *parlance.Item, written spec.Set, s *spec.Site) (code string, status int) {
	m := w.meaningOf(it, written, s)
	return m.code, m.status
}

// meanItem is itemMeaning for a record with another meaning than those before.
func (w *output) meanItem(it *parlance.Item, written spec.Set, s *spec.Site) (code string, status int) {
	o := &it.Outcome
	if written.Has(spec.Item, spec.AttrKind) {
		return o.Code, o.Status // the kind is written by itself
	}
	row, fallback := w.d.writable(&parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, w.req)
	code, status = o.Code, o.Status
	if status < 100 || status > 999 || w.d.StatusRow(status, w.req).Kind != o.Kind {
		status = fallback // what is no status of three digits would not be read as one
	}
	if allowed := w.shape.ItemCodes; len(allowed) > 0 && !slices.Contains(allowed, code) {
		return w.allowedCode(o.Kind), status
	}
	if s.Whole.Has(spec.Item, spec.AttrCode) && !tree.IsWhole(code) {
		code = "" // it would be no number
	}
	own := w.d.CodeRow(code, spec.AnyForm, w.req)
	means := own != nil && own.Kind == o.Kind // the record's own code says the kind
	said, _ := w.d.Said(&parlance.Outcome{Status: -1}, s.Is, w.req)
	switch {
	case said != nil && said.Kind == o.Kind && (code == "" || own == nil || means):
		return code, status // the form says it, and needs no code
	case !written.Has(spec.Item, spec.AttrStatus):
		if code == "" || own != nil && !means || own == nil && w.d.InBodies() {
			code = w.d.recordCode(o, row, w.req)
		}
		return code, 0
	case means:
		return code, status
	case w.d.Codes.Merged:
		return strconv.Itoa(status), status // codes are statuses: a foreign one has no place
	case own != nil:
		return "", status
	}
	return code, status
}

// allowedCode is the code for a kind out of a shape's codes for records, else a code for a
// kind of the same side. It is "" if there is none.
func (w *output) allowedCode(kind parlance.Kind) (code string) {
	for _, c := range w.shape.ItemCodes {
		switch r := w.d.CodeRow(c, spec.AnyForm, w.req); {
		case r == nil:
		case r.Kind == kind:
			return c
		case code == "" && r.Kind.Failing() == kind.Failing():
			code = c
		}
	}
	return code
}
