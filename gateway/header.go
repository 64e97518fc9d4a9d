package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/httpheader"
	"github.com/parlance-api/parlance/server"
)

// description are the fields that describe a body, and go with it where it is
// replaced (RFC 9110, 8; RFC 9530).
var description = []string{
	"Accept-Ranges", "Content-Digest", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Location", "Content-Md5", "Content-Range", "Content-Type", "Digest", "Etag", "Last-Modified", "Repr-Digest",
	"Trailer", "Transfer-Encoding",
}

func dropDescription(h http.Header) {
	for _, name := range description {
		delete(h, name)
	}
}

// put sets the fields of a message, in place of others of their names. One that
// comes twice keeps both values.
func put(h http.Header, m dialect.Message) {
	for _, f := range m.Header {
		h.Del(f.Name)
	}
	for _, f := range m.Header {
		h.Add(f.Name, f.Value)
	}
	if m.Status != http.StatusNoContent && m.Status != http.StatusNotModified { // RFC 9110, 8.6
		h.Set("Content-Length", strconv.Itoa(len(m.Body)))
	}
}

// sign puts the activity id where the upstream put none of its own, and where the
// record of the request has that.
func (g *Gateway) sign(p *passage, h http.Header) {
	if p.recorded || h.Get(server.RequestIDHeader) == "" {
		h.Set(server.RequestIDHeader, p.id)
	}
}

// isJSON reports whether a body is declared as JSON.
func isJSON(h http.Header) bool {
	return httpheader.IsJSON(httpheader.MediaType(h.Get("Content-Type")))
}

// acceptsGzip reports whether an Accept-Encoding names gzip and does not refuse
// it (RFC 9110, 12.5.3).
func acceptsGzip(accept []string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(strings.Join(accept, ",")), ","), func(coding string) bool {
		name, weight, _ := strings.Cut(coding, ";")
		weight = strings.ReplaceAll(weight, " ", "")
		return strings.TrimSpace(name) == "gzip" && strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || strings.TrimSpace(coding) == "gzip"
	})
}
