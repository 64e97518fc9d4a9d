package mock

import (
	"encoding/json"
	"net/http"
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

// emptyOf is the payload of a success of which nothing is known: an empty object. If the
// dialect reads that otherwise or with a complaint, it is the body of the first success among
// the samples of the file that is one here. It is nothing if the dialect writes no JSON.
func (m *Mock) emptyOf(res *response) dialect.Payload {
	o := parlance.Outcome{Kind: res.outcome.Kind, Status: res.outcome.Status}
	for _, body := range m.successes() {
		data := dialect.Payload{ContentType: "application/json", Body: body}
		written := m.dialect.Encode(nil, res.request, &o, data)
		h := dialect.HeaderMap{}
		h.Set(written.Header)
		read := m.dialect.Decode(res.request, dialect.Response{Status: written.Status, Header: h, Body: written.Body})
		if read.Outcome.Kind == o.Kind && len(read.Diagnostics) == 0 && json.Valid(written.Body) {
			return data
		}
	}
	return dialect.Payload{}
}

// findSuccesses are an empty object and the bodies of successes among the samples of the file.
func (m *Mock) findSuccesses() [][]byte {
	all := [][]byte{[]byte("{}")}
	for _, c := range m.samples() {
		if c.Outcome["kind"] == parlance.KindSuccess.String() && c.Outcome["items"] == nil && json.Valid(c.Response.Body) {
			all = append(all, c.Response.Body)
		}
	}
	return all
}
