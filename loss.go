package parlance

import "strings"

// Loss names one attribute of an Outcome that a dialect could not carry when the
// response was written, and why.
type Loss struct {
	Attribute string `json:"attribute"` // as in the JSON of an Outcome: "kind", "request_id", "fields[1].code"
	Reason    string `json:"reason"`
}

// Matters reports that the response lacks more than a detail: the payload,
// records, or a note for the user. Client and server log such a loss as a
// warning.
func (l Loss) Matters() bool {
	switch a := l.Attribute; {
	case a == "data", a == "items", a == "notes":
		return true
	default: // a whole record beside others, or the notes of one
		return strings.HasPrefix(a, "items[") && (strings.HasSuffix(a, "]") || strings.HasSuffix(a, ".notes"))
	}
}
