package spec

import "strings"

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

// checkPrefixes warns of a prefix that is written and that no attribute of the shape declares.
func (d *Spec) checkPrefixes(r *Reporter, s *Shape) {
	if s.Form != FormXML || s.Body == nil || s.ReadOnly || d.ReadOnly {
		return
	}
	known, told := map[string]bool{"xml": true}, map[string]bool{}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		for i := range t.Members {
			if prefix, is := strings.CutPrefix(t.Members[i].Names[0], "xmlns:"); is && t.Members[i].Attribute {
				known[prefix] = true
			}
		}
	})
	warn := func(pos Position, name string) {
		if prefix, _, is := strings.Cut(name, ":"); is && !known[prefix] && !told[prefix] {
			told[prefix] = true
			r.Warn(pos, "undeclared_prefix", `add "@xmlns:`+prefix+`?": $any = "URI" to the element around it, with the URI of the page`, "%q is written, but nothing in the shape declares the prefix %s", name, prefix)
		}
	}
	s.Body.each(map[*Instance]bool{}, func(t *Template) {
		if t.ReadOnly {
			return
		}
		warn(t.Pos, t.KeyPrefix)
		warn(t.Pos, t.AnyName)
		for i := range t.Members {
			if w := &t.Members[i]; !w.Unwritten && !strings.HasPrefix(w.Names[0], "xmlns:") {
				warn(w.Value.Pos, w.Names[0])
			}
		}
	})
}
