// Package airbyte drafts a dialect file from the error handlers of an Airbyte low-code
// manifest.
//
//	text, err := os.ReadFile("manifest.yaml")
//	if err != nil {
//		return err
//	}
//	file, told, err := airbyte.File("my-api", "manifest.yaml", text)
//
// The response filters of a DefaultErrorHandler become rows and shapes, and its backoff
// strategies become the retry of the rows. A template that cannot be evaluated is kept as a
// comment, and told.
package airbyte

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance/draft"
)

// MaxSource is the greatest length of a manifest, in bytes: 16 MiB.
const MaxSource = 16 << 20

// maxSteps bounds how many values are looked at: references can make many of few.
const maxSteps = 200_000

// File drafts a dialect file. file is the name of the manifest, and told is what could not
// be taken over, with its place. The errors are those of draft.FromDescription, and those of
// a text that is no manifest. If no error handler says anything, the error is
// draft.ErrNothing.
func File(name, file string, text []byte) (drafted []byte, told []string, err error) {
	if len(text) > MaxSource {
		return nil, nil, fmt.Errorf("%s is longer than %d MiB", file, MaxSource>>20)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, nil, fmt.Errorf("%s is not YAML: %w", file, err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, nil, fmt.Errorf("%s is no manifest: expected an object with streams and definitions", file)
	}
	m := &manifest{file: file, root: document.Content[0], seen: map[string]bool{}, around: map[*yaml.Node]bool{}}
	m.base = file[strings.LastIndexAny(file, `/\`)+1:]
	m.out.Source = m.base
	m.walk(m.root, nil, 0)
	m.others()
	if m.steps > maxSteps {
		m.tell(m.root, "the manifest has too many values; the rest was left out")
	}
	m.out.Remarks = m.remarks
	drafted, err = draft.FromDescription(name, m.out)
	if errors.Is(err, draft.ErrNothing) {
		err = &nothingError{m.base}
	}
	return drafted, m.told, err
}

// nothingError is draft.ErrNothing, with what a manifest lacks.
type nothingError struct{ file string }

func (e *nothingError) Error() string {
	return "no error handler in " + e.file + " has a response filter or a wait"
}

func (e *nothingError) Unwrap() error { return draft.ErrNothing }

// manifest is a manifest that is read.
type manifest struct {
	file    string
	base    string // file without its folder
	root    *yaml.Node
	steps   int
	around  map[*yaml.Node]bool // the values that stand around the present one
	seen    map[string]bool     // what was said or taken before
	other   string              // the wait for what no filter is about
	asked   bool                // a wait is that of Retry-After
	out     draft.Description
	told    []string
	remarks []string
}

// parameters are the values that $parameters hands down.
type parameters map[string]*yaml.Node

// tell says once what could not be taken over.
func (m *manifest) tell(at *yaml.Node, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if m.seen["told "+text] {
		return
	}
	m.seen["told "+text] = true
	m.told = append(m.told, fmt.Sprintf("%s:%d: %s", m.file, at.Line, text))
}

// maxDepth is how deep a manifest is followed, references included.
const maxDepth = 100

// walk looks for error handlers.
func (m *manifest) walk(n *yaml.Node, p parameters, depth int) {
	m.steps++
	if m.around[n] || depth > maxDepth || m.steps > maxSteps {
		return
	}
	given := n // what a reference makes of it is new each time
	m.around[given] = true
	defer delete(m.around, given)
	if n, p = m.resolved(n, p); n == nil {
		return
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, e := range n.Content {
			m.walk(e, p, depth+1)
		}
	case yaml.MappingNode:
		switch text(member(n, "type")) {
		case "DefaultErrorHandler":
			m.handler(n, p)
			return
		case "CustomErrorHandler":
			m.tell(n, "the error handler %s is code: only its filters and waits were taken over", clip(text(member(n, "class_name"))))
			m.handler(n, p)
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch key, value := n.Content[i].Value, n.Content[i+1]; key {
			case "schema", "schema_loader", "spec", "metadata", "schemas", "$parameters":
			case "error_handler":
				m.errorHandler(value, p, depth)
			default:
				m.walk(value, p, depth+1)
			}
		}
	}
}

// errorHandler looks at a handler, whose type may be left out.
func (m *manifest) errorHandler(n *yaml.Node, p parameters, depth int) {
	of, within := m.resolved(n, p)
	if of != nil && of.Kind == yaml.MappingNode && member(of, "type") == nil && member(of, "error_handlers") == nil {
		m.handler(of, within)
		return
	}
	m.walk(n, p, depth+1)
}

// resolved follows references: "$ref: '#/definitions/x'" with members that replace those of
// x, and "#/definitions/x" as a text. It adds the $parameters of the value to p. It is nil
// for a reference to nothing.
func (m *manifest) resolved(n *yaml.Node, p parameters) (*yaml.Node, parameters) {
	for range maxDepth {
		if n == nil {
			return nil, p
		}
		if n.Kind == yaml.AliasNode {
			n = n.Alias
			continue
		}
		var ref *yaml.Node
		switch {
		case n.Kind == yaml.MappingNode:
			ref = member(n, "$ref")
			p = p.with(member(n, "$parameters"))
		case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "#/definitions/"):
			ref = n
		}
		if ref == nil || ref.Kind != yaml.ScalarNode {
			return n, p
		}
		target := m.at(ref.Value)
		if target == nil {
			m.tell(ref, "nothing stands at %s", clip(ref.Value))
			return nil, p
		}
		if n.Kind == yaml.MappingNode && len(n.Content) > 2 {
			if target.Kind == yaml.AliasNode {
				target = target.Alias
			}
			target = merged(target, n)
		}
		n = target
	}
	return nil, p // a circle of references alone
}

// merged are the members of a definition, with those beside the reference in their place.
func merged(definition, own *yaml.Node) *yaml.Node {
	if definition.Kind != yaml.MappingNode {
		return definition
	}
	n := &yaml.Node{Kind: yaml.MappingNode, Line: own.Line, Column: own.Column}
	for i := 0; i+1 < len(own.Content); i += 2 {
		if own.Content[i].Value != "$ref" {
			n.Content = append(n.Content, own.Content[i], own.Content[i+1])
		}
	}
	for i := 0; i+1 < len(definition.Content); i += 2 {
		if member(n, definition.Content[i].Value) == nil {
			n.Content = append(n.Content, definition.Content[i], definition.Content[i+1])
		}
	}
	return n
}

// with adds the parameters of a value.
func (p parameters) with(n *yaml.Node) parameters {
	if n == nil || n.Kind != yaml.MappingNode {
		return p
	}
	all := maps.Clone(p)
	if all == nil {
		all = parameters{}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		all[n.Content[i].Value] = n.Content[i+1]
	}
	return all
}

// at finds the value of a reference, which goes down by names: #/definitions/x/y.
func (m *manifest) at(ref string) *yaml.Node {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return nil
	}
	n := m.root
	for name := range strings.SplitSeq(path, "/") {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		}
		if n = member(n, name); n == nil {
			return nil
		}
	}
	return n
}

// member is a member of an object, nil for none.
func member(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// text is a text or a number, "" for any other value.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// line is a stranger's text on one line, whole unless it is very long.
func line(text string) string { return cut(text, 2000) }

// clip is the beginning of a stranger's text, for a message.
func clip(text string) string { return cut(text, 120) }

func cut(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
