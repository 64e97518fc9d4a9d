package read

import (
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Header fits the fields of a response's header against a shape's. A value that is not in
// the notation of the shape is reported, unless the shape has a body: another shape may
// read it then.
func (m *Matcher) Header(s *spec.Shape, h wire.Header) bool {
	present, unread, told := 0, unreadField{}, len(m.diags)
	for i := range s.Headers {
		f := &s.Headers[i]
		if s.Bare && f.Idle(m.wants) {
			continue
		}
		given := wire.Values(h, f.Name)
		switch {
		case f.JSON != nil:
			present += m.headerJSON(f, given, s.Body == nil)
		case f.Value == nil:
			present += m.headerParts(f, given, s.Body == nil)
		case f.Value.Op == spec.OpHole:
			n, unfit := m.headerText(f.Value.Hole, given)
			switch {
			case unfit == "":
				present += n
			case s.Body != nil || !f.Value.Hole.Noted():
				return false
			case s.Bare:
				m.unfitHeader(f.Name, unfit)
			default:
				unread = unreadField{f.Name, unfit}
			}
		case holds(f.Value, given):
			present++
		default:
			m.diags = m.diags[:told] // the shape is not about this response
			return false
		}
	}
	if unread.name != "" && present > 0 {
		m.unfitHeader(unread.name, unread.value)
		return false
	}
	return present > 0 || len(s.Headers) == 0
}

// unreadField is a field whose value is not in the notation of its shape.
type unreadField struct{ name, value string }

// unfitHeader reports such a field.
func (m *Matcher) unfitHeader(name, value string) {
	m.noteAt(name, "unfit_header", "the header field %q has a value that cannot be read: %q", name, value)
}

// holds reports that a condition on a field holds: a constant, $any or $absent.
func holds(t *spec.Template, given []string) bool {
	switch t.Op {
	case spec.OpConst:
		return len(given) > 0 && given[0] == t.Text
	case spec.OpAbsent:
		return len(given) == 0
	}
	return len(given) > 0
}

// headerText takes the value of a field, or each value for notes. It returns how many
// it took, and the first that does not fit.
func (m *Matcher) headerText(h *spec.Hole, given []string) (n int, unfit string) {
	for _, v := range given {
		if !m.text(h, []byte(v)) {
			return n, v
		}
		n++
		if h.Readings[0].Target.Attr != spec.AttrNote {
			break
		}
	}
	return n, ""
}

// headerParts reads the parameters of the field, or of the first challenge that is named
// and fits. It returns how many of them the shape names, and takes nothing if none fits.
// report says whether to report values that cannot be read.
func (m *Matcher) headerParts(f *spec.HeaderHole, given []string, report bool) int {
	name := ""
	if report {
		name = f.Name
	}
	for _, v := range given {
		all := wire.Challenges(v)
		if f.Params != nil {
			if n := m.parameters(name, f.Params, all); n > 0 {
				return n
			}
			continue
		}
		for _, want := range f.Schemes {
			for i := range all {
				if strings.EqualFold(all[i].Scheme, want.Scheme) {
					if n := m.parameters(name, want.Params, all[i:i+1]); n > 0 {
						return n
					}
				}
			}
		}
	}
	return 0
}

// parameters fits those of some challenges. Constants and $absent are
// conditions. field is the field to report, "" for none.
func (m *Matcher) parameters(field string, want []spec.Parameter, all []wire.Challenge) (present int) {
	before := m.Mark()
	for _, p := range want {
		value, there := parameter(all, p.Name)
		switch {
		case p.Value.Op == spec.OpConst && (!there || value != p.Value.Text), p.Value.Op == spec.OpAbsent && there:
			m.Back(before)
			return 0
		case p.Value.Op == spec.OpConst:
			present++
		case p.Value.Op != spec.OpHole || !there:
		case m.text(p.Value.Hole, []byte(value)):
			present++
		case field != "" && p.Value.Hole.Noted():
			m.unfitHeader(field, p.Name+"="+value)
		}
	}
	return present
}

// parameter is the first of that name.
func parameter(all []wire.Challenge, name string) (value string, there bool) {
	for i := range all {
		for _, one := range all[i].Params {
			if one[0] == name {
				return one[1], true
			}
		}
	}
	return "", false
}

// headerJSON reads a JSON document in a field. One that cannot be read says
// nothing, and is reported if report is set.
func (m *Matcher) headerJSON(f *spec.HeaderHole, given []string, report bool) int {
	for _, v := range given {
		before := m.Mark()
		// A matcher of its own: this one's tree is that of the body.
		inner := Matchers.Get().(*Matcher)
		inner.Reset(&wire.Response{Header: m.Arrival.Header, Received: m.Received}, m.depth)
		inner.form = spec.FormJSON
		fits := inner.Tree.JSON([]byte(v), false) == nil && inner.Value(f.JSON, 0)
		for i := range inner.binds {
			b := &inner.binds[i]
			if b.extra > 0 {
				m.bindExtra(inner.extras[b.extra-1], inner.textAt(b.Extent))
				continue
			}
			m.bind(b.target, inner.textAt(b.Extent), b.copy)
		}
		inner.Release()
		if fits {
			return 1
		}
		m.Back(before)
		if report {
			m.unfitHeader(f.Name, v)
		}
	}
	return 0
}
