package keyfile

import (
	"bytes"
	"errors"
	"io"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// MaxSource is the most bytes that a file may have. The largest one we know has a few
// hundred lines, and a stranger's file costs little to refuse.
const MaxSource = 1 << 20

// Load reads the YAML and returns its root. It refuses several documents, anchors and
// aliases, tags and duplicate keys. After a fault that leaves nothing to read it returns
// nil.
func (r *Reporter) Load(source []byte) *yaml.Node {
	r.source = source
	if len(source) > MaxSource {
		r.Fault(Position{1, 1}, "too_large", r.language().Split, "the file has %d bytes; the limit is %d", len(source), MaxSource)
		return nil
	}
	if deep := tooDeep(source); deep > 0 {
		r.Fault(Position{deep, 1}, "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return nil
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		r.Fault(Position{1, 1}, "empty", r.language().Begin, "the file is empty")
		return nil
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		r.Fault(At(&second), "two_documents", "move the part after --- to a second file", "the file contains a second YAML document, which would be ignored")
	} else if err != io.EOF {
		r.syntax(err, source)
		return nil
	}
	budget := maxNodes
	r.checkNode(document.Content[0], 0, &budget)
	if budget < 0 {
		return nil // beyond the bounds nothing is worth looking at
	}
	return document.Content[0]
}

// tooDeep counts brackets that are open at once, before YAML sees the file, and
// returns the line where there are too many. It may overcount brackets inside
// texts, which no file of ours has in such numbers.
func tooDeep(source []byte) int {
	open, line := 0, 1
	for _, c := range source {
		switch c {
		case '\n':
			line++
		case '[', '{':
			if open++; open > 4*maxNest {
				return line
			}
		case ']', '}':
			open = max(open-1, 0)
		}
	}
	return 0
}

// syntax reports an error of the YAML reader at the place that it names.
func (r *Reporter) syntax(err error, source []byte) {
	pos, message := Position{1, 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	}
	if one != nil || errors.As(err, &one) {
		message = one.Message
		if one.Mark.Line > 0 {
			pos = Position{one.Mark.Line, max(one.Mark.Column, 1)}
		}
	}
	var line, before string
	lines := strings.Split(string(source), "\n")
	if pos.Line <= len(lines) {
		line = lines[pos.Line-1]
	}
	for i := min(pos.Line-1, len(lines)) - 1; i >= 0 && before == ""; i-- {
		before = strings.TrimSpace(lines[i])
		if before != "" {
			before = lines[i]
		}
	}
	hint := quotesHint(line)
	switch {
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		message, hint = "YAML does not allow tabs for indentation", "indent with spaces"
	case strings.Contains(message, "expected ',' or"):
		hint = "inside of { } and [ ], a text with a brace, a bracket or a comma must be in quotes"
	case strings.Contains(message, "UTF-8"), strings.Contains(message, "control characters"):
		hint = "save the file as UTF-8"
	case !needsQuotes(line) && Indentation(line) != Indentation(before):
		hint = "the keys of a mapping must be in one column: check the indentation of this line and the one before it"
	}
	r.Fault(pos, "yaml_syntax", hint, "this is not YAML: %s", message)
}

// quotesHint says which text of a line needs quotes, or that it has too many.
func quotesHint(line string) string {
	if severalKeys(line) {
		return "several codes are one key, with one pair of quotes or none: \"291, 1047\": …"
	}
	return "a text that begins with { [ * & ! % @ ` or contains `: ` or ` #` must be in quotes"
}

// severalKeys reports that a line begins with two texts in quotes and a comma between them.
func severalKeys(line string) bool {
	line = strings.TrimLeft(line, " ")
	if line == "" || line[0] != '"' && line[0] != '\'' {
		return false
	}
	_, rest, closed := strings.Cut(line[1:], line[:1])
	next, more := strings.CutPrefix(strings.TrimLeft(rest, " "), ",")
	return closed && more && strings.HasPrefix(strings.TrimLeft(next, " "), line[:1])
}

// needsQuotes reports that the text after the key has a special first character, or contains
// a second key.
func needsQuotes(line string) bool {
	_, value, _ := strings.Cut(line, ": ")
	return value != "" && strings.ContainsRune("{[*&!%@`", rune(value[0])) || strings.Contains(value, ": ")
}

// Indentation is the number of spaces at the beginning of a line.
func Indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// checkNode refuses every value that the language does not have. It stops at the limits,
// with a negative budget.
func (r *Reporter) checkNode(n *yaml.Node, depth int, budget *int) {
	if *budget < 0 {
		return
	}
	if *budget--; *budget < 0 {
		r.Fault(At(n), "too_large", r.language().Split, "the file has more than %d values", maxNodes)
		return
	}
	if depth > maxNest {
		*budget = -1
		r.Fault(At(n), "too_deep", "", "the file is nested more than %d levels deep", maxNest)
		return
	}
	if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
		r.Fault(At(n), "tag", "remove it; put a text in quotes", "tags (!) are not part of the language")
	}
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.Fault(At(n), "anchor", "write the part twice", "anchors (&) and aliases (*) are not part of the language")
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]Position{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Tag == "!!null" {
				r.Fault(At(k), "key_type", "put the key in quotes", "a key must be a text")
				continue
			}
			if k.Value == "<<" {
				r.Fault(At(k), "anchor", "write the part twice", "merge keys (<<) are not part of the language")
			}
			if first, twice := seen[k.Value]; twice {
				r.Fault(At(k), "duplicate_key", "keep one of them", "the key %q occurs twice; it is already on line %d", k.Value, first.Line)
				continue
			}
			seen[k.Value] = At(k)
		}
	}
	for _, c := range n.Content {
		r.checkNode(c, depth+1, budget)
	}
}

const (
	maxNodes = 50_000 // YAML nodes
	maxNest  = 64     // levels of YAML
)
