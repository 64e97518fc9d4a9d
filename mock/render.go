package mock

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server"
)

// response is a response before the dialect writes it.
type response struct {
	request dialect.Request
	outcome parlance.Outcome
	data    dialect.Payload
	phrase  string            // the title of the status; "" if it was not looked up
	refused bool              // the wish cannot be granted
	raw     *dialect.Response // a recorded response, which is sent as it is; nil for none
}

// responses are memory for making one response after another.
var responses = sync.Pool{New: func() any { return new(response) }}

// newResponse is an empty response to a request.
func (m *Mock) newResponse(r *http.Request) *response {
	res := responses.Get().(*response)
	*res = response{request: received(m.dialect, r)}
	return res
}

// buffers are for the bodies of responses.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer bounds, in bytes, what is kept for the next response.
const maxBuffer = 64 << 10

// send writes a response in the dialect, under an ID of its own, and tells of it. The
// response is not to be used after it.
func (m *Mock) send(w http.ResponseWriter, r *http.Request, res *response, why string) {
	began := time.Now()
	defer responses.Put(res)
	if res.raw != nil {
		status := sendRaw(w, res.raw)
		m.tell(r, Given{At: began, Status: status, Outcome: res.outcome, Why: why})
		return
	}
	buffer := buffers.Get().(*[]byte)
	res.outcome.RequestID = activity.NewID()
	written := m.write((*buffer)[:0], r, res)
	h := w.Header()
	if res.refused && lost(written.Losses, "detail") { // who wished it has to learn why
		written.Body = append(written.Body[:0], res.outcome.Detail...)
		written.Header = append(written.Header, dialect.HeaderField{Name: "Content-Type", Value: "text/plain; charset=utf-8"})
	}
	if lost(written.Losses, "request_id") {
		h[server.RequestIDHeader] = []string{res.outcome.RequestID}
	}
	_ = httpdialect.Write(w, written) // an error here is a client that is gone
	if *buffer = written.Body; cap(*buffer) <= maxBuffer {
		buffers.Put(buffer)
	}
	m.tell(r, Given{At: began, Status: httpdialect.Status(written), Outcome: res.outcome, Why: why, Losses: wished(written.Losses)})
}

// write writes a response. A failure has a title and the path of the request, as a server
// fills them in, unless the dialect then writes another meaning.
func (m *Mock) write(dst []byte, r *http.Request, res *response) dialect.Encoded {
	o := &res.outcome
	if !o.Kind.Failing() {
		return m.dialect.Encode(dst, res.request, o, res.data)
	}
	title, instance := o.Title, o.Instance
	if o.Instance == "" {
		o.Instance = "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
	}
	if o.Title == "" && res.phrase == "" {
		_, res.phrase = m.dialect.StatusFor(res.request, o, res.data)
	}
	if o.Title == "" {
		o.Title = res.phrase
	}
	written := m.dialect.Encode(dst, res.request, o, res.data)
	if lost(written.Losses, "code", "kind", "reason") {
		o.Title, o.Instance = title, instance
		written = m.dialect.Encode(dst, res.request, o, res.data)
	}
	return written
}

// lost reports that one of the attributes is among the losses.
func lost(all []parlance.Loss, attributes ...string) bool {
	return slices.ContainsFunc(all, func(l parlance.Loss) bool { return slices.Contains(attributes, l.Attribute) })
}

// filledIn are the attributes that a server fills in.
var filledIn = []string{"request_id", "instance", "title", "help", "type", "family"}

// wished are the losses of what was asked for, and not of what a server fills in.
func wished(all []parlance.Loss) (left []parlance.Loss) {
	for _, l := range all {
		if !slices.Contains(filledIn, l.Attribute) {
			left = append(left, l)
		}
	}
	return left
}

// tell tells the page and the observer of a response to a request.
func (m *Mock) tell(r *http.Request, g Given) {
	g.Took, g.Method, g.Path = time.Since(g.At), r.Method, r.URL.Path
	if m.run != nil {
		g.broken(r.Context())
	}
	m.publish(&g)
}

// publish tells the page and the observer of a response.
func (m *Mock) publish(g *Given) {
	m.journal.add(g)
	if m.observe != nil {
		m.observe(*g)
	}
}
