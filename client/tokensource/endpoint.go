package tokensource

import (
	"bytes"
	"context"
	"io"
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
	last *http.Response // it comes again instead of a second request; nil for none
	body []byte
	err  error
}

// RoundTrip is called by one goroutine, one request after the other.
func (s *single) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case s.err != nil:
		return nil, s.err
	case s.last != nil:
		return s.again(), nil
	}
	base := s.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		s.err = err
		return nil, err
	}
	if resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusUnauthorized { // RFC 6749, 5.2
		return resp, nil
	}
	defer resp.Body.Close()
	if s.body, s.err = io.ReadAll(io.LimitReader(resp.Body, maxBody)); s.err != nil {
		return nil, s.err
	}
	s.last = resp
	return s.again(), nil
}

// maxBody is as much as oauth2 reads.
const maxBody = 1 << 20

func (s *single) again() *http.Response {
	resp := *s.last
	resp.Body = io.NopCloser(bytes.NewReader(s.body))
	return &resp
}
