// Package oas takes from an OpenAPI document what a first dialect file needs.
//
//	text, err := os.ReadFile("openapi.yaml")
//	if err != nil {
//		return err
//	}
//	tree, err := openapi.ReadTree("openapi.yaml", text)
//	if err != nil {
//		return err
//	}
//	file, err := draft.FromDescription("my-api", oas.Describe(tree))
//
// It looks at the responses, their header fields, schemas and examples, and at the security
// schemes. A schema that many operations refer to is looked at once. Circular references
// are followed as deep as an error body goes.
package oas

import (
	"net/url"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/draft"
	"github.com/parlance-api/parlance/openapi"
)

// methods are the operations of a path.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// maxDepth is how deep a schema is followed.
const maxDepth = 8

// Describe finds the failures that a document describes. It is not safe for concurrent use
// with the same tree.
func Describe(tree *openapi.Tree) draft.Description {
	r := &reader{
		root: tree.Root(), schemas: map[schemaKey]*draft.Schema{}, seen: map[responseKey]bool{},
		out: draft.Description{Title: tree.Root().Get("info", "title").Text(), Source: tree.File()[strings.LastIndexAny(tree.File(), `/\`)+1:]},
	}
	for path, item := range r.root.Get("paths").Members() {
		for method, operation := range item.Members() {
			if slices.Contains(methods, method) {
				r.operation(strings.ToUpper(method), path, item, operation)
			}
		}
	}
	r.auth()
	return r.out
}

// responseKey tells the responses apart that say something new.
type responseKey struct {
	status   string
	response openapi.Node
}

type schemaKey struct {
	node  openapi.Node
	depth int
}

type reader struct {
	root    openapi.Node
	schemas map[schemaKey]*draft.Schema
	seen    map[responseKey]bool
	out     draft.Description
}

func (r *reader) operation(method, path string, item, operation openapi.Node) {
	for status, response := range operation.Get("responses").Members() {
		response = response.Resolved()
		if key := (responseKey{status, response}); !r.seen[key] {
			r.seen[key] = true
			r.response(method, path, status, response)
		}
	}
	if r.out.KeyHeader != "" {
		return
	}
	for _, parameters := range []openapi.Node{item.Get("parameters"), operation.Get("parameters")} {
		for p := range parameters.Elements() {
			if name := p.Get("name").Text(); p.Get("in").Text() == "header" && strings.Contains(strings.ToLower(name), "idempotency") && isHeader(name) {
				r.out.KeyHeader = name
			}
		}
	}
}

// response takes each media type of a response.
func (r *reader) response(method, path, status string, response openapi.Node) {
	one := draft.Response{Method: method, Path: path, Status: status}
	for name := range response.Get("headers").Members() {
		if isHeader(name) {
			one.Header = append(one.Header, name)
		}
	}
	said := r.said(status, response)
	media := false
	for mediaType, of := range response.Get("content").Members() {
		media = true
		of := of.Resolved()
		next := one
		next.Media = mediaType
		next.Examples = said.examples(of)
		for _, s := range r.alternatives(of.Get("schema"), 0) {
			next.Schema = s
			r.out.Responses = append(r.out.Responses, next)
		}
		if next.Schema == nil {
			r.out.Responses = append(r.out.Responses, next)
		}
	}
	if !media {
		one.Examples = said.headers()
		r.out.Responses = append(r.out.Responses, one)
	}
}

// examples are the bodies that a document shows of a media type.
func (s *said) examples(media openapi.Node) (all []draft.Example) {
	add := func(name string, n openapi.Node) {
		body := n.JSON()
		if len(body) == 0 {
			return
		}
		if body[0] == '"' { // a text is the body itself
			body = []byte(n.Text())
		}
		all = append(all, s.example(name, body))
	}
	if e := media.Get("example"); !e.IsZero() {
		add("", e)
	}
	for name, e := range media.Get("examples").Members() {
		if v := e.Get("value"); !v.IsZero() {
			add(name, v)
		}
	}
	if len(all) == 0 {
		if e := media.Get("schema", "example"); e.IsObject() {
			add("", e)
		}
		for e := range media.Get("schema", "examples").Elements() {
			add("", e)
		}
	}
	return all
}

// maxAlternatives is how many forms a oneOf of a body becomes.
const maxAlternatives = 8

// alternatives are the forms of a body: those of a oneOf or an anyOf, else one.
func (r *reader) alternatives(n openapi.Node, depth int) (all []*draft.Schema) {
	if n.IsZero() {
		return nil
	}
	for _, word := range []string{"oneOf", "anyOf"} {
		for e := range n.Get(word).Elements() {
			if e = e.Resolved(); !e.IsZero() && len(all) < maxAlternatives && !isNull(e) && depth < maxDepth {
				all = append(all, r.alternatives(e, depth+1)...)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	if s := r.schema(n, 0); s != nil { // of one place there is one, wherever it is named
		return []*draft.Schema{s}
	}
	return nil
}

func isNull(n openapi.Node) bool { return n.Get("type").Text() == "null" }

// schema reads a schema, once for each place and depth. A circle ends at the depth to which
// schemas are followed.
func (r *reader) schema(n openapi.Node, depth int) *draft.Schema {
	n = n.Resolved()
	if n.IsZero() || depth > maxDepth {
		return nil
	}
	key := schemaKey{n, depth}
	if s, there := r.schemas[key]; there {
		return s
	}
	s := &draft.Schema{}
	r.schemas[key] = s
	r.fill(s, n, depth)
	if len(s.Members) > 0 && s.Type == "" {
		s.Type = "object"
	}
	return s
}

// fill adds what a schema says; those of an allOf say it together.
func (r *reader) fill(s *draft.Schema, n openapi.Node, depth int) {
	if depth > maxDepth {
		return
	}
	r.kind(s, n)
	required := map[string]bool{}
	for name := range n.Get("required").Elements() {
		required[name.Text()] = true
	}
	for i := range s.Members { // of an allOf, which is required here
		s.Members[i].Required = s.Members[i].Required || required[s.Members[i].Name]
	}
	for name, of := range n.Get("properties").Members() {
		if len(s.Members) == maxMembers || slices.ContainsFunc(s.Members, func(m draft.Member) bool { return m.Name == name }) {
			continue
		}
		if below := r.schema(of, depth+1); below != nil {
			s.Members = append(s.Members, draft.Member{Name: name, Required: required[name], Schema: below})
		}
	}
	if rest := n.Get("additionalProperties"); rest.IsObject() {
		s.Rest = r.schema(rest, depth+1)
	}
	if items := n.Get("items"); !items.IsZero() {
		s.Elem = r.schema(items, depth+1)
		s.NotEmpty = n.Get("minItems").Text() > "0"
	}
	r.given(s, n)
	for of := range n.Get("allOf").Elements() {
		if of = of.Resolved(); !of.IsZero() {
			r.fill(s, of, depth+1)
		}
	}
	for i := range s.Members {
		s.Members[i].Required = s.Members[i].Required || required[s.Members[i].Name]
	}
	for _, word := range []string{"oneOf", "anyOf"} { // within a body the first one stands for all
		for of := range n.Get(word).Elements() {
			if of = of.Resolved(); isNull(of) {
				s.Null = true
			} else if !of.IsZero() && s.Type == "" && len(s.Members) == 0 {
				r.fill(s, of, depth+1)
			}
		}
	}
}

// maxMembers is how many members of an object are looked at.
const maxMembers = 60

// kind reads the type: one name, or several of which null is one (OpenAPI 3.1).
func (r *reader) kind(s *draft.Schema, n openapi.Node) {
	of := n.Get("type")
	if text := of.Text(); text != "" && s.Type == "" {
		s.Type = text
	}
	for t := range of.Elements() {
		switch text := t.Text(); {
		case text == "null":
			s.Null = true
		case s.Type == "":
			s.Type = text
		}
	}
	if n.Get("nullable").Text() == "true" {
		s.Null = true
	}
	if text := n.Get("format").Text(); text != "" {
		s.Format = text
	}
}

// maxEnum is how many values of an enum are looked at.
const maxEnum = 500

// given reads the values that a schema names: an enum, a constant, or an example.
func (r *reader) given(s *draft.Schema, n openapi.Node) {
	for e := range n.Get("enum").Elements() {
		if text := e.Text(); text != "" && len(s.Enum) < maxEnum {
			s.Enum = append(s.Enum, text)
		}
	}
	if text := n.Get("const").Text(); text != "" && len(s.Enum) == 0 {
		s.Enum = []string{text}
	}
	for _, of := range []openapi.Node{n.Get("example"), n.Get("default")} {
		if s.Example == nil && !of.IsZero() && !of.IsObject() {
			s.Example = of.JSON()
		}
	}
	for e := range n.Get("examples").Elements() {
		if s.Example == nil && !e.IsObject() {
			s.Example = e.JSON()
		}
	}
}

// auth takes the first security scheme that a dialect can say.
func (r *reader) auth() {
	for _, scheme := range r.root.Get("components", "securitySchemes").Members() {
		switch scheme.Get("type").Text() {
		case "oauth2":
			for _, flow := range [][2]string{{"clientCredentials", "client_credentials"}, {"authorizationCode", "authorization_code"}, {"password", "password"}} {
				token := scheme.Get("flows", flow[0], "tokenUrl").Text()
				if u, err := url.Parse(token); token == "" || err != nil || u.User != nil || r.out.Auth.Token != "" && r.out.Auth.Token != token {
					continue
				}
				r.out.Auth.Token = token
				r.out.Auth.Grants = append(r.out.Auth.Grants, flow[1])
			}
			if r.out.Auth.Token != "" {
				return
			}
		case "http":
			if s := scheme.Get("scheme").Text(); strings.EqualFold(s, "bearer") && r.out.Auth.Header == "" {
				r.out.Auth.Header, r.out.Auth.Scheme = "Authorization", "Bearer"
			}
		case "apiKey":
			if name := scheme.Get("name").Text(); scheme.Get("in").Text() == "header" && r.out.Auth.Header == "" && isHeader(name) {
				r.out.Auth.Header = name
			}
		}
	}
}

// isHeader reports the name of a header field (RFC 9110, 5.1).
func isHeader(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
