package caddyparlance

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// dialing is Caddy's transport, with errors that say that no connection was made. Caddy hides
// the cause of such an error, so that only its text is left. A switch to a protocol that nobody
// asked for is an error, too.
type dialing struct{ http.RoundTripper }

// RoundTrip sends a request.
func (d dialing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols && !strings.EqualFold(r.Header.Get("Upgrade"), resp.Header.Get("Upgrade")) {
		_ = resp.Body.Close()
		return nil, errSwitched // Caddy would respond with an empty success
	}
	if err != nil && errors.As(err, new(reverseproxy.DialError)) {
		err = &dialError{err}
	}
	return resp, err
}

var errSwitched = errors.New("the upstream switches to a protocol that was not asked for")

// dialError is an error of Caddy's transport, and the one of package net that caused it.
type dialError struct{ error }

// Unwrap is both.
func (e *dialError) Unwrap() []error {
	cause := error(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect")})
	switch text := e.error.Error(); {
	case strings.Contains(text, "no such host"), strings.Contains(text, "server misbehaving"):
		cause = &net.DNSError{Err: "no such host", IsNotFound: true}
	case strings.Contains(text, "i/o timeout"), strings.Contains(text, "deadline exceeded"):
		cause = &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}
	}
	return []error{e.error, cause}
}
