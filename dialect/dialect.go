// Package dialect compiles the file that describes an API's responses, reads and
// writes responses by it, and says whether to retry.
//
//	d, err := dialect.Compile("example.yaml", source, catalog.Find(""))
//	if err != nil {
//		return err // a *FileError: every fault of the file with line and column
//	}
//	req := dialect.Request{Method: "POST", Path: "/orders"}
//	read := d.Decode(req, dialect.Response{
//		Status: res.StatusCode, Header: res.Header, Body: body,
//	})
//	fmt.Println(read.Outcome.Kind, read.Outcome.Detail)
//	fmt.Println(d.Decide(req, &read.Outcome).Act) // such as retry
//
// Package catalog has the files of well-known APIs, and package httpdialect turns
// an http.Response into a Response. Package client does all of it for you.
//
// A Dialect is immutable. It reads, writes and decides without YAML, reflection
// and net/http. Package authoring has the tools for writing files.
package dialect

import (
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/dialect/internal/write"
)

// Dialect is one API's response conventions, compiled from one file. It is
// immutable and safe for concurrent use.
type Dialect struct {
	core       *write.Writer // reads and decides, too
	extensions []Extension
}

// Finder opens the dialect that a file extends. catalog.Find returns one.
type Finder func(name string) (*Dialect, error)

// Compile makes a Dialect of a file. file is its name in diagnostics and
// decisions. find, if given, opens the dialect that the file extends. An error is
// a *FileError with every fault of the file.
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

// Generic returns the dialect http, compiled once: the meaning that every client of HTTP
// understands. It reads and writes for an API that has no dialect. (spec.HTTP is only
// the table below a dialect: with nothing below itself, it reads no header.)
func Generic() *Dialect { return generic() }

var generic = sync.OnceValue(func() *Dialect {
	d, err := Compile("http.yaml", spec.HTTPSource())
	if err != nil {
		panic(err) // the file is embedded: a test holds it right
	}
	return d
})

// Internal returns the implementation, for package authoring. Other modules
// cannot use its type.
func (d *Dialect) Internal() *write.Writer { return d.core }

// Name is the dialect's own name, such as "vms".
func (d *Dialect) Name() string { return d.core.Name }

// Title is the API's name for people, such as "Stripe".
func (d *Dialect) Title() string { return d.core.Title }

// Sources are the pages that the file was written from, such as URLs of the
// vendor.
func (d *Dialect) Sources() []string { return d.core.Sources }

// Group is the word that the dialects of one sort of API share, such as "ai"; "" if the
// file names none.
func (d *Dialect) Group() string { return d.core.Group }

// PageDate is the day on which the pages of Sources were read, such as "2026-11-20". It is
// "recordings" if the file was written from recorded responses, "memory" if from neither,
// and "" if the file does not say.
func (d *Dialect) PageDate() string { return d.core.PageDate }

// IdempotencyHeader is the request header that carries an idempotency key; "" if
// the API has none.
func (d *Dialect) IdempotencyHeader() string { return d.core.Service.Idempotency }

// Support says where to report a failure that persists.
func (d *Dialect) Support() Support { return d.core.Service.Support }

// Auth says how to get access.
func (d *Dialect) Auth() Auth { return d.core.Service.Auth }

// Polling says how to follow an accepted request (202).
func (d *Dialect) Polling() Polling {
	p := d.core.Service.Poll
	if len(p.Headers) == 0 {
		p.Headers = []string{"Location"}
	}
	return p
}

// Accept is the value of the Accept field (RFC 9110, 12.5.1) that asks for the
// most detailed form of an error, and takes any other as second best. It is ""
// for a dialect without bodies. Some APIs send an HTML page with few details
// unless they are asked.
func (d *Dialect) Accept() string { return d.core.Accept() }

// Limits reads the rate limits that the headers of a response state. It omits
// limits that the response does not mention.
func (d *Dialect) Limits(res Response) []Limit { return d.core.Limits(res) }

// LimitFields is the inverse of Limits: the header fields that state a limit, at the time
// now. A limit without a name is stated in the fields of each limit that the file names.
func (d *Dialect) LimitFields(l Limit, now time.Time) []HeaderField {
	return d.core.LimitFields(l, &wire.Arrival{Received: now})
}

// Idempotent reports that a retry of such a request does nothing twice: by its
// method (RFC 9110, 9.2.2), or because the file says so about method and path.
func (d *Dialect) Idempotent(req Request) bool { return d.core.Idempotent(&req) }

// Decide says what the provider tells its callers to do about an outcome. tried
// are the acts after the earlier responses to the same request, oldest first. For
// a failed transport, pass httpdialect.NoResponse(err). It is safe for
// concurrent use.
func (d *Dialect) Decide(req Request, o *parlance.Outcome, tried ...parlance.Act) (p parlance.Decision) {
	d.core.Decide(&p, &req, o, nil, tried, nil)
	return p
}

// Decode reads a response to req. It never fails: if the body cannot be read, it
// returns the meaning of the status and a Diagnostic. It keeps no part of
// res.Body except in Decoded.Data. It is safe for concurrent use.
func (d *Dialect) Decode(req Request, res Response) (reading Decoded) {
	if len(d.extensions) > 0 {
		d.decodeExtended(&reading, &req, &res)
	} else {
		d.core.DecodeInto(&reading, &req, &res, 0)
	}
	return reading
}

// Classify returns the meaning of a response and the decision, without the texts:
// what a proxy needs first. The result equals that of Decode and Decide, at a
// fraction of the cost. It is safe for concurrent use.
func (d *Dialect) Classify(req Request, res Response) (g Classification) {
	if !read.Switches(&res) && d.extended(&req, res.Status, res.Header) {
		o := d.Decode(req, res).Outcome
		return Classification{Kind: o.Kind, Reason: o.Reason, Decision: d.Decide(req, &o)}
	}
	d.core.Classify(&g, &req, &res)
	return g
}

// NeedsBody reports whether the body of such a response is needed. It is if it can
// change the meaning, and if it holds the texts of a failure or the payload in an
// envelope. It is also if no shape is about the response and its Content-Length is at most
// 512, since it can have the mark of a failure. Then read it, up to [MaxBody], before you use
// the response. If it reports false, a success can be streamed as it is.
func (d *Dialect) NeedsBody(req Request, status int, header Header) bool {
	return d.core.NeedsBody(&req, status, header) || read.MayAlter(&req, status) && d.extended(&req, status, header)
}

// Begin is the Beginning of the body of a response that NeedsBody is true of. It finds out
// how much of a body without an end has to be read.
func (d *Dialect) Begin(req Request, status int, header Header) Beginning {
	if d.extended(&req, status, header) {
		return Beginning{} // an extension may look at all of it
	}
	return d.core.Begin(&req, &Response{Status: status, Header: header})
}

// Encode writes an Outcome as the response to req, and appends the body to dst.
// data is the success payload. The body is well-formed for any input.
// Encoded.Losses lists the parts that the dialect cannot carry. It is safe for
// concurrent use.
func (d *Dialect) Encode(dst []byte, req Request, o *parlance.Outcome, data Payload) (m Encoded) {
	if len(d.extensions) > 0 {
		return d.encodeExtended(dst, req, o, data)
	}
	d.core.Encode(&m, dst, &req, o, &data, 0)
	return m
}

// StatusFor is the Status and the Phrase that Encode would give. It is cheap, so
// call it first if the Outcome depends on the status. Only an Extension can
// change the status later, since it sees the written response.
func (d *Dialect) StatusFor(req Request, o *parlance.Outcome, data Payload) (status int, phrase string) {
	return d.core.StatusFor(&req, o, &data)
}

// HasEnvelope reports whether Encode changes the payload of such an outcome, by
// an envelope or otherwise. If it reports false, the payload can be sent as it
// is.
func (d *Dialect) HasEnvelope(req Request, o *parlance.Outcome) bool {
	return d.core.HasEnvelope(&req, o)
}
