package read

import (
	"fmt"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// misfit says where a document does not fit a template.
type misfit struct {
	fits  int    // members that do, or that are there
	at    uint32 // the node that does not, or that lacks a member
	lacks string // that member's name
}

// nearest names the shape of which the most members are there, and where the body does not
// fit it. It is "" if none is.
func (m *Matcher) nearest(p *spec.Plan, req *wire.Request) string {
	if m.form != spec.FormJSON && m.form != spec.FormXML {
		return ""
	}
	var near misfit
	var name string
	m.limit = m.steps + minSteps + stepsPerNode*len(m.Tree.Nodes)
	for _, s := range p.Shapes {
		if s.Form != m.form || !p.Concerns(s, req) {
			continue
		}
		t := s.Body
		if m.form == spec.FormXML {
			if t.Rest != nil || !m.rootIs(t.Root()) {
				continue
			}
			t = t.Root().Value
		}
		if of := m.misfit(t, 0); of.fits > near.fits {
			near, name = of, s.Name
		}
	}
	switch {
	case near.fits == 0:
		return ""
	case near.lacks != "":
		return fmt.Sprintf("; the nearest is shape %q, which demands the member %q in %s", name, near.lacks, m.pointer(near.at))
	}
	return fmt.Sprintf("; the nearest is shape %q, which %s does not fit", name, m.pointer(near.at))
}

// misfit finds the first place at which a node does not fit a template, the deepest one.
func (m *Matcher) misfit(t *spec.Template, n uint32) (found misfit) {
	found.at = n
	if m.steps++; m.steps > m.limit {
		return found
	}
	switch t = t.Resolve(); t.Op {
	case spec.OpEither:
		for _, e := range t.Elems {
			if of := m.misfit(e, n); of.fits > found.fits {
				found = of
			}
		}
		return found
	case spec.OpObject:
	default:
		return found
	}
	if kind := m.Tree.Nodes[n].Kind; t.Indexed || kind != tree.Object && kind != tree.Element {
		return found
	}
	unfit := false
	for i := range t.Members {
		w := &t.Members[i]
		before := m.Mark()
		fits, present := m.member(w, n)
		m.Back(before)
		switch {
		case fits && present:
			found.fits++
		case !fits && !unfit:
			unfit = true
			inner := m.misfitMember(w, n)
			found.at, found.lacks, found.fits = inner.at, inner.lacks, found.fits+inner.fits
		}
	}
	return found
}

// misfitMember finds the place for a member that does not fit.
func (m *Matcher) misfitMember(w *spec.Member, n uint32) misfit {
	for i := range w.Names {
		if c, there := m.find(w, n, i); there && (!w.Must || m.Filled(w, c)) {
			inner := m.misfit(w.Value, c)
			inner.fits++ // by its name
			return inner
		}
	}
	return misfit{at: n, lacks: keyfile.Short(w.Names[0])}
}
