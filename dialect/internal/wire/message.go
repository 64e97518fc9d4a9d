package wire

import (
	"time"

	"github.com/parlance-api/parlance"
)

// Header is what the core asks of HTTP headers. An http.Header is one.
type Header interface {
	// Values returns every value of the field, whose name is given in the
	// canonical form of net/textproto (Retry-After).
	Values(name string) []string
}

// HeaderMap is a Header over a map whose names are in canonical form, as net/http
// keeps them. HeaderMap(response.Header) costs nothing, and spares making each name
// canonical again. nil is no header.
type HeaderMap map[string][]string

// Values returns every value of the field.
func (f HeaderMap) Values(name string) []string { return f[name] }

// Request is what reading, writing and deciding need of a request. The zero
// value is a GET of which nothing else is known.
type Request struct {
	Method string // "" is GET
	Path   string
	Key    string // the idempotency key that goes with it, if the dialect has one
	Header Header // nil is no header

	// RetryUnsafe is set if the caller allows a retry that may do the request
	// twice. It changes nothing about a response with a 4XX.
	RetryUnsafe bool

	Body []byte // the caller's own document; only writing a grafted bulk response looks at it

	Now time.Time // when the response is written, for those that name a moment; zero is time.Now
}

// Response is one response as it came over the wire, its transfer and content
// codings undone.
type Response struct {
	Status   int
	Header   Header    // nil is no header
	Body     []byte    // only read; nothing of it is kept
	Cut      bool      // Body is the beginning of a longer one
	Received time.Time // "now" if the response has no Date; zero is time.Now
}

// Payload is the success value that an envelope is put around. It is written as it
// is if the dialect has no envelope.
type Payload struct {
	ContentType string // "" is the type of the form that is written
	Body        []byte // JSON for JSON forms, XML for XML forms, anything without an envelope
}

// HeaderField is one header field to be sent.
type HeaderField struct {
	Name, Value string
}

// Encoded is a response that Encode wrote.
type Encoded struct {
	Status int
	Header []HeaderField
	Body   []byte // the caller's buffer with the body appended
	Losses []parlance.Loss

	// Unset are the attributes that a JSON body shows as null, since the Outcome does not
	// have them and the file names nothing in their place: "instance", "request_id".
	Unset []string

	// Phrase is what the response is called for people: the title of the row that it was
	// written by, else HTTP's words for the status (RFC 9110, 15). "" if there are none.
	Phrase string
}

// Decoded is what Decode made of a response.
type Decoded struct {
	Outcome     parlance.Outcome
	Data        []byte                // the success payload, a part of Response.Body; nil if no envelope holds one
	Enveloped   bool                  // Data was found in an envelope
	Shape       string                // the name of the shape that read it, "" for none
	Diagnostics []parlance.Diagnostic // what could not be read
}
