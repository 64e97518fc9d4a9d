package tokensource

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
)

// with is the context by which oauth2 finds its client. That client follows no
// redirect, which would carry the secret to another URL (RFC 9700, 4.12).
func with(ctx context.Context, hc *http.Client) context.Context {
	if hc == nil {
		hc = http.DefaultClient
	}
	direct := *hc
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return context.WithValue(ctx, oauth2.HTTPClient, &direct)
}

// once is a client that sends a refresh token a second time only if the first was
// refused for how the client named itself. oauth2 sends all of it again after any
// failure, to find out how the endpoint wants client_id and client_secret
// (Endpoint.AuthStyle). An endpoint that replaces refresh tokens takes the second
// for a theft, and revokes them all (RFC 9700, 4.14.2).
func once(hc *http.Client) *http.Client {
	if hc == nil {
		hc = http.DefaultClient
	}
	careful := *hc
	careful.Transport = &single{base: hc.Transport}
	return &careful
}

type single struct {
	base http.RoundTripper
	err  error // why nothing more is sent
}

// RoundTrip is called by one goroutine, one request after the other.
func (s *single) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.err != nil {
		return nil, s.err
	}
	base := s.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	switch {
	case err != nil:
		s.err = err
	case resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusUnauthorized: // RFC 6749, 5.2
		s.err = fmt.Errorf("tokensource: the token endpoint responded with %d; the refresh token is not sent again, since it may have been replaced", resp.StatusCode)
	}
	return resp, err
}
