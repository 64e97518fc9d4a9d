package validate

import (
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// names finds the members whose names break a schema of names. The library tells the
// name and the depth of the object, but a path that it went later.
type names struct {
	schema *Schema
	wanted map[string]bool
	found  map[memberName][][]string // the locations of such members
}

// memberName is a member as the library tells it.
type memberName struct {
	schema string // the URL of the schema of names
	depth  int    // of the member
	name   string
}

// relocate puts the violations of names where they happened.
func (s *Schema) relocate(value any, all []violation) {
	n := names{schema: s, wanted: map[string]bool{}, found: map[memberName][][]string{}}
	for _, v := range all {
		if v.named != "" {
			n.wanted[v.location[len(v.location)-1]] = true
		}
	}
	if len(n.wanted) == 0 {
		return
	}
	n.walk(value, nil)
	for i := range all {
		v := &all[i]
		if v.named == "" {
			continue
		}
		key := memberName{v.named, len(v.location), v.location[len(v.location)-1]}
		if places := n.found[key]; len(places) > 0 {
			v.location, n.found[key] = places[0], places[1:]
			v.title = s.title(v.location)
		}
	}
}

// walk collects each member whose name is wanted, under each schema of its names.
func (n *names) walk(value any, at []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			below := append(slices.Clip(at), name)
			if n.wanted[name] {
				for _, url := range schemasOfNames(n.schema.at(at), 0) {
					key := memberName{url, len(below), name}
					n.found[key] = append(n.found[key], below)
				}
			}
			n.walk(member, below)
		}
	case []any:
		for i, item := range value {
			n.walk(item, append(slices.Clip(at), strconv.Itoa(i)))
		}
	}
}

// schemasOfNames are the URLs of the schemas that the names of a value have to fit.
func schemasOfNames(s *jsonschema.Schema, hops int) (urls []string) {
	if s == nil || hops > maxHops {
		return nil
	}
	if s.PropertyNames != nil {
		urls = append(urls, s.PropertyNames.Location)
	}
	for _, other := range alike(s) {
		for _, url := range schemasOfNames(other, hops+1) {
			if !slices.Contains(urls, url) {
				urls = append(urls, url)
			}
		}
	}
	return urls
}
