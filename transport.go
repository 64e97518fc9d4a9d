package parlance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"
)

// OutcomeOfTransport is the Outcome of a transport that failed without a
// response. Its kind is unavailable or timeout, it has no status, and its Reason
// says what happened. [Reason.NoEffect] tells whether the request can have had an
// effect.
func OutcomeOfTransport(err error) Outcome {
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
		return Outcome{Kind: KindUnavailable, Reason: ReasonCanceled}
	case errors.As(err, &dns):
		// A name that could not be resolved, in time or not: nothing was sent.
		return Outcome{Kind: KindUnavailable, Reason: ReasonDNS}
	// A record error has its connection only if the first record was not TLS:
	// later ones may come after the request was read.
	case errors.As(err, &record) && record.Conn != nil, errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &host):
		return Outcome{Kind: KindUnavailable, Reason: ReasonTLS}
	case errors.Is(err, syscall.ECONNREFUSED), errors.As(err, &op) && op.Op == "dial" && !op.Timeout():
		return Outcome{Kind: KindUnavailable, Reason: ReasonRefused}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return Outcome{Kind: KindTimeout, Reason: ReasonDeadline}
	}
	return Outcome{Kind: KindUnavailable, Reason: ReasonReset}
}

// NoEffect reports a transport reason that proves that the request had no effect,
// because it was never sent.
func (r Reason) NoEffect() bool {
	return r == ReasonRefused || r == ReasonDNS || r == ReasonTLS || r == ReasonNotSent
}
