package mock

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// success is the response to a request without a wish for a meaning: a success, or a
// refusal of what the document does not have.
func (m *Mock) success(h http.Header, r *http.Request, w *Wish) *response {
	res := m.newResponse(r)
	res.outcome.Kind, res.outcome.Status = parlance.KindSuccess, http.StatusOK
	if m.document != nil {
		m.asDocumented(h, r, res)
	}
	m.finish(h, r, res, w)
	return res
}

// asDocumented gives a response the status that the document has for the request.
func (m *Mock) asDocumented(h http.Header, r *http.Request, res *response) {
	status := m.document.Status(r.Method, r.URL.Path)
	if o, ok := m.outcomes.For(res.request, strconv.Itoa(status)); ok {
		res.outcome = o
	} else {
		res.outcome.Status = status
	}
	switch status {
	case http.StatusNotFound:
		res.outcome.Detail = "The document has no path that fits " + r.URL.Path
	case http.StatusMethodNotAllowed:
		res.outcome.Detail = "The document has no " + r.Method + " of " + r.URL.Path
	}
	m.complete(h, r, res)
	if h.Get("Allow") != "" {
		h.Set("Allow", strings.Join(m.document.Methods(r.URL.Path), ", "))
	}
}

// addPayload adds the payload of a success: the documented one, else an empty object. A
// name of an example that there is none of makes a refusal of the response.
func (m *Mock) addPayload(res *response, w *Wish) {
	o := &res.outcome
	if o.Kind.Failing() || o.Kind == parlance.KindEmpty || o.Status == http.StatusNoContent || o.Status == http.StatusResetContent || len(o.Items) > 0 {
		return
	}
	if m.document == nil {
		res.data = m.emptyOf(res)
		return
	}
	status, _ := m.dialect.StatusFor(res.request, o, dialect.Payload{})
	data, known := m.document.Payload(res.request, status, w.Example, w.Dynamic)
	switch {
	case known:
		res.data = m.unwrapped(res.request, status, data)
	case w.Example != "":
		res.refuse(unknown("example", "examples", w.Example, m.document.Examples(res.request, status)))
	default:
		res.data = m.emptyOf(res)
	}
}

// unwrapped is a documented body without the envelope of the dialect, which writes its own.
func (m *Mock) unwrapped(req dialect.Request, status int, data dialect.Payload) dialect.Payload {
	h := dialect.HeaderMap{"Content-Type": {data.ContentType}}
	read := m.dialect.Decode(req, dialect.Response{Status: status, Header: h, Body: data.Body})
	if read.Enveloped && read.Data != nil {
		data.Body = read.Data
	}
	return data
}

// emptyOf is the payload of a success of which nothing is known: an empty object. It is
// nothing if the dialect writes no JSON, or reads that otherwise or with a complaint.
func (m *Mock) emptyOf(res *response) dialect.Payload {
	key := empty{res.outcome.Kind, res.outcome.Status, res.request.Method}
	if known, ok := m.empties.Load(key); ok {
		return known.(dialect.Payload)
	}
	o := parlance.Outcome{Kind: key.kind, Status: key.status}
	data := dialect.Payload{ContentType: "application/json", Body: []byte("{}")}
	written := m.dialect.Encode(nil, res.request, &o, data)
	h := dialect.HeaderMap{}
	h.Set(written.Header)
	read := m.dialect.Decode(res.request, dialect.Response{Status: written.Status, Header: h, Body: written.Body})
	if read.Outcome.Kind != key.kind || len(read.Diagnostics) > 0 || !json.Valid(written.Body) {
		data = dialect.Payload{}
	}
	if slices.Contains(methods, key.method) { // so that strangers cannot fill the memory
		m.empties.Store(key, data)
	}
	return data
}

// methods are those that APIs have.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// empty is a success without a documented payload.
type empty struct {
	kind   parlance.Kind
	status int
	method string
}
