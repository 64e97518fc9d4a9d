package authoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
)

// Condition is one condition of a row: it holds if all terms of one of its alternatives do.
type Condition struct {
	Any [][]Term
}

// Term is one thing that a condition asks for. Its String is English; a program that
// writes another language goes by Word:
//
//	method         the method of the request is one of Args
//	path           its path is one of Args, which are globs
//	request        it has the header field Name: Value, with … for any text
//	response       the response has the header field Name: Value; "" is any value
//	response.not   it has no header field Name
//	text           a text in the body fits one of Texts
//	text.is        a text: Value. Also text.contains, text.begins, text.ends and text.like
//	body           the body is one of Args, as JSON
//	member         the member Name is one of Args, as JSON
//	member.not     the member Name is missing
//	has            the body has a member that is called one of Args
//	form           the body has the form that the file calls Name
type Term struct {
	Word  string
	Name  string
	Value string
	Args  []string
	Texts []Term
}

// String is the term in English.
func (t Term) String() string {
	list := strings.Join(t.Args, " or ")
	switch t.Word {
	case "method":
		return "the method is " + list
	case "path":
		return "the path is " + list
	case "request":
		return "the request has " + t.Name + ": " + t.Value
	case "response":
		if t.Value == "" {
			return "the response has " + t.Name
		}
		return "the response has " + t.Name + ": " + t.Value
	case "response.not":
		return "the response has no " + t.Name
	case "text":
		var all []string
		for _, text := range t.Texts {
			all = append(all, text.String())
		}
		return "a text in the body " + strings.Join(all, " or ")
	case "body":
		return "the body is " + list
	case "member":
		return t.Name + " is " + list
	case "member.not":
		return t.Name + " is missing"
	case "has":
		return "the body has " + list
	case "form":
		return fmt.Sprintf("the body has the form %q", t.Name)
	}
	return fmt.Sprintf("%s %q", patternVerbs[t.Word], t.Value)
}

var patternVerbs = map[string]string{
	"text.is": "is", "text.contains": "contains", "text.begins": "begins with", "text.ends": "ends with", "text.like": "looks like",
}

// whenWords are conditions in English, "" for none.
func whenWords(conditions []Condition) string {
	var parts []string
	for _, c := range conditions {
		var alternatives []string
		for _, terms := range c.Any {
			alternatives = append(alternatives, allWords(terms))
		}
		parts = append(parts, strings.Join(alternatives, orElse))
	}
	return strings.Join(parts, " and ")
}

// allWords are terms of which all hold, in English.
func allWords(terms []Term) string {
	var words []string
	for _, t := range terms {
		words = append(words, t.String())
	}
	return strings.Join(words, " and ")
}

// shapeTerms says what a shape asks of a response beside the status: what of its
// header and texts tells it from others, else members, else its name.
func shapeTerms(s *spec.Shape) []Term {
	terms := concerning(s.Methods, s.Paths)
	for _, h := range s.Headers {
		switch {
		case h.Value == nil:
		case h.Value.Op == spec.OpConst:
			terms = append(terms, Term{Word: "response", Name: h.Name, Value: h.Value.Text})
		case h.Value.Op == spec.OpAbsent:
			terms = append(terms, Term{Word: "response.not", Name: h.Name})
		case h.Value.Op == spec.OpAny:
			terms = append(terms, Term{Word: "response", Name: h.Name})
		}
	}
	before := len(terms)
	if s.Body != nil {
		var texts []Term
		s.Body.Guards(func(p *spec.Pattern) {
			t := patternTerm(p)
			if !slices.ContainsFunc(texts, func(o Term) bool { return o.Word == t.Word && o.Value == t.Value }) {
				texts = append(texts, t)
			}
		})
		switch {
		case len(texts) > 0:
			terms = append(terms, Term{Word: "text", Texts: texts})
		case before > 0 && len(s.Headers) > 0:
		default:
			terms = append(terms, templateTerms(s.Body, "")...)
		}
	}
	if len(terms) == 0 {
		return []Term{{Word: "form", Name: s.Name}}
	}
	return terms
}

// patternTerm says in plain words which texts fit a pattern.
func patternTerm(p *spec.Pattern) Term {
	if len(p.Parts) == 1 && !p.Parts[0].Open() {
		return Term{Word: "text.is", Value: p.Parts[0].Literal}
	}
	var b strings.Builder
	for i, part := range p.Parts {
		switch last := len(p.Parts) - 1; {
		case part.Literal != "":
			b.WriteString(part.Literal)
		case i > 0 && i < last:
			b.WriteString("…")
		}
	}
	word := "text.begins"
	if len(p.Parts) > 0 && p.Parts[0].Open() {
		if word = "text.contains"; !p.Parts[len(p.Parts)-1].Open() {
			word = "text.ends"
		}
	} else if len(p.Parts) > 0 && !p.Parts[len(p.Parts)-1].Open() {
		word = "text.like"
	}
	return Term{Word: word, Value: b.String()}
}

// maxMembers is how many members tell a form in words: more say no more.
const maxMembers = 3

// templateTerms says which members of a body tell its form: those that are constants, then
// those that must be there.
func templateTerms(t *spec.Template, path string) (terms []Term) {
	if texts := constants(t); texts != nil {
		if path == "" {
			return []Term{{Word: "body", Args: texts}}
		}
		return []Term{{Word: "member", Name: path, Args: texts}}
	}
	if t.Op != spec.OpObject {
		return nil
	}
	var musts []Term
	for i := range t.Members {
		m := &t.Members[i]
		name := strings.Join(m.Names, " or ")
		if path != "" {
			name = path + "." + name
		}
		switch {
		case m.Value.Op == spec.OpAbsent:
			terms = append(terms, Term{Word: "member.not", Name: name})
		case m.Must:
			inside := templateTerms(m.Value, name)
			if terms = append(terms, inside...); len(inside) == 0 {
				musts = append(musts, Term{Word: "has", Args: []string{name}})
			}
		case !m.Optional:
			terms = append(terms, templateTerms(m.Value, name)...)
		}
	}
	terms = append(terms, musts...)
	return terms[:min(len(terms), maxMembers)]
}

// constants are the values that a place can have, nil if it can have any.
func constants(t *spec.Template) (texts []string) {
	switch t.Op {
	case spec.OpConst:
		return []string{shown(t)}
	case spec.OpEither:
		for _, e := range t.Elems {
			if e.Op != spec.OpConst {
				return nil
			}
			texts = append(texts, shown(e))
		}
	}
	return texts
}

// shown is a constant as people write it.
func shown(t *spec.Template) string {
	switch {
	case t.Kind == tree.Null:
		return "null"
	case t.Kind == tree.Text:
		return strconv.Quote(t.Text)
	}
	return t.Text
}

// concerning is a condition on the request.
func concerning(methods, paths []string) (terms []Term) {
	if len(methods) > 0 {
		terms = append(terms, Term{Word: "method", Args: methods})
	}
	if len(paths) > 0 {
		terms = append(terms, Term{Word: "path", Args: paths})
	}
	return terms
}
