package replay

import (
	"slices"

	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// Trace is the marks of a writer, of which a replay is made.
type Trace struct {
	Cuts   []Cut
	Texts  []Varying
	Media  string
	Spoilt bool // something was written that depends on more than is marked
}

// Cut is a text in the body, or the beginning and end of iterations.
type Cut struct {
	Kind     StepKind
	From     spec.Target
	Conv     *spec.Conversion
	Among    *spec.Template
	At, Past int
}

// Replay is made from the marks in a body that begins at start. It is nil if
// iterations differ in more than texts.
func (t *Trace) Replay(p *Replay, body []byte, start int) *Replay {
	p.texts, p.media, p.size = t.Texts, t.Media, min(len(body)-start, maxHint)
	if len(p.texts) > 0 {
		p.Header = slices.Clone(p.Header)
		for _, text := range p.texts {
			p.Header[text.At].Value = "" // the caller's
		}
	}
	u := unroller{cuts: t.Cuts, body: body, pos: start}
	p.steps = append(u.steps(), step{before: string(body[u.pos:])})
	if u.uneven || len(u.cuts) > 0 {
		return nil
	}
	return p
}
