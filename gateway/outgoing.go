package gateway

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/dialect"
)

// prepare makes the request to the upstream of the caller's. The two share values of the
// header, which nobody changes.
func (g *Gateway) prepare(x *exchange, r *http.Request) {
	x.trace.Got1xxResponse = x.passInterim
	x.out, x.target = *r.WithContext(httptrace.WithClientTrace(x, &x.trace)), *r.URL
	out := &x.out
	out.URL, out.Close, out.Trailer = &x.target, false, r.Trailer.Clone()
	(&httputil.ProxyRequest{In: r, Out: out}).SetURL(g.config.Upstream)
	switch {
	case x.asked.Body != nil:
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.asked.Body)), nil }
		out.Body, _ = out.GetBody()
	case x.streams:
		x.body.ReadCloser = r.Body
		out.Body = &x.body
	default:
		out.Body = nil
	}
	out.Header = g.header(x, r)
}

// header makes the header of the request to the upstream.
func (g *Gateway) header(x *exchange, r *http.Request) http.Header {
	h := make(http.Header, len(r.Header)+5)
	addEndToEnd(h, r.Header)
	if hasToken(r.Header["Te"], "trailers") {
		h["Te"] = x.value("trailers")
	}
	if x.upgrade = upgradeOf(r.Header); x.upgrade != "" {
		h["Connection"], h["Upgrade"] = x.value("Upgrade"), x.value(x.upgrade)
	}
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = x.value("") // or net/http would put its own
	}
	g.setForwarded(x, r, h)
	if moves(r) {
		g.address.setDestination(h)
	}
	// RFC 9110, 7.6.3: so that whoever follows a request sees where it went.
	if before := h["Via"]; len(before) > 0 {
		h["Via"] = append(slices.Clip(before), via(r.Proto))
	} else {
		h["Via"] = x.value(via(r.Proto))
	}
	if x.asked.Body != nil {
		delete(h, "Expect") // the body is here: the caller was told to go on
	}
	g.form.Request(x.asked, dialect.HeaderMap(h))
	return h
}

// via is the gateway in a Via field. proto is the protocol of the caller.
func via(proto string) string {
	if proto == "HTTP/1.1" {
		return "1.1 parlance" // as most requests have it, without an allocation
	}
	return strings.TrimPrefix(proto, "HTTP/") + " parlance"
}

// value is a field's only value, in the memory of the exchange if there is room.
func (x *exchange) value(text string) []string {
	if int(x.taken) == len(x.texts) {
		return []string{text}
	}
	x.texts[x.taken] = text
	x.taken++
	return x.texts[x.taken-1 : x.taken : x.taken]
}
