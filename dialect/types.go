package dialect

import (
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/keyfile"
)

// Classification is the meaning of a response and the decision on it: a Kind, a
// Reason and a Decision, without the texts.
type Classification = read.Classification

// MaxBody is how many bytes of a body are read. A longer body counts as cut off
// there.
const MaxBody = read.MaxBody

// Rule is one kind of fault, with the name that a Diagnostic carries. A name
// never gets another meaning, so people can filter by it.
type Rule = spec.Rule

// Rules lists every rule, sorted by name, for tools and documentation.
func Rules() []Rule { return spec.Rules() }

// RuleOf finds a rule by its name. It reports false for an unknown one.
func RuleOf(name string) (Rule, bool) { return spec.RuleOf(name) }

// Support says how to report a failure that persists.
type Support = spec.Support

// Auth says how a provider grants access: the place that issues tokens, and how
// to renew one. The zero value says nothing.
type Auth = spec.Auth

// Polling says how to follow an accepted request. The zero value is that of RFC
// 9110: look at the Location of the response until the response is no longer
// accepted.
type Polling = spec.Polling

// Limit is the state of a rate limit in a response. A number that is not stated
// is -1, and a time that is not stated is 0.
type Limit = spec.Limit

// MaxSource is the most bytes that a dialect file may have. The largest file that
// we know has a few hundred lines, and an oversized file is refused cheaply.
const MaxSource = keyfile.MaxSource

// MaxExtends is the most dialect files in a chain in which each extends the next
// one. Real chains have two or three.
const MaxExtends = spec.MaxExtends

// ErrCircle is the error, for errors.Is, if dialect files extend each other in a circle
// or in a longer chain than MaxExtends. A Finder that compiles files with itself must
// return it, or a circle never ends. The one of package catalog does.
var ErrCircle = spec.ErrCircle

// HTTP returns the source of the dialect http. It has the meaning of every status
// unless another file gives one, and reads an API that has no dialect.
func HTTP() []byte { return spec.HTTPSource() }

// FileError holds every fault of a dialect file.
type FileError = spec.FileError

// Header is the part of http.Header that the package needs. An http.Header is
// one.
type Header = wire.Header

// HeaderMap is a Header made of a map whose names are in canonical form, as
// net/http keeps them. HeaderMap(response.Header) costs nothing, and saves the
// conversion of each name. nil is an empty header.
type HeaderMap = wire.HeaderMap

// Request is the part of a request that reading, writing and deciding need. The
// zero value is a GET about which nothing else is known. Its fields:
//
//	Method      string    // "" is GET
//	Path        string    // of the URL; conditions ignore a host, a query and a slash at the end
//	Key         string    // the idempotency key of the request, "" for none
//	Header      Header    // nil is no header
//	RetryUnsafe bool      // the caller allows a retry that may do the request twice
//	Body        []byte    // the caller's document, for a bulk response that is written into it
//	Now         time.Time // the time of the response; zero is time.Now
//
// Package httpdialect makes one of an http.Request.
type Request = wire.Request

// Response is one response, without its transfer coding and content coding. Its
// fields:
//
//	Status   int
//	Header   Header    // nil is no header
//	Body     []byte    // it is read, and no part of it is kept
//	Cut      bool      // Body is the beginning of a longer one
//	Received time.Time // the time that counts as now if the response has no Date; zero is time.Now
//
// Package httpdialect makes one of an http.Response.
type Response = wire.Response

// Beginning is the part of a good response's body that has arrived. [Dialect.Begin] makes
// one; the zero value knows nothing, and is never settled. It is for one goroutine.
//
// Its method Settled(body []byte) int gets all that has arrived, each time. It returns the
// length of the part that settles the meaning: Decode of that part has the Kind, the Reason
// and the Code of the body, with any rest. It returns 0 if the rest can still change the
// meaning. These parts settle it:
//
//   - A beginning that no shape reads, such as a text, or a list if no shape is one.
//   - A first value of JSON that is no envelope. The values after it change nothing.
//   - An envelope and the beginning of a second value: it is not the envelope of a body.
//
// The cost grows with the length of the body, in however many pieces it arrives.
type Beginning = read.Beginning

// Payload is the success value. Encode puts it into the envelope of the dialect,
// or writes it as it is if there is none. Its fields:
//
//	ContentType string // "" is the type of the body that is written
//	Body        []byte // JSON in a JSON envelope, XML in an XML one, any bytes without an envelope
type Payload = wire.Payload

// HeaderField is one header field of a response that is to be sent: its Name and
// its Value.
type HeaderField = wire.HeaderField

// Encoded is a response that Encode wrote. Its fields:
//
//	Status int
//	Header []HeaderField
//	Body   []byte          // the caller's buffer with the body appended
//	Losses []parlance.Loss // the attributes that the dialect cannot carry
//	Unset  []string        // attributes that a JSON body shows as null
//	Phrase string          // the title of the response for people, "" for none
type Encoded = wire.Encoded

// Decoded is the result of Decode. Its fields:
//
//	Outcome     parlance.Outcome
//	Data        []byte                // the success payload, a part of Response.Body; nil without an envelope
//	Enveloped   bool                  // Data was found in an envelope
//	Shape       string                // the name of the shape that read it, "" for none
//	Diagnostics []parlance.Diagnostic // the parts that could not be read
//	Common      Common                // the source of the texts that no shape of the file read
type Decoded = wire.Decoded

// Common says where the texts of a failure come from whose body fits no shape of the
// dialect. They are taken by the forms that most APIs use, and the Diagnostic common_form
// says so. They never decide the Kind. Such texts can hold the inside of a system: show
// them to your own people, and not to strangers.
type Common = wire.Common

// The places of texts that are taken by the forms that most APIs use.
const (
	CommonNone   = wire.CommonNone   // no text was taken so
	CommonMember = wire.CommonMember // a member for messages: message, detail, error or error_description
	CommonText   = wire.CommonText   // a page, a plain text, or any other member
)
