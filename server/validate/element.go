package validate

import (
	"fmt"
	"slices"
)

// Element is a rule for an XML element and its content. The element occurs once unless a
// field allows otherwise. Names are local; namespaces are ignored.
//
//	validate.Element{Name: "FUSIONS", Children: []validate.Element{
//		{Name: "FO", Repeated: true, Children: []validate.Element{
//			{Name: "SiteCode", Text: `{"maxLength": 10}`},
//			{Name: "Lines", Optional: true, Open: true},
//		}},
//	}}
type Element struct {
	Name     string
	Optional bool // it may be missing
	Repeated bool // it may occur more than once

	// Text is the JSON Schema of the text between the tags, without white space around
	// it. As in a form, the text becomes the number or boolean that the schema
	// requires. "" allows any text if there are no Children, and no text if there are.
	Text string

	Attributes []Attribute
	Children   []Element
	Ordered    bool // the children must be in this order
	Open       bool // children and attributes that are not named here are ignored
}

// Attribute is a rule for an attribute. Attributes that declare namespaces are always
// allowed.
type Attribute struct {
	Name     string
	Optional bool
	Text     string // the JSON Schema of its value; "" is any
}

// Elements is a compiled [Element], the root of a document. It is immutable and
// safe for concurrent use.
type Elements struct {
	root *element
}

type element struct {
	Element
	rank       int
	text       *Schema // nil is any text
	textless   bool
	children   map[string]*element
	attributes map[string]*attribute
}

type attribute struct {
	Attribute
	rank int
	text *Schema
}

// CompileElement compiles the rule for a document's root, with formats as in
// [Compile].
func CompileElement(root Element, formats ...Format) (*Elements, error) {
	c := elementCompiler{formats: formats}
	e, err := c.element(root, root.Name)
	if err != nil {
		return nil, err
	}
	return &Elements{e}, nil
}

// MustCompileElement is CompileElement for rules that are part of the program: it
// panics on an error.
func MustCompileElement(root Element, formats ...Format) *Elements {
	e, err := CompileElement(root, formats...)
	if err != nil {
		panic(err)
	}
	return e
}

type elementCompiler struct {
	formats []Format
	rank    int
}

func (c *elementCompiler) element(rule Element, path string) (*element, error) {
	c.rank++
	e := &element{Element: rule, rank: c.rank, children: map[string]*element{}, attributes: map[string]*attribute{}}
	if rule.Name == "" {
		return nil, fmt.Errorf("validate: an element in %s has no name", path)
	}
	var err error
	if e.text, err = c.text(rule.Text, path); err != nil {
		return nil, err
	}
	e.textless = rule.Text == "" && (len(rule.Children) > 0 || rule.Open)
	if rule.Open && len(rule.Children) == 0 {
		e.textless = false
	}
	for _, a := range rule.Attributes {
		c.rank++
		text, err := c.text(a.Text, path+"/@"+a.Name)
		if err != nil {
			return nil, err
		}
		e.attributes[a.Name] = &attribute{a, c.rank, text}
	}
	for _, rule := range rule.Children {
		at := path + "/" + rule.Name
		if e.children[rule.Name] != nil {
			return nil, fmt.Errorf("validate: there are two rules for the element %s", at)
		}
		if e.children[rule.Name], err = c.element(rule, at); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (c *elementCompiler) text(schema, path string) (*Schema, error) {
	if schema == "" {
		return nil, nil
	}
	s, err := Compile(schema, c.formats...)
	if err != nil {
		return nil, fmt.Errorf("the text of %s: %w", path, err)
	}
	return s, nil
}

// place is the rule's place among its siblings.
func (e *element) place(name string) int {
	return slices.IndexFunc(e.Children, func(c Element) bool { return c.Name == name })
}
