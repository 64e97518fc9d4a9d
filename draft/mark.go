package draft

import "strings"

// markNames are the names of members that hold the code or the text of an error, and that a
// success leaves out or leaves empty.
var markNames = []string{"error", "errors", "errorcode", "errcode", "faultcode", "errormessage", "errormsg", "errmsg", "errordescription", "errorsummary", "faultstring", "exception"}

// noErrors are what such members hold if there is no error.
var noErrors = map[string]bool{"": true, "0": true, "00": true, "000": true, "0000": true, "ok": true, "success": true, "none": true, "null": true, "no error": true, "false": true}

// failureMark is the name of a member in a recorded body that no success has, "" for none. A
// flag or a word that says that all went well outweighs it. Of a body in XML nothing is known.
func (v *value) failureMark() (name string) {
	if v.form == "xml" {
		return ""
	}
	for _, m := range v.members {
		switch n := plain(m.name); {
		case isFlag(n) && m.value.kind == boolean && isGoodFlag(n) == (m.value.text == "true"):
			return ""
		case among(resultNames, n) && m.value.kind == textual && noErrors[strings.ToLower(m.value.text)]:
			return ""
		case name == "" && among(markNames, n) && m.value.marks():
			name = m.name
		}
	}
	return name
}

// marks reports a member that holds an error, or some.
func (v *value) marks() bool {
	switch v.kind {
	case list:
		return len(v.elems) > 0 && (v.all(object) || v.all(textual))
	case object:
		return len(v.members) > 0
	case textual, number:
		return !noErrors[strings.ToLower(v.text)]
	}
	return false
}

// results reports that a body has results beside its errors.
func (v *value) results() bool {
	for _, m := range v.members {
		if n := plain(m.name); (n == "data" || n == "results" || n == "result") && len(m.value.members)+len(m.value.elems) > 0 {
			return true
		}
	}
	return false
}

// isNoCodeOf reports the code of an error in a response that has none, such as 0.
func isNoCodeOf(name string, v *value) bool {
	return among(markNames, name) && strings.HasSuffix(name, "code") && (v.kind == textual || v.kind == number) && v.text != "" && !v.marks()
}

// constant is a value as a shape demands it.
func constant(v *value) string {
	if v.kind == textual {
		return quote(v.text)
	}
	return v.text
}
