package dialect

import "slices"

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

// program is made of what was marked in a body that begins at start, nil where turns
// differ in more than texts.
func (t *trace) program(p *program, body []byte, start int) *program {
	p.texts, p.media, p.size = t.texts, t.media, min(len(body)-start, maxHint)
	if len(p.texts) > 0 {
		p.header = slices.Clone(p.header)
		for _, text := range p.texts {
			p.header[text.at].Value = "" // the caller's
		}
	}
	u := unroller{cuts: t.cuts, body: body, pos: start}
	p.steps = append(u.steps(), step{before: string(body[u.pos:])})
	if u.uneven || len(u.cuts) > 0 {
		return nil
	}
	return p
}
