package dialect

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// program is an answer that was written once, cut at the texts that change from
// one to the next. The writer marked them while it wrote (trace), so all that
// stands between them is its own work and is not written a second way. Whether
// it would do the same for other texts is asked of the shape first (unrolls).
type program struct {
	steps  []step
	size   int    // of the body that it was made of, or maxHint
	lone   bool   // the one Field stands in the body itself, and shares texts with the whole
	media  string // of the payload, where the body is the payload and its type follows from that
	header []Pair
	texts  []varying // of the header
	losses []parlance.Loss
	unset  []string
}

// step is bytes as they are, and then a text or turns.
type step struct {
	before string
	kind   stepKind
	from   target
	conv   *conversion
	turns  []step
	single bool      // of names: a second Field of one name has no place
	among  *template // of names: whose own members no Field can be called
}

type stepKind uint8

const (
	stepBytes  stepKind = iota
	stepText            // a text of the whole, or of the Field whose turn it is, as JSON
	stepXML             // such a text as XML
	stepNames           // a turn for each path that Fields have
	stepEach            // a turn for each Field, of this path where names are around
	stepData            // the payload, as it is
	stepJSON            // the payload, which must be JSON
	stepTurned          // in a trace: a turn ends
)

// varying is a header field that holds a text of the whole.
type varying struct {
	at   int
	from attribute
}

// settled are the attributes whose texts a choice and a dress are kept for.
const settled = set(1<<attrKind | 1<<attrReason | 1<<attrStatus | 1<<attrCode | 1<<attrFamily | 1<<attrRetryable)

// free are those whose texts may be any.
const free = set(1<<attrTitle|1<<attrDetail|1<<attrType|1<<attrInstance|1<<attrRequestID|1<<attrHelp) | pathBit | codeBit | messageBit

// maxTurns is how many Fields a program can tell apart.
const maxTurns = 64

// maxHint bounds the memory that is asked for before it is known how much an
// answer needs, for the one that was written first may have been a large one.
const maxHint = 1 << 10

// run writes another answer of the same dress. It reports false, having written
// nothing, for one with texts by which the writer would have gone another way.
func (p *program) run(m *Message, dst []byte, c *choice, o *parlance.Outcome, data *Payload) (ok bool) {
	if len(o.Fields) > maxTurns || p.lone && !mergesAlone(c, o) || p.media != "" && p.media != data.ContentType {
		return false
	}
	header := p.header[:len(p.header):len(p.header)]
	if len(p.texts) > 0 {
		if header, ok = p.head(o); !ok {
			return false
		}
	}
	if dst, ok = run(p.steps, slices.Grow(dst, p.size), o, data, 1<<len(o.Fields)-1); ok {
		m.Status, m.Header, m.Body, m.Losses = c.status, header, dst, p.losses[:len(p.losses):len(p.losses)]
		m.Phrase, m.Unset = c.phrase, p.unset[:len(p.unset):len(p.unset)]
	}
	return ok
}

// run writes steps, of which turns are for the Fields of a set.
func run(steps []step, dst []byte, o *parlance.Outcome, data *Payload, of uint64) (_ []byte, ok bool) {
	for i := range steps {
		s := &steps[i]
		dst = append(dst, s.before...)
		switch s.kind {
		case stepText:
			text := ""
			if s.from.owner == field {
				text = fieldText(&o.Fields[bits.TrailingZeros64(of)], s.from.attr)
			} else {
				text = outcomeText(o, s.from.attr)
			}
			switch s.conv.notation {
			case plain:
				dst = appendJSONText(dst, text)
			case segments:
				dst = s.conv.appendStructured(dst, text)
			default:
				text, _ = s.conv.wire(text, nil) // one that takes all texts
				dst = appendJSONText(dst, text)
			}
		case stepXML:
			text := outcomeText(o, s.from.attr)
			if strings.TrimSpace(text) != text {
				return dst, false // it would not be read as it is
			}
			dst = appendXMLText(dst, text)
		case stepData:
			dst = append(dst, data.Body...)
		case stepJSON:
			if !validJSON(data.Body) {
				return dst, false
			}
			dst = append(dst, data.Body...)
		case stepNames:
			for left := of; left != 0; {
				own := left & -left
				path := o.Fields[bits.TrailingZeros64(left)].Path
				if key, _ := s.among.keyConv.wire(path, nil); s.among.names([]byte(key)) {
					return dst, false
				}
				for rest := left &^ own; rest != 0; rest &= rest - 1 {
					if o.Fields[bits.TrailingZeros64(rest)].Path == path {
						own |= rest & -rest
					}
				}
				if s.single && own&(own-1) != 0 {
					return dst, false
				}
				if dst, ok = run(s.turns, dst, o, data, own); !ok {
					return dst, false
				}
				if left &^= own; left != 0 {
					dst = append(dst, ',')
				}
			}
		case stepEach:
			for left := of; left != 0; left &= left - 1 {
				if left != of {
					dst = append(dst, ',')
				}
				dst, _ = run(s.turns, dst, o, data, left&-left)
			}
		}
	}
	return dst, true
}

// head is the header with its texts. A text that cannot go out as it is is the
// writer's to lose.
func (p *program) head(o *parlance.Outcome) ([]Pair, bool) {
	h := slices.Clone(p.header)
	for _, t := range p.texts {
		text := ""
		if t.from == attrRetryAfter {
			if o.RetryAfter%time.Second != 0 {
				return nil, false
			}
			text = strconv.FormatInt(int64(o.RetryAfter/time.Second), 10)
		} else if text = outcomeText(o, t.from); headerText(text) != text {
			return nil, false
		}
		h[t.at].Value = text
	}
	return h, true
}

// mergesAlone reports that the only Field says the same as the whole, wherever
// both say something.
func mergesAlone(c *choice, o *parlance.Outcome) bool {
	if len(o.Fields) != 1 {
		return false
	}
	f := &o.Fields[0]
	return (f.Code == "" || c.code == "" || f.Code == c.code) && (f.Message == "" || o.Detail == "" || f.Message == o.Detail)
}

// trace is what a writer marks for a program.
type trace struct {
	cuts   []cut
	texts  []varying
	media  string
	spoilt bool // something was written that depends on more than is marked
}

// cut is a text in the body, or where turns begin and end.
type cut struct {
	kind     stepKind
	from     target
	conv     *conversion
	among    *template
	at, past int
}

// traced reports that texts are to be marked.
func (w *output) traced() bool { return w.trace != nil && !w.trace.spoilt }

// marked notes a hole that was written from an offset on.
func (w *output) marked(h *hole, at int) {
	if !w.traced() {
		return
	}
	first := &h.readings[0]
	if first.pattern != nil {
		return // of settled texts
	}
	from := first.target
	if w.value(from) == "" {
		if !w.merged {
			return // what stands for nothing
		}
		// In the element of both, the Field's own text where the whole has none.
		for _, r := range h.readings[1:] {
			if r.pattern == nil && r.target.owner == field && w.value(r.target) != "" {
				from = r.target
				break
			}
		}
	}
	if from.bit()&free != 0 && w.value(from) != "" {
		w.markText(from, &first.conv, at)
	}
}

// markText notes a text that was written from an offset on.
func (w *output) markText(from target, c *conversion, at int) {
	if w.traced() {
		kind := stepText
		if w.shape.form == formXML {
			kind = stepXML
		}
		w.trace.cuts = append(w.trace.cuts, cut{kind: kind, from: from, conv: c, at: at, past: len(w.dst)})
	}
}

// markData notes the payload from an offset on.
func (w *output) markData(k stepKind, at int) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: k, at: at, past: len(w.dst)})
	}
}

// markNames notes that the turn of a name begins here, among the members of a template.
func (w *output) markNames(t *template) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: stepNames, among: t, at: len(w.dst), past: len(w.dst)})
	}
}

// markTurn notes that a turn begins or ends here.
func (w *output) markTurn(k stepKind) {
	if w.traced() {
		w.trace.cuts = append(w.trace.cuts, cut{kind: k, at: len(w.dst), past: len(w.dst)})
	}
}

// markHeader notes that the last field of a header holds a text of the whole.
func (w *output) markHeader(to []Pair, from attribute) {
	if w.trace != nil {
		w.trace.texts = append(w.trace.texts, varying{len(to) - 1, from})
	}
}

// spoil gives the program up.
func (w *output) spoil() {
	if w.trace != nil {
		w.trace.spoilt = true
	}
}

// program is made of what was marked, nil where the writer went a way that other
// texts do not go.
func (w *output) program(m *Message) *program {
	p := &program{header: m.Header, texts: w.trace.texts, media: w.trace.media, losses: m.Losses, unset: m.Unset, size: min(len(w.dst)-w.start, maxHint)}
	if w.trace.spoilt || w.headersSay != "" || slices.ContainsFunc(m.Losses, func(l parlance.Loss) bool { return strings.HasPrefix(l.Attribute, "fields[") }) {
		return nil
	}
	for i, id := range w.fields.site {
		switch {
		case w.fields.done[i] && w.shape.sites[id].root:
			if p.lone = len(w.o.Fields) == 1; !p.lone {
				return nil
			}
		case !w.fields.done[i] && w.shape.copies.of(field) != 0:
			return nil // whether the text of another attribute says it
		}
	}
	if len(p.texts) > 0 {
		p.header = slices.Clone(p.header)
		for _, t := range p.texts {
			p.header[t.at].Value = "" // the caller's
		}
	}
	u := unroller{cuts: w.trace.cuts, body: w.dst, pos: w.start}
	p.steps = append(u.steps(), step{before: string(w.dst[u.pos:])})
	if u.uneven || len(u.cuts) > 0 {
		return nil
	}
	return p
}

// unroller makes steps of cuts.
type unroller struct {
	cuts   []cut
	body   []byte
	pos    int  // what stands before it is in a step
	uneven bool // turns differ in more than texts
}

// steps are those up to the end of the turn, or of all.
func (u *unroller) steps() (all []step) {
	for len(u.cuts) > 0 && u.cuts[0].kind != stepTurned {
		c := u.cuts[0]
		s := step{before: string(u.body[u.pos:c.at]), kind: c.kind, from: c.from, conv: c.conv, among: c.among}
		u.cuts, u.pos = u.cuts[1:], c.past
		if c.kind == stepNames || c.kind == stepEach {
			s.turns = u.turn()
			for len(u.cuts) > 0 && u.cuts[0].kind == c.kind && string(u.body[u.pos:u.cuts[0].at]) == "," {
				u.pos, u.cuts = u.cuts[0].at, u.cuts[1:]
				u.uneven = !slices.EqualFunc(u.turn(), s.turns, step.equal) || u.uneven
			}
			s.single = !slices.ContainsFunc(s.turns, func(s step) bool { return s.kind == stepEach })
		}
		all = append(all, s)
	}
	return all
}

// turn are the steps of one turn, with its end.
func (u *unroller) turn() []step {
	all := u.steps()
	if len(u.cuts) == 0 {
		u.uneven = true
		return nil
	}
	end := u.cuts[0].at
	all = append(all, step{before: string(u.body[u.pos:end])})
	u.cuts, u.pos = u.cuts[1:], end
	return all
}

func (s step) equal(other step) bool {
	return s.before == other.before && s.kind == other.kind && s.from == other.from && s.conv == other.conv && slices.EqualFunc(s.turns, other.turns, step.equal)
}

// unrolls reports that what is written in a dress follows from which attributes
// are there, but for texts that are marked.
func (w *output) unrolls(s *shape) bool {
	has := w.present.of(field)
	if w.choice.telling || has&w.lacking != 0 || has == 0 && len(w.o.Fields) > 0 {
		return false // Fields that are not alike go different ways
	}
	if s == nil {
		return true
	}
	if s.shares && w.code == "" && has.has(field, attrCode) {
		return false // a code may have to be dropped
	}
	return (s.form == formJSON || s.form == formXML && has == 0) && s.body.unrolls(w.present, 0)
}

// unrolls reports the same of a template, inside of so many kinds of turns:
// names, and in them or alone the elements of a list.
func (t *template) unrolls(present set, inside int) bool {
	same := (t.writes|t.copies|t.keys)&present&^settled == 0
	switch t.op {
	case opHole:
		return t.hole.unrolls(present, inside)
	case opObject:
		if same && inside == 0 {
			return true
		}
		for i := range t.members {
			if m := &t.members[i]; !m.unwritten && !m.value.unrolls(present, inside) {
				return false
			}
		}
		switch {
		case t.indexed:
			return false
		case t.rest == nil:
			return true
		case t.key.attr != attrNone && t.single():
			return t.key.bit()&present&^settled == 0 && t.rest.value.unrolls(present, inside)
		}
		// One name after the other, and no names in names.
		return inside == 0 && t.key == target{field, attrPath} && t.keyConv.takesAll() && t.rest.value.writes.of(whole) == 0 &&
			t.rest.value.keys == 0 && t.rest.value.unrolls(present, 1)
	case opList:
		switch {
		case same && inside == 0:
			return true
		case (t.writes|t.copies).of(field)&present == 0:
			return inside == 0 && !slices.ContainsFunc(t.elems, func(e *template) bool { return !e.unrolls(present, 0) })
		}
		return inside < 2 && len(t.elems) == 1 && !t.guarded() && t.elems[0].writes.of(whole) == 0 && t.elems[0].unrolls(present, 2)
	case opEither:
		return same && inside == 0 || !t.indexes && !slices.ContainsFunc(t.elems, func(e *template) bool { return e.readOnly || !e.unrolls(present, inside) })
	case opReference:
		return same && inside == 0 || !t.def.loops && t.def.body.unrolls(present, inside)
	}
	return true
}

// unrolls reports that a text is settled, or goes out as it is whatever it is.
func (h *hole) unrolls(present set, inside int) bool {
	first, loose := &h.readings[0], false // some of it is not settled
	if first.target.attr == attrData && first.pattern == nil && len(h.readings) == 1 {
		return inside == 0 && h.guard == nil
	}
	for i, r := range h.readings {
		if r.targets()&present&^settled == 0 {
			continue
		}
		loose = true
		if r.pattern != nil || r.bit&free == 0 || i > 0 && r.target.owner == whole {
			return false // a second one of the whole is carried if it is the same
		}
	}
	if loose && (h.guard != nil || first.pattern != nil || !first.conv.takesAll() || h.defaults && first.conv.notation != plain) {
		return false
	}
	// In a record's own element a text of both would be the record's.
	return inside == 0 || len(h.readings) == 1 || first.pattern == nil && first.target.owner == field
}

// takesAll reports that every text can be written in the notation.
func (c conversion) takesAll() bool {
	return c.notation == plain || c.notation >= pointer && c.notation <= segments
}
