package draft

import (
	"slices"
	"strconv"
	"strings"
)

// place is one place of a shape that is drafted: a text (a hole, a constant), an
// object, or a list.
type place struct {
	kind    kind
	key     string // as it is written, with its ? or !
	text    string
	kids    []*place
	comment string
}

// base is the name without its mark.
func (p *place) base() string { return strings.TrimRight(p.key, "?!") }

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
	numbers bool            // it is a number
	fields  bool
	items   bool
	xml     bool
	told    bool // the whole has a message of its own, so that bad inputs do not speak for it
	any     bool // something has no meaning that can be guessed
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

// document guesses what a whole body says, nil where nothing is understood.
func (g *guesser) document(v *value) *place {
	switch {
	case v.form == "html" && !g.good:
		for _, name := range []string{"title", "h1"} {
			if heading(v.text, name) != "" {
				return &place{kind: object, kids: []*place{{kind: textual, key: name, text: "$detail", comment: "looks like the message"}}}
			}
		}
		return nil
	case v.form == "text" && !g.good:
		return &place{kind: textual, text: "$detail", comment: "looks like the message"}
	case v.form == "xml":
		g.xml = true
		root := v.members[0]
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
	case v.kind == object:
		if among := g.mapOf(v); among != nil && len(v.members) > 0 && !g.good && g.status >= 400 && !g.speaks(v) {
			g.fields = true
			return &place{kind: object, kids: []*place{among}}
		}
		if p, ok := g.object(v, whole); ok {
			return p
		}
	case v.kind == list && !g.good:
		if p, ok := g.list("errors", v, whole); ok {
			p.key = ""
			return p
		}
	}
	return nil
}

// speaks reports that an object has a member that looks like the message of the
// whole, so that it is no map of bad inputs.
func (g *guesser) speaks(v *value) bool {
	for _, m := range v.members {
		if m.value.kind == textual && (among(detailNames, plain(m.name)) || among(codeNames, plain(m.name))) {
			return true
		}
	}
	return false
}

// hole is an attribute with its notation.
func hole(o owner, attribute string, v *value) string {
	text := "$" + string(o) + attribute
	if o == field && attribute == "path" {
		text = "$field"
	}
	if v.kind == number && isWhole(v.text) {
		text += ":int"
	}
	return text
}

// object guesses the members of an object. It reports false where none is
// understood.
func (g *guesser) object(v *value, o owner) (*place, bool) {
	p := &place{kind: object}
	places := make([]*place, len(v.members))
	put := func(i int, mark, text, comment string) {
		places[i] = &place{kind: textual, key: v.members[i].name + mark, text: text, comment: comment}
	}
	// claim finds the member that is called most tellingly and fits.
	claim := func(names []string, fits func(name string, v *value) bool) int {
		for _, name := range names {
			for i, m := range v.members {
				if places[i] == nil && plain(m.name) == name && fits(name, m.value) {
					return i
				}
			}
		}
		return -1
	}
	scalar := func(_ string, v *value) bool { return (v.kind == textual || v.kind == number) && v.text != "" }

	if o == whole {
		g.flags(v, put)
	}
	g.statusOf(v, o, claim, put)
	if !g.taken["request_id"] || o == item {
		if i := claim(requestNames, scalar); i >= 0 && o != field {
			put(i, "?", "$"+string(o)+"request_id", "looks like the request's id")
			g.take(o, "request_id")
		}
	}
	// otherText is the only sentence that is left beside a bad input: its name may
	// be any, and it is what is wrong.
	otherText := func() int {
		left, at := 0, -1
		for i, m := range v.members {
			if places[i] == nil && m.value.kind == textual && strings.Contains(m.value.text, " ") {
				left, at = left+1, i
			}
		}
		if left != 1 || !slices.ContainsFunc(places, func(p *place) bool { return p != nil && strings.Contains(p.text, "$field") }) {
			return -1
		}
		return at
	}
	if o == field {
		g.pathOf(v, claim, put)
	}
	if o == item {
		if i := claim(idNames, scalar); i >= 0 {
			put(i, "", hole(item, "id", v.members[i].value), "looks like the record's id")
		}
	}
	if !g.good || o != whole {
		g.words(v, o, claim, otherText, put)
	} else if i := claim(noteNames, func(_ string, v *value) bool { return v.kind == textual && v.text != "" }); i >= 0 {
		put(i, "?", "$note", "looks like something to look at")
	}
	understood := slices.ContainsFunc(places, func(p *place) bool { return p != nil })
	for i, m := range v.members {
		if places[i] != nil || !isName(m.name) {
			continue
		}
		if g.good && o == whole && plain(m.name) == "data" && understood && len(v.members) > 1 && !g.taken["data"] {
			put(i, "", "$data", "looks like what was asked for")
			g.taken["data"] = true
			continue
		}
		if below, ok := g.below(m.name, m.value, o); ok {
			places[i], understood = below, true
		}
	}
	if !understood {
		return nil, false
	}
	for i, m := range v.members {
		switch {
		case places[i] != nil:
			p.kids = append(p.kids, places[i])
		case isName(m.name) && !strings.HasPrefix(m.name, "@xmlns"):
			g.any = true
			p.kids = append(p.kids, &place{kind: textual, key: m.name + "?", text: unknown})
		}
	}
	return p, true
}

// isName reports a name that a shape can hold as it is.
func isName(name string) bool {
	return name != "" && name[0] != '$' && !strings.Contains(name, "|") && !strings.HasSuffix(name, "?") && !strings.HasSuffix(name, "!") &&
		len(name) < 100 && name != "<<" && strings.TrimSpace(name) == name && printable(name)
}

// take notes that an attribute of the whole has its place.
func (g *guesser) take(o owner, attribute string) {
	if o == whole {
		g.taken[attribute] = true
	}
}

type putter func(i int, mark, text, comment string)

type claimer func(names []string, fits func(name string, v *value) bool) int

// flags finds what only says whether it went well, and other constants.
func (g *guesser) flags(v *value, put putter) {
	for i, m := range v.members {
		name := plain(m.name)
		switch {
		case isFlag(name) && m.value.kind == boolean && isGoodFlag(name) == (m.value.text == "true") == g.good:
			put(i, "", m.value.text, "says whether it went well")
		case (name == "status" || name == "result") && m.value.kind == textual && failureWords[strings.ToLower(m.value.text)] && !g.good:
			put(i, "", quote(m.value.text), "says that it failed")
		case name == "jsonrpc" && m.value.kind == textual:
			put(i, "", quote(m.value.text), "says what it is")
		}
	}
}

func (g *guesser) statusOf(v *value, o owner, claim claimer, put putter) {
	switch {
	case o == whole && !g.taken["status"]:
		i := claim(statusNames, func(_ string, v *value) bool {
			return (v.kind == number || v.kind == textual) && v.text == strconv.Itoa(g.status)
		})
		if i >= 0 {
			put(i, "", hole(whole, "status", v.members[i].value), "is the HTTP status")
			g.take(whole, "status")
		}
	case o == item:
		if i := claim(statusNames, func(_ string, v *value) bool { return isStatus(v) }); i >= 0 {
			put(i, "", "$item.status:int", "looks like the record's status")
		}
	}
}

// isStatus reports a number that can be an HTTP status.
func isStatus(v *value) bool {
	n, err := strconv.Atoi(v.text)
	return v.kind == number && err == nil && n >= 100 && n <= 599
}

// pathOf finds the bad input that an object is about.
func (g *guesser) pathOf(v *value, claim claimer, put putter) {
	const comment = "looks like the bad input"
	i := claim(inputNames, func(name string, v *value) bool {
		switch v.kind {
		case textual:
			return v.text != "" && len(v.text) < 200 && !strings.Contains(v.text, " ")
		case list:
			return len(v.elems) > 0 && !slices.ContainsFunc(v.elems, func(e *value) bool { return e.kind != textual && e.kind != number })
		}
		return false
	})
	if i < 0 {
		return
	}
	switch of := v.members[i].value; {
	case of.kind == list && plain(v.members[i].name) == "fields":
		put(i, "?", "[$field]", comment)
	case of.kind == list && of.elems[0].text == "body":
		put(i, "?", `"$field:segments(body?)"`, comment)
	case of.kind == list:
		put(i, "?", "$field:segments", comment)
	case strings.HasPrefix(of.text, "#/"):
		put(i, "?", `"$field:pointer(#)"`, comment)
	case strings.HasPrefix(of.text, "/"):
		put(i, "?", "$field:pointer", comment)
	default:
		put(i, "?", pathHole(of.text), comment)
	}
}

// pathHole is the hole for a path: a[0].b is one with dots, a[b][c] one with
// brackets.
func pathHole(path string) string {
	for _, part := range strings.Split(path, "[")[1:] {
		switch inside, after, closed := strings.Cut(part, "]"); {
		case !closed:
			return plainPath
		case strings.HasPrefix(after, "."):
			return dottedPath
		case !isWhole(inside):
			return bracketedPath
		}
	}
	if strings.Contains(path, "[") {
		return dottedPath
	}
	return plainPath
}

// The holes for a path, each of which reads what those before it read.
const plainPath, bracketedPath, dottedPath = "$field", "$field:brackets", "$field:dots"

// samePath is the hole for two paths of one member; "" where they have none in
// common.
func samePath(a, b string) string {
	paths := []string{plainPath, bracketedPath, dottedPath}
	i, j := slices.Index(paths, a), slices.Index(paths, b)
	if i < 0 || j < 0 {
		return ""
	}
	return paths[max(i, j)]
}

// words finds the code, the texts and the links.
func (g *guesser) words(v *value, o owner, claim claimer, otherText func() int, put putter) {
	mark := func(always bool) string {
		if always {
			return ""
		}
		return "?"
	}
	with := func(attribute string, v *value) string {
		if o != field {
			return hole(o, attribute, v)
		}
		own := map[string]string{"code": "code", "detail": "message"}[attribute]
		if g.taken[attribute] || g.told {
			return hole(field, own, v)
		}
		return hole(whole, attribute, v) + " & " + hole(field, own, v)
	}
	if o != whole || !g.taken["code"] {
		i := claim(codeNames, func(name string, v *value) bool {
			switch {
			case v.kind == number:
				return isWhole(v.text) && strings.HasSuffix(name, "code")
			case v.kind != textual || !isToken(v.text):
				return false
			case name == "status" || name == "name" || name == "key":
				return isShouted(v.text)
			}
			return true
		})
		if i >= 0 {
			of := v.members[i].value
			put(i, mark(o == whole), with("code", of), "looks like the code")
			if o == whole || o == field && !g.taken["code"] {
				if g.code == "" {
					g.code = of.text
				}
				g.numbers = g.numbers || of.kind == number
			}
			g.take(o, "code")
		}
	}
	if o != whole || !g.taken["detail"] {
		filled := false
		fits := func(name string, v *value) bool {
			return v.kind == textual && (v.text != "" || !filled) && (name != "error" && name != "reason" && name != "errors" || strings.Contains(v.text, " ") || v.text != "" && o != whole)
		}
		filled = true
		i := claim(detailNames, fits)
		if filled = false; i < 0 {
			i = claim(detailNames, fits)
		}
		if i < 0 && o == field {
			i = otherText()
		}
		if i >= 0 {
			hole := with("detail", v.members[i].value)
			if v.members[i].value.text == "" && o == whole {
				hole += ` = ""`
			}
			put(i, mark(o != item), hole, "looks like the message")
			g.take(o, "detail")
		}
	}
	if o == field {
		return
	}
	one := func(attribute string, names []string, text, comment string, fits func(name string, v *value) bool) {
		if o == whole && g.taken[attribute] {
			return
		}
		if i := claim(names, fits); i >= 0 {
			put(i, "?", text, comment)
			g.take(o, attribute)
		}
	}
	isText := func(_ string, v *value) bool { return v.kind == textual && v.text != "" }
	one("title", titleNames, "$"+string(o)+"title", "looks like the title", isText)
	one("type", []string{"type"}, "$"+string(o)+"type", "looks like the kind of problem", func(_ string, v *value) bool { return v.kind == textual && isURL(v.text) })
	one("instance", []string{"instance"}, "$"+string(o)+"instance", "looks like the place", isText)
	one("help", helpNames, "$"+string(o)+"help", "looks like a page that helps", func(_ string, v *value) bool { return v.kind == textual && isURL(v.text) })
	if i := claim(waitNames, func(_ string, v *value) bool { return v.kind == number }); i >= 0 && o == whole && !g.taken["retry_after"] {
		notation := ":seconds"
		if strings.HasSuffix(plain(v.members[i].name), "ms") {
			notation = ":ms"
		}
		put(i, "?", "$retry_after"+notation, "looks like when to come back")
		g.take(whole, "retry_after")
	}
	if o == whole && !g.fields {
		i := claim([]string{"param", "field", "parameter", "pointer"}, func(_ string, v *value) bool {
			return v.kind == textual && v.text != "" && !strings.Contains(v.text, " ")
		})
		if i >= 0 {
			put(i, "?", pathHole(v.members[i].value.text), "looks like the bad input")
			g.fields = true
		}
	}
}

// below guesses what an object or a list is.
func (g *guesser) below(name string, v *value, o owner) (*place, bool) {
	switch v.kind {
	case object:
		if of := g.mapOf(v); of != nil && o == whole && among(listNames, plain(name)) && !g.good {
			g.fields = true
			return &place{kind: object, key: name + "?", kids: []*place{of}, comment: "looks like the bad inputs"}, true
		}
		if !g.xml && !among(nestedNames, plain(name)) {
			return nil, false // what the vendor sent back, or a thing of its own
		}
		p, ok := g.object(v, o)
		if !ok {
			return nil, false
		}
		p.key = name + "?"
		if n := plain(name); o == whole && (n == "error" || n == "fault" || n == "envelope" || n == "body") {
			p.key = name + "!"
		}
		return p, true
	case list:
		return g.list(name, v, o)
	}
	return nil, false
}

// mapOf is the entry of an object whose members are named by bad inputs and hold
// texts; nil where it is none.
func (g *guesser) mapOf(v *value) *place {
	lists, texts, sentences := 0, 0, 0
	for _, m := range v.members {
		switch {
		case m.value.kind == textual:
			texts++
			if strings.Contains(m.value.text, " ") {
				sentences++
			}
		case m.value.kind == list && len(m.value.elems) > 0 && !slices.ContainsFunc(m.value.elems, func(e *value) bool { return e.kind != textual }):
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

// list guesses what the elements of a list are: bad inputs, records, or notes.
func (g *guesser) list(name string, v *value, o owner) (*place, bool) {
	if len(v.elems) == 0 {
		return nil, false
	}
	n := plain(name)
	texts := !slices.ContainsFunc(v.elems, func(e *value) bool { return e.kind != textual })
	switch {
	case texts && g.good && among(noteNames, n) && o == whole:
		return &place{kind: textual, key: name + "?", text: "[$note]", comment: "looks like something to look at"}, true
	case texts && !g.good && o == whole && (among(listNames, n) || among(noteNames, n) || n == "messages"):
		g.fields = true
		text := "[$field.message]"
		if !g.taken["detail"] {
			g.taken["detail"] = true
			text = "[$detail & $field.message]"
		}
		return &place{kind: textual, key: name + "?", text: text, comment: "looks like the bad inputs"}, true
	case texts || slices.ContainsFunc(v.elems, func(e *value) bool { return e.kind != object }):
		return nil, false
	}
	to, mark, comment := field, "?", "looks like the bad inputs"
	records := slices.ContainsFunc(v.elems, func(e *value) bool {
		return slices.ContainsFunc(e.members, func(m member) bool { return among(statusNames, plain(m.name)) && isStatus(m.value) })
	})
	switch {
	case o == whole && records && !g.items:
		to, comment, mark = item, "looks like the records", "!"
	case g.good, o == item, o == field && !among(listNames, n):
		return nil, false
	case o == whole && !g.taken["detail"] && !g.taken["code"]:
		mark = "!"
	}
	if to == field && g.items {
		return nil, false
	}
	var elem *place
	before := *g
	for _, e := range v.elems {
		inner := before
		inner.told = to == field && before.taken["detail"]
		inner.taken = mapClone(before.taken)
		one, ok := inner.object(e, to)
		if !ok {
			continue
		}
		if g.code == "" && to == field {
			g.code = inner.code
		}
		g.numbers = g.numbers || inner.numbers
		if elem == nil {
			elem = one
		} else {
			elem = unite(elem, one)
		}
	}
	if elem == nil || !says(elem) {
		return nil, false
	}
	if to == field {
		g.fields = true
		for _, attribute := range []string{"detail", "code"} {
			if mentions(elem, "$"+attribute) {
				g.taken[attribute] = true
			}
		}
	} else {
		g.items = true
	}
	return &place{kind: list, key: name + mark, kids: []*place{elem}, comment: comment}, true
}

// says reports that a place holds an attribute.
func says(p *place) bool {
	return strings.Contains(p.text, "$") && p.text != unknown || slices.ContainsFunc(p.kids, says)
}

// mentions reports that a place holds that attribute.
func mentions(p *place, attribute string) bool {
	first, _, _ := strings.Cut(p.text, " ")
	first, _, _ = strings.Cut(first, ":")
	return first == attribute || slices.ContainsFunc(p.kids, func(k *place) bool { return mentions(k, attribute) })
}

func mapClone(m map[string]bool) map[string]bool {
	c := make(map[string]bool, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// alike reports that two places can be one: what both have is the same.
func alike(a, b *place) bool {
	if a.text == unknown || b.text == unknown {
		return true
	}
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case object:
		common := 0
		for _, k := range a.kids {
			if i := slices.IndexFunc(b.kids, func(o *place) bool { return overlap(o, k) }); i >= 0 {
				if !alike(k, b.kids[i]) {
					return false
				}
				if k.text != unknown {
					common++
				}
			}
		}
		return common > 0
	case list:
		return alike(a.kids[0], b.kids[0])
	}
	return a.text == b.text || samePath(a.text, b.text) != ""
}

// unite is one place for two: what only one has may be left out, and of what
// differs the first is kept.
func unite(a, b *place) *place {
	switch {
	case a.text == unknown && b.text != unknown:
		return optional(b)
	case b.text == unknown && a.text != unknown:
		return optional(a)
	}
	if a.kind != b.kind {
		return a
	}
	u := *a
	if path := samePath(a.text, b.text); path != "" {
		u.text = path
	}
	switch a.kind {
	case object:
		u.kids = nil
		for _, k := range a.kids {
			i := slices.IndexFunc(b.kids, func(o *place) bool { return overlap(o, k) })
			if i < 0 {
				k = optional(k)
			} else {
				k = unite(k, b.kids[i])
			}
			u.kids = append(u.kids, k)
		}
		for _, k := range b.kids {
			if !slices.ContainsFunc(a.kids, func(o *place) bool { return overlap(o, k) }) {
				u.kids = append(u.kids, optional(k))
			}
		}
		u.kids = folded(u.kids)
	case list:
		u.kids = []*place{unite(a.kids[0], b.kids[0])}
	}
	if strings.HasSuffix(b.key, "?") && !strings.HasSuffix(u.key, "?") {
		u.key = b.key
	}
	return &u
}

// folded makes one member of several that are the same attribute: which one is
// filled differs from response to response.
func folded(kids []*place) (all []*place) {
	for _, k := range kids {
		i := slices.IndexFunc(all, func(o *place) bool { return k.kind == textual && says(k) && o.kind == textual && o.text == k.text })
		if i < 0 {
			all = append(all, k)
			continue
		}
		names := append(strings.Split(all[i].base(), "|"), strings.Split(k.base(), "|")...)
		rank := func(name string) int {
			if at := slices.Index(codeNames, plain(name)); at >= 0 && strings.Contains(k.text, "code") {
				return at
			}
			return slices.Index(detailNames, plain(name))
		}
		slices.Sort(names)
		names = slices.Compact(names)
		slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
		one := *all[i]
		one.key = strings.Join(names, "|")
		all[i] = &one
	}
	return all
}

// overlap reports that two places have a name in common.
func overlap(a, b *place) bool {
	return slices.ContainsFunc(strings.Split(a.base(), "|"), func(name string) bool {
		return slices.Contains(strings.Split(b.base(), "|"), name)
	})
}

func optional(p *place) *place {
	o := *p
	if !strings.HasPrefix(o.key, "$field") {
		o.key = p.base() + "?"
	}
	return &o
}
