package dialect

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
)

// Writer writes responses by a dialect file. It is safe for concurrent use.
type Writer struct {
	*Reader
	base *Writer  // of the dialect that this one extends
	kept *choices // what writing chose last
}

func newWriter(r *Reader) *Writer {
	w := &Writer{Reader: r, kept: &choices{seed: maphash.MakeSeed()}}
	for at, b := w, r.Table.base; b != nil; at, b = at.base, b.base {
		at.base = &Writer{Reader: &Reader{Table: b}}
	}
	return w
}

// encode writes an answer that stands in so many others. What is large is handed
// on by reference, for a program takes little longer than copies of it.
func (d *Writer) encode(m *Message, dst []byte, req *Request, o *parlance.Outcome, data *Payload, depth int) {
	if len(data.Body) > 0 && string(bytes.TrimSpace(data.Body)) == "null" {
		data = new(Payload) // JSON's word for no payload
	}
	var key choiceKey
	var c *choice
	at := d.kept.place(d.Spec, &key, req, o, len(data.Body) > 0)
	if at != nil {
		if c = at.Load(); c != nil && c.key == key {
			if p := c.program(d.Spec, req, o); p != nil && p.run(m, dst, c, o, data) {
				return
			}
		} else {
			c = nil
		}
	}
	w := writers.Get().(*output)
	w.d, w.o, w.data, w.dst, w.start, w.depth = d, o, *data, dst, len(dst), depth
	w.own, w.req = *req, &w.own // in memory that is used again
	if c == nil {
		if at != nil {
			key = key.keep()
		}
		if c = d.newChoice(w, key); at != nil {
			at.Store(c)
		}
	}
	w.row, w.status, w.code, w.losses, w.choice = c.row, c.status, c.code, c.lost[:len(c.lost):len(c.lost)], c
	if c.telling {
		w.silence()
	}
	w.attributes()
	m.Status, m.Phrase = w.status, c.phrase
	l := w.dress()
	if l.tries > 0 {
		w.trace = new(trace)
	}
	if len(o.Fields) > 0 && (l.shape == nil || l.shape.tellsFields()) {
		w.trace = nil // whether the detail says what they say is another matter each time
		l = w.tellFields(l)
	}
	w.shape, m.Header = l.shape, l.header[:len(l.header):len(l.header)] // it is kept: what is added goes elsewhere
	typed := m.Header
	// RFC 9110, 9.3.2 and 6.4.1: such an answer has no body.
	bodiless := w.status == 204 || w.status == 304 || w.status < 200 || req.Method == "HEAD"
	switch {
	case bodiless:
		w.shape = nil
	case w.shape != nil:
		if w.shape.shares && w.code == "" && len(o.Fields) > 0 {
			w.unshare()
		}
		w.assign()
		if !w.shape.graft || len(req.Body) == 0 || !w.graft() {
			w.body()
		}
	case o.Kind.Good() && len(data.Body) > 0:
		w.dst = append(w.dst, data.Body...)
		w.markData(stepData, len(dst))
		if w.trace != nil {
			w.trace.media = data.ContentType
			w.trace.spoilt = w.trace.spoilt || data.ContentType == ""
		}
		w.carried |= bitOf(whole, attrData)
		media := headerText(data.ContentType)
		if media == "" {
			media = mediaTypes[d.formOf(data.Body)]
		}
		typed = []Pair{{"Content-Type", media}}
	}
	if m.Header = typed; len(w.dst) == len(dst) {
		m.Header = nil
	}
	if w.shape != nil {
		m.Header = w.headers(m.Header, w.shape, w.present)
	}
	for _, s := range d.headerShapes() {
		if !s.readOnly && s.concerns(req, w.status) && (s.is == "" || s.is == w.row.first || s.is == w.row.is) {
			if left := w.left(); s.writes&left != 0 || s.is != "" {
				m.Header = w.headers(m.Header, s, left)
				w.headersSay = cmp.Or(w.headersSay, s.is)
			}
		}
	}
	if o.RetryAfter > 0 {
		// Whole seconds, rounded up so that nobody comes too early (RFC 9110, 10.2.3).
		seconds := o.RetryAfter / time.Second
		if o.RetryAfter%time.Second > 0 {
			seconds++
		}
		m.Header = append(m.Header, Pair{"Retry-After", strconv.FormatInt(int64(seconds), 10)})
		if o.RetryAfter%time.Second == 0 {
			w.carried |= bitOf(whole, attrRetryAfter)
			w.markHeader(m.Header, attrRetryAfter)
		} else {
			w.spoil()
		}
	}
	w.lose(m.Header)
	m.Body, m.Losses, m.Unset = w.dst, w.losses, w.unset
	if w.trace != nil {
		c.unroll(l, w.program(m))
	}
	w.release()
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

func (d *Writer) wraps(req *Request, o *parlance.Outcome) bool {
	w := output{d: d, req: req, o: o, data: Payload{Body: []byte("{}")}}
	w.row, w.status = d.writable(o, req)
	w.code = w.chooseCode()
	w.attributes()
	return w.status == 204 || w.status == 304 || w.chooseShape() != nil
}

// formOf is the form of a payload whose type nobody said: what it begins with
// tells, else the first of the dialect's own.
func (d *Writer) formOf(payload []byte) form {
	switch start := strings.TrimLeft(string(payload[:min(len(payload), 64)]), " \t\r\n"); {
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return formJSON
	case strings.HasPrefix(start, "<"):
		return formXML
	}
	if len(d.forms) > 0 {
		return d.forms[0]
	}
	return formJSON
}
