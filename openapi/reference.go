package openapi

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
)

// references looks at each $ref of a document. A circle is legal where a schema
// describes a tree. Any other has no end, and no library bears it.
type references struct {
	*source
	state map[*yaml.Node]walk
}

// walk is how far the walk over a value has come.
type walk uint8

const (
	inside walk = iota + 1 // it stands on the way to the present place
	seen
)

// visit looks at a value, and at what its references point to.
func (r *references) visit(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode || r.state[n] != 0 {
		return
	}
	r.state[n] = inside
	switch n.Kind {
	case yaml.AliasNode:
		r.visit(n.Alias)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			r.visit(item)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			switch {
			case key.Value == "example" || key.Value == "examples" && value.Kind == yaml.SequenceNode || strings.HasPrefix(key.Value, "x-"):
				// Data, in which $ref is a name like any other.
			case key.Value == "$ref" && value.Kind == yaml.ScalarNode:
				r.follow(value)
			default:
				r.visit(value)
			}
		}
	}
	r.state[n] = seen
}

// follow looks at the place that a reference points to.
func (r *references) follow(ref *yaml.Node) {
	pointer, within := strings.CutPrefix(ref.Value, "#")
	if !within {
		r.report(parlance.SeverityWarning, ref, "openapi_reference", fmt.Sprintf("$ref: %s is outside of the document, and is not followed", clip(ref.Value)), "bundle the document into one file first, such as with redocly bundle")
		return
	}
	if pointer != "" && !strings.HasPrefix(pointer, "/") {
		return // an $anchor of JSON Schema; the library finds it
	}
	target := r.at(pointer)
	switch {
	case target == nil:
		r.report(parlance.SeverityError, ref, "openapi_reference", fmt.Sprintf("$ref: nothing stands at %s", clip(ref.Value)), "")
	case r.state[target] == inside && !ofSchema(pointer), r.onlyReferences(target):
		r.report(parlance.SeverityError, ref, "openapi_reference", fmt.Sprintf("$ref: %s leads back to this place, without an end", clip(ref.Value)), "")
	default:
		r.visit(target)
	}
}

// ofSchema reports whether a schema stands at a pointer.
func ofSchema(pointer string) bool {
	for _, below := range []string{"/components/schemas/", "/$defs/"} {
		if strings.Contains(pointer, below) {
			return true
		}
	}
	return strings.Contains(pointer+"/", "/schema/")
}

// onlyReferences reports whether each value from here on is a reference to the next,
// in a circle.
func (r *references) onlyReferences(n *yaml.Node) bool {
	passed := map[*yaml.Node]bool{}
	for n != nil && !passed[n] {
		passed[n] = true
		ref := child(n, "$ref")
		if ref == nil {
			return false
		}
		pointer, within := strings.CutPrefix(ref.Value, "#")
		if !within || pointer != "" && !strings.HasPrefix(pointer, "/") {
			return false
		}
		n = r.at(pointer)
	}
	return n != nil
}

// at finds the value at a JSON pointer (RFC 6901), percent-encoded as in a fragment.
func (s *source) at(pointer string) *yaml.Node {
	if pointer == "" {
		return s.root
	}
	if n, there := s.places[pointer]; there {
		return n
	}
	n := s.walk(pointer)
	if s.places == nil {
		s.places = map[string]*yaml.Node{}
	}
	s.places[pointer] = n
	return n
}

// walk finds the value at a pointer that was not followed before.
func (s *source) walk(pointer string) *yaml.Node {
	var path []string
	for _, token := range strings.Split(pointer[1:], "/") {
		path = append(path, unescaped(token))
	}
	n, whole := s.place(path)
	if !whole {
		return nil
	}
	return n
}

// place walks down a path of names and indices, as far as it goes.
func (s *source) place(path []string) (n *yaml.Node, whole bool) {
	n = s.root
	for _, name := range path {
		below := child(n, name)
		if below == nil {
			return n, false
		}
		n = below
	}
	return n, true
}

// key finds the name of the member at a path.
func (s *source) key(path []string) *yaml.Node {
	above, _ := s.place(path[:len(path)-1])
	for i := 0; i+1 < len(above.Content); i += 2 {
		if above.Content[i].Value == path[len(path)-1] {
			return above.Content[i]
		}
	}
	return above
}

// member finds the name of a member that so many steps lie above.
func member(n *yaml.Node, above int, name string) *yaml.Node {
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step-1 < len(n.Content); i += step {
		if above == 0 && step == 2 && n.Content[i].Value == name {
			return n.Content[i]
		}
		if above > 0 {
			if found := member(n.Content[i+step-1], above-1, name); found != nil {
				return found
			}
		}
	}
	return nil
}

func child(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

// unescaped is a token of a JSON pointer in a fragment (RFC 6901, 6).
func unescaped(token string) string {
	if decoded, err := url.PathUnescape(token); err == nil {
		token = decoded
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}
