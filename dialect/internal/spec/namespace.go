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
