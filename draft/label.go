package draft

import (
	"cmp"
	"slices"
	"strings"
)

// Says is what a document tells of the example of a failure beside its body. The zero value
// says that it has neither a code nor a message.
type Says struct {
	Code   string // "" for a failure without a code
	Detail string // "" if it is not told
}

// role is what a document tells of a scalar in a body.
type role uint8

const (
	roleOpen   role = iota // nothing is told
	roleOther              // it is neither the code nor the message
	roleCode               // it is the code, or ends with it
	roleDetail             // it is the message
	roleName               // the name of the member is the code
)

// label notes what a document tells of the scalars of a body.
func (v *value) label(says *Says) {
	if says != nil && !v.labeled(says, false) {
		v.labeled(says, true)
	}
}

// labeled notes the role of each scalar, and reports whether the code is among them. If no
// scalar is the code, one that ends with it is, as in soap:Client.
func (v *value) labeled(says *Says, ends bool) (found bool) {
	for _, m := range v.members {
		found = m.value.labeled(says, ends) || found
		if m.isNamed(says.Code) {
			m.value.role, found = roleName, true
		}
	}
	for i, e := range v.elems {
		if i > 0 && v.elems[0].carries() {
			says = &Says{} // the first one speaks for the whole
		}
		found = e.labeled(says, ends) || found
	}
	if v.kind == object || v.kind == list {
		return found || says.Code == ""
	}
	v.role = v.roleBy(says, ends)
	if v.role == roleCode {
		v.code = says.Code
	}
	return found || v.role == roleCode
}

// isNamed reports an empty member whose name is the code.
func (m *member) isNamed(code string) bool {
	return m.name == code && code != "" && m.value.kind != object && m.value.text == ""
}

// roleBy is what a document tells of a scalar.
func (v *value) roleBy(says *Says, ends bool) role {
	prefix, ok := strings.CutSuffix(v.text, says.Code)
	switch {
	case v.text == "" || v.kind == boolean:
	case v.text == says.Detail:
		return roleDetail
	case says.Code == "" || !ok:
	case prefix == "" || ends && v.kind == textual && strings.ContainsAny(prefix[len(prefix)-1:], "#:/."):
		return roleCode
	}
	return roleOther
}

// takes reports that an example can be one of a schema: it has the members that the schema
// requires, and no others.
func (v *value) takes(example *value) bool {
	if v.kind != object || example.kind != object {
		return (v.kind == list) == (example.kind == list) && (v.kind == object) == (example.kind == object) || example.kind == null
	}
	for _, m := range v.members {
		if of := example.named(m.name); of == nil && m.value.mark == "!" || of != nil && !m.value.takes(of) {
			return false
		}
	}
	return !slices.ContainsFunc(example.members, func(m member) bool { return v.named(m.name) == nil })
}

// adopt takes the roles of an example of the same form. The code and the message in one
// example stand for all.
func (v *value) adopt(example *value) {
	switch {
	case v.kind == object && example.kind == object:
		for _, m := range v.members {
			if of := example.named(m.name); of != nil {
				m.value.adopt(of)
				if of.codeAt("") != "" {
					m.value.mark = "!"
				}
			}
		}
	case v.kind == list && example.kind == list:
		for _, e := range v.elems {
			for _, of := range example.elems {
				e.adopt(of)
			}
		}
	case v.kind != object && v.kind != list:
		v.adoptScalar(example)
	}
}

func (v *value) adoptScalar(example *value) {
	if example.role <= v.role || v.role != roleOpen && example.role == roleOther {
		return
	}
	v.role = example.role
	if v.role == roleDetail && v.mark == "?" {
		v.mark = ""
	}
	if v.kind == example.kind && v.enum == nil {
		v.text, v.code = example.text, example.code
	}
}

// codeAt is the place of the code, "" for none.
func (v *value) codeAt(place string) string {
	if v.role == roleCode || v.role == roleName {
		return cmp.Or(place, "/")
	}
	for _, m := range v.members {
		if at := m.value.codeAt(place + "/" + m.name); at != "" {
			return at
		}
	}
	for _, e := range v.elems {
		if at := e.codeAt(place + "/"); at != "" {
			return at
		}
	}
	return ""
}

// carries reports that the code or the message of the whole stands below.
func (v *value) carries() bool {
	if v.role > roleOther {
		return true
	}
	for _, m := range v.members {
		if m.value.carries() {
			return true
		}
	}
	for _, e := range v.elems {
		if e.carries() {
			return true
		}
	}
	return false
}

// bare is the code in a text: all of it, but for a namespace before it, as in
// com.amazonaws.dynamodb#ValidationException, or in the soap:Client of XML.
func (v *value) bare(inXML bool) string {
	if v.code != "" || v.kind != textual {
		return cmp.Or(v.code, v.text)
	}
	if _, name, ok := strings.Cut(v.text, "#"); ok && isToken(name) && !strings.ContainsAny(v.text, "/:") {
		return name
	}
	if prefix, name, ok := strings.Cut(v.text, ":"); ok && inXML && isToken(name) && isToken(prefix) {
		return name
	}
	return v.text
}

// qualified is the hole for a code behind a namespace, which may be left out and is written.
func (v *value) qualified(code string) string {
	prefix := strings.TrimSuffix(v.text, code)
	return `"{?{_=` + prefix[:len(prefix)-1] + `}` + prefix[len(prefix)-1:] + `}{$code}"`
}
