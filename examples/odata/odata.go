// Package odata reads and writes the multipart responses of an OData batch. It is
// an Extension of the dialect in odata.yaml, for a body with a form that no shape
// has.
//
// Other OData responses are HTTP with JSON, so the file is enough. The response
// to POST $batch is a 200 with multipart/mixed. Its parts are application/http
// responses, or change sets, which are multipart/mixed again. Sources:
//
//   - OData 4.01, Part 1: Protocol, 11.7 (batch requests) and 11.7.7 (the
//     multipart format, its processing, and its responses)
//   - RFC 2046, 5.1 (multipart)
//
// The dialect reads each part into an Item, so a code means the same in a batch
// and outside. [Parts] has the payloads of the parts that succeeded, since an
// Item holds none.
//
// There may be fewer Items than requests, and the response does not say which are
// missing. A batch stops at its first failure unless the request has the
// preference continue-on-error. A failed change set is one response for all of
// its requests. So give each request a Content-ID.
//
// The response to an asynchronous batch (11.7.7.7) is read if it comes from
// $batch itself, not from a monitor. A caller that wants parts sends Accept:
// multipart/mixed. The JSON form of a batch is data for the file.
package odata

import (
	_ "embed"
	"mime"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

//go:embed odata.yaml
var file []byte

// Open compiles the dialect, its Extension in it.
func Open() (*dialect.Dialect, error) {
	d, err := dialect.Compile("odata.yaml", file)
	if err != nil {
		return nil, err
	}
	return d.With(Batch{}), nil
}

// Batch is the Extension that reads and writes multipart batches. The zero value
// is ready, and keeps nothing.
type Batch struct{}

var _ dialect.Extension = Batch{}

// Concerns reports a multipart response to POST $batch. Before version 4 the
// status of a batch was 202 ([MS-ODATA], 2.2.7.6.6).
func (Batch) Concerns(req dialect.Request, status int, header dialect.Header) bool {
	return isBatch(req) && (status == 200 || status == 202) && isMultipart(first(header, "Content-Type"))
}

// isBatch reports that a request has a response in parts. A part's own request is
// another one, so that nothing that stands in a part comes here again.
func isBatch(req dialect.Request) bool {
	return req.Method == "POST" && strings.HasSuffix(req.Path, "/$batch")
}

// first is the first value of a field, "" where there is none.
func first(header dialect.Header, name string) string {
	if header == nil {
		return ""
	}
	if values := header.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func isMultipart(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), mixed)
}

// maxNotes is how many complaints one batch is worth; Parts has them all.
const maxNotes = 20

const (
	mixed       = "multipart/mixed"
	application = "application/http"
)

// Read makes an Item of each part. A part that cannot be read becomes a
// Diagnostic, and its meaning is unknown. The whole is then neither a success nor
// a failure of all parts.
func (Batch) Read(d *dialect.Dialect, req dialect.Request, res dialect.Response, r *dialect.Decoded) {
	body, cut := res.Body, res.Cut
	if len(body) > dialect.MaxBody {
		body, cut = body[:dialect.MaxBody], true
	}
	parts, faults := Parts(first(res.Header, "Content-Type"), body)
	if cut && len(faults) > 0 {
		faults = slices.Insert(faults, 0, warning("cut_body", "only the first %d bytes of the batch were read", len(body)))
	}
	r.Diagnostics = faults // the file's complaint was of the form, which is ours
	items := make([]parlance.Item, len(parts))
	for i, p := range parts {
		inner := d.Decode(dialect.Request{Now: req.Now}, dialect.Response{Status: p.Status, Header: p.Header, Body: p.Body, Received: res.Received})
		items[i] = parlance.Item{Index: p.Index, ID: p.ID, Outcome: inner.Outcome}
		for _, fault := range inner.Diagnostics {
			fault.Message = place(p.Index) + fault.Message
			r.Diagnostics = append(r.Diagnostics, fault)
		}
	}
	r.Diagnostics = r.Diagnostics[:min(len(r.Diagnostics), maxNotes)]
	o := &r.Outcome
	o.Items = items
	o.Kind, o.Reason = whole(items, len(faults) > 0)
	o.Title, o.Help = "", "" // were those of a plain 200
}

// whole is what a batch comes to by its parts, some of which could not be read.
func whole(items []parlance.Item, unread bool) (parlance.Kind, parlance.Reason) {
	kind, reason := parlance.RollUp(items)
	switch {
	case kind.Failing() && unread:
		return parlance.KindPartial, ""
	case kind != parlance.KindSuccess:
		return kind, reason
	case unread:
		return parlance.KindNoted, ""
	}
	for i := range items {
		switch items[i].Outcome.Kind {
		case parlance.KindNoted:
			return parlance.KindNoted, ""
		case parlance.KindAccepted:
			kind = parlance.KindAccepted // the rest goes on in the background (11.7.7.6)
		}
	}
	return kind, ""
}

// parameters are those of a content type; nil where it cannot be read.
func parameters(contentType string) map[string]string {
	_, p, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	return p
}
