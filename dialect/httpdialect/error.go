package httpdialect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"syscall"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/errtext"
	"github.com/parlance-api/parlance/internal/httpheader"
)

// NoResponse is the Outcome of a request that a transport failed without a response. It
// has no status, and its Reason says what happened. Its kind is unavailable or timeout, or
// bad_gateway if the server sent something that is no response. An error that is not known
// counts as a connection that broke.
//
// [parlance.Reason.NoEffect] tells whether the request can have had an effect, and
// [parlance.Reason.Local] whether the cause is on the caller's own side.
func NoResponse(err error) parlance.Outcome {
	c := causeOf(err)
	return parlance.Outcome{Kind: c.kind, Reason: c.reason}
}

// Why says for people why no response came, if the error tells more than the Reason of
// [NoResponse]; else it is "".
func Why(err error) string { return causeOf(err).why }

// cause is why no response came.
type cause struct {
	kind   parlance.Kind
	reason parlance.Reason
	why    string // for people; "" if the reason tells all
}

func unavailable(reason parlance.Reason, why string) cause {
	return cause{parlance.KindUnavailable, reason, why}
}

// causeOf finds the cause of an error of a transport. net/http has no type for most of its
// errors, so their texts count.
func causeOf(err error) cause {
	if errors.Is(err, context.Canceled) {
		return unavailable(parlance.ReasonCanceled, "")
	}
	if errors.As(err, new(*net.DNSError)) { // in time or not: nothing was sent
		return unavailable(parlance.ReasonDNS, "")
	}
	for _, find := range [...]func(error) cause{ofTLS, ofProxy, ofDial} {
		if c := find(err); c.kind != 0 {
			return c
		}
	}
	if timeout := interface{ Timeout() bool }(nil); errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return cause{kind: parlance.KindTimeout, reason: parlance.ReasonDeadline}
	}
	return ofText(err)
}

// alerts are the errors by which a server refuses a handshake (RFC 8446, 6.2). All other
// alerts may come later, when the request has been read.
var alerts = map[string]string{
	"tls: certificate required":            "the server wants a client certificate, and got none",
	"tls: bad certificate":                 "the server wants a client certificate, or refused the one that it got",
	"tls: unsupported certificate":         "the server does not support the client certificate",
	"tls: revoked certificate":             "the client certificate is revoked",
	"tls: expired certificate":             "the client certificate has expired",
	"tls: unknown certificate":             "the server refused the client certificate",
	"tls: unknown certificate authority":   "the server does not know the authority of the client certificate",
	"tls: access denied":                   "the client certificate gives no access",
	"tls: handshake failure":               "the server wants a client certificate, or speaks other versions or ciphers of TLS",
	"tls: protocol version not supported":  "the server speaks other versions of TLS",
	"tls: insufficient security level":     "the server wants stronger ciphers",
	"tls: inappropriate fallback":          "the server speaks a newer version of TLS",
	"tls: missing extension":               "the server misses an extension of TLS",
	"tls: unsupported extension":           "the server does not support an extension of TLS",
	"tls: unrecognized name":               "the server does not know the name of the host",
	"tls: no application protocol":         "the server does not speak the protocol that was asked for, such as HTTP/2",
	"tls: unknown PSK identity":            "the server does not know the shared key",
	"tls: encrypted client hello required": "the server wants an encrypted client hello",
}

// ofTLS finds a handshake that failed.
func ofTLS(err error) cause {
	why := tlsWords(err)
	if why == "" {
		return cause{}
	}
	return unavailable(parlance.ReasonTLS, why+": nothing was sent")
}

func tlsWords(err error) string {
	var (
		op        *net.OpError
		record    tls.RecordHeaderError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	// A record error has its connection only if the first record was not TLS: later
	// ones may come after the request was read.
	case errors.As(err, &record) && record.Conn != nil:
		return "the server does not speak TLS at this address; check the port, or whether the URL begins with http"
	case errors.As(err, &authority):
		return "this machine does not know the authority of the server's certificate"
	case errors.As(err, &host):
		return "the server's certificate is not for the name " + host.Host
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet; check this machine's clock, too"
	case errors.As(err, &cert):
		return "the server's certificate is not valid"
	case errors.As(err, &op) && op.Op == "remote error":
		return alerts[op.Err.Error()]
	// An alert record of TLS: type 21, version 3 (RFC 8446, 5.1).
	case errtext.Begins(err, `malformed HTTP response "\x15\x03`):
		return "the server speaks TLS at this address; the URL has to begin with https"
	}
	return ""
}

// ofProxy finds a proxy that did not connect (RFC 9110, 9.3.6; RFC 1928). net/http gives no
// more of the response of an HTTP proxy than the text behind the status.
func ofProxy(err error) cause {
	var op *net.OpError
	text, socks := err.Error(), false
	if errors.As(err, &op) && strings.HasPrefix(op.Op, "socks ") {
		text, socks = strings.TrimPrefix(op.Err.Error(), "unknown error "), true
	}
	has := func(part string) bool { return socks && strings.Contains(text, part) }
	switch {
	case errtext.Begins(err, http.StatusText(http.StatusProxyAuthRequired)), has("authentication"):
		return unavailable(parlance.ReasonProxy, "the proxy wants a user and a password, or others than it got: nothing was sent to the server")
	case slices.Contains(proxyRefuses, text), has("not allowed"), has("not supported"):
		return unavailable(parlance.ReasonProxy, "the proxy refused to connect to the server ("+text+"): nothing was sent to it")
	case slices.Contains(proxyFails, text), socks && !op.Timeout():
		return unavailable(parlance.ReasonRefused, "the proxy could not connect to the server ("+text+"): nothing was sent to it")
	}
	return cause{}
}

// The texts of the statuses with which a proxy refuses for good, or fails to reach a server.
var (
	proxyRefuses = []string{
		http.StatusText(http.StatusBadRequest), http.StatusText(http.StatusUnauthorized), http.StatusText(http.StatusForbidden),
		http.StatusText(http.StatusNotFound), http.StatusText(http.StatusMethodNotAllowed),
	}
	proxyFails = []string{
		http.StatusText(http.StatusInternalServerError), http.StatusText(http.StatusBadGateway),
		http.StatusText(http.StatusServiceUnavailable), http.StatusText(http.StatusGatewayTimeout),
	}
)

// Errors of a connection that this machine could not begin.
var (
	unroutable = []syscall.Errno{syscall.ENETUNREACH, syscall.EINVAL, syscall.EAFNOSUPPORT, syscall.EACCES, syscall.EPERM}
	exhausted  = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL}
)

// ofDial finds a connection that could not be made.
func ofDial(err error) cause {
	var (
		op *net.OpError
		no syscall.Errno
	)
	dials := errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
	switch errors.As(err, &no); {
	case dials && slices.Contains(unroutable, no):
		return unavailable(parlance.ReasonUnroutable, "this machine has no route to the address ("+no.Error()+"): nothing was sent; check the address and the network")
	case dials && slices.Contains(exhausted, no):
		return unavailable(parlance.ReasonNotSent, "this machine has no free file or port for a connection ("+no.Error()+"): nothing was sent")
	case dials && op.Op == "proxyconnect" && !op.Timeout():
		return unavailable(parlance.ReasonNotSent, "the proxy cannot be reached: nothing was sent")
	case no == syscall.ECONNREFUSED, dials && !op.Timeout():
		return unavailable(parlance.ReasonRefused, "")
	}
	return cause{}
}

// The beginnings of net/http's errors about what a server sent, or did not process.
var (
	unprocessed = []string{ // RFC 9113, 8.7
		"http2: Transport received Server's graceful shutdown GOAWAY", "http2: Transport received GOAWAY from server ErrCode:",
		"http2: Transport: cannot retry err [http2: Transport received Server's graceful shutdown GOAWAY",
		"http2: client conn not usable", "http2: client conn could not be established", "http2: no cached connection was available",
	}
	streamErrors = []string{"stream error: stream ID ", "http2: Transport: cannot retry err [stream error: stream ID "}
	noHTTP2      = []string{"http2: frame too large", "http2: failed reading the frame payload: http2: frame too large"}
	longHeader   = []string{"net/http: server response headers exceeded ", "header list too large", "http2: response header list larger"}
	malformed    = []string{
		"malformed HTTP ", "malformed chunked encoding", "malformed response from server", "bad Content-Length ",
		"http: message cannot contain multiple Content-Length", "unsupported transfer encoding", "too many transfer encodings",
		"invalid byte in chunk length", "empty hex number for chunk length", "http chunk length too large", "chunked encoding contains too much",
		"chunked line ends with bare LF", "invalid CR in chunked line", "gzip: invalid ", "http: suspiciously long trailer",
		"connection error: PROTOCOL_ERROR", "connection error: FRAME_SIZE_ERROR", "connection error: COMPRESSION_ERROR", "connection error: FLOW_CONTROL_ERROR",
	}
)

// ofText finds an error about what the server sent. Any other is a connection that broke.
func ofText(err error) cause {
	broken := func(why string) cause {
		return cause{parlance.KindBadGateway, parlance.ReasonMalformed, why + ": what was done is unknown"}
	}
	switch {
	case errtext.Begins(err, unprocessed...), errtext.Begins(err, streamErrors...) && strings.Contains(err.Error(), "; REFUSED_STREAM"):
		return unavailable(parlance.ReasonNotProcessed, "")
	case errtext.Begins(err, noHTTP2...):
		return broken("the server does not speak HTTP/2 at this address")
	case errtext.Begins(err, longHeader...):
		return broken("the header of the response is longer than allowed (http.Transport.MaxResponseHeaderBytes)")
	case errtext.Begins(err, malformed...), malformedField(err), errtext.Begins(err, streamErrors...) && ourProtocolError(err):
		return broken("the response is not valid HTTP")
	}
	return unavailable(parlance.ReasonReset, "")
}

// malformedField reports a field that is no field. A name without a colon may be one
// whose rest did not come: the connection broke.
func malformedField(err error) bool {
	var field textproto.ProtocolError
	if !errors.As(err, &field) {
		return false
	}
	name, ok := strings.CutPrefix(string(field), "malformed MIME header: missing colon: ")
	return !ok || !httpheader.IsToken(strings.Trim(name, `"`))
}

// ourProtocolError reports a stream that the client itself ended because of what it read.
func ourProtocolError(err error) bool {
	return strings.Contains(err.Error(), "; PROTOCOL_ERROR; ") && !strings.HasSuffix(err.Error(), "received from peer")
}
