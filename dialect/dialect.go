// Package dialect is the language in which an API's way of answering is
// written down. A dialect file (YAML) is compiled once, with line and column on
// every complaint; the Dialect that comes of it is immutable and reads, writes
// and decides without touching YAML, reflection or net/http.
package dialect

import (
	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/write"
)

// Dialect is one API's response conventions, compiled from one file. It is
// immutable and safe for concurrent use.
type Dialect struct {
	core       *write.Writer // which reads and decides, too
	extensions []Extension
}

// Finder gives the dialect that a file extends.
type Finder func(name string) (*Dialect, error)

// Compile makes a Dialect of a file. file names it in diagnostics and
// decisions; find, if given, finds a dialect that the file extends. The error
// is a *FileError that holds every fault of the file.
func Compile(file string, source []byte, find ...Finder) (*Dialect, error) {
	var finders []spec.Finder
	for _, f := range find {
		finders = append(finders, func(name string) (*spec.Spec, error) {
			d, err := f(name)
			if err != nil {
				return nil, err
			}
			return d.core.Spec, nil
		})
	}
	s, err := spec.Compile(file, source, spec.HTTP(), finders)
	if err != nil {
		return nil, err
	}
	return &Dialect{core: write.New(s)}, nil
}

// Internal is what a Dialect is made of. It is for package authoring, and its type
// is not for other modules.
func (d *Dialect) Internal() *write.Writer { return d.core }

// Name is the dialect's own name, such as "vms".
func (d *Dialect) Name() string { return d.core.Name }

// Title is the API's name for people.
func (d *Dialect) Title() string { return d.core.Title }

// Sources are the pages that the file was written from.
func (d *Dialect) Sources() []string { return d.core.Sources }

// IdempotencyHeader is the request header that carries an idempotency key, ""
// where the API has none.
func (d *Dialect) IdempotencyHeader() string { return d.core.Service.Idempotency }

// Support is whom to tell of a failure that persists.
func (d *Dialect) Support() Support { return d.core.Service.Support }

// Auth is what the file says of getting access.
func (d *Dialect) Auth() Auth { return d.core.Service.Auth }

// Polling is what the file says of following a 202.
func (d *Dialect) Polling() Polling {
	p := d.core.Service.Poll
	if len(p.Headers) == 0 {
		p.Headers = []string{"Location"}
	}
	return p
}

// Accept is the Accept field (RFC 9110, 12.5.1) by which a caller asks for the
// form that tells the most, with anything else as second best; "" for a dialect
// without bodies. Some APIs answer with an HTML page that says little unless
// they are asked.
func (d *Dialect) Accept() string { return d.core.Accept() }

// Limits reads what the headers of a response say of rate limits, those that
// they say anything of.
func (d *Dialect) Limits(res Response) []Limit { return d.core.Limits(res) }

// Idempotent reports that a request to such a method and path does nothing twice when
// it is retried, by its method (RFC 9110, 9.2.2) or because the file says so.
func (d *Dialect) Idempotent(req Request) bool { return d.core.Idempotent(&req) }

// Decide says what the provider tells its callers to do about an outcome.
// tried are the acts taken on the earlier responses to the same request, oldest
// first. For a transport that failed, pass parlance.OutcomeOfTransport(err).
// It is safe for concurrent use.
func (d *Dialect) Decide(req Request, o *parlance.Outcome, tried ...parlance.Act) (p parlance.Decision) {
	d.core.Decide(&p, &req, o, nil, tried, nil)
	return p
}

// Decode reads a response to req. It never fails: a body that cannot be read
// leaves the meaning of the status, and a Diagnostic. It keeps nothing of
// res.Body but Decoded.Data, and is safe for concurrent use.
func (d *Dialect) Decode(req Request, res Response) (reading Decoded) {
	if len(d.extensions) > 0 {
		return d.decodeExtended(req, res)
	}
	d.core.DecodeInto(&reading, &req, &res, 0)
	return reading
}

// Classify reads just as much of a response as its meaning and the decision need,
// which is what a proxy asks for first. It says what Decode and Decide say, at a
// fraction of their cost, and is safe for concurrent use.
func (d *Dialect) Classify(req Request, res Response) (g Classification) {
	if !read.Switches(&res) && d.extended(&req, res.Status, res.Header) {
		o := d.Decode(req, res).Outcome
		return Classification{Kind: o.Kind, Reason: o.Reason, Decision: d.Decide(req, &o)}
	}
	d.core.Classify(&g, &req, &res)
	return g
}

// NeedsBody reports whether the body of such a response can alter its meaning, or
// holds the payload in an envelope, so that it must be read (up to the reader's
// limit) before the meaning is known. Where it is false a success can be
// streamed untouched.
func (d *Dialect) NeedsBody(req Request, status int, header Header) bool {
	return d.core.NeedsBody(&req, status, header) || read.MayAlter(&req, status) && d.extended(&req, status, header)
}

// Encode writes an Outcome as the response to req, appending the body to dst.
// data is the success payload. The body is well-formed whatever goes in; what
// cannot be carried is in Encoded.Losses. It is safe for concurrent use.
func (d *Dialect) Encode(dst []byte, req Request, o *parlance.Outcome, data Payload) (m Encoded) {
	if len(d.extensions) > 0 {
		return d.encodeExtended(dst, req, o, data)
	}
	d.core.Encode(&m, dst, &req, o, &data, 0)
	return m
}

// StatusFor is the status that Encode gives the response to such an Outcome, and what the
// response is called for people: its Encoded's Status and Phrase. It costs little, so a
// caller may ask first and complete the Outcome by it. Only an Extension can give another
// status: it sees the response once it is written.
func (d *Dialect) StatusFor(req Request, o *parlance.Outcome, data Payload) (status int, phrase string) {
	return d.core.StatusFor(&req, o, &data)
}

// HasEnvelope reports whether Encode puts an envelope around the payload of such an
// outcome, or would otherwise not pass it on as it is.
func (d *Dialect) HasEnvelope(req Request, o *parlance.Outcome) bool {
	return d.core.HasEnvelope(&req, o)
}
