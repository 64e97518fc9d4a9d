package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Merged is a document with the responses of a dialect.
type Merged struct {
	Text  []byte
	Added int      // the responses that operations got
	Kept  []string // the components that the document had already under such a name, as #/components/…
}

// Into adds the responses of a dialect to the operations of a document, and the components
// that they refer to. All else keeps its text: the order, the comments and the layout. A
// status that an operation has, or a component of that name, stays as it is. A second call
// adds nothing.
//
// The error is a *dialect.FileError if the document cannot be used.
func Into(file string, source []byte, d *dialect.Dialect) (*Merged, error) {
	s := newSource(file, source)
	if s.check(); s.failed() {
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: source}
	}
	m := &merger{source: s, result: &Merged{}, newline: "\n"}
	if bytes.Contains(source, []byte("\r\n")) {
		m.newline = "\r\n"
	}
	e := newExport(d)
	m.operations(e)
	components := e.components()
	if schemas := child(components, "schemas"); schemas != nil && majorMinor(child(s.root, "openapi").Value) == "3.0" {
		for i := 1; i < len(schemas.Content); i += 2 {
			asVersion30(schemas.Content[i])
		}
	}
	m.components(components)
	if s.failed() { // a place that cannot take a member
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: source}
	}
	m.result.Text = m.apply()
	if _, err := Read(file, m.result.Text); err != nil {
		s.report(parlance.SeverityError, nil, "openapi_document", "the responses cannot be added to a document with this layout", "format it first, or add them by hand from an export")
		return nil, &dialect.FileError{Diagnostics: s.sorted(), Source: source}
	}
	return m.result, nil
}

// merger collects the texts that go into a document.
type merger struct {
	*source
	result  *Merged
	newline string
	edits   []edit
}

// edit is a text that goes in at an offset.
type edit struct {
	at   int
	text string
}

// operations gives each operation the statuses that it does not have.
func (m *merger) operations(e *export) {
	paths := child(m.root, "paths")
	for i := 0; paths != nil && i+1 < len(paths.Content); i += 2 {
		item := paths.Content[i+1]
		for j := 0; j+1 < len(item.Content); j += 2 {
			method, operation := item.Content[j].Value, item.Content[j+1]
			if !slices.Contains(methods, strings.ToUpper(method)) || operation.Kind != yaml.MappingNode {
				continue
			}
			m.operation(operation, e.references(method))
		}
	}
}

// methods are those of a path item (OpenAPI 3.2, 4.9).
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"}

// operation adds failures. The successes of an operation are its own.
func (m *merger) operation(operation, references *yaml.Node) {
	responses := child(operation, "responses")
	missing := object()
	for i := 0; i+1 < len(references.Content); i += 2 {
		status := references.Content[i]
		if status.Value[0] < '4' || responses != nil && child(responses, status.Value) != nil {
			continue
		}
		missing.Content = append(missing.Content, status, references.Content[i+1])
	}
	m.result.Added += len(missing.Content) / 2
	if responses == nil && len(missing.Content) > 0 {
		missing = object("responses", missing)
		responses = operation
	}
	m.insert(responses, missing)
}

// components adds what the document does not have under its name.
func (m *merger) components(all *yaml.Node) {
	present := child(m.root, "components")
	if present == nil {
		m.insert(m.root, object("components", all))
		return
	}
	absent := object()
	for i := 0; i+1 < len(all.Content); i += 2 {
		name, members := all.Content[i], all.Content[i+1]
		section := child(present, name.Value)
		if section == nil {
			absent.Content = append(absent.Content, name, members)
			continue
		}
		missing := object()
		for j := 0; j+1 < len(members.Content); j += 2 {
			if child(section, members.Content[j].Value) == nil {
				missing.Content = append(missing.Content, members.Content[j], members.Content[j+1])
			} else {
				m.result.Kept = append(m.result.Kept, "#/components/"+name.Value+"/"+members.Content[j].Value)
			}
		}
		m.insert(section, missing)
	}
	m.insert(present, absent)
}

// insert puts members at the end of a mapping.
func (m *merger) insert(into, members *yaml.Node) {
	switch {
	case len(members.Content) == 0:
	case into.Kind != yaml.MappingNode || len(into.Content) == 0 && into.Style&yaml.FlowStyle == 0:
		m.report(parlance.SeverityError, into, "openapi_document", "expected an object with members here", "")
	case into.Style&yaml.FlowStyle != 0:
		m.insertFlow(into, members)
	default:
		m.insertBlock(into, members)
	}
}

// insertBlock writes the members below the last one, as far to the right as the first.
func (m *merger) insertBlock(into, members *yaml.Node) {
	indent := into.Content[0].Column - 1
	end := m.offset(into.Content[len(into.Content)-2].Line + 1)
	for at := end; at < len(m.text); {
		next := len(m.text)
		if i := bytes.IndexByte(m.text[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		line := strings.TrimRight(string(m.text[at:next]), " \t\r\n")
		blank := line == ""
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if !blank && depth <= indent && (depth < indent || line[depth] != '-') {
			break
		}
		if at = next; !blank {
			end = at
		}
	}
	text, err := written(members)
	if err != nil {
		return // the text is ours
	}
	var b strings.Builder
	if end > 0 && m.text[end-1] != '\n' {
		b.WriteString(m.newline)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(line + m.newline)
	}
	m.edits = append(m.edits, edit{end, b.String()})
}

// insertFlow writes the members before the closing brace, as JSON.
func (m *merger) insertFlow(into, members *yaml.Node) {
	start := m.offsetOf(into)
	closing := closingBrace(m.text, start)
	if closing < 0 {
		m.report(parlance.SeverityError, into, "openapi_document", "the closing brace of this object cannot be found", "")
		return
	}
	end := closing
	for end > start+1 && strings.IndexByte(" \t\r\n", m.text[end-1]) >= 0 {
		end--
	}
	between := " "
	if len(into.Content) > 0 && into.Content[0].Line > into.Line {
		between = m.newline + strings.Repeat(" ", into.Content[0].Column-1)
	}
	var b strings.Builder
	for i := 0; i+1 < len(members.Content); i += 2 {
		if comma := i > 0 || len(into.Content) > 0; comma && m.text[end-1] != ',' || i > 0 {
			b.WriteByte(',')
		}
		if i > 0 || len(into.Content) > 0 {
			b.WriteString(between)
		}
		b.WriteString(quote(members.Content[i].Value) + ": " + asJSON(members.Content[i+1]))
	}
	m.edits = append(m.edits, edit{end, b.String()})
}

// closingBrace finds the brace that closes the one at an offset, past texts in quotes and
// comments; -1 if there is none.
func closingBrace(text []byte, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch c := text[i]; c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\'':
			if i = closingQuote(text, i); i < 0 {
				return -1
			}
		case '#':
			if i > 0 && (text[i-1] == ' ' || text[i-1] == '\n') {
				for i+1 < len(text) && text[i+1] != '\n' {
					i++
				}
			}
		}
	}
	return -1
}

// closingQuote finds the end of a text in quotes. A quote within a word begins none.
func closingQuote(text []byte, start int) int {
	quote := text[start]
	if before := start - 1; before >= 0 && strings.IndexByte(" \t\r\n{[,:", text[before]) < 0 {
		return start
	}
	for i := start + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i
		}
	}
	return -1
}

// asJSON is a node in one line, which is YAML too.
func asJSON(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		var all []string
		for i := 0; i+1 < len(n.Content); i += 2 {
			all = append(all, quote(n.Content[i].Value)+": "+asJSON(n.Content[i+1]))
		}
		return "{" + strings.Join(all, ", ") + "}"
	case yaml.SequenceNode:
		var all []string
		for _, item := range n.Content {
			all = append(all, asJSON(item))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	if n.Tag == "!!str" {
		return quote(n.Value)
	}
	return n.Value
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%q", s)
	}
	return string(b)
}

// offset is that of the beginning of a line, counted from 1.
func (m *merger) offset(line int) int {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(m.text[at:], '\n')
		if i < 0 {
			return len(m.text)
		}
		at += i + 1
	}
	return at
}

// offsetOf is that of the opening brace of a node.
func (m *merger) offsetOf(n *yaml.Node) int {
	at := m.offset(n.Line)
	for column := 1; column < n.Column && at < len(m.text); column++ {
		at++
		for at < len(m.text) && m.text[at]&0xC0 == 0x80 { // within a character
			at++
		}
	}
	for at < len(m.text) && m.text[at] != '{' { // an anchor or a tag stands before it
		at++
	}
	return at
}

// apply puts the texts in.
func (m *merger) apply() []byte {
	slices.SortStableFunc(m.edits, func(a, b edit) int { return a.at - b.at })
	var out []byte
	at := 0
	for _, e := range m.edits {
		out = append(append(out, m.text[at:e.at]...), e.text...)
		at = e.at
	}
	return append(out, m.text[at:]...)
}
