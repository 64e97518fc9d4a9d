package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// NewOAuth is a [Login] at an OAuth 2 token endpoint (RFC 6749, 4 and 6).
//
//   - first is the form of the first grant, such as grant_type=client_credentials
//     with its client_id and client_secret. A refresh sends the latter two again.
//   - If first is empty, only the refresh token of [Login.Resume] is used. Once
//     it is spent, no token can be had.
//   - hc is http.DefaultClient if nil. It must not use the Transport that the
//     Login is for.
func NewOAuth(hc *http.Client, endpoint string, first url.Values) *Login {
	if hc == nil {
		hc = http.DefaultClient
	}
	// A redirect would carry the secret to wherever it points (RFC 9700, 4.12).
	direct := *hc
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	hc = &direct
	ask := func(ctx context.Context, form url.Values) (Grant, error) {
		return askToken(ctx, hc, endpoint, form)
	}
	return NewLogin(
		func(ctx context.Context) (Grant, error) {
			if len(first) == 0 {
				return Grant{}, errNoGrant
			}
			return ask(ctx, first)
		},
		func(ctx context.Context, refresh string) (Grant, error) {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
			for _, name := range []string{"client_id", "client_secret"} {
				if first.Has(name) {
					form.Set(name, first.Get(name))
				}
			}
			return ask(ctx, form)
		},
	)
}

// errNoGrant: only a refresh token was given, and it is spent.
var errNoGrant = errors.New("client: the refresh token is missing or spent, and there is nothing to log in with")

// TokenError is the response of a token endpoint that gave no token.
type TokenError struct {
	Status     int           // the HTTP status
	Code       string        // the error code of RFC 6749, 5.2; "" if there was none
	RetryAfter time.Duration // the wait that the endpoint asked for; 0 for none
}

// Error is the status and the code. It holds nothing of the request.
func (e *TokenError) Error() string {
	return fmt.Sprintf("client: the token endpoint responded with %d %.60q", e.Status, e.Code)
}

// maxTokenResponse is more than any token endpoint sends.
const maxTokenResponse = 64 << 10

// askToken posts a form to a token endpoint. Its errors hold the endpoint's
// error code and no part of the form.
func askToken(ctx context.Context, hc *http.Client, endpoint string, form url.Values) (Grant, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := hc.Do(req)
	if err != nil {
		return Grant{}, err
	}
	defer resp.Body.Close()
	var reply struct {
		Token   string      `json:"access_token"`
		Refresh string      `json:"refresh_token"`
		Expires json.Number `json:"expires_in"` // seconds; some endpoints put it in quotes
		Error   string      `json:"error"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, maxTokenResponse)).Decode(&reply)
	switch {
	case reply.Error == "invalid_grant", // RFC 6749, 5.2: also an expired or revoked refresh token
		form.Get("grant_type") == "refresh_token" && resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests:
		// Not every endpoint says it in the RFC's words: vision responds with 401 with a code of its own.
		return Grant{}, fmt.Errorf("%w: %w", ErrSpent, &TokenError{Status: resp.StatusCode, Code: reply.Error})
	case resp.StatusCode != http.StatusOK:
		return Grant{}, &TokenError{resp.StatusCode, reply.Error, httpdialect.RetryAfter(resp)}
	case err != nil:
		return Grant{}, fmt.Errorf("client: the response of the token endpoint is not JSON: %w", err)
	}
	grant := Grant{Token: reply.Token, Refresh: reply.Refresh}
	seconds, _ := reply.Expires.Float64() // what is no number says nothing
	if life := time.Duration(seconds * float64(time.Second)); life > 0 {
		grant.Expires = time.Now().Add(life)
	}
	return grant, nil
}
