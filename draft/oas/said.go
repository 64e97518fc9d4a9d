package oas

import (
	"maps"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/openapi"
)

// said is what a response says beside the schemas and examples of its bodies.
type said struct {
	says   map[string]*draft.Says       // by the name of an example: from x-parlance
	header map[string]dialect.HeaderMap // by the name of an example: the fields that are shown
}

// said reads the extension x-parlance of a response, which openapi.Export describes, and the
// examples of its header fields. A row of the extension becomes one of the table of codes.
func (r *reader) said(status string, response openapi.Node) *said {
	s := &said{map[string]*draft.Says{}, map[string]dialect.HeaderMap{}}
	for row := range response.Get("x-parlance").Elements() {
		s.row(row)
		r.row(status, row)
	}
	for name, of := range response.Get("headers").Members() {
		for example, e := range of.Get("examples").Members() {
			if value := e.Get("value").Text(); value != "" && isHeader(name) {
				if s.header[example] == nil {
					s.header[example] = dialect.HeaderMap{}
				}
				s.header[example][textproto.CanonicalMIMEHeaderKey(name)] = []string{value}
			}
		}
	}
	return s
}

// row notes what an example says.
func (s *said) row(row openapi.Node) {
	example := row.Get("example")
	kind, _ := parlance.ParseKind(row.Get("kind").Text())
	if name := example.Get("name").Text(); name != "" && kind.Failing() {
		s.says[name] = &draft.Says{Code: example.Get("code").Text(), Detail: example.Get("detail").Text()}
	}
}

// row takes a row of the table of codes.
func (r *reader) row(status string, row openapi.Node) {
	kind := row.Get("kind").Text()
	if reason := row.Get("reason").Text(); reason != "" {
		kind += "/" + reason
	}
	var codes []string
	for code := range row.Get("codes").Elements() {
		codes = append(codes, code.Text())
	}
	one := draft.Row{Key: strings.ToLower(status), Kind: kind}
	if len(codes) > 0 {
		one.Key = strings.Join(codes, ", ")
		one.Status, _ = strconv.Atoi(status)
	}
	r.out.Rows = append(r.out.Rows, one)
}

// example is a body with the fields that are shown under its name.
func (s *said) example(name string, body []byte) draft.Example {
	return draft.Example{Body: body, Header: s.header[name], Says: s.says[name]}
}

// headers are the examples of a response without a body.
func (s *said) headers() (all []draft.Example) {
	for _, name := range slices.Sorted(maps.Keys(s.header)) {
		all = append(all, s.example(name, nil))
	}
	return all
}
