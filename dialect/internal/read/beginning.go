package read

import (
	"bytes"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Beginning is the part of a good response's body that has arrived.
type Beginning struct {
	d   *Reader
	res wire.Response // without its body
	glance
	state state
	first tree.First // of a body that begins with a value of JSON
	start int        // where that begins
	end   int        // and ends
}

// state is what is looked for next.
type state uint8

const (
	stateNever state = iota // only all of the body decides
	stateType               // whether a shape reads such a body
	stateValue              // the end of the first value
	stateNext               // whether another value follows an envelope
)

// Begin is the Beginning of a body of which nothing has arrived.
func (d *Reader) Begin(req *wire.Request, res *wire.Response) (b Beginning) {
	if res.Status < 200 || res.Status >= 300 || !MayAlter(req, res.Status) || wire.Untouched(res.Header) || wire.IsProblem(res.Header) {
		return b
	}
	b.d, b.res = d, *res
	b.glance = glance{d.Spec, d.PlanFor(res.Status), *req, res.Header, spec.Forms{}, false}
	b.wanted, _ = b.p.Forms(&b.req)
	if len(b.p.Shapes) > 0 && b.wanted != (spec.Forms{}) {
		b.state = stateType
	}
	return b
}

// Settled is the length of the part of a body that settles its meaning, 0 if the rest can
// still change it. body is all that has arrived. Each byte is looked at once.
func (b *Beginning) Settled(body []byte) int {
	if b.state == stateType && b.begins(body) {
		return len(body)
	}
	if b.state == stateValue {
		end := b.first.End(body[b.start:])
		switch {
		case end == 0 && (len(body) > maxMarked || b.first.More() && body[b.start] == '[') && b.foreign(body) == yes:
			return len(body)
		case end == 0:
			return 0
		}
		if b.end = b.start + end; b.payload(body[:b.end]) {
			return b.end
		}
	}
	if b.state == stateNext {
		return b.next(body)
	}
	return 0
}

// begins reports that no shape reads a body that begins so. Else it says what to look for
// next.
func (b *Beginning) begins(body []byte) bool {
	foreign := b.foreign(body)
	start := bytes.TrimLeft(beginning(body), blanks+"\x1E")
	switch {
	case foreign == yes:
		return true
	case len(start) < 2:
	case b.wanted[spec.FormJSON] && !b.wanted[spec.FormText] && (start[0] == '{' || start[0] == '['):
		b.state, b.start = stateValue, len(body)-len(start)
	case foreign == no:
		b.state = stateNever
	}
	return false
}

// payload reports that the first value is none that stands alone in a body. An empty one
// can be a guard before another, and in a broken one anything may be looked for.
func (b *Beginning) payload(body []byte) bool {
	b.state = stateNever
	if value := body[b.start:]; len(bytes.Trim(value, blanks+"{}[]")) == 0 || !tree.ValidJSON(value) {
		return false
	}
	res := b.res
	res.Body = body
	if s := b.d.DecodeInto(new(wire.Decoded), &b.req, &res, 0); s == nil || !s.IsEnvelope() {
		return true
	}
	b.state = stateNext
	return false
}

// next is the length of a body up to where a second value begins, 0 if none does.
func (b *Beginning) next(body []byte) int {
	rest := bytes.TrimLeft(body[b.end:], blanks)
	if len(rest) == 0 {
		return 0
	}
	b.state = stateNever
	if strings.IndexByte(nextValue, rest[0]) < 0 {
		return 0
	}
	return len(body) - len(rest) + 1
}
