package draft

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// owner is what the holes below a place are about.
type owner string

const (
	whole owner = ""
	field owner = "field."
	item  owner = "item."
)

// guesser guesses what the members of one body are.
type guesser struct {
	status  int
	good    bool            // it tells of a success
	taken   map[string]bool // attributes of the whole that have their place
	code    string          // what was taken for the code
	enum    []string        // all codes that there are, by a schema
	numbers bool            // it is a number
	fields  bool
	items   bool
	xml     bool
	labeled bool    // a document tells where the code and the message are
	ruling  *ruling // the member that says whether it went well, nil if nothing is known of one
	told    bool    // the whole has a message of its own, so that bad inputs do not speak for it
}

// name is what a shape is called.
func (g *guesser) name() string {
	switch {
	case g.items:
		return "records"
	case g.fields:
		return "bad inputs"
	case g.good:
		return "success"
	}
	return "error"
}

// document guesses what a whole body says. It is nil if nothing is understood.
func (g *guesser) document(v *value) *place {
	switch {
	case v.form == "html" && !g.good:
		return page(v)
	case v.form == "text" && !g.good:
		return &place{kind: textual, text: "$detail", comment: "looks like the message"}
	case v.form == "xml":
		return g.root(v.members[0])
	case v.kind == object:
		return g.top(v)
	case v.kind == list && !g.good:
		if p, ok := g.list("errors", v, whole); ok {
			p.key = ""
			return p
		}
	}
	return nil
}

// page finds the element of an HTML page that holds the message.
func page(v *value) *place {
	for _, name := range []string{"title", "h1"} {
		if heading(v.text, name) != "" {
			return &place{kind: object, kids: []*place{{kind: textual, key: name, text: "$detail", comment: "looks like the message"}}}
		}
	}
	return nil
}

// root guesses what an XML document says, its namespace included.
func (g *guesser) root(root member) *place {
	g.xml = true
	p, ok := g.below(root.name, root.value, whole)
	if !ok || p == nil || p.kind == textual {
		return nil
	}
	p.key = root.name
	for _, m := range root.value.members {
		if m.name == "@xmlns" && p.kind == object {
			p.kids = append([]*place{{kind: textual, key: "@xmlns?", text: quote(m.value.text)}}, p.kids...)
		}
	}
	return &place{kind: object, kids: []*place{p}}
}

// top guesses what an object says that is a whole JSON body.
func (g *guesser) top(v *value) *place {
	if of := g.mapOf(v); of != nil && !g.good && g.status >= 400 && !speaks(v) {
		g.fields = true
		return &place{kind: object, kids: []*place{of}}
	}
	if p, ok := g.object(v, whole); ok {
		return p
	}
	return nil
}

// speaks reports that an object has a member that looks like the message of the
// whole, so that it is no map of bad inputs.
func speaks(v *value) bool {
	return slices.ContainsFunc(v.members, func(m member) bool {
		return m.value.kind == textual && (among(detailNames, plain(m.name)) || among(codeNames, plain(m.name)))
	})
}

// take notes that an attribute of the whole has its place.
func (g *guesser) take(o owner, attribute string) {
	if o == whole {
		g.taken[attribute] = true
	}
}

// below guesses what an object or a list is.
func (g *guesser) below(name string, v *value, o owner) (*place, bool) {
	switch v.kind {
	case object:
		return g.nested(name, v, o)
	case list:
		return g.list(name, v, o)
	}
	return nil, false
}

// nested guesses what an object in another one is.
func (g *guesser) nested(name string, v *value, o owner) (*place, bool) {
	n := plain(name)
	if o == whole && among(listNames, n) && !g.good {
		of := g.mapOf(v)
		if of == nil {
			of = g.mapOfLists(v)
		}
		if of != nil {
			g.fields = true
			return &place{kind: object, key: name + "?", kids: []*place{of}, comment: "looks like the bad inputs"}, true
		}
	}
	if !g.xml && !among(nestedNames, n) && !v.carries() && !g.ruling.in(v) {
		return nil, false // what the vendor sent back, or a thing of its own
	}
	p, ok := g.object(v, o)
	if !ok {
		return nil, false
	}
	p.key = name + "?"
	if g.requires(n, v, o) || g.ruling.in(v) {
		p.key = name + "!"
	}
	return p, true
}

// requires reports an object that is in each body: one that is called an error, or that
// holds the code or the message by what the document tells.
func (g *guesser) requires(name string, v *value, o owner) bool {
	return o == whole && among(envelopeNames, name) || g.labeled && v.carries()
}

// mapOf is the entry of an object whose members are named by bad inputs and hold
// texts. It is nil for any other object.
func (g *guesser) mapOf(v *value) *place {
	if v.carries() {
		return nil
	}
	lists, texts, sentences := 0, 0, 0
	for _, m := range v.members {
		switch {
		case m.value.kind == textual:
			texts++
			if strings.Contains(m.value.text, " ") {
				sentences++
			}
		case m.value.kind == list && len(m.value.elems) > 0 && m.value.all(textual):
			lists++
		default:
			return nil
		}
	}
	const comment = "looks like a map of bad inputs"
	switch {
	case texts == 0 && lists == 0, sentences < texts:
		return nil
	case texts == 0:
		return &place{kind: textual, key: "$field", text: "[$field.message]", comment: comment}
	case lists == 0:
		return &place{kind: textual, key: "$field", text: "$field.message", comment: comment}
	}
	return &place{kind: textual, key: "$field", text: "{$either: [[$field.message], $field.message]}", comment: comment}
}

// mapOfLists is the entry of an object whose members are named by bad inputs and hold lists
// of objects. It is nil for any other object.
func (g *guesser) mapOfLists(v *value) *place {
	var elems []*value
	for _, m := range v.members {
		if m.value.carries() || m.value.kind != list || len(m.value.elems) == 0 || !m.value.all(object) || among(listNames, plain(m.name)) {
			return nil
		}
		elems = append(elems, m.value.elems...)
	}
	elem := g.element(elems, field)
	if elem == nil || !says(elem) || mentions(elem, "$field") {
		return nil
	}
	return &place{kind: list, key: "$field", kids: []*place{elem}, comment: "looks like a map of bad inputs"}
}

// list guesses what the elements of a list are: bad inputs, records, or notes.
func (g *guesser) list(name string, v *value, o owner) (*place, bool) {
	switch {
	case len(v.elems) == 0:
		return nil, false
	case v.all(textual):
		return g.texts(name, v, o)
	case v.all(object):
		return g.objects(name, v, o)
	}
	return nil, false
}

// texts guesses what a list of texts holds.
func (g *guesser) texts(name string, v *value, o owner) (*place, bool) {
	n := plain(name)
	switch {
	case o != whole:
		return nil, false
	case v.carries() && !g.taken["detail"]:
		g.taken["detail"] = true
		return &place{kind: textual, key: name, text: "[$detail]", comment: "looks like the message"}, true
	case g.good && among(noteNames, n):
		return &place{kind: textual, key: name + "?", text: "[$note]", comment: "looks like something to look at"}, true
	case g.good || !among(listNames, n) && !among(noteNames, n) && n != "messages":
		return nil, false
	}
	g.fields = true
	text := "[$field.message]"
	if !g.taken["detail"] {
		g.taken["detail"] = true
		text = "[$detail & $field.message]"
	}
	return &place{kind: textual, key: name + "?", text: text, comment: "looks like the bad inputs"}, true
}

// objects guesses what a list of objects holds.
func (g *guesser) objects(name string, v *value, o owner) (*place, bool) {
	to, mark, comment := field, "?", "looks like the bad inputs"
	switch {
	case o == whole && g.areRecords(v):
		to, mark, comment = item, "!", "looks like the records"
	case g.good, g.items, o == item, o == field && !among(listNames, plain(name)):
		return nil, false
	case o == whole && !g.taken["detail"] && !g.taken["code"]:
		mark = "!"
	}
	if v.codeAt("") != "" {
		mark = "!"
	}
	elem := g.element(v.elems, to)
	if elem == nil || !says(elem) {
		return nil, false
	}
	if to == item {
		g.items = true
	} else {
		g.fields = true
		for _, attribute := range []string{"detail", "code"} {
			if mentions(elem, "$"+attribute) {
				g.taken[attribute] = true
			}
		}
	}
	return &place{kind: list, key: name + mark, kids: []*place{elem}, comment: comment}, true
}

// areRecords reports a list of records, each with a status of its own.
func (g *guesser) areRecords(v *value) bool {
	return !g.items && !v.carries() && slices.ContainsFunc(v.elems, g.hasOtherStatus)
}

// hasOtherStatus reports a record that has a status of its own. An error that repeats the
// status of its response is no record.
func (g *guesser) hasOtherStatus(v *value) bool {
	return slices.ContainsFunc(v.members, func(m member) bool {
		return among(statusNames, plain(m.name)) && isStatus(m.value) && (g.status < 400 || m.value.text != strconv.Itoa(g.status))
	})
}

// element is one place for all elements of a list. Each is read as if it were the
// only one. It is nil if none is understood.
func (g *guesser) element(elems []*value, to owner) (all *place) {
	before := *g
	for _, e := range elems {
		inner := before
		inner.told = to == field && before.taken["detail"]
		inner.taken = maps.Clone(before.taken)
		one, ok := inner.object(e, to)
		if !ok {
			continue
		}
		if g.code == "" && to == field {
			g.code, g.enum = inner.code, inner.enum
		}
		g.numbers = g.numbers || inner.numbers
		if all == nil {
			all = one
		} else {
			all = unite(all, one)
		}
	}
	return all
}
