package dialect

import "strings"

// header fits the fields of a response's header against a shape's.
func (m *matcher) header(s *shape, h Header) bool {
	present := 0
	for i := range s.headers {
		f := &s.headers[i]
		if s.bare && f.idle(m.wants) {
			continue
		}
		given := values(h, f.name)
		switch {
		case f.json != nil:
			present += m.headerJSON(f, given)
		case f.value == nil:
			present += m.headerParts(f, given)
		case f.value.op == opConst:
			if len(given) == 0 || given[0] != f.value.text {
				return false
			}
			present++
		case f.value.op == opAbsent:
			if len(given) > 0 {
				return false
			}
			present++
		case f.value.op == opAny:
			if len(given) == 0 {
				return false
			}
			present++
		default:
			for _, v := range given {
				if !m.text(f.value.hole, []byte(v)) {
					return false
				}
				present++
				if f.value.hole.readings[0].target.attr != attrNote {
					break
				}
			}
		}
	}
	return present > 0 || len(s.headers) == 0
}

// headerParts reads parameters, of the field or of the first challenge that is
// named and fits. It returns how many the shape knows; where nothing fits it
// takes nothing.
func (m *matcher) headerParts(f *headerHole, given []string) int {
	for _, v := range given {
		all := challenges(v)
		if f.params != nil {
			if n := m.parameters(f.params, all); n > 0 {
				return n
			}
			continue
		}
		for _, want := range f.schemes {
			for i := range all {
				if strings.EqualFold(all[i].scheme, want.scheme) {
					if n := m.parameters(want.params, all[i:i+1]); n > 0 {
						return n
					}
				}
			}
		}
	}
	return 0
}

// parameters fits those of some challenges. Constants and $absent are
// conditions.
func (m *matcher) parameters(want []parameter, all []given) (present int) {
	before := m.mark()
	for _, p := range want {
		value, there := "", false
		for i := range all {
			for _, one := range all[i].params {
				if one[0] == p.name && !there {
					value, there = one[1], true
				}
			}
		}
		switch {
		case p.value.op == opConst && (!there || value != p.value.text), p.value.op == opAbsent && there:
			m.back(before)
			return 0
		case p.value.op == opConst, p.value.op == opHole && there && m.text(p.value.hole, []byte(value)):
			present++
		}
	}
	return present
}

// headerJSON reads a JSON document in a field. One that cannot be read says
// nothing.
func (m *matcher) headerJSON(f *headerHole, given []string) int {
	for _, v := range given {
		before := m.mark()
		// A matcher of its own: this one's tree is that of the body.
		inner := matchers.Get().(*matcher)
		inner.reset(&Response{Header: m.served.header, Received: m.received}, m.depth)
		inner.form = formJSON
		fits := inner.tree.JSON([]byte(v), false) == nil && inner.value(f.json, 0)
		for i := range inner.binds {
			b := &inner.binds[i]
			m.bind(b.target, inner.lying(b.lies), b.copy)
		}
		inner.release()
		if fits {
			return 1
		}
		m.back(before)
	}
	return 0
}
