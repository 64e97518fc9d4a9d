package write

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write/replay"
)

// Writer writes responses by a dialect file. It is safe for concurrent use.
type Writer struct {
	read.Reader
	Base *Writer        // of the dialect that this one extends
	Kept *replay.Memory // what writing chose last

	elements []*Writer // of the elements of each stream of the file
	enclosed uint64    // a bit for each good kind that a shape may be written for
}

// New makes a Writer that has written nothing yet.
func New(s *spec.Spec) *Writer {
	w := &Writer{Reader: read.New(s), Kept: &replay.Memory{Seed: maphash.MakeSeed()}}
	for _, st := range s.Streams {
		w.elements = append(w.elements, New(st.Spec))
	}
	for k := parlance.KindSuccess; k.Good() || k == parlance.KindPartial; k++ {
		if slices.ContainsFunc(s.Shapes, func(shape *spec.Shape) bool { return w.encloses(shape, k) }) {
			w.enclosed |= 1 << k
		}
	}
	for at, b := w, w.Table.Base; b != nil; at, b = at.Base, b.Base {
		at.Base = &Writer{Reader: read.Reader{Table: *b}}
	}
	return w
}

// given is a payload, without JSON's word for none.
func given(data *wire.Payload) *wire.Payload {
	if len(data.Body) > 0 && string(bytes.TrimSpace(data.Body)) == "null" {
		return new(wire.Payload)
	}
	return data
}

// StatusFor is the status and the phrase that Encode writes, before anything of an
// Extension.
func (d *Writer) StatusFor(req *wire.Request, o *parlance.Outcome, data *wire.Payload) (status int, phrase string) {
	c := d.choiceFor(req, o, given(data))
	return c.Status, c.Phrase
}

// Encode writes a response that stands in so many others, appending its body to dst.
// Large values are passed by reference, since a replay takes little longer than
// copies of it.
func (d *Writer) Encode(m *wire.Encoded, dst []byte, req *wire.Request, o *parlance.Outcome, data *wire.Payload, depth int) {
	data = given(data)
	c := d.choiceFor(req, o, data)
	if p := c.Replay(d.Spec, req, o); p != nil && (len(data.Body) == 0 || !d.Marked(c.Status, data.Body)) && p.Run(m, dst, c, o, data) {
		return
	}
	d.encode(m, dst, req, o, data, depth, c)
}

// Writes is the shape that Encode writes the body in, nil for none.
func (d *Writer) Writes(req *wire.Request, o *parlance.Outcome, data *wire.Payload) *spec.Shape {
	data = given(data)
	return d.encode(new(wire.Encoded), nil, req, o, data, 0, d.choiceFor(req, o, data))
}

// encode is Encode without a replay. It returns the shape of the body.
func (d *Writer) encode(m *wire.Encoded, dst []byte, req *wire.Request, o *parlance.Outcome, data *wire.Payload, depth int, c *replay.Choice) *spec.Shape {
	shape, read := d.write(m, dst, req, o, data, depth, c, nil)
	if read != readWhole && shape != nil {
		dst = dst[:len(dst):len(dst)]
		if shape, read = d.otherwise(m, dst, req, o, data, c, shape, read); read == notReadByShape {
			// No shape can say it so that it is read, and so there is no body.
			shape, _ = d.write(m, dst, req, o, data, depth, c, d.Shapes)
		}
	}
	return shape
}

// write writes a response without a replay, in another shape than those to avoid. It
// returns the shape, and how it is read again.
func (d *Writer) write(m *wire.Encoded, dst []byte, req *wire.Request, o *parlance.Outcome, data *wire.Payload, depth int, c *replay.Choice, avoid []*spec.Shape) (*spec.Shape, verdict) {
	w := writers.Get().(*output)
	w.d, w.o, w.data, w.dst, w.start, w.depth, w.avoid = d, o, *data, dst, len(dst), depth, avoid
	w.own, w.req = *req, &w.own // in memory that is used again
	w.row, w.status, w.code, w.lent, w.losses, w.choice = c.Row, c.Status, c.Code, c.Lent, c.Lost[:len(c.Lost):len(c.Lost)], c
	if c.CanMisread {
		w.dropMisreadTexts()
	}
	w.attributes()
	l := w.chooseRendering()
	m.Status, m.Phrase = w.status, c.Phrase
	m.Header = w.header(w.content(l))
	w.lose(m.Header)
	m.Body, m.Losses, m.Unset = w.dst, w.losses, w.unset
	read := w.verify(m, o)
	if w.trace != nil {
		c.Unroll(l, w.program(m))
	}
	shape := w.shape
	w.release()
	return shape, read
}

// maxShapes is how many more shapes are tried for a response that is not read as it was
// written.
const maxShapes = 3

// otherwise writes a response that is not read as it was written in the next best shapes of
// its form, and keeps the one that is read and loses least. It returns that, and how it is read.
func (d *Writer) otherwise(m *wire.Encoded, dst []byte, req *wire.Request, o *parlance.Outcome, data *wire.Payload, c *replay.Choice, first *spec.Shape, best verdict) (*spec.Shape, verdict) {
	kept := first
	avoid := []*spec.Shape{first}
	for range maxShapes {
		var next wire.Encoded
		shape, read := d.write(&next, dst, req, o, data, 0, c, avoid)
		if shape == nil || shape.Form != first.Form {
			break
		}
		mends := best == notReadByShape && read > best
		if mends || (read > notReadByShape || best == notReadByShape) && weightOf(next.Losses) < weightOf(m.Losses) {
			*m, kept, best = next, shape, read
		}
		if read == readWhole {
			break
		}
		avoid = append(avoid, shape)
	}
	return kept, best
}

// chooseRendering is the shape for what is to be written, and whether a trace is kept of
// it.
func (w *output) chooseRendering() *replay.Rendering {
	l := w.rendering()
	if l.Tries > 0 && len(w.o.Extra) == 0 {
		w.trace = new(replay.Trace)
	}
	if len(w.o.Fields) > 0 && (l.Shape == nil || l.Shape.FieldsInDetail()) {
		w.trace = nil // whether the detail says what they say is another matter each time
		l = w.addFieldTexts(l)
	}
	return l
}

// content writes the body, and returns the content type of it.
func (w *output) content(l *replay.Rendering) (typed []wire.HeaderField) {
	typed = l.Header[:len(l.Header):len(l.Header)] // it is kept: what is added goes elsewhere
	w.shape = l.Shape
	switch {
	case w.status == 204 || w.status == 304 || w.status < 200 || w.req.Method == "HEAD":
		w.shape = nil // such a response has no body (RFC 9110, 9.3.2 and 6.4.1)
	case w.shape != nil:
		if w.shape.SharesCode && w.code == "" && len(w.o.Fields) > 0 {
			w.dropSharedCodes()
		}
		w.assign()
		if !w.shape.Graft || len(w.req.Body) == 0 || !w.graft() {
			w.body()
		}
	case w.o.Kind.Good() && len(w.data.Body) > 0:
		typed = w.plainPayload()
	}
	if len(w.dst) == w.start {
		return nil
	}
	return typed
}

// plainPayload writes the payload of a success that has no envelope.
func (w *output) plainPayload() (typed []wire.HeaderField) {
	w.dst = append(w.dst, w.data.Body...)
	w.markData(replay.StepData, w.start)
	if w.trace != nil {
		w.trace.Media = w.data.ContentType
		w.trace.Spoilt = w.trace.Spoilt || w.data.ContentType == ""
	}
	w.carried |= spec.BitOf(spec.Whole, spec.AttrData)
	media := wire.HeaderText(w.data.ContentType)
	if media == "" {
		media = spec.MediaTypes[w.d.formOf(w.data.Body)]
	}
	return []wire.HeaderField{{Name: "Content-Type", Value: media}}
}

// header writes the fields of the shape, those of the shapes that are headers alone,
// and Retry-After.
func (w *output) header(to []wire.HeaderField) []wire.HeaderField {
	if w.shape != nil {
		to = w.headers(to, w.shape, w.present)
	}
	for _, s := range w.d.HeaderShapes() {
		if s.ReadOnly || !s.Concerns(w.req, w.status) || s.Is != "" && s.Is != w.row.First && s.Is != w.row.Is {
			continue
		}
		if left := w.left(); s.Writes&left != 0 || s.Is != "" {
			to, w.headed = w.headers(to, s, left), true
			w.headersSay = cmp.Or(w.headersSay, s.Is)
		}
	}
	if spec.AsksWait(w.o) && !w.retryAfterMisleads() {
		to = w.retryAfter(to)
	}
	return to
}

// retryAfterMisleads reports that Retry-After makes the response another one here: a
// shape of that header alone gives it a name, such as that of a limit.
func (w *output) retryAfterMisleads() bool {
	if w.carried.Has(spec.Whole, spec.AttrCode) || w.shape != nil && w.shape.Is != "" || w.headersSay != "" {
		return false // they count before it
	}
	w.withheld = slices.ContainsFunc(w.d.HeaderShapes(), func(s *spec.Shape) bool {
		if s.Is == "" || len(s.Headers) != 1 || s.Headers[0].Name != "Retry-After" || !s.Concerns(w.req, w.status) {
			return false
		}
		r := w.d.NameRow(s.Is, w.req)
		return r != nil && r.Kind != w.o.Kind
	})
	return w.withheld
}

// retryAfter writes whole seconds, rounded up so that nobody comes too early
// (RFC 9110, 10.2.3).
func (w *output) retryAfter(to []wire.HeaderField) []wire.HeaderField {
	seconds, rest := w.o.RetryAfter/time.Second, w.o.RetryAfter%time.Second
	switch {
	case w.o.RetryAfter == parlance.RetryNow:
		rest = 0
	case rest > 0:
		seconds++
	}
	to = append(to, wire.HeaderField{Name: "Retry-After", Value: strconv.FormatInt(int64(seconds), 10)})
	if rest > 0 {
		w.spoil()
		return to
	}
	w.carried |= spec.BitOf(spec.Whole, spec.AttrRetryAfter)
	w.markHeader(to, spec.AttrRetryAfter)
	return to
}

var writers = sync.Pool{New: func() any { return new(output) }}

// release gives the writer back, without anything of the caller's in it.
func (w *output) release() {
	items, fields, scratch, back := w.items, w.fields, w.scratch[:0], w.back[:0]
	clear(back[:cap(back)])
	if cap(scratch) > 1<<14 || cap(items.site)+cap(fields.site) > 1<<14 || cap(back) > 1<<10 {
		return
	}
	*w = output{}
	w.items.site, w.items.done = items.site[:0], items.done[:0]
	w.fields.site, w.fields.done = fields.site[:0], fields.done[:0]
	w.scratch, w.back = scratch, back
	writers.Put(w)
}

// HasEnvelope reports whether Encode puts an envelope around the payload of such an
// Outcome, or would otherwise not pass it on as it is.
func (d *Writer) HasEnvelope(req *wire.Request, o *parlance.Outcome) bool {
	if o.Kind.Good() && len(o.Items) == 0 && d.enclosed&(1<<o.Kind) == 0 {
		_, status := d.writable(o, req)
		return status == 204 || status == 304
	}
	asked, written := *req, *o // so that those of a plain success stay on the stack
	shape, status := d.shapeFor(&asked, &written, wire.Payload{Body: []byte("{}")})
	return status == 204 || status == 304 || shape != nil
}

// encloses reports a shape that a good Outcome of this kind, without records, may be
// written by.
func (d *Writer) encloses(s *spec.Shape, k parlance.Kind) bool {
	if s.ReadOnly {
		return false
	}
	named := func(r *spec.Row) bool { return s.Is != "" && (r.Is == s.Is || r.First == s.Is) }
	return s.CarriesData() || s.Is == k.String() || s.Body.Needs().Has(spec.Whole, spec.AttrCode) || slices.ContainsFunc(d.Rows, named)
}

// ShapeFor is the shape that an Outcome without a payload is written by, nil for none.
func (d *Writer) ShapeFor(req *wire.Request, o *parlance.Outcome) *spec.Shape {
	shape, _ := d.shapeFor(req, o, wire.Payload{})
	return shape
}

func (d *Writer) shapeFor(req *wire.Request, o *parlance.Outcome, data wire.Payload) (*spec.Shape, int) {
	w := output{d: d, req: req, o: o, data: data}
	w.chooseMeaning()
	w.attributes()
	return w.chooseShape(), w.status
}

// formOf is the form of a payload whose type nobody said: what it begins with
// tells, else the first of the dialect's own.
func (d *Writer) formOf(payload []byte) spec.Form {
	switch start := strings.TrimLeft(string(payload[:min(len(payload), 64)]), " \t\r\n"); {
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return spec.FormJSON
	case strings.HasPrefix(start, "<"):
		return spec.FormXML
	}
	if len(d.Forms) > 0 {
		return d.Forms[0]
	}
	return spec.FormJSON
}
