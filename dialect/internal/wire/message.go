package wire

import (
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// Header is the part of http.Header that the core needs. An http.Header is one.
type Header interface {
	// Values returns every value of a field. name is in the canonical form of
	// net/textproto (Retry-After).
	Values(name string) []string
}

// HeaderMap is a Header made of a map whose names are in canonical form, as
// net/http keeps them. HeaderMap(response.Header) costs nothing, and saves the
// conversion of each name. nil is an empty header.
type HeaderMap map[string][]string

// Values returns every value of the field.
func (f HeaderMap) Values(name string) []string { return f[name] }

// Set puts fields into a header, each in the place of those with its name. A name that
// stands twice among them keeps both values.
func (f HeaderMap) Set(fields []HeaderField) {
	values := make([]string, len(fields)) // of all, in one piece
	for i := range fields {
		name := httpheader.Canonical(fields[i].Name)
		if slices.ContainsFunc(fields[:i], func(before HeaderField) bool { return httpheader.Canonical(before.Name) == name }) {
			f[name] = append(f[name], fields[i].Value)
			continue
		}
		values[i] = fields[i].Value
		f[name] = values[i : i+1 : i+1]
	}
}

// Request is the part of a request that reading, writing and deciding need. The
// zero value is a GET about which nothing else is known.
type Request struct {
	Method string // "" is GET
	Path   string
	Key    string // the idempotency key of the request, if the dialect has one
	Header Header // nil is no header

	// RetryUnsafe is set if the caller allows a retry that may do the request
	// twice. It changes nothing about a response with a 4XX.
	RetryUnsafe bool

	Body []byte // the caller's document, which only the writing of a bulk response by graft reads

	Now time.Time // the time of the response, if the response states one; zero is time.Now
}

// Response is one response, without its transfer coding and content coding.
type Response struct {
	Status   int
	Header   Header    // nil is no header
	Body     []byte    // it is read, and no part of it is kept
	Cut      bool      // Body is the beginning of a longer one
	Received time.Time // the time that counts as now if the response has no Date; zero is time.Now
}

// Payload is the success value. Encode puts it into the envelope of the dialect,
// or writes it as it is if there is none.
type Payload struct {
	ContentType string // "" is the type of the body that is written
	Body        []byte // JSON in a JSON envelope, XML in an XML one, any bytes without an envelope
}

// HeaderField is one header field of a response that is to be sent.
type HeaderField struct {
	Name, Value string
}

// Encoded is a response that Encode wrote.
type Encoded struct {
	Status int
	Header []HeaderField
	Body   []byte // the caller's buffer with the body appended
	Losses []parlance.Loss

	// Unset are the attributes that a JSON body shows as null, such as "instance"
	// or "request_id". The Outcome does not have them, and the file has no
	// substitute.
	Unset []string

	// Phrase is the title of the response for people: that of the row of the
	// file, else HTTP's words for the status (RFC 9110, 15). It is "" if there is
	// none.
	Phrase string
}

// Decoded is the result of Decode.
type Decoded struct {
	Outcome parlance.Outcome
	// Data is the success payload: a part of Response.Body, or of its text in UTF-8 if the
	// body is in another charset. It is nil if no envelope holds one.
	Data []byte

	Enveloped   bool                  // Data was found in an envelope
	Shape       string                // the name of the shape that read it, "" for none
	Diagnostics []parlance.Diagnostic // the parts that could not be read
	Common      Common                // the source of the texts that no shape of the file read
	Stream      *StreamState          // what the stream came to, if the body is one; else nil
}

// Common says where the texts of a failure come from whose body fits no shape of the
// dialect. Such texts can hold the inside of a system.
type Common uint8

// The places of texts that are taken by the forms that most APIs use.
const (
	CommonNone   Common = iota // none was taken so
	CommonMember               // a member for messages: message, detail, error or error_description
	CommonText                 // a page, a plain text, or any other member
)
