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
	raw     *dialect.Response // a recorded response, which is sent as it is; nil for none
}

// buffers are for the bodies of responses.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxBuffer bounds, in bytes, what is kept for the next response.
const maxBuffer = 64 << 10

// send writes a response in the dialect, under an ID of its own, and tells of it.
func (m *Mock) send(w http.ResponseWriter, r *http.Request, res *response, why string) {
	began := time.Now()
	if res.raw != nil {
		status := sendRaw(w, res.raw)
		m.tell(r, Given{At: began, Status: status, Outcome: res.outcome, Why: why})
		return
	}
	buffer := buffers.Get().(*[]byte)
	res.outcome.RequestID = activity.NewID()
	written := m.write((*buffer)[:0], r, res)
	h := w.Header()
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
	filled := *o
	if filled.Instance == "" {
		filled.Instance = "/" + strings.TrimLeft(r.URL.EscapedPath(), "/")
	}
	if filled.Title == "" {
		_, filled.Title = m.dialect.StatusFor(res.request, o, res.data)
	}
	written := m.dialect.Encode(dst, res.request, &filled, res.data)
	if lost(written.Losses, "code", "kind", "reason") {
		written = m.dialect.Encode(dst, res.request, o, res.data)
	}
	return written
}

// lost reports that one of the attributes is among the losses.
func lost(all []parlance.Loss, attributes ...string) bool {
	return slices.ContainsFunc(all, func(l parlance.Loss) bool { return slices.Contains(attributes, l.Attribute) })
}

// wished are the losses of what was asked for, and not of what a server fills in.
func wished(all []parlance.Loss) []parlance.Loss {
	if len(all) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(l parlance.Loss) bool {
		return slices.Contains([]string{"request_id", "instance", "title", "help", "type", "family"}, l.Attribute)
	})
}

// tell tells the page and the observer of a response to a request.
func (m *Mock) tell(r *http.Request, g Given) {
	g.Took, g.Method, g.Path = time.Since(g.At), r.Method, r.URL.Path
	m.publish(&g)
}

// publish tells the page and the observer of a response.
func (m *Mock) publish(g *Given) {
	m.journal.add(g)
	if m.observe != nil {
		m.observe(*g)
	}
}
