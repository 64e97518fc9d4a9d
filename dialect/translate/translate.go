// Package translate turns a response of one dialect into a response of another. It takes
// and returns a status, header fields and bytes. So any engine can carry it: a gateway in
// Go, a module of a proxy, a library for another language.
//
// One request and its response go this way:
//
//  1. Call Request with the header of the caller's request. Send the result to the upstream.
//  2. Ask NeedsBody as soon as status and header of the response are here.
//  3. If it reports true, read the body, without its codings and up to dialect.MaxBody.
//     Otherwise leave it unread, and set Cut.
//  4. Call Translate. If the Result is Replaced, send its Body. Otherwise send the body of
//     the upstream as it came. In both cases send the Status and the header as Apply
//     makes it.
//
// An engine that decodes the responses itself, such as package gateway with the retries of
// package client, calls Write in place of Translate.
package translate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// Translator translates responses of one dialect into another. It is immutable and safe
// for concurrent use. Use New.
type Translator struct {
	from, to *dialect.Dialect
	keys     []string // the headers of idempotency keys
	accept   string   // what the upstream is asked for, "" for a dialect without bodies
	reads    bool     // successes are read, so that they must come without a coding
}

// New makes a Translator from the dialect of an upstream to that of its callers.
func New(from, to *dialect.Dialect) *Translator {
	t := &Translator{from: from, to: to, keys: keyHeaders(from, to), accept: from.Accept()}
	plain := dialect.Request{Method: "GET", Path: "/"}
	t.reads = from.NeedsBody(plain, 200, dialect.HeaderMap{}) ||
		to.HasEnvelope(plain, &parlance.Outcome{Kind: parlance.KindSuccess, Status: 200})
	return t
}

// NeedsBody reports whether the body of a response has to be read to translate it. It
// reports false if status and header decide that the body is passed on as it is. Examples
// are a download, an event stream, and a success without an envelope on either side.
func (t *Translator) NeedsBody(req dialect.Request, status int, header dialect.Header) bool {
	if t.from.NeedsBody(req, status, header) {
		return true
	}
	if status < 200 || status >= 300 || req.Method == head {
		return false // a failure has its texts, and is needed above
	}
	o := t.from.Decode(req, dialect.Response{Status: status, Header: header, Cut: true}).Outcome
	return t.Encloses(req, status, header, &o)
}

// Encloses reports whether the body of a success goes into an envelope of the callers'
// dialect. Then it has to be read. o is the Outcome of the response in the upstream's
// dialect. NeedsBody includes this question.
func (t *Translator) Encloses(req dialect.Request, status int, header dialect.Header, o *parlance.Outcome) bool {
	return o.Kind.Good() && o.Kind != parlance.KindEmpty && !toldByHeader(status, header) &&
		enclosable(header) == KeptNone && t.to.HasEnvelope(asGET(req), o)
}

// Passes reports that Write would change nothing: status, header and body of the response are
// sent as they came. It is quick, and true of most successes. If it reports false, Write finds
// out. It needs no res.Body. Set res.Cut if the body was not read to its end.
func (t *Translator) Passes(req dialect.Request, res dialect.Response, read *dialect.Decoded) bool {
	o := &read.Outcome
	if o.Kind != parlance.KindSuccess || read.Enveloped || req.Method == head || toldByHeader(res.Status, res.Header) || value(res.Header, "Accept-Ranges") != "" {
		return false
	}
	return !t.to.HasEnvelope(req, o) && (!res.Cut || !t.from.HasEnvelope(req, &parlance.Outcome{Kind: parlance.KindSuccess, Status: res.Status}))
}

// Translate translates a response to req, which is the caller's request. The Path is the one
// at the upstream, if the two differ. Set res.Cut if the body was not read, or not to its
// end. It never fails: a response that cannot be read gets the meaning of its status.
//
// A failure tells its caller the upstream's time for a retry. A response that names no
// request gets the X-Request-Id of req.
func (t *Translator) Translate(req dialect.Request, res dialect.Response) Result {
	read := t.from.Decode(req, res)
	o := &read.Outcome
	if !o.Kind.Good() {
		d := t.from.Decide(req, o)
		if d.Act == parlance.ActRetry && d.RetrySafe && len(d.Schedule) > 0 && o.RetryAfter == 0 {
			o.RetryAfter = d.Schedule[0]
		}
		Advise(o, &d)
	}
	if o.RequestID == "" {
		o.RequestID = value(req.Header, "X-Request-Id")
	}
	return t.Write(req, res, &read)
}

// Advise tells the caller not to retry a request that could be done twice, if the callers'
// dialect can express that. The caller's own client may not know that a key makes nothing
// safe if the upstream has no keys. d is the Decision of the upstream's dialect.
func Advise(o *parlance.Outcome, d *parlance.Decision) {
	if d.Act == parlance.ActRetry && !d.RetrySafe && o.Retryable == 0 {
		o.Retryable = parlance.AdviceStop
	}
}

// Write is Translate for a response that was decoded before. Its Outcome may have been
// changed, such as its RequestID. It needs res.Body only if Encloses reports true, and
// takes Cut in its place otherwise. The Result keeps res.Body and read, and texts that must
// not leave the system are taken off read.Outcome.
func (t *Translator) Write(req dialect.Request, res dialect.Response, read *dialect.Decoded) Result {
	w := writing{t: t, req: asGET(req), res: res, head: req.Method == head}
	w.Status, w.Outcome, w.Diagnostics = res.Status, &read.Outcome, read.Diagnostics
	switch o := w.Outcome; {
	case !o.Kind.Good():
		limitTexts(o, read.Common)
		w.replace(payload(&res, read))
	case toldByHeader(res.Status, res.Header):
		if res.Status < 300 && res.Status >= 200 {
			w.restate()
		}
	case read.Enveloped && !res.Cut:
		w.replace(payload(&res, read))
	default:
		w.success()
	}
	w.whole = value(res.Header, "Accept-Ranges") != "" && t.rewrites(w.req)
	return w.Result
}

const head = "HEAD"

// asGET is a request as the dialect of its response sees it: the header of a response to
// HEAD is that of a GET (RFC 9110, 9.3.2).
func asGET(req dialect.Request) dialect.Request {
	if req.Method == head {
		req.Method = "GET"
	}
	return req
}

// toldByHeader reports a good response whose body is no document to be translated: a
// redirect, a switched protocol, or a part of a document.
func toldByHeader(status int, h dialect.Header) bool {
	return status < 200 || status >= 300 || value(h, "Content-Range") != ""
}

// value is the first value of a field, "" for none.
func value(h dialect.Header, name string) string {
	if h == nil {
		return ""
	}
	if v := h.Values(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// enclosable says by the header why a body cannot stand in an envelope. KeptNone means that
// it can.
func enclosable(h dialect.Header) Kept {
	length := value(h, "Content-Length")
	if length == "0" {
		return KeptNone
	}
	if !httpheader.IsJSON(httpheader.MediaType(value(h, "Content-Type"))) || value(h, "Content-Encoding") != "" {
		return KeptForm
	}
	if n, err := strconv.ParseUint(length, 10, 64); err == nil && n > dialect.MaxBody {
		return KeptLong
	}
	return KeptNone
}

// maxDetail is how long a text may be that no shape of the upstream's dialect read, in
// bytes.
const maxDetail = 500

// Limit takes off an Outcome the texts that must not leave the system, as Write does. from is
// the source of its texts.
func Limit(o *parlance.Outcome, from dialect.Common) { limitTexts(o, from) }

// limitTexts keeps the inside of a system from the callers. If a body fits no shape of
// the upstream's dialect, its texts were not written for them: only the first line of a
// member for messages is passed on.
func limitTexts(o *parlance.Outcome, from dialect.Common) {
	if from == dialect.CommonNone {
		return
	}
	detail := ""
	if from == dialect.CommonMember {
		detail, _, _ = strings.Cut(strings.TrimSpace(o.Detail), "\n")
		detail = strings.ToValidUTF8(strings.TrimSpace(detail[:min(len(detail), maxDetail)]), "")
	}
	o.Code, o.Detail, o.Fields = "", detail, nil
}

// payload is the payload that the upstream's envelope held.
func payload(res *dialect.Response, read *dialect.Decoded) dialect.Payload {
	switch {
	case !read.Enveloped || res.Cut:
		return dialect.Payload{}
	case json.Valid(read.Data): // whatever the response calls itself: vbapi's 207 is text/plain
		return dialect.Payload{ContentType: "application/json", Body: read.Data}
	}
	return dialect.Payload{ContentType: value(res.Header, "Content-Type"), Body: read.Data}
}

// payloadType is the type that a payload has by the header of its envelope.
func payloadType(h dialect.Header) string {
	declared := value(h, "Content-Type")
	if httpheader.IsJSON(httpheader.MediaType(declared)) {
		return "application/json"
	}
	return declared
}

// writing is one response that is written.
type writing struct {
	Result
	t    *Translator
	req  dialect.Request // the method is never HEAD
	res  dialect.Response
	head bool
}

// success passes on a success without an envelope, or with one that was not read to its end,
// in the envelope of the callers' dialect if that has one.
func (w *writing) success() {
	o := w.Outcome
	if !w.t.to.HasEnvelope(w.req, o) {
		w.restate()
		w.keep()
		return
	}
	if o.Kind == parlance.KindEmpty {
		w.replace(dialect.Payload{})
		return
	}
	empty := !w.res.Cut && len(w.res.Body) == 0 && !w.head
	if w.Kept = enclosable(w.res.Header); empty {
		w.Kept = KeptNone
	}
	switch {
	case w.Kept != KeptNone:
	case w.head, empty:
	case w.res.Cut:
		w.Kept = KeptLong
	case !json.Valid(w.res.Body):
		w.Kept = KeptBroken
	}
	if w.Kept != KeptNone {
		w.restate()
		return
	}
	w.replace(dialect.Payload{ContentType: "application/json", Body: bytes.TrimSpace(w.res.Body)})
}

// keep finds out what holds of a body that is passed on as it is.
func (w *writing) keep() {
	if !w.res.Cut && !w.head {
		return
	}
	enveloped := w.t.from.HasEnvelope(w.req, &parlance.Outcome{Kind: parlance.KindSuccess, Status: w.res.Status})
	if !enveloped && !w.head || !w.t.from.NeedsBody(w.req, w.res.Status, w.res.Header) {
		return
	}
	switch {
	case !w.head && enveloped:
		w.Kept = KeptLong
	case w.head && enveloped:
		w.drops = dropBody
		w.Header = append(w.Header, dialect.HeaderField{Name: "Content-Type", Value: payloadType(w.res.Header)})
	case w.head:
		w.drops = dropLength // of a body that a GET could alter
	}
}

// replace writes a body in the place of the upstream's.
func (w *writing) replace(data dialect.Payload) {
	m := w.encode(data)
	w.Header, w.Body, w.Replaced, w.drops = m.Header, m.Body, true, dropBody
	if w.res.Status == 416 && w.Status == w.res.Status {
		w.drops = dropBodyButRange // it says how long the document is (RFC 9110, 15.5.17)
	}
	switch w.Status {
	case 204, 304: // these have no body (RFC 9110, 6.4.1)
		w.Body = nil
		return
	case 205: // nor has this, and says so (RFC 9110, 15.3.6)
		w.Body = nil
		w.Header = slices.DeleteFunc(slices.Clone(w.Header), isContentType)
	}
	if w.head {
		w.Body = nil // and no length, which only the body could tell
		return
	}
	w.Header = append(w.Header[:len(w.Header):len(w.Header)], dialect.HeaderField{Name: "Content-Length", Value: strconv.Itoa(len(w.Body))})
}

// restate says by status and header what a success is whose body is passed on, with its
// records in it.
func (w *writing) restate() {
	if w.Outcome.Kind == parlance.KindSuccess {
		return
	}
	items := w.Outcome.Items
	w.Outcome.Items = nil
	m := w.encode(dialect.Payload{})
	w.Outcome.Items = items
	w.Header = slices.DeleteFunc(slices.Clone(m.Header), isContentType)
	if value(w.res.Header, "Content-Range") != "" {
		w.Status = w.res.Status // 206 is the only status that fits
	}
}

func isContentType(f dialect.HeaderField) bool { return f.Name == "Content-Type" }

// encode writes the Outcome in the callers' dialect. A dialect can name a status that no
// final response of HTTP can have. It becomes 500, and is a Loss.
func (w *writing) encode(data dialect.Payload) dialect.Encoded {
	m := w.t.to.Encode(nil, w.req, w.Outcome, data)
	w.Losses = m.Losses
	if w.Status = m.Status; m.Status < 200 || m.Status > 999 {
		w.Status = 500
		w.Losses = append(slices.Clone(m.Losses), parlance.Loss{Attribute: "status", Reason: "no response of HTTP can have the status " + strconv.Itoa(m.Status)})
	}
	return m
}
