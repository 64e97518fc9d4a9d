package dialect

import (
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Classification is what a response means and what to do about it, without its texts.
type Classification = read.Classification

// MaxBody is how much of a body is looked at, in bytes. What a caller passes
// beyond it counts as cut off there.
const MaxBody = read.MaxBody

// Rule is one thing that is complained of, under the name that a Diagnostic
// carries. A name is never given another meaning, for people filter by it.
type Rule = spec.Rule

// Rules lists every rule in the order of its name, for tools and documentation.
func Rules() []Rule { return spec.Rules() }

// RuleOf finds a rule by its name. It reports false for an unknown one.
func RuleOf(name string) (Rule, bool) { return spec.RuleOf(name) }

// Support is how a provider is told of a failure that persists.
type Support = spec.Support

// Auth is how a provider grants access: where a token is got, and how it is
// renewed. The zero value says nothing.
type Auth = spec.Auth

// Polling is how an accepted request is followed. The zero value is
// RFC 9110's: the Location of the response, until one is no longer accepted.
type Polling = spec.Polling

// Limit is what a response says of a rate limit. A number that it does not state
// is -1, a time that it does not state 0.
type Limit = spec.Limit

// MaxSource is the most bytes that a dialect file may have. The largest one we
// know has a few hundred lines, so what is beyond is none, and a stranger's file
// costs little to refuse.
const MaxSource = spec.MaxSource

// HTTP is the file of the dialect http: what every status means where no file
// says otherwise, and how an API without a dialect is read.
func HTTP() []byte { return spec.HTTPSource() }

// FileError is every fault of a dialect file at once.
type FileError = spec.FileError

// Header is what the core asks of HTTP headers. An http.Header is one.
type Header = wire.Header

// HeaderMap is a Header over a map whose names are in canonical form, as net/http
// keeps them: Fields(response.Header) costs nothing, and spares making each name
// canonical again. nil is no header.
type HeaderMap = wire.HeaderMap

// Request is what reading, writing and deciding need of a request. The zero
// value is a GET of which nothing else is known.
type Request = wire.Request

// Response is one response as it came over the wire, its transfer and content
// codings undone.
type Response = wire.Response

// Payload is the success value that an envelope is put around, or that is
// written as it is where the dialect has none.
type Payload = wire.Payload

// HeaderField is one header field to be sent.
type HeaderField = wire.HeaderField

// Encoded is a response that Encode wrote.
type Encoded = wire.Encoded

// Decoded is what Decode made of a response.
type Decoded = wire.Decoded
