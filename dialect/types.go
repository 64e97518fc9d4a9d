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
// keeps them: HeaderMap(response.Header) costs nothing. nil is no header.
type HeaderMap = wire.HeaderMap

// Request is what reading, writing and deciding need of a request. The zero
// value is a GET of which nothing else is known. Its fields:
//
//	Method      string    // "" is GET
//	Path        string    // of the URL
//	Key         string    // the idempotency key of the request, "" for none
//	Header      Header    // nil is no header
//	RetryUnsafe bool      // the caller allows a retry that may do the request twice
//	Body        []byte    // only for a bulk response that is written into it
//	Now         time.Time // when the response is written; zero is time.Now
//
// Package httpdialect makes one of an http.Request.
type Request = wire.Request

// Response is one response as it came over the wire, its transfer and content
// codings undone. Its fields:
//
//	Status   int
//	Header   Header    // nil is no header
//	Body     []byte    // only read; nothing of it is kept
//	Cut      bool      // Body is the beginning of a longer one
//	Received time.Time // "now" if the response has no Date; zero is time.Now
//
// Package httpdialect makes one of an http.Response.
type Response = wire.Response

// Payload is the success value that an envelope is put around, or that is
// written as it is if the dialect has none. Its fields:
//
//	ContentType string // "" is the type of the form that is written
//	Body        []byte // JSON for JSON forms, XML for XML forms
type Payload = wire.Payload

// HeaderField is one header field to be sent: its Name and its Value.
type HeaderField = wire.HeaderField

// Encoded is a response that Encode wrote. Its fields:
//
//	Status int
//	Header []HeaderField
//	Body   []byte          // the caller's buffer with the body appended
//	Losses []parlance.Loss // what the dialect has no place for
//	Unset  []string        // attributes that a JSON body shows as null
//	Phrase string          // what the response is called for people, "" for nothing
type Encoded = wire.Encoded

// Decoded is what Decode made of a response. Its fields:
//
//	Outcome     parlance.Outcome
//	Data        []byte                // the success payload, a part of Response.Body; nil without an envelope
//	Enveloped   bool                  // Data was found in an envelope
//	Shape       string                // the name of the shape that read it, "" for none
//	Diagnostics []parlance.Diagnostic // what could not be read
type Decoded = wire.Decoded
