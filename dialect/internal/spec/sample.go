package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	yaml "go.yaml.in/yaml/v4"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Sample is a recorded response in the file, with the outcome that it reads as.
type Sample struct {
	Pos      Position
	Request  wire.Request
	Response wire.Response
	Outcome  func() parlance.Outcome // what Expected says, made once
	Expected Expected
	ReadOnly bool
}

// Expected is an outcome that somebody wrote down: the attributes that are set, in
// the names of an Outcome's JSON, and their places.
type Expected struct {
	Pos    Position
	Value  map[string]any
	Places map[string]Position // of "detail", "fields[0].path", …
}

// Place is the place of an attribute, else that of the value around it.
func (e *Expected) Place(attribute string) Position {
	for a := attribute; a != ""; {
		if pos, ok := e.Places[a]; ok {
			return pos
		}
		a = a[:max(strings.LastIndexAny(a, ".["), 0)]
	}
	return e.Pos
}

func (r *Reporter) samples(n *yaml.Node, unwritten bool) []Sample {
	var all []Sample
	for _, e := range r.elements(n, "samples", "write a list: each sample begins with `- response: |`") {
		if s, ok := r.sample(e); ok {
			s.ReadOnly = s.ReadOnly || unwritten
			all = append(all, s)
		}
	}
	return all
}

func (r *Reporter) sample(n *yaml.Node) (s Sample, ok bool) {
	s.Pos = At(n)
	parts := 0
	r.Keys(n, "a sample",
		Key{Name: "response", Read: func(_, v *yaml.Node) {
			parts++
			text, _ := r.Text(v, "response")
			if err := s.parse(text); err != "" {
				r.Fault(At(v), "bad_sample", "write what curl -i prints: a status line, fields, an empty line, the body", "%s", err)
			}
		}},

		Key{Name: "outcome", Read: func(_, v *yaml.Node) {
			parts++
			s.Expected = r.Expected(v, true)
			s.Outcome = sync.OnceValue(s.Expected.Outcome)
		}},

		Key{Name: "method", Read: func(_, v *yaml.Node) { s.Request.Method = strings.ToUpper(v.Value) }},
		Key{Name: "path", Read: func(_, v *yaml.Node) { s.Request.Path = v.Value }},
		Key{Name: "request", Read: func(_, v *yaml.Node) {
			h := wire.HeaderMap{}
			r.Pairs(v, "request", func(hk, hv *yaml.Node) {
				text, _ := r.Text(hv, "the value of a request header")
				h[httpheader.Canonical(hk.Value)] = []string{text}
			})
			s.Request.Header = h
		}},

		Key{Name: "reads_only", Read: r.BooleanTo(&s.ReadOnly)},
	)
	if parts < 2 {
		r.Fault(s.Pos, "bad_sample", "", "a sample needs both a response and an outcome")
		return s, false
	}
	return s, true
}

// parse reads a response in the form that a file has it.
func (s *Sample) parse(text string) string {
	head, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	words := strings.SplitN(lines[0], " ", 3)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/") {
		return fmt.Sprintf("the response must begin with a status line, not %q", lines[0])
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || status < 100 || status > 999 {
		return fmt.Sprintf("%q is not an HTTP status", words[1])
	}
	h := wire.HeaderMap{}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok {
			return fmt.Sprintf("%q is not a header field", l)
		}
		name = httpheader.Canonical(strings.TrimSpace(name))
		h[name] = append(h[name], strings.TrimSpace(value))
	}
	s.Response = wire.Response{Status: status, Header: h, Body: []byte(strings.TrimSuffix(body, "\n"))}
	return ""
}

// OutcomeAttributes are the names of an Outcome's JSON, in its order.
var OutcomeAttributes = []string{"kind", "reason", "status", "code", "family", "title", "detail", "type", "instance", "request_id", "fields", "items", "notes", "retry_after", "retryable", "help", "extra"}

// Expected reads an outcome as a file states it. whole asks for a kind.
func (r *Reporter) Expected(n *yaml.Node, whole bool) Expected {
	e := Expected{Pos: At(n), Places: map[string]Position{}}
	o := outcomeReader{r, e.Places, whole}
	e.Value = o.outcome(n, "")
	return e
}

// Outcome is what is expected as an Outcome. It was checked when it was read.
func (e *Expected) Outcome() (o parlance.Outcome) {
	if text, err := json.Marshal(e.Value); err != nil || json.Unmarshal(text, &o) != nil {
		return parlance.Outcome{}
	}
	items, _ := e.Value["items"].([]any)
	for i := range min(len(items), len(o.Items)) {
		if one, _ := items[i].(map[string]any); one["index"] == nil {
			o.Items[i].Index = i // its place in the list
		}
	}
	return o
}

// outcomeReader reads an outcome and keeps the position of each attribute.
type outcomeReader struct {
	*Reporter
	places map[string]Position
	whole  bool
}

func (r outcomeReader) outcome(n *yaml.Node, under string) map[string]any {
	r.places[strings.TrimSuffix(under, ".")] = At(n)
	value, stated := map[string]any{}, false
	r.Pairs(n, "an outcome", func(k, v *yaml.Node) {
		name, path := k.Value, under+k.Value
		r.places[path] = At(v)
		if !slices.Contains(OutcomeAttributes, name) {
			r.Unknown(At(k), "unknown_attribute", "attribute of an outcome", name, OutcomeAttributes)
			return
		}
		value[name] = nil
		if v.Tag != "!!null" {
			stated = stated || name == "kind"
			value[name] = r.value(name, path, v)
		}
	})
	if !stated && r.whole && n.Kind == yaml.MappingNode {
		r.Fault(At(n), "missing_kind", "add kind: invalid, or another kind", "the outcome has no kind")
	}
	return value
}

// value is that of an attribute, nil after a fault.
func (r outcomeReader) value(name, path string, v *yaml.Node) any {
	switch name {
	case "kind":
		text, ok := r.word(v, name)
		if !ok {
			return nil
		}
		if _, known := parlance.ParseKind(text); !known {
			r.Unknown(At(v), "unknown_kind", "kind", text, kindWords())
			return nil
		}
		return text
	case "status":
		return r.number(v, name, true)
	case "retry_after":
		return r.number(v, name, false)
	case "retryable":
		return r.Boolean(v, name)
	case "fields":
		return r.list(v, path, "fields", func(e *yaml.Node, path string) any { return r.field(e, path) })
	case "items":
		return r.list(v, path, "items", func(e *yaml.Node, path string) any { return r.item(e, path) })
	case "notes":
		return r.list(v, path, "notes", func(e *yaml.Node, _ string) any {
			text, _ := r.word(e, "a note")
			return text
		})
	case "extra":
		extra := map[string]any{}
		r.Pairs(v, "extra", func(k, v *yaml.Node) {
			r.places[path+"."+k.Value] = At(v)
			extra[k.Value] = r.text(v, "an extra")
		})
		return extra
	}
	return r.text(v, name)
}

// list reads each element; path names the list.
func (r outcomeReader) list(n *yaml.Node, path, what string, element func(e *yaml.Node, path string) any) any {
	if n.Kind != yaml.SequenceNode {
		r.Fault(At(n), "wrong_type", "write a list: each element begins with a hyphen", "%s must be a list, not %s", what, keyfile.KindOf(n))
		return nil
	}
	all := []any{}
	for i, e := range n.Content {
		one := path + "[" + strconv.Itoa(i) + "]"
		r.places[one] = At(e)
		all = append(all, element(e, one))
	}
	return all
}

func (r outcomeReader) field(n *yaml.Node, path string) map[string]any {
	return r.members(n, path, "a field", []string{"path", "code", "message"}, func(name string, v *yaml.Node) any {
		return r.text(v, "the "+name+" of a field")
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
		return r.text(v, "the id of an item")
	})
}

// text is word as a value, nil after a fault.
func (r outcomeReader) text(n *yaml.Node, what string) any {
	if text, ok := r.word(n, what); ok {
		return text
	}
	return nil
}

// members reads a mapping whose keys are known.
func (r outcomeReader) members(n *yaml.Node, path, what string, known []string, read func(name string, v *yaml.Node) any) map[string]any {
	value := map[string]any{}
	r.Pairs(n, what, func(k, v *yaml.Node) {
		if !slices.Contains(known, k.Value) {
			r.Unknown(At(k), "unknown_attribute", "attribute of "+what, k.Value, known)
			return
		}
		r.places[path+"."+k.Value] = At(v)
		if v.Tag != "!!null" {
			value[k.Value] = read(k.Value, v)
		}
	})
	return value
}

// word is a text. A number or a boolean without quotes is a fault, because it would be
// compared with a text of the response.
func (r outcomeReader) word(n *yaml.Node, what string) (string, bool) {
	if n.Kind == yaml.ScalarNode {
		switch n.Tag {
		case "!!int", "!!float", "!!bool":
			r.Fault(At(n), "wrong_type", "put it in quotes: "+strconv.Quote(n.Value), "%s must be a text, but %s without quotes is %s", what, n.Value, scalarWord(n))
			return "", false
		}
	}
	return r.Text(n, what)
}

// number is a number, not negative, as JSON has it.
func (r outcomeReader) number(n *yaml.Node, what string, integer bool) any {
	f, err := strconv.ParseFloat(n.Value, 64)
	_, valid := parlance.Seconds(f)
	if n.Kind != yaml.ScalarNode || err != nil || !valid || integer && f != float64(int32(f)) || n.Tag != "!!int" && n.Tag != "!!float" {
		expects, hint := "a whole number", "write digits, without quotes"
		if !integer {
			expects, hint = "a number of seconds", "write it without quotes and without a unit: 60"
		}
		r.Fault(At(n), "wrong_type", hint, "%s must be %s, not %s", what, expects, keyfile.KindOf(n))
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
