package dialect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	yaml "go.yaml.in/yaml/v4"
)

// sample is a recorded response in the file, with the outcome that it reads as.
type sample struct {
	pos      position
	request  Request
	response Response
	outcome  parlance.Outcome
	expected expected
	readOnly bool
}

// expected is an outcome as somebody wrote it down: what is set, in the names of
// an Outcome's JSON, and where it stands.
type expected struct {
	pos    position
	value  map[string]any
	places map[string]position // of "detail", "fields[0].path", …
}

// of is the place of an attribute, or of what holds it.
func (e *expected) of(attribute string) position {
	for a := attribute; a != ""; {
		if pos, ok := e.places[a]; ok {
			return pos
		}
		a = a[:max(strings.LastIndexAny(a, ".["), 0)]
	}
	return e.pos
}

var sampleKeys = []string{"response", "outcome", "method", "path", "request", "reads_only"}

func (r *reporter) samples(n *yaml.Node) []sample {
	if n.Kind != yaml.SequenceNode {
		r.fault(at(n), "wrong_type", "write a list: each sample begins with `- response: |`", "samples must be a list, not %s", kindOf(n))
		return nil
	}
	var all []sample
	for _, e := range n.Content {
		s := sample{pos: at(e)}
		parts := 0
		r.pairs(e, "a sample", func(k, v *yaml.Node) {
			switch k.Value {
			case "response":
				parts++
				text, _ := r.text(v, "response")
				if err := s.parse(text); err != "" {
					r.fault(at(v), "bad_sample", "write what curl -i prints: a status line, fields, an empty line, the body", "%s", err)
				}
			case "outcome":
				parts++
				s.expected = r.expected(v, true)
				s.outcome = s.expected.outcome()
			case "method":
				s.request.Method = strings.ToUpper(v.Value)
			case "path":
				s.request.Path = v.Value
			case "request":
				h := fields{}
				r.pairs(v, "request", func(hk, hv *yaml.Node) {
					text, _ := r.text(hv, "the value of a request header")
					h[canonicalHeader(hk.Value)] = []string{text}
				})
				s.request.Header = h
			case "reads_only":
				s.readOnly = r.boolean(v, "reads_only")
			default:
				r.unknown(at(k), "unknown_key", "key of a sample", k.Value, sampleKeys)
			}
		})
		if parts < 2 {
			r.fault(s.pos, "bad_sample", "", "a sample needs a response and an outcome")
			continue
		}
		all = append(all, s)
	}
	return all
}

// fields are the header fields of a sample.
type fields map[string][]string

func (f fields) Values(name string) []string { return f[name] }

// parse reads a response as it stands in a file.
func (s *sample) parse(text string) string {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	words := strings.SplitN(lines[0], " ", 3)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") {
		return fmt.Sprintf("the response must begin with a status line, not %q", lines[0])
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 100 || status > 999 {
		return fmt.Sprintf("%q is no HTTP status", words[1])
	}
	h := fields{}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			return fmt.Sprintf("%q is no header field", l)
		}
		name = canonicalHeader(strings.TrimSpace(name))
		h[name] = append(h[name], strings.TrimSpace(value))
	}
	s.response = Response{Status: status, Header: h, Body: []byte(strings.TrimSuffix(body, "\n"))}
	return ""
}

// outcomeAttributes are the names of an Outcome's JSON, in its order.
var outcomeAttributes = []string{"kind", "reason", "status", "code", "family", "title", "detail", "type", "instance", "request_id", "fields", "items", "notes", "retry_after", "retryable", "help"}

// expected reads an outcome as a file states it. whole asks for a kind.
func (r *reporter) expected(n *yaml.Node, whole bool) expected {
	e := expected{pos: at(n), places: map[string]position{}}
	o := outcomeReader{r, e.places, whole}
	e.value = o.outcome(n, "")
	return e
}

// outcome is what is expected as an Outcome. It was checked when it was read.
func (e *expected) outcome() (o parlance.Outcome) {
	if text, err := json.Marshal(e.value); err != nil || json.Unmarshal(text, &o) != nil {
		return parlance.Outcome{}
	}
	return o
}

// outcomeReader reads an outcome and keeps where each of its attributes stands.
type outcomeReader struct {
	*reporter
	places map[string]position
	whole  bool
}

func (r outcomeReader) outcome(n *yaml.Node, under string) map[string]any {
	r.places[strings.TrimSuffix(under, ".")] = at(n)
	value, stated := map[string]any{}, false
	r.pairs(n, "an outcome", func(k, v *yaml.Node) {
		name, path := k.Value, under+k.Value
		r.places[path] = at(v)
		var given any
		switch {
		case !slices.Contains(outcomeAttributes, name):
			r.unknown(at(k), "unknown_attribute", "attribute of an outcome", name, outcomeAttributes)
			return
		case v.Tag == "!!null":
		case name == "kind":
			stated = true
			if text, ok := r.word(v, name); ok {
				if _, known := parlance.ParseKind(text); !known {
					r.unknown(at(v), "unknown_kind", "kind", text, kindWords())
					break
				}
				given = text
			}
		case name == "status":
			given = r.number(v, name, true)
		case name == "retry_after":
			given = r.number(v, name, false)
		case name == "retryable":
			given = r.boolean(v, name)
		case name == "fields":
			given = r.list(v, path, "fields", func(e *yaml.Node, path string) any { return r.field(e, path) })
		case name == "items":
			given = r.list(v, path, "items", func(e *yaml.Node, path string) any { return r.item(e, path) })
		case name == "notes":
			given = r.list(v, path, "notes", func(e *yaml.Node, _ string) any {
				text, _ := r.word(e, "a note")
				return text
			})
		default:
			if text, ok := r.word(v, name); ok {
				given = text
			}
		}
		value[name] = given
	})
	if !stated && r.whole && n.Kind == yaml.MappingNode {
		r.fault(at(n), "missing_kind", "add kind: invalid, or what it reads as", "the outcome has no kind")
	}
	return value
}

// list reads each element; path names the list.
func (r outcomeReader) list(n *yaml.Node, path, what string, element func(e *yaml.Node, path string) any) any {
	if n.Kind != yaml.SequenceNode {
		r.fault(at(n), "wrong_type", "write a list: each element begins with a hyphen", "%s must be a list, not %s", what, kindOf(n))
		return nil
	}
	all := []any{}
	for i, e := range n.Content {
		one := path + "[" + strconv.Itoa(i) + "]"
		r.places[one] = at(e)
		all = append(all, element(e, one))
	}
	return all
}

func (r outcomeReader) field(n *yaml.Node, path string) map[string]any {
	return r.members(n, path, "a field", []string{"path", "code", "message"}, func(name string, v *yaml.Node) any {
		text, ok := r.word(v, "the "+name+" of a field")
		if !ok {
			return nil
		}
		return text
	})
}

func (r outcomeReader) item(n *yaml.Node, path string) map[string]any {
	return r.members(n, path, "an item", []string{"index", "id", "outcome"}, func(name string, v *yaml.Node) any {
		switch name {
		case "index":
			return r.number(v, "the index of an item", true)
		case "outcome":
			return r.outcome(v, path+".outcome.")
		}
		text, ok := r.word(v, "the id of an item")
		if !ok {
			return nil
		}
		return text
	})
}

// members reads a mapping whose keys are known.
func (r outcomeReader) members(n *yaml.Node, path, what string, known []string, read func(name string, v *yaml.Node) any) map[string]any {
	value := map[string]any{}
	r.pairs(n, what, func(k, v *yaml.Node) {
		if !slices.Contains(known, k.Value) {
			r.unknown(at(k), "unknown_attribute", "attribute of "+what, k.Value, known)
			return
		}
		r.places[path+"."+k.Value] = at(v)
		if v.Tag != "!!null" {
			value[k.Value] = read(k.Value, v)
		}
	})
	return value
}

// word is a text; a number or a boolean without quotes is none, for what the
// wire holds as a text would be compared with something else.
func (r outcomeReader) word(n *yaml.Node, what string) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		switch n.Tag {
		case "!!int", "!!float", "!!bool":
			r.fault(at(n), "wrong_type", "put it in quotes: "+strconv.Quote(n.Value), "%s must be a text; %s without quotes is %s", what, n.Value, scalarWord(n))
			return "", false
		}
	}
	return r.text(n, what)
}

// number is a number, not negative, as JSON has it.
func (r outcomeReader) number(n *yaml.Node, what string, integer bool) any {
	f, err := strconv.ParseFloat(n.Value, 64)
	_, valid := parlance.Seconds(f)
	if n.Kind != yaml.ScalarNode || err != nil || !valid || integer && f != float64(int32(f)) || n.Tag != "!!int" && n.Tag != "!!float" {
		expects, hint := "a whole number", "write digits, without quotes"
		if !integer {
			expects, hint = "a number of seconds", "write it without quotes and unit: 60"
		}
		r.fault(at(n), "wrong_type", hint, "%s must be %s, not %s", what, expects, kindOf(n))
		return nil
	}
	return f
}

func scalarWord(n *yaml.Node) string {
	if n.Tag == "!!bool" {
		return "true or false"
	}
	return "a number"
}
