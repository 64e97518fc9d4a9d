package httpdialect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"

	"github.com/parlance-api/parlance"
)

// NoResponse is the Outcome of a request that a transport failed without a response. Its
// kind is unavailable or timeout, it has no status, and its Reason says what happened.
// [parlance.Reason.NoEffect] tells whether the request can have had an effect. An error
// that is not known counts as a connection that broke.
func NoResponse(err error) parlance.Outcome {
	var (
		dns       *net.DNSError
		op        *net.OpError
		record    tls.RecordHeaderError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		timeout   interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, context.Canceled):
		return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonCanceled}
	case errors.As(err, &dns):
		// A name that could not be resolved, in time or not: nothing was sent.
		return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonDNS}
	// A record error has its connection only if the first record was not TLS:
	// later ones may come after the request was read.
	case errors.As(err, &record) && record.Conn != nil, errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &host):
		return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonTLS}
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &op) && op.Op == "dial" && !op.Timeout():
		return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonRefused}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return parlance.Outcome{Kind: parlance.KindTimeout, Reason: parlance.ReasonDeadline}
	}
	return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonReset}
}
