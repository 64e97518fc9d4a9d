package validate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"golang.org/x/text/language"
)

// XML passes requests whose body is XML that keeps the rules. Any other is invalid with
// the reason xml, even if it is not XML at all, with a Field for each broken rule. The
// detail is the message of the first Field, since the whole response of some dialects
// is one sentence. A path has the names from below the root. Elements that may occur
// more than once are numbered from 0. An attribute is written @name.
//
// A document type declaration is refused, and so is any entity that XML does not define
// itself: nothing is expanded and nothing fetched.
func XML(e *Elements, options ...Option) server.Middleware {
	c := configure(options)
	return middleware(func(w http.ResponseWriter, r *http.Request) error { return c.xml(w, r, e) })
}

// Check does the work of [XML] inside a handler, which returns its error. The request
// keeps its body.
func (e *Elements) Check(w http.ResponseWriter, r *http.Request, options ...Option) error {
	return configure(options).xml(w, r, e)
}

// CheckBytes checks XML from another source. Messages are in English; the error is a
// *parlance.Error.
func (e *Elements) CheckBytes(data []byte, options ...Option) error {
	c := configure(options)
	s := c.texts.speaker(language.English)
	s.xml = true
	all, refused := c.checkXML(data, e)
	switch {
	case refused != nil:
		return refused.error(s)
	case len(all) > 0:
		return c.invalid(s, parlance.ReasonXML, all)
	}
	return nil
}

func (c *config) xml(w http.ResponseWriter, r *http.Request, e *Elements) error {
	data, refused := c.read(w, r, "application/xml", "text/xml", "+xml")
	var all []violation
	if refused == nil {
		all, refused = c.checkXML(data, e)
	}
	return c.failure(w, r, parlance.ReasonXML, refused, all)
}

func (c *config) checkXML(data []byte, e *Elements) ([]violation, *refusal) {
	if refused := badUTF(data); refused != nil {
		return nil, refused
	}
	x := xmlReader{limits: c.limits, decoder: xml.NewDecoder(bytes.NewReader(data))}
	err := x.document(e.root)
	if err == nil {
		return sorted(x.found), nil
	}
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{key: "xml", cause: err}
		// encoding/xml has no types for these.
		switch text := err.Error(); {
		case strings.Contains(text, "invalid character entity"):
			refused.key = "entity"
		case strings.Contains(text, "CharsetReader"), strings.Contains(text, "invalid UTF-8"):
			refused.key = "charset"
		}
		refused.offset = x.decoder.InputOffset()
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, &refusal{key: "empty"}
	}
	refused.locate(data)
	return nil, refused
}

// xmlReader walks over a document and its rules at once. It is stricter than
// encoding/xml where XML is: one root, and no attribute twice.
type xmlReader struct {
	limits
	decoder *xml.Decoder
	deep    int
	found   []violation
}

func (x *xmlReader) refuse(key string, args ...any) error {
	return &refusal{key: key, args: args, offset: x.decoder.InputOffset()}
}

// document reads the one root and what may stand around it.
func (x *xmlReader) document(root *element) error {
	seen := false
	for {
		start := x.decoder.InputOffset()
		token, err := x.decoder.Token()
		switch t := token.(type) {
		case nil:
			if errors.Is(err, io.EOF) && seen {
				return nil
			}
			if errors.Is(err, io.EOF) {
				return x.refuse("xml")
			}
			return err
		case xml.StartElement:
			if seen {
				return x.refuse("trailing")
			}
			seen = true
			rule := root
			if t.Name.Local != root.Name {
				x.fault("root", []string{t.Name.Local}, 0, root.Name)
				rule = nil
			}
			if err := x.element(t, rule, nil); err != nil {
				return err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				if seen {
					return x.refuse("trailing")
				}
				return x.refuse("xml")
			}
		default:
			if err := x.other(token, start); err != nil {
				return err
			}
		}
	}
}

// other refuses what is neither an element nor text, but comments and
// processing instructions.
func (x *xmlReader) other(token xml.Token, start int64) error {
	switch t := token.(type) {
	case xml.Directive:
		return &refusal{key: "doctype", offset: start}
	case xml.ProcInst:
		if strings.EqualFold(t.Target, "xml") && start > 0 {
			return &refusal{key: "xml", offset: start} // the declaration, not at the beginning
		}
	}
	return nil
}

// element reads an element to its end. Without a rule it is only read.
func (x *xmlReader) element(start xml.StartElement, rule *element, location []string) error {
	if x.deep++; x.deep > x.depth {
		return x.refuse("tooDeep", x.depth)
	}
	defer func() { x.deep-- }()
	if x.values -= 1 + len(start.Attr); x.values < 0 {
		return x.refuse("tooMany")
	}
	at := x.decoder.InputOffset()
	if err := x.attributes(start, rule, location, at); err != nil {
		return err
	}
	var text strings.Builder
	counts := map[string]int{}
	last := 0
	for {
		from := x.decoder.InputOffset()
		token, err := x.decoder.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return x.refuse("xml")
			}
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			x.finish(rule, location, at, strings.TrimSpace(text.String()), counts)
			return nil
		case xml.CharData:
			if !utf8.Valid(t) {
				return x.refuse("utf8")
			}
			if rule != nil {
				text.Write(t)
			}
		case xml.StartElement:
			child, below := x.child(rule, t.Name.Local, location, counts, &last)
			if err := x.element(t, child, below); err != nil {
				return err
			}
		default:
			if err := x.other(token, from); err != nil {
				return err
			}
		}
	}
}

// child is the rule for a child, nil where it is only read, and its location.
func (x *xmlReader) child(rule *element, name string, location []string, counts map[string]int, last *int) (*element, []string) {
	if rule == nil {
		return nil, nil
	}
	below := append(slices.Clip(location), name)
	child := rule.children[name]
	if child == nil {
		if !rule.Open {
			x.fault("unexpected", below, rule.rank)
		}
		return nil, nil
	}
	n := counts[name]
	counts[name]++
	switch {
	case child.Repeated:
		below = append(below, strconv.Itoa(n))
	case n == 1:
		x.fault("repeated", below, child.rank)
		return nil, nil
	case n > 1:
		return nil, nil // it was told
	}
	if place := rule.place(name); rule.Ordered {
		if place < *last {
			x.fault("order", below, child.rank)
		}
		*last = max(*last, place)
	}
	return child, below
}

func (x *xmlReader) attributes(start xml.StartElement, rule *element, location []string, at int64) error {
	seen := map[xml.Name]bool{}
	present := map[string]bool{}
	for i, a := range start.Attr {
		at := at - int64(len(start.Attr)-i) // in their order, and before the children
		if seen[a.Name] {
			return x.refuse("xml") // XML 1.0, 3.1: unique att spec
		}
		seen[a.Name] = true
		if rule == nil || a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Space == "xml" ||
			a.Name.Space == "http://www.w3.org/2001/XMLSchema-instance" {
			continue
		}
		present[a.Name.Local] = true
		below := append(slices.Clip(location), "@"+a.Name.Local)
		known := rule.attributes[a.Name.Local]
		switch {
		case known == nil && !rule.Open:
			x.faultAt(at, "unexpected", below, rule.rank)
		case known != nil:
			x.text(at, known.text, below, known.rank, a.Value)
		}
	}
	if rule != nil {
		for _, a := range rule.Attributes {
			if !a.Optional && !present[a.Name] {
				x.faultAt(at, "required", append(slices.Clip(location), "@"+a.Name), rule.attributes[a.Name].rank)
			}
		}
	}
	return nil
}

// finish checks what can be told at the end of an element.
func (x *xmlReader) finish(rule *element, location []string, at int64, text string, counts map[string]int) {
	if rule == nil {
		return
	}
	for _, c := range rule.Children {
		if !c.Optional && counts[c.Name] == 0 {
			x.faultAt(at, "required", append(slices.Clip(location), c.Name), rule.children[c.Name].rank)
		}
	}
	if rule.textless && text != "" {
		x.faultAt(at, "text", named(rule, location), rule.rank)
	}
	x.text(at, rule.text, named(rule, location), rule.rank, text)
}

// named is the location of an element; the root's is its name.
func named(rule *element, location []string) []string {
	if len(location) == 0 {
		return []string{rule.Name}
	}
	return location
}

// text holds a text to its schema.
func (x *xmlReader) text(at int64, s *Schema, location []string, rank int, text string) {
	if s == nil {
		return
	}
	for _, v := range sorted(s.check(typedText(s.compiled, text))) {
		v.location, v.at, v.turn, v.rank = location, at, v.rank, rank
		x.found = append(x.found, v)
	}
}

func (x *xmlReader) fault(code string, location []string, rank int, args ...any) {
	x.faultAt(x.decoder.InputOffset(), code, location, rank, args...)
}

func (x *xmlReader) faultAt(at int64, code string, location []string, rank int, args ...any) {
	x.found = append(x.found, violation{location: location, code: code, args: args, at: at, rank: rank})
}
