package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// NewOAuth is a [Login] at an OAuth 2 token endpoint (RFC 6749, 4 and 6).
//
//   - first is the form of the first grant, such as grant_type=client_credentials
//     with its client_id and client_secret. A refresh sends the latter two again.
//     A grant that can be used only once, such as an authorization code, is not
//     sent again after it gave a token, nor if there is a refresh token.
//   - If first is empty, only the refresh token of [Login.Resume] is used. Once
//     it is spent, no token can be had.
//   - hc is http.DefaultClient if nil. It must not use the Transport that the
//     Login is for. If it uses another Transport, the dialect of that one reads
//     the endpoint's responses, too.
//
// A refresh token is spent if the endpoint says so: invalid_grant, GitHub's
// bad_refresh_token, or what the dialect reads as unauthenticated with the reason
// grant or spent. After any other failure it is kept, and the failure is the error.
// A 401 without an error code says nothing of the refresh token. The first grant
// then runs, unless it can be used only once.
func NewOAuth(hc *http.Client, endpoint string, first url.Values) *Login {
	if hc == nil {
		hc = http.DefaultClient
	}
	// A redirect would carry the secret to wherever it points (RFC 9700, 4.12).
	direct := *hc
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	hc = &direct
	o := &oauth{hc: hc, endpoint: endpoint, first: first}
	return NewLogin(o.logIn, o.refresh)
}

// oauth is a token endpoint and the first grant of a Login, which calls one of the
// methods at a time.
type oauth struct {
	hc       *http.Client
	endpoint string
	first    url.Values
	used     bool // the first grant can be used only once, and was
}

// Errors of a Login that only a person can help.
var (
	errNoGrant error = usedError("client: there is nothing to log in with but a refresh token")
	errUsed    error = usedError("client: the first grant can be used only once: the user has to log in again")
)

type usedError string

func (e usedError) Error() string        { return string(e) }
func (e usedError) Is(target error) bool { return target == ErrSpent }

// once reports that the first grant can be used only once (RFC 6749, 4.1.2, and RFC
// 8628, 3.4). A code that comes a second time revokes the tokens of the first.
func (o *oauth) once() bool {
	kind := o.first.Get("grant_type")
	return kind == "authorization_code" || strings.HasSuffix(kind, ":device_code")
}

func (o *oauth) logIn(ctx context.Context) (Grant, error) {
	switch {
	case len(o.first) == 0:
		return Grant{}, errNoGrant
	case o.used:
		return Grant{}, errUsed
	}
	grant, err := o.ask(ctx, o.first)
	o.used = o.once() && err == nil && grant.Token != ""
	return grant, err
}

func (o *oauth) refresh(ctx context.Context, refresh string) (Grant, error) {
	o.used = o.once() // it gave the refresh token
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	for _, name := range []string{"client_id", "client_secret"} {
		if o.first.Has(name) {
			form.Set(name, o.first.Get(name))
		}
	}
	grant, err := o.ask(ctx, form)
	var refused *TokenError
	if len(o.first) > 0 && !o.once() && errors.As(err, &refused) && refused.Status == http.StatusUnauthorized && refused.Code == "" {
		if anew, failed := o.ask(ctx, o.first); failed == nil {
			return anew, nil
		}
	}
	return grant, err
}

// TokenError is the response of a token endpoint that gave no token.
type TokenError struct {
	Status     int           // the HTTP status
	Code       string        // the error code (RFC 6749, 5.2), or the vendor's own; "" if there was none
	RetryAfter time.Duration // the wait that the endpoint asked for; 0 for none

	spent bool // by the dialect of the endpoint
}

// Error is the status and the code. It holds nothing of the request.
func (e *TokenError) Error() string {
	return fmt.Sprintf("client: the token endpoint responded with %d %.60q", e.Status, e.Code)
}

// Spent reports that the endpoint calls the refresh token, the code or the password
// no longer valid, so that only a new login helps.
func (e *TokenError) Spent() bool {
	return !e.passing() && (e.spent || e.Code == "invalid_grant" || e.Code == "bad_refresh_token")
}

// passing reports a status that says nothing of the request: of a proxy, or of a
// server that may give a token to the same request later.
func (e *TokenError) passing() bool {
	switch e.Status {
	case http.StatusProxyAuthRequired, http.StatusRequestTimeout, http.StatusMisdirectedRequest, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500
}

// maxTokenResponse is more than any token endpoint sends.
const maxTokenResponse = 64 << 10

// tokenResponse is what a token endpoint sends (RFC 6749, 5).
type tokenResponse struct {
	Token   string      `json:"access_token"`
	Refresh string      `json:"refresh_token"`
	Expires json.Number `json:"expires_in"` // seconds; some endpoints put it in quotes
	Error   tokenCode   `json:"error"`
}

// tokenCode is an error code. Some endpoints send an object in its place.
type tokenCode string

// UnmarshalJSON takes the code of an object, or "error" if it has none.
func (c *tokenCode) UnmarshalJSON(text []byte) error {
	var code string
	var object struct{ Code, Status, Type string }
	switch {
	case json.Unmarshal(text, &code) == nil:
	case string(text) == "false":
	default:
		_ = json.Unmarshal(text, &object) // what has another type says nothing
		code = cmp.Or(object.Code, object.Status, object.Type, "error")
	}
	*c = tokenCode(code)
	return nil
}

// ask posts a form to the token endpoint. Its errors hold the endpoint's error code
// and no part of the form.
func (o *oauth) ask(ctx context.Context, form url.Values) (Grant, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := o.hc.Do(req)
	if err != nil {
		return Grant{}, err
	}
	defer resp.Body.Close()
	var reply tokenResponse
	err = json.NewDecoder(io.LimitReader(resp.Body, maxTokenResponse)).Decode(&reply)
	refused := &TokenError{Status: resp.StatusCode, Code: string(reply.Error), RetryAfter: httpdialect.RetryAfter(resp)}
	if report, ok := ReportOf(resp); ok {
		refused.read(&report.Outcome)
	}
	switch {
	case refused.Spent():
		return Grant{}, fmt.Errorf("%w: %w", ErrSpent, refused)
	case refused.Code != "", resp.StatusCode < 200 || resp.StatusCode > 299:
		return Grant{}, refused
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

// read takes what the dialect of the endpoint says.
func (e *TokenError) read(o *parlance.Outcome) {
	if !o.Kind.Failing() {
		return
	}
	if e.Code == "" && o.Code != strconv.Itoa(o.Status) {
		e.Code = o.Code
	}
	e.spent = o.Kind == parlance.KindUnauthenticated && (o.Reason == parlance.ReasonGrant || o.Reason == parlance.ReasonSpent)
}
