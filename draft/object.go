package draft

import (
	"slices"
	"strconv"
	"strings"
)

// search looks in one object for the members that say something.
type search struct {
	*guesser
	about   owner
	members []member
	places  []*place // one per member, nil until it is understood
}

// object guesses the members of an object. It reports false if it understands
// none.
func (g *guesser) object(v *value, o owner) (*place, bool) {
	s := &search{guesser: g, about: o, members: v.members, places: make([]*place, len(v.members))}
	if o == whole {
		s.flags()
	}
	s.findStatus()
	s.findRequestID()
	switch o {
	case field:
		s.findPath()
	case item:
		s.findID()
	}
	if g.good && o == whole {
		s.findNote()
	} else {
		s.findWords()
	}
	if !s.nest() {
		return nil, false
	}
	return &place{kind: object, kids: s.kids()}, true
}

// put says what a member is.
func (s *search) put(i int, mark, text, comment string) {
	s.places[i] = &place{kind: textual, key: s.members[i].name + mark, text: text, comment: comment}
}

// fit reports whether a member can be what its name says.
type fit func(name string, v *value) bool

// claim finds the member that is called most tellingly and fits. It is -1 if there
// is none.
func (s *search) claim(names []string, fits fit) int {
	for _, name := range names {
		for i, m := range s.members {
			if name == "code" && plain(m.name) == name && m.value.kind == null && names[0] == name {
				return -1 // there is none, and the type or the name of an error is not it
			}
			if s.places[i] == nil && plain(m.name) == name && fits(name, m.value) {
				return i
			}
		}
	}
	return -1
}

// labeled finds the member of which a document tells that role, by its name if there are
// several. It is -1 if there is none.
func (s *search) labeled(r role) int {
	fits := func(_ string, v *value) bool { return v.role == r }
	names := detailNames
	if r == roleCode {
		names = codeNames
	}
	if i := s.claim(names, fits); i >= 0 {
		return i
	}
	for i, m := range s.members {
		if s.places[i] == nil && m.value.role == r && isName(m.name) {
			return i
		}
	}
	return -1
}

// has reports that the attribute of the whole that is looked for has its place.
func (s *search) has(attribute string) bool { return s.about == whole && s.taken[attribute] }

// attribute is the hole for a text of the owner.
func (s *search) attribute(name string) string { return "$" + string(s.about) + name }

func isScalar(_ string, v *value) bool {
	return (v.kind == textual || v.kind == number) && v.text != ""
}

func isText(_ string, v *value) bool { return v.kind == textual && v.text != "" }

func isLink(_ string, v *value) bool { return v.kind == textual && isURL(v.text) }

func isWord(_ string, v *value) bool {
	return v.kind == textual && v.text != "" && !strings.Contains(v.text, " ")
}

// isStatus reports a number that can be an HTTP status.
func isStatus(v *value) bool {
	n, err := strconv.Atoi(v.text)
	return v.kind == number && err == nil && n >= 100 && n <= 599
}

// hole is an attribute with its notation.
func hole(o owner, attribute string, v *value) string {
	text := "$" + string(o) + attribute
	if v.kind == number && isWhole(v.text) {
		text += ":int"
	}
	return text
}

// flags finds what only says whether it went well, and other constants.
func (s *search) flags() {
	for i, m := range s.members {
		name := plain(m.name)
		switch {
		case m.value.carries(), s.rule(i):
		case isFlag(name) && m.value.kind == boolean && isGoodFlag(name) == (m.value.text == "true") == s.good:
			s.put(i, "", m.value.text, "says whether it went well")
		case among(resultNames, name) && m.value.kind == textual && failureWords[strings.ToLower(m.value.text)] && !s.good:
			s.put(i, "", quote(m.value.text), "says that it failed")
		case s.good && isNoCodeOf(name, m.value):
			s.put(i, "!", constant(m.value), "says whether it went well")
		case name == "jsonrpc" && m.value.kind == textual:
			s.put(i, "", quote(m.value.text), "says what it is")
		}
	}
}

func (s *search) findStatus() {
	switch {
	case s.about == whole && !s.taken["status"]:
		same := func(name string, v *value) bool { return isScalar(name, v) && v.text == strconv.Itoa(s.status) }
		if i := s.claim(statusNames, same); i >= 0 {
			s.put(i, "", hole(whole, "status", s.members[i].value), "is the HTTP status")
			s.take(whole, "status")
		}
	case s.about == item:
		if i := s.claim(statusNames, func(_ string, v *value) bool { return isStatus(v) }); i >= 0 {
			s.put(i, "", "$item.status:int", "looks like the record's status")
		}
	}
}

func (s *search) findRequestID() {
	if s.about == field || s.has("request_id") {
		return
	}
	if i := s.claim(requestNames, isScalar); i >= 0 {
		s.put(i, "?", s.attribute("request_id"), "looks like the request's id")
		s.take(s.about, "request_id")
	}
}

func (s *search) findID() {
	if i := s.claim(idNames, isScalar); i >= 0 {
		s.put(i, "", hole(item, "id", s.members[i].value), "looks like the record's id")
	}
}

func (s *search) findNote() {
	if i := s.claim(noteNames, isText); i >= 0 {
		s.put(i, "?", "$note", "looks like something to look at")
	}
}

// findPath finds the bad input that an object is about.
func (s *search) findPath() {
	i := s.claim(inputNames, func(_ string, v *value) bool {
		if v.kind == list {
			return len(v.elems) > 0 && v.all(textual, number)
		}
		return isWord("", v) && len(v.text) < 200
	})
	if i >= 0 {
		s.put(i, "?", pathOf(plain(s.members[i].name), s.members[i].value), "looks like the bad input")
	}
}

// findWords finds the code, the texts and the links.
func (s *search) findWords() {
	s.findCode()
	s.findDetail()
	if s.about == field {
		return
	}
	s.findText("title", titleNames, "looks like the title", isText)
	s.findText("type", []string{"type"}, "looks like the kind of problem", isLink)
	s.findText("instance", []string{"instance"}, "looks like the place", isText)
	s.findText("help", helpNames, "looks like a page that helps", isLink)
	if s.about == whole {
		s.findWait()
		s.findInput()
	}
}

func (s *search) findCode() {
	if s.has("code") {
		return
	}
	if s.findName() {
		return
	}
	i := s.labeled(roleCode)
	if i < 0 && !(s.guesser.labeled && s.about == whole) {
		i = s.claim(codeNames, isCode)
	}
	if i < 0 {
		return
	}
	mark, v := "?", s.members[i].value
	switch {
	case v.role == roleCode:
		mark = "!"
	case s.about == whole:
		mark = ""
	}
	text, code := s.codeHole(v)
	s.put(i, mark, text, "looks like the code")
	if s.about == whole || s.about == field && !s.taken["code"] {
		if s.code == "" {
			s.code, s.enum = code, v.enum
		}
		s.numbers = s.numbers || v.kind == number
	}
	s.take(s.about, "code")
}

// codeHole is the hole for a code, and the code without what stands before it.
func (s *search) codeHole(v *value) (text, code string) {
	code = v.bare(s.xml)
	if code != v.text && s.about == whole {
		return v.qualified(code), code
	}
	return s.said("code", "code", v), code
}

// findName finds the member whose name is the code.
func (s *search) findName() bool {
	i := slices.IndexFunc(s.members, func(m member) bool { return m.value.role == roleName })
	if i < 0 {
		return false
	}
	s.places[i] = &place{kind: textual, key: "$code!", text: unknown, comment: "the document says that the name is the code"}
	s.code = s.members[i].name
	s.take(s.about, "code")
	return true
}

// isCode reports what can be a code. Some names are those of other things as
// well, so what they hold has to look like one.
func isCode(name string, v *value) bool {
	switch {
	case v.kind == number:
		return !isNoCode(v) && isWhole(v.text) && strings.HasSuffix(name, "code")
	case v.kind != textual || !isToken(v.text) || strings.EqualFold(v.text, "error"): // the type of each error is no code
		return false
	case name == "status" || name == "name" || name == "key":
		return isShouted(v.text)
	}
	return true
}

// isNoCode reports a number that stands for no code.
func isNoCode(v *value) bool { return v.kind == number && v.text == "0" }

// said is the hole for a code or a message. That of a bad input speaks for the
// whole too, if the whole has none.
func (s *search) said(attribute, ofField string, v *value) string {
	if s.about != field {
		return hole(s.about, attribute, v)
	}
	own := hole(field, ofField, v)
	if s.taken[attribute] || s.told && v.role != roleCode || v.role == roleOther {
		return own
	}
	return hole(whole, attribute, v) + " & " + own
}

func (s *search) findDetail() {
	if s.has("detail") {
		return
	}
	i := s.labeled(roleDetail)
	if fits := !(s.guesser.labeled && s.about == whole); i < 0 && fits {
		i = s.claim(detailNames, func(name string, v *value) bool { return v.text != "" && s.isMessage(name, v) })
		if i < 0 {
			i = s.claim(detailNames, s.isMessage)
		}
	}
	if i < 0 && s.about == field {
		i = s.onlySentence()
	}
	if i < 0 {
		return
	}
	v := s.members[i].value
	text := s.said("detail", "message", v)
	if v.text == "" && s.about == whole {
		text += ` = ""`
	}
	mark := ""
	switch {
	case v.role == roleDetail:
		mark = "!"
	case s.about == item:
		mark = "?"
	}
	s.put(i, mark, text, "looks like the message")
	s.take(s.about, "detail")
}

// isMessage reports what can be a message. Under a name that a code may have too,
// the message of the whole is a sentence.
func (s *search) isMessage(name string, v *value) bool {
	if v.kind != textual {
		return false
	}
	ambiguous := name == "error" || name == "reason" || name == "errors"
	return !ambiguous || strings.Contains(v.text, " ") || v.text != "" && s.about != whole
}

// onlySentence is the only sentence that is left beside a bad input: its name may
// be any, and it is what is wrong. It is -1 if there is not exactly one.
func (s *search) onlySentence() int {
	if !slices.ContainsFunc(s.places, func(p *place) bool { return p != nil && strings.Contains(p.text, "$field") }) {
		return -1
	}
	at := -1
	for i, m := range s.members {
		if s.places[i] == nil && m.value.kind == textual && strings.Contains(m.value.text, " ") {
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

func (s *search) findText(attribute string, names []string, comment string, fits fit) {
	if s.has(attribute) {
		return
	}
	if i := s.claim(names, fits); i >= 0 {
		s.put(i, "?", s.attribute(attribute), comment)
		s.take(s.about, attribute)
	}
}

func (s *search) findWait() {
	if s.has("retry_after") {
		return
	}
	i := s.claim(waitNames, func(_ string, v *value) bool { return v.kind == number })
	if i < 0 {
		return
	}
	notation := ":seconds"
	if strings.HasSuffix(plain(s.members[i].name), "ms") {
		notation = ":ms"
	}
	s.put(i, "?", "$retry_after"+notation, "looks like when to come back")
	s.take(whole, "retry_after")
}

// findInput finds the bad input that the error itself names.
func (s *search) findInput() {
	if s.fields {
		return
	}
	if i := s.claim([]string{"param", "field", "parameter", "pointer"}, isWord); i >= 0 {
		s.put(i, "?", pathHole(s.members[i].value.text), "looks like the bad input")
		s.fields = true
	}
}

// nest guesses what the members are that hold others. It reports whether anything
// in the object is understood.
func (s *search) nest() bool {
	understood := slices.ContainsFunc(s.places, func(p *place) bool { return p != nil })
	for i, m := range s.members {
		if s.places[i] != nil || !isName(m.name) {
			continue
		}
		if s.good && s.about == whole && plain(m.name) == "data" && understood && len(s.members) > 1 && !s.taken["data"] && !s.ruling.in(m.value) {
			s.put(i, "", "$data", "looks like what was asked for")
			s.taken["data"] = true
		} else if below, ok := s.below(m.name, m.value, s.about); ok {
			s.places[i], understood = below, true
		}
	}
	return understood
}

// kids are the places of the object, those included that are not understood.
func (s *search) kids() (all []*place) {
	for i, m := range s.members {
		switch {
		case s.places[i] != nil:
			all = append(all, s.places[i])
		case isName(m.name) && !strings.HasPrefix(m.name, "@xmlns"):
			p := &place{kind: textual, key: m.name + "?", text: unknown, comment: todoMember}
			if m.value.role == roleOther || isNoCode(m.value) {
				p.other = m.value.text
			}
			all = append(all, p)
		}
	}
	return all
}
