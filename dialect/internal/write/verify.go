package write

import (
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// verify reads the written response again, so that its Losses are exactly what does not
// come back. The writer knows where an attribute stands. Whether a reader finds it there
// depends on everything around it: a member that must be there, an earlier shape, or a text
// that means something else.
func (w *output) verify(m *wire.Encoded, o *parlance.Outcome) verdict {
	body := w.dst[w.start:]
	if w.depth > 0 || w.shape == nil && (!w.headed || len(body) > 0) || len(body) > read.MaxBody {
		return readWhole // the response around it is verified, or there is nothing to read
	}
	fields := make(wire.HeaderMap, len(m.Header))
	for _, h := range m.Header {
		name := httpheader.Canonical(h.Name)
		fields[name] = append(fields[name], h.Value)
	}
	back := w.d.Decode(*w.req, wire.Response{Status: m.Status, Header: fields, Body: body, Received: w.Now()}, 0)
	s := newSettlement(m.Losses)
	s.wrote, s.guessed = w.wrote, back.Common != wire.CommonNone
	own := *o
	if own.Title == w.row.Title {
		own.Title = "" // the row's own words need no place
	}
	if own.Help == w.row.Help {
		own.Help = ""
	}
	s.texts("", &own, &back.Outcome)
	s.notes(o, &back.Outcome)
	s.extra(o, &back.Outcome)
	s.fields(o, &back.Outcome)
	s.items(o, &back.Outcome)
	foreign := m.Status >= 400 && len(body) > 0 && w.foreign(&back)
	if s.spoils || foreign {
		w.spoil() // with other texts it may come back
	}
	m.Losses = s.left()
	switch {
	case foreign:
		return notReadByShape
	case s.missed:
		return readInPart
	}
	return readWhole
}

// foreign reports that the shape of a failure does not read what was written by it.
func (w *output) foreign(back *wire.Decoded) bool {
	return w.shape != nil && !readByShape(back) && !w.shape.HoldsUnread()
}

// verdict says how a written response is read again.
type verdict uint8

const (
	notReadByShape verdict = iota // the body of a failure fits no shape as it stands
	readInPart                    // an attribute that has a place does not come back
	readWhole                     // everything comes back that has a place
)

// readByShape reports that a shape of the dialect reads a body as it stands, and that
// neither the tolerant nor the generic reading had to help.
func readByShape(back *wire.Decoded) bool {
	return back.Shape != "" && back.Common == wire.CommonNone && !slices.ContainsFunc(back.Diagnostics, func(g parlance.Diagnostic) bool { return g.Rule == "unfit_member" || g.Rule == "wrapped_body" })
}

// weightOf is how bad Losses are together.
func weightOf(losses []parlance.Loss) (sum int) {
	for _, l := range losses {
		switch l.Attribute {
		case "kind":
			sum += 16
		case "items", "fields", "data", "notes":
			sum += 8
		case "detail", "code":
			sum += 2
		default:
			sum++
		}
	}
	return sum
}
