package dialect

import (
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// headerHole is a header field with what stands in it: a text, parameters, or
// a JSON document.
type headerHole struct {
	name    string
	value   *template   // a hole or a constant, nil where the field has parts
	schemes []challenge // of WWW-Authenticate and its like (RFC 9110, 11.6.1)
	params  []parameter // name=value, with , or ; between them
	json    *template
}

// challenge is an authentication scheme with its parameters.
type challenge struct {
	scheme string
	params []parameter
}

type parameter struct {
	name  string
	value *template // a hole or a constant
}

// headers compiles the fields of a shape.
func (r *reporter) headers(n *yaml.Node, s *shape) {
	c := &shapeCompiler{reporter: r, form: formNone}
	r.pairs(n, "headers", func(k, v *yaml.Node) {
		if !isToken(k.Value) || strings.HasSuffix(k.Value, "!") {
			r.fault(at(k), "bad_header", "write the name alone: a constant and $any ask for the field, $absent for its absence", "%q is no name of a header field", k.Value)
		}
		h := headerHole{name: canonicalHeader(k.Value)}
		if v.Kind != yaml.MappingNode {
			h.value = c.headerText(v)
			s.take(h.value)
			s.headers, s.size = append(s.headers, h), s.size+1
			return
		}
		r.pairs(v, "a header", func(pk, pv *yaml.Node) {
			switch {
			case pk.Value == "$json":
				j := &shapeCompiler{reporter: r, form: formJSON}
				h.json = j.whole(pv)
				if h.json.reads.of(field)|h.json.reads.of(item) != 0 {
					r.fault(at(pv), "bad_place", "read it from the body", "records cannot stand in a header")
				}
				s.take(h.json)
			case pv.Kind == yaml.MappingNode:
				h.schemes = append(h.schemes, challenge{pk.Value, c.params(pv, s)})
			default:
				h.params = append(h.params, c.param(pk, pv, s))
			}
			s.size++
		})
		if btoi(h.json != nil)+btoi(h.schemes != nil)+btoi(h.params != nil) > 1 {
			r.fault(at(v), "contradiction", "write name: $hole, Scheme: {name: $hole} or $json: {…}", "a header field has parameters, schemes or JSON, and not several of these")
		}
		s.headers = append(s.headers, h)
	})
}

// unasked reports that no header of a shape is a condition.
func (s *shape) unasked() bool {
	return s.is == "" && !slices.ContainsFunc(s.headers, func(h headerHole) bool {
		return h.value == nil || h.value.op != opHole || h.value.hole.guard != nil || h.value.hole.readings[0].target.attr == attrNote
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *shapeCompiler) headerText(v *yaml.Node) *template {
	t := c.template(v)
	if t.op != opHole && t.op != opConst && t.op != opAbsent && t.op != opAny {
		c.fault(at(v), "wrong_type", "", "the value of a header must be a text")
		return &template{op: opConst, pos: at(v)}
	}
	if t.op == opConst && headerText(t.text) != t.text {
		c.fault(at(v), "bad_header", "", "a header field cannot hold line breaks or blanks around its value")
	}
	return t
}

func (c *shapeCompiler) params(n *yaml.Node, s *shape) (all []parameter) {
	c.pairs(n, "the parameters of a header", func(k, v *yaml.Node) { all = append(all, c.param(k, v, s)) })
	return all
}

func (c *shapeCompiler) param(k, v *yaml.Node, s *shape) parameter {
	if !isToken(k.Value) {
		c.fault(at(k), "bad_header", "", "%q is no name of a parameter", k.Value)
	}
	p := parameter{strings.ToLower(k.Value), c.headerText(v)}
	s.take(p.value)
	return p
}

// silent reports that none of the fields of a bare shape that are asked for is
// there.
func (s *shape) silent(h Header, wants set) bool {
	for i := range s.headers {
		if f := &s.headers[i]; !f.idle(wants) && len(values(h, f.name)) > 0 {
			return false
		}
	}
	return true
}

// idle reports that nothing hangs on a field of a bare shape.
func (f *headerHole) idle(wants set) bool {
	return f.value.hole.plain && f.value.reads&wants == 0
}

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

// given is a scheme of a field with its parameters; the parameters of a field
// without schemes are those of a scheme without a name.
type given struct {
	scheme string
	params [][2]string // name in lower case, value
}

// challenges reads a field such as Bearer realm="a", error="b" or
// limit=100;w=60, remaining=5. A word that a blank or nothing follows is a
// scheme.
func challenges(s string) []given {
	all := []given{{}}
	for s != "" {
		s = strings.TrimLeft(s, " \t,;")
		n := 0
		for n < len(s) && !strings.ContainsRune(" \t,;=\"", rune(s[n])) {
			n++
		}
		word := s[:n]
		s = s[n:]
		rest := strings.TrimLeft(s, " \t")
		switch {
		case word == "" && rest == "":
			return all
		case word == "":
			s = s[1:] // a stray quote or sign
		case strings.HasPrefix(rest, "="):
			value, after := parameterValue(strings.TrimLeft(rest[1:], " \t"))
			s = after
			last := &all[len(all)-1]
			last.params = append(last.params, [2]string{strings.ToLower(word), value})
		default:
			all = append(all, given{scheme: word})
		}
	}
	return all
}

// parameterValue reads a token or a quoted string (RFC 9110, 5.6.4).
func parameterValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		n := strings.IndexAny(s, " \t,;")
		if n < 0 {
			n = len(s)
		}
		return s[:n], s[n:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) {
				return b.String(), ""
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// headers writes the fields of a shape that hold one of the attributes.
func (w *output) headers(to []Pair, s *shape, of set) []Pair {
	for i := range s.headers {
		h := &s.headers[i]
		switch {
		case h.json != nil:
			if h.json.writes&of != 0 && w.has(h.json) {
				w.spoil()
				outer := w.dst
				w.dst = nil
				w.json(h.json)
				to = append(to, Pair{h.name, asciiJSON(w.dst)})
				w.dst = outer
			}
		case h.value == nil:
			if text := w.parts(h, of); text != "" {
				to = append(to, Pair{h.name, text})
			}
		case h.value.op == opConst:
			to = append(to, Pair{h.name, h.value.text})
		case h.value.op == opHole:
			to = w.textField(to, h, of)
		}
	}
	return to
}

// textField writes a field that is one text, or one for each note.
func (w *output) textField(to []Pair, h *headerHole, of set) []Pair {
	hole := h.value.hole
	if of&h.value.writes == 0 {
		return to
	}
	texts := []string{w.render(hole)}
	if hole.readings[0].target.attr == attrNote {
		texts = w.o.Notes
	} else {
		wire, ok := hole.readings[0].conv.wire(texts[0], w)
		if !ok {
			w.spoil()
			return to
		}
		texts[0] = wire
	}
	intact := true // every text went out as it is
	for _, text := range texts {
		safe := headerText(text)
		intact = intact && safe == text
		if safe != "" {
			to = append(to, Pair{h.name, safe})
		}
	}
	if intact {
		w.carried |= h.value.writes.of(whole)
	}
	if loose := h.value.writes & w.present &^ settled; loose != 0 {
		if !intact || !hole.plain || len(hole.readings) > 1 || loose&free == 0 {
			w.spoil()
		} else {
			w.markHeader(to, hole.readings[0].target.attr)
		}
	}
	return to
}

// parts writes challenges or parameters, "" where there is nothing to say.
func (w *output) parts(h *headerHole, of set) string {
	list := func(params []parameter, quoted bool) (texts []string) {
		said := !slices.ContainsFunc(params, func(p parameter) bool { return p.value.op == opHole })
		for _, p := range params {
			if p.value.op != opHole && p.value.op != opConst {
				continue
			}
			text := p.value.text
			if p.value.op == opHole {
				if p.value.writes&of == 0 {
					continue
				}
				if p.value.writes&of&^settled != 0 {
					w.spoil()
				}
				wire, ok := p.value.hole.readings[0].conv.wire(w.render(p.value.hole), w)
				text = headerText(wire)
				if !ok || text == "" {
					continue
				}
				said = true
				if text == wire {
					w.carried |= p.value.writes.of(whole)
				}
			}
			if quoted || !isToken(text) {
				text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
			}
			texts = append(texts, p.name+"="+text)
		}
		if !said {
			return nil
		}
		return texts
	}
	if h.params != nil {
		return strings.Join(list(h.params, false), ", ")
	}
	for _, c := range h.schemes {
		if texts := list(c.params, true); texts != nil {
			return c.scheme + " " + strings.Join(texts, ", ")
		}
	}
	return ""
}

// asciiJSON escapes what is not ASCII, for a header field holds nothing else
// safely (RFC 9110, 5.5).
func asciiJSON(b []byte) string {
	var out strings.Builder
	for _, r := range string(b) {
		switch {
		case r < 0x80:
			out.WriteByte(byte(r))
		case r < 0x10000:
			out.WriteString(escape(r))
		default:
			r -= 0x10000
			out.WriteString(escape(0xD800+r>>10) + escape(0xDC00+r&0x3FF))
		}
	}
	return out.String()
}

func escape(r rune) string {
	hex := strconv.FormatInt(int64(r), 16)
	return `\u` + strings.Repeat("0", 4-len(hex)) + hex
}

// headerText is a text that can stand in a header field: no control
// characters, so that nobody can add a field or a body (RFC 9110, 5.5).
func headerText(s string) string {
	if plainHeader(s) {
		return s
	}
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7F {
			return ' '
		}
		return c
	}, s))
}

// plainHeader reports that a text can stand in a header field as it is, as most
// can: it is printable ASCII without blanks around it.
func plainHeader(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || s[0] != ' ' && s[len(s)-1] != ' '
}
