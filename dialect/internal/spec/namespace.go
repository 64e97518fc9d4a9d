package spec

import (
	"slices"
	"strconv"
	"strings"
)

// namespaces gives each member of a shape of XML the namespace of its prefix, as far as
// the shape declares it by "@xmlns:prefix". An element of another namespace is not that
// member.
func (s *Shape) namespaces() {
	if s.Form != FormXML || s.Body == nil {
		return
	}
	declared := map[string]string{}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		for i := range t.Members {
			w := &t.Members[i]
			if prefix, is := strings.CutPrefix(w.Names[0], "xmlns:"); is && w.Attribute && w.Value.Op == OpConst {
				declared[prefix] = w.Value.Text
			}
		}
	})
	if len(declared) == 0 {
		return
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		if prefix, found := strings.CutSuffix(t.KeyPrefix, ":"); found {
			t.Space = declared[prefix]
		}
		for i := range t.Members {
			t.Members[i].namespaces(declared)
		}
	})
}

// namespaces sets the namespaces of the names of a member.
func (w *Member) namespaces(declared map[string]string) {
	if w.Text || w.Attribute && strings.HasPrefix(w.Names[0], "xmlns:") {
		return
	}
	for i, name := range w.Names {
		prefix, _, prefixed := strings.Cut(name, ":")
		if uri := declared[prefix]; prefixed && uri != "" {
			if w.Spaces == nil {
				w.Spaces = make([]string, len(w.Names))
			}
			w.Spaces[i] = uri
		}
	}
}

// each calls visit with a template and all below it, each definition once.
func (t *Template) each(seen map[*Instance]bool, visit func(*Template)) {
	if t.Op == OpReference {
		if !seen[t.Def] && t.Def.Body != nil {
			seen[t.Def] = true
			t.Def.Body.each(seen, visit)
		}
		return
	}
	visit(t)
	for b := range t.below {
		b.each(seen, visit)
	}
}

// undeclared is a prefix that is written and not declared: the first name that has it, and the
// lines of the others.
type undeclared struct {
	prefix, name string
	pos          Position
	lines        []int
}

// checkPrefixes warns of prefixes that are written and that no attribute of their shape declares:
// once of each, however many shapes have it.
func (d *Spec) checkPrefixes(r *Reporter) {
	var all []*undeclared
	for _, s := range d.Shapes {
		if s.Form == FormXML && s.Body != nil && !s.Inherited && !s.ReadOnly && !d.ReadOnly {
			all = s.undeclared(all)
		}
	}
	for _, u := range all {
		more := ""
		for i, line := range u.lines {
			if i == 0 {
				more = "; it is also on line "
			} else {
				more += ", "
			}
			more += strconv.Itoa(line)
		}
		r.Warn(u.pos, "undeclared_prefix", `add "@xmlns:`+u.prefix+`?": $any = "URI" to the element around it, with the URI of the page`, "%q is written, but nothing in the shape declares the prefix %s%s", u.name, u.prefix, more)
	}
}

// undeclared adds the prefixes of a shape that it does not declare.
func (s *Shape) undeclared(all []*undeclared) []*undeclared {
	known := map[string]bool{"xml": true}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		for i := range t.Members {
			if prefix, is := strings.CutPrefix(t.Members[i].Names[0], "xmlns:"); is && t.Members[i].Attribute {
				known[prefix] = true
			}
		}
	})
	add := func(pos Position, name string) {
		prefix, _, is := strings.Cut(name, ":")
		if !is || known[prefix] {
			return
		}
		known[prefix] = true
		if i := slices.IndexFunc(all, func(u *undeclared) bool { return u.prefix == prefix }); i >= 0 {
			all[i].lines = append(all[i].lines, pos.Line)
			return
		}
		all = append(all, &undeclared{prefix: prefix, name: name, pos: pos})
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		if t.ReadOnly {
			return
		}
		add(t.Pos, t.KeyPrefix)
		add(t.Pos, t.AnyName)
		for i := range t.Members {
			if w := &t.Members[i]; !w.Unwritten && !strings.HasPrefix(w.Names[0], "xmlns:") {
				add(w.Value.Pos, w.Names[0])
			}
		}
	})
	return all
}
