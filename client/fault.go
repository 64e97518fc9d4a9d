package client

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/errtext"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// failed is the Outcome of an attempt without a response, and why it failed, for
// people; "" if the Decision tells. It finds faults of the request, which the error
// alone does not prove.
func (x *exchange) failed(req *http.Request, err error) (parlance.Outcome, string) {
	body := bodyFault(req, err)
	if x.Err() != nil {
		return x.ended(err, body)
	}
	if body != "" {
		return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonBody}, body
	}
	if malformed, why := requestFault(req, err); malformed {
		return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonNotSent}, why
	}
	if noHTTP2(req, err) {
		return parlance.Outcome{Kind: parlance.KindBadGateway, Reason: parlance.ReasonMalformed}, "the server does not speak HTTP/2 at this address, or closed the new connection at once"
	}
	if routeless(req, err) {
		return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonUnroutable}, ""
	}
	return httpdialect.NoResponse(err), httpdialect.Why(err)
}

// ended is failed for a request whose context has ended. The body or the connection may
// then break because nobody waits any more. body says what is wrong with the body.
func (x *exchange) ended(err error, body string) (parlance.Outcome, string) {
	o := httpdialect.NoResponse(err)
	switch {
	case body == "" && o.Reason != parlance.ReasonReset:
		return o, httpdialect.Why(err)
	case !x.timeUp():
		return httpdialect.NoResponse(context.Canceled), ""
	case body == "":
		return httpdialect.NoResponse(context.DeadlineExceeded), ""
	}
	return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonBody}, body
}

// timeUp reports that the context has ended by its deadline.
func (x *exchange) timeUp() bool {
	return errors.Is(x.Err(), context.DeadlineExceeded) || errors.Is(context.Cause(x), context.DeadlineExceeded)
}

// lengthTexts begin the errors of net/http about the length of a body, which it
// finds first if the body is a file, or too long for HTTP/2.
var lengthTexts = []string{"http: ContentLength=", "http2: request body larger than"}

// bodyFault says what is wrong with the caller's own body; "" for nothing.
func bodyFault(req *http.Request, err error) string {
	var (
		body *bodyError
		file *fs.PathError
	)
	switch {
	case errors.As(err, &body):
		return body.why
	case errors.As(err, &file) && file.Op == "read":
		return bodyUnread
	case errtext.Begins(err, lengthTexts...):
		return bodyLength("longer or shorter", req.ContentLength)
	}
	return ""
}

// requestTexts begin the errors of net/http about the request itself.
var requestTexts = []string{
	"unsupported protocol scheme", "http: invalid Host header", "http2: invalid ", "http: Request.ContentLength=",
	"net/http: can't write control character", "net/http: invalid ", "invalid Host header", "invalid request :path",
	"http: Request.RequestURI ",
}

// requestFault reports that a request was refused before anything was sent, because
// it is malformed. It is called only if there is an error.
func requestFault(req *http.Request, err error) (malformed bool, why string) {
	if req.URL.Host == "" || !httpheader.IsToken(methodOf(req)) || errtext.Begins(err, requestTexts...) {
		return true, ""
	}
	if address := (*net.AddrError)(nil); errors.As(err, &address) {
		return true, "the host of the URL is not an address (" + address.Err + "): nothing was sent"
	}
	for name, values := range req.Header {
		if !httpheader.IsToken(name) || slices.ContainsFunc(values, func(v string) bool { return !httpheader.IsValue(v) }) {
			return true, ""
		}
	}
	return false, ""
}

// noHTTP2 reports that a server ended a new connection before it took a request of
// HTTP/2 that was not agreed on by TLS. If the request is sent while the server refuses,
// net/http has another error, which the error alone tells.
func noHTTP2(req *http.Request, err error) bool {
	return req.URL.Scheme == "http" && errtext.Begins(err, "http2: client conn could not be established")
}

// routeless reports a URL with an address of a host without a route. A name may lead to
// another address at a retry, and so counts as a server that cannot be reached.
func routeless(req *http.Request, err error) bool {
	_, noAddress := netip.ParseAddr(req.URL.Hostname())
	return noAddress == nil && errors.Is(err, syscall.EHOSTUNREACH)
}

// errProxyAuth is the error that net/http has if such a response comes instead of a tunnel.
var errProxyAuth = errors.New(http.StatusText(http.StatusProxyAuthRequired))

// ofProxy reports a response of a proxy that wants a credential (RFC 9110, 15.5.8).
// It says nothing in the dialect of the server, which got no request.
func ofProxy(resp *http.Response) bool {
	return resp.StatusCode == http.StatusProxyAuthRequired && len(resp.Header["Proxy-Authenticate"]) > 0
}
