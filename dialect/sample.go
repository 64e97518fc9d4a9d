package dialect

import (
	"encoding/json"
	"fmt"
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
	readOnly bool
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
				// The sample's Outcome is JSON in the clothes of YAML: one reader for both.
				text, err := json.Marshal(plainValue(v))
				if err == nil {
					err = json.Unmarshal(text, &s.outcome)
				}
				if err != nil {
					r.fault(at(v), "bad_sample", "write kind, reason, code, detail, fields, items, …", "the outcome cannot be read: %s", err)
				}
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

// plainValue is a YAML value as Go's JSON knows it.
func plainValue(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plainValue(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plainValue(c))
		}
		return list
	}
	switch n.Tag {
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	}
	return n.Value
}
