package dialect

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
)

// turns calls write for each element that a list is written with.
func (w *writer) turns(t *template, must bool, write func(*template)) {
	if len(t.elems) == 0 {
		return
	}
	e := t.elems[0]
	all := t.writes | t.copies
	switch {
	case all.of(item) != 0 && w.item == nil && !w.itemsDone && len(w.o.Items) > 0:
		w.itemsDone = true
		for i := range w.o.Items {
			w.withItem(&w.o.Items[i], i, t, write)
		}
	case all.of(field) != 0 && w.field == nil && !w.fieldsDone && w.selected != nil:
		w.fieldsDone = true
		for _, i := range w.selected {
			w.withField(i, t, write)
		}
	case all.of(field) != 0 && w.field == nil && !w.fieldsDone && len(w.o.Fields) > 0:
		w.fieldsDone = true
		fields := w.o.Fields
		if e.writes.of(whole) != 0 {
			w.merged = w.merges(e, &fields[0])
			if w.merged {
				if fields[0].Path == "" {
					w.lost("fields[0]", "without a path it reads as the whole's own")
				}
				w.withField(0, t, write)
				w.merged, fields = false, fields[1:]
			} else if t.guarded() || w.has(&template{writes: e.writes.of(whole) &^ bitOf(whole, attrStatus)}) {
				write(e)
			}
		}
		for i := range fields {
			w.withField(len(w.o.Fields)-len(fields)+i, t, write)
		}
	case t.writes.has(whole, attrNote):
		for _, n := range w.o.Notes {
			w.note = n
			write(e)
		}
		w.note = ""
		w.carried |= bitOf(whole, attrNote)
	case e.op == opConst, e.writes.of(whole) != 0 && (must || w.has(&template{writes: e.writes.of(whole) &^ bitOf(whole, attrStatus)})):
		write(e)
	}
}

// merges reports that the first Field can stand in the same element as the
// whole: every text that is read as both is equal, or the whole has none.
func (w *writer) merges(e *template, f *parlance.Field) bool {
	if e.op == opHole {
		first := e.hole.readings[0]
		if first.pattern != nil || first.target.owner != whole {
			return true
		}
		for _, c := range e.hole.readings[1:] {
			if c.pattern == nil && c.target.owner == field {
				text := w.value(first.target)
				if e.hole.guard != nil {
					text = w.render(e.hole)
				}
				if text != "" && text != fieldText(f, c.target.attr) {
					return false
				}
			}
		}
		return true
	}
	for i := range e.members {
		if !w.merges(e.members[i].value, f) {
			return false
		}
	}
	return true
}

func (w *writer) withField(i int, t *template, write func(*template)) {
	f := &w.o.Fields[i]
	w.field, w.fieldAt = f, i
	e := t.elems[0]
	if t.guarded() && !w.merged && len(t.elems) > 1 {
		e = t.elems[1] // the first one says what the shape is recognised by
	}
	for _, other := range t.elems[1:] {
		if bits.OnesCount64(uint64(fieldSet(f)&^(other.writes|other.copies))) < bits.OnesCount64(uint64(fieldSet(f)&^(e.writes|e.copies))) {
			e = other
		}
	}
	if e.op == opHole && w.render(e.hole) == "" && !e.hole.defaults {
		w.lost("fields["+strconv.Itoa(i)+"]", "it has nothing that stands in such a list")
		w.field = nil
		return
	}
	write(e)
	w.field = nil
	w.loseField(i, e.writes|e.copies|t.writes|w.keyed)
}

func (w *writer) withItem(it *parlance.Item, i int, t *template, write func(*template)) {
	w.item = it
	e := t.elems[0]
	written := e.writes | e.copies
	w.itemCode, w.itemStatus = w.itemMeaning(it, written)
	write(e)
	back := &row{kind: it.Outcome.Kind, reason: it.Outcome.Reason}
	if !written.has(item, attrKind) {
		back = w.d.itemMeaning(&parlance.Outcome{Code: w.itemCode, Status: w.itemStatus}, w.o, w.req)
	}
	if w.itemCode == "" && written.has(item, attrCode) && !written.has(item, attrStatus) && !written.has(item, attrKind) {
		back = &row{kind: parlance.Noted} // a record without its code is not read
	}
	w.back = append(w.back, parlance.Item{Outcome: parlance.Outcome{Kind: back.kind, Reason: back.reason}})
	at := "items[" + strconv.Itoa(i) + "].outcome."
	for a := attrNone + 1; a < attrCount; a++ {
		lost := target{item, a}
		switch {
		case a == attrIndex:
			if it.Index != i && !written.has(item, attrIndex) && !w.grafted {
				w.lost("items["+strconv.Itoa(i)+"].index", "records have no number of their own here")
			}
		case a == attrNote || a == attrData:
		case a == attrKind || a == attrReason:
			if a == attrKind && back.kind != it.Outcome.Kind {
				w.lost(at+"kind", "it is written as "+back.kind.String())
			}
			if a == attrReason && it.Outcome.Reason != "" && back.reason != it.Outcome.Reason {
				w.lost(at+"reason", "there is no place for it")
			}
		case a == attrCode:
			if it.Outcome.Code != "" && (!written.hasTarget(lost) || w.itemCode != it.Outcome.Code) {
				w.lost(at+"code", "there is no place for it")
			}
		case a == attrStatus:
			if it.Outcome.Status != 0 && (!written.hasTarget(lost) || w.itemStatus != it.Outcome.Status) {
				w.lost(at+"status", "there is no place for it")
			}
		case a == attrID:
			if it.ID != "" && !written.hasTarget(lost) {
				w.lost("items["+strconv.Itoa(i)+"].id", "there is no place for it")
			}
		case itemText(it, a) != "" && !written.hasTarget(lost):
			w.lost(at+a.String(), "there is no place for it")
		}
	}
	if len(it.Outcome.Fields) > 0 {
		w.lost(at+"fields", "there is no place for them")
	}
	w.item, w.itemCode, w.itemStatus = nil, "", 0
}

// itemMeaning is the code and the status that a record is written with, so that
// it reads back as its kind.
func (w *writer) itemMeaning(it *parlance.Item, written set) (code string, status int) {
	o := &it.Outcome
	if written.has(item, attrKind) {
		return o.Code, o.Status // the kind is told by itself
	}
	row, fallback := w.d.writable(&parlance.Outcome{Kind: o.Kind, Reason: o.Reason}, w.req)
	status = o.Status
	if status == 0 || w.d.statusRow(status, w.req).kind != o.Kind {
		status = fallback
	}
	code = o.Code
	if allowed := w.shape.itemCodes; len(allowed) > 0 && !slices.Contains(allowed, code) {
		code = ""
		for _, c := range allowed {
			r := w.d.codeRow(c, w.req)
			if r == nil {
				continue
			}
			if r.kind == o.Kind || code == "" && r.kind.Failing() == o.Kind.Failing() {
				code = c
			}
			if r.kind == o.Kind {
				break
			}
		}
		return code, status
	}
	if !written.has(item, attrStatus) {
		status = 0
		if r := w.d.codeRow(code, w.req); code == "" || r != nil && r.kind != o.Kind || r == nil && w.d.codes.inBodies() {
			code = w.d.recordCode(o, row, w.req)
		}
	} else if r := w.d.codeRow(code, w.req); w.d.codes.merged && (r == nil || r.kind != o.Kind) {
		code = strconv.Itoa(status) // codes are statuses: a foreign one has no place
	}
	return code, status
}

// recordCode is the code that a record of a kind is written with: one that
// stands in bodies, else a status, where a status is what the dialect has for
// it; "" where no code says it.
func (d *Dialect) recordCode(o *parlance.Outcome, row *row, req *Request) string {
	for _, r := range d.codes.rows {
		if _, numeric := parseSpan(r.first); r.kind == o.Kind && r.applies(req) && !strings.Contains(r.first, "*") && (!numeric || r.status != 0) && !d.codes.merged {
			return r.first
		}
	}
	if d.codes.inBodies() && !d.codes.merged {
		return ""
	}
	return row.first
}
