package dialect

// form is the syntax of a body.
type form uint8

const (
	formNone form = iota
	formJSON
	formXML
	formHTML
	formText
)

var formNames = map[string]form{"json": formJSON, "xml": formXML, "html": formHTML, "text": formText}

// mediaTypes are what a form is sent as, where a shape does not say.
var mediaTypes = [...]string{"", "application/json", "application/xml", "text/html; charset=utf-8", "text/plain; charset=utf-8"}
