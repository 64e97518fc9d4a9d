package spec

// Form is the syntax of a body.
type Form uint8

// The forms.
const (
	FormNone Form = iota
	FormJSON
	FormXML
	FormHTML
	FormText
)

var formNames = map[string]Form{"json": FormJSON, "xml": FormXML, "html": FormHTML, "text": FormText}

// MediaTypes are the content types of the forms, for a shape that names none.
var MediaTypes = [...]string{"", "application/json", "application/xml", "text/html; charset=utf-8", "text/plain; charset=utf-8"}

// Forms is a set of forms.
type Forms [FormText + 1]bool
