package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Lifetimes of tokens, unless a TokenEndpoint sets others.
const (
	DefaultTokenLife   = 20 * time.Minute
	DefaultRefreshLife = 30 * 24 * time.Hour
)

// TokenEndpoint issues tokens (RFC 6749, 3.2), for a service that has no identity
// provider. The grants are client_credentials, password and refresh_token, from a form.
// Its tokens are opaque, and the Store keeps only their SHA-256. [Tokens] verifies
// them.
//
//	mux.Handle("POST /token", &auth.TokenEndpoint{Store: db.Tokens(), Clients: auth.Accounts{
//		"billing": {Secret: auth.HashKey(secret), Principal: server.Principal{ID: "billing"}},
//	}})
//
// All times are by the Store's clock. A token carries the second in which it expires.
// It is therefore reported as expired even after the Store has deleted it.
//
// A refresh token works once, and the response has the next one. If a used one is sent
// again, one of the two senders stole it. All tokens of its sign-in are then revoked
// (RFC 9700, 4.14.2).
//
// Refusals are Outcomes and are sent in the Server's dialect:
//
//   - unauthenticated/wrong_credential: a wrong client, user or refresh token.
//   - unauthenticated/spent: a refresh token that was used, has expired or was revoked.
//   - invalid/grant_type: a grant that the endpoint does not offer.
//   - invalid/scope: a scope that the caller does not have.
//   - invalid: any other fault of the form.
//
// Values that the client sent appear in no text and no log.
//
// It must not change while it serves.
type TokenEndpoint struct {
	Store   TokenStore
	Clients Verifier // of client_id and client_secret; nil asks for none, and disables client_credentials
	Users   Verifier // of username and password; nil disables password

	// Grants are the grants on offer, of the three. If nil, they are those that the
	// dialect lists (auth.grants), else client_credentials and refresh_token. The grant
	// password must be set explicitly; it should not be used any more (RFC 9700, 2.4).
	Grants []string

	Life        time.Duration // of an access token; 0 is DefaultTokenLife
	RefreshLife time.Duration // of a refresh token; 0 is DefaultRefreshLife

	// RefreshClients issues a refresh token for client_credentials too. Some APIs do
	// so, although the client could request a new token the same way (RFC 6749, 4.4.3).
	RefreshClients bool

	// Members returns members of the response besides those of RFC 6749, such as
	// [Stamps]; nil adds none.
	Members func(issued, expires time.Time) map[string]any

	// ByRFC sends responses as in RFC 6749 (5.1 and 5.2), without the dialect, for
	// clients that know only OAuth.
	ByRFC bool
}

// Stamps returns the members .issued and .expires. Endpoints made with ASP.NET have
// them, and so has Vision.
func Stamps(issued, expires time.Time) map[string]any {
	return map[string]any{
		".issued":  issued.UTC().Format(http.TimeFormat),
		".expires": expires.UTC().Format(http.TimeFormat),
	}
}

// maxForm is more than any request for a token needs, in bytes.
const maxForm = 64 << 10

// ServeHTTP handles a request for a token.
func (e *TokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	granted, err := e.grant(w, r)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store") // RFC 6749, 5.1
	x := core.Of(r.Context())
	if x != nil && !e.ByRFC {
		x.Respond(r.Context(), granted, nil)
		return
	}
	e.write(w, r, http.StatusOK, granted)
}

// write responds around the dialect.
func (e *TokenEndpoint) write(w http.ResponseWriter, r *http.Request, status int, value map[string]any) {
	body, err := json.Marshal(value)
	if err != nil {
		server.WriteError(w, r, err) // of Members: what they gave is no JSON
		return
	}
	if core.Of(r.Context()) != nil {
		core.MarkReported(w.Header()) // no envelope around it
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error here is a client that is gone
}

// tokenError is a refusal, and the word for it of RFC 6749, 5.2.
type tokenError struct {
	told *parlance.Error
	word string
}

func (e *tokenError) Error() string { return e.told.Error() }
func (e *tokenError) Unwrap() error { return e.told }

func grantError(word string, err *parlance.Error) error { return &tokenError{err, word} }

func invalidRequest(format string, args ...any) error {
	return grantError("invalid_request", parlance.NewError(parlance.KindInvalid, format, args...))
}

// verified is the refusal for a verifier's error, in the words of the RFC. An error
// that the credential could not be verified stays as it is.
func verified(word string, err error) error {
	if err = verifierError(err); err == nil {
		return nil
	}
	var told *parlance.Error
	if !errors.As(err, &told) {
		told = &parlance.Error{Outcome: parlance.OutcomeOf(err), Err: err}
	}
	if told.Outcome.Kind.ServerFault() {
		return told
	}
	return grantError(word, told)
}

func (e *TokenEndpoint) fail(w http.ResponseWriter, r *http.Request, err error) {
	o := parlance.OutcomeOf(err)
	var told *tokenError
	known := errors.As(err, &told)
	if o.Kind == parlance.KindUnauthenticated && !(e.ByRFC && known && told.word != "invalid_client") {
		// Who is asked for is the client, and Basic is how it may respond (RFC 6749, 5.2).
		w.Header().Add("WWW-Authenticate", challengeOf(Scheme{Name: "Basic"}).String())
	}
	if !e.ByRFC || !known {
		server.WriteError(w, r, err)
		return
	}
	if x := core.Of(r.Context()); x != nil {
		x.LogFailure(err)
	}
	status := http.StatusBadRequest
	if told.word == "invalid_client" {
		status = http.StatusUnauthorized
	}
	body := map[string]any{"error": told.word}
	if o.Detail != "" {
		body["error_description"] = o.Detail
	}
	w.Header().Set("Cache-Control", "no-store")
	e.write(w, r, status, body)
}

// grant gives the tokens, or says why not.
func (e *TokenEndpoint) grant(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	client, clientID, err := e.client(r, form)
	if err != nil {
		return nil, err
	}
	grant := form.Get("grant_type")
	switch {
	case grant == "":
		return nil, invalidRequest("The parameter grant_type is missing")
	case !e.gives(r.Context(), grant):
		return nil, grantError("unsupported_grant_type", parlance.NewError(parlance.KindInvalid, "This grant_type is not supported").WithReason("grant_type"))
	case grant == "refresh_token":
		return e.renew(r.Context(), form, clientID)
	case grant == "password":
		name, password := form.Get("username"), form.Get("password")
		if name == "" || password == "" {
			return nil, invalidRequest("The parameter username or password is missing")
		}
		user, err := e.Users.Verify(r.Context(), name, password)
		if err != nil {
			return nil, verified("invalid_grant", err)
		}
		return e.begin(r.Context(), form, user, clientID, e.gives(r.Context(), "refresh_token"))
	}
	if clientID == "" {
		return nil, grantError("invalid_client", CredentialError(parlance.ReasonNoCredential))
	}
	return e.begin(r.Context(), form, client, clientID, e.RefreshClients && e.gives(r.Context(), "refresh_token"))
}

// gives reports that a grant is given.
func (e *TokenEndpoint) gives(ctx context.Context, grant string) bool {
	grants := e.Grants
	if x := core.Of(ctx); grants == nil && x != nil {
		grants = x.Dialect().Auth().Grants
	}
	if grants == nil {
		grants = []string{"client_credentials", "refresh_token"}
	}
	switch grant {
	case "client_credentials":
		return e.Clients != nil && slices.Contains(grants, grant)
	case "password":
		return e.Users != nil && slices.Contains(grants, grant)
	}
	return grant == "refresh_token" && slices.Contains(grants, grant)
}

// readForm is the form of the body: the URL is logged, and none of its
// parameters count. Each may stand there once (RFC 6749, 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, grantError("invalid_request", &parlance.Error{Outcome: parlance.Outcome{
			Kind: parlance.KindInvalid, Status: http.StatusMethodNotAllowed, Detail: "Use POST to request a token"}})
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("The body must be of type application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, invalidRequest("The form cannot be read") // the error would quote what was sent
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			if len(name) > 40 {
				name = name[:40]
			}
			return nil, invalidRequest("The parameter %q was sent twice", name)
		}
	}
	return r.PostForm, nil
}

// client is the client that the request names, by Basic or in the form, but not by both
// (RFC 6749, 2.3). A named client must prove itself; the id is "" if none is named.
func (e *TokenEndpoint) client(r *http.Request, form url.Values) (server.Principal, string, error) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if name, password, ok := r.BasicAuth(); ok {
		if secret != "" {
			return server.Principal{}, "", invalidRequest("The client's secret was sent twice")
		}
		// Each is form-encoded before it goes into Basic (RFC 6749, 2.3.1); most
		// clients know, and what cannot be decoded comes from one that does not.
		id, secret = formDecoded(name), formDecoded(password)
	}
	if id == "" || e.Clients == nil {
		return server.Principal{}, "", nil
	}
	p, err := e.Clients.Verify(r.Context(), id, secret)
	return p, id, verified("invalid_client", err)
}

func formDecoded(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// begin gives the first tokens of a sign-in.
func (e *TokenEndpoint) begin(ctx context.Context, form url.Values, p server.Principal, clientID string, refresh bool) (map[string]any, error) {
	scopes, err := narrowed(p.Scopes, form)
	if err != nil {
		return nil, err
	}
	p.Scopes = scopes
	g := e.prepare(p, p.Scopes, newFamily(clientID), refresh)
	if err := e.Store.Transact(ctx, g.put(e.Store)); err != nil {
		return nil, noStore(err)
	}
	return g.response(e, form), nil
}

// unrenewable is the reason why a refresh token gets no new tokens; "" if it may.
func unrenewable(t Token, err error, secret, clientID string) parlance.Reason {
	switch {
	case errors.Is(err, parlance.ErrNotFound) && saysEnded(secret):
		return parlance.ReasonSpent
	case errors.Is(err, parlance.ErrNotFound), err == nil && (!t.Refresh || clientOf(t.Family) != clientID):
		// One that was given to another client is none of this one's (RFC 6749, 6).
		return parlance.ReasonWrongCredential
	case err == nil && (t.Revoked || !t.Spent && t.Left <= 0):
		return parlance.ReasonSpent
	}
	return ""
}

// renew gives the next tokens for a refresh token.
func (e *TokenEndpoint) renew(ctx context.Context, form url.Values, clientID string) (map[string]any, error) {
	secret := form.Get("refresh_token")
	if secret == "" {
		return nil, invalidRequest("The parameter refresh_token is missing")
	}
	hash := HashKey(secret)
	var g *grantedTokens
	var refusal error
	err := e.Store.Transact(ctx, func(ctx context.Context) error {
		g, refusal = nil, nil // a store may run this again
		t, err := e.Store.Token(ctx, hash)
		if why := unrenewable(t, err, secret, clientID); why != "" {
			refusal = grantError("invalid_grant", CredentialError(why))
			return nil
		}
		if err != nil {
			return err
		}
		scopes, err := narrowed(t.Principal.Scopes, form)
		if err != nil && !t.Spent {
			refusal = err
			return nil
		}
		first, err := e.Store.Spend(ctx, hash)
		if err != nil {
			return err
		}
		if !first {
			cause := fmt.Errorf("auth: a refresh token of %s was used twice; its family %s is revoked", t.Principal.ID, t.Family)
			refusal = grantError("invalid_grant", CredentialError(parlance.ReasonSpent).Because(cause))
			return nil // or the end of the family would not be committed
		}
		g = e.prepare(t.Principal, scopes, t.Family, true)
		return g.put(e.Store)(ctx)
	})
	switch {
	case err != nil:
		return nil, noStore(err)
	case refusal != nil:
		return nil, refusal
	}
	return g.response(e, form), nil
}

// grantedTokens are an access token and, where there is one, the refresh token.
type grantedTokens struct {
	access, refresh string
	tokens          map[[32]byte]Token
	issued, expires time.Time
	scopes          []string
}

// prepare makes the tokens. The refresh token keeps all of the scopes, however
// few the access token has (RFC 6749, 6).
func (e *TokenEndpoint) prepare(p server.Principal, scopes []string, family string, refresh bool) *grantedTokens {
	life := cmp.Or(e.Life, DefaultTokenLife)
	now := time.Now()
	g := &grantedTokens{access: newToken(life), issued: now, expires: now.Add(life), scopes: scopes}
	narrow := p
	narrow.Scopes = scopes
	g.tokens = map[[32]byte]Token{HashKey(g.access): {Family: family, Principal: narrow, Left: life}}
	if refresh {
		life := cmp.Or(e.RefreshLife, DefaultRefreshLife)
		g.refresh = newToken(life)
		g.tokens[HashKey(g.refresh)] = Token{Family: family, Refresh: true, Principal: p, Left: life}
	}
	return g
}

func (g *grantedTokens) put(store TokenStore) func(context.Context) error {
	return func(ctx context.Context) error {
		for hash, t := range g.tokens {
			if err := store.PutToken(ctx, hash, t); err != nil {
				return err
			}
		}
		return nil
	}
}

// response is that of RFC 6749, 5.1. The scope is said unless it is what was asked
// for.
func (g *grantedTokens) response(e *TokenEndpoint, form url.Values) map[string]any {
	a := map[string]any{}
	if e.Members != nil {
		maps.Copy(a, e.Members(g.issued, g.expires))
	}
	a["access_token"], a["token_type"] = g.access, "bearer"
	a["expires_in"] = int64(g.expires.Sub(g.issued) / time.Second)
	if g.refresh != "" {
		a["refresh_token"] = g.refresh
	}
	if scope := strings.Join(g.scopes, " "); scope != form.Get("scope") {
		a["scope"] = scope
	}
	return a
}

// narrowed are the requested scopes, or all if none is requested. A scope that the
// account does not have is an error (RFC 6749, 5.2).
func narrowed(has []string, form url.Values) ([]string, error) {
	asked := strings.Fields(form.Get("scope"))
	if len(asked) == 0 {
		return has, nil
	}
	for _, s := range asked {
		if !slices.Contains(has, s) {
			return nil, grantError("invalid_scope", parlance.NewError(parlance.KindInvalid, "The scope is more than the caller has").WithReason(parlance.ReasonOutOfScope))
		}
	}
	return asked, nil
}

// A family is a sign-in, and names the client that it was for: a refresh token is
// that client's alone (RFC 6749, 6).
func newFamily(clientID string) string { return NewSecret() + " " + clientID }

func clientOf(family string) string {
	_, id, _ := strings.Cut(family, " ")
	return id
}

// noStore is that the store of the tokens cannot be asked.
func noStore(err error) error {
	return parlance.NewError(parlance.KindUnavailable, "").Because(err)
}

// newToken makes a token that is good for so long, and says until when: the second,
// counted from 1970, in base 36.
func newToken(life time.Duration) string {
	return NewSecret() + "." + strconv.FormatInt(time.Now().Add(life+time.Second-1).Unix(), 36)
}

// saysEnded reports whether an unknown token contains a time of expiry in the past. It
// may be forged; that is harmless, since it is refused either way. A client that is
// late with its own token must learn that it should renew it.
func saysEnded(token string) bool {
	_, end, _ := strings.Cut(token, ".")
	second, err := strconv.ParseInt(end, 36, 64)
	return err == nil && second <= time.Now().Unix()
}

// GiveToken issues an access token with this lifetime, for a sign-in of the service's
// own. [Tokens] verifies it.
func GiveToken(ctx context.Context, store TokenStore, p server.Principal, life time.Duration) (string, error) {
	secret := newToken(life)
	err := store.PutToken(ctx, HashKey(secret), Token{Principal: p, Left: life})
	if err != nil {
		return "", noStore(err)
	}
	return secret, nil
}

// Tokens is a [Verifier] of the access tokens in a store. It refuses refresh tokens.
func Tokens(store TokenStore) Verifier {
	return VerifierFunc(func(ctx context.Context, _, secret string) (server.Principal, error) {
		t, err := store.Token(ctx, HashKey(secret))
		switch {
		case errors.Is(err, parlance.ErrNotFound) && saysEnded(secret):
			return server.Principal{}, CredentialError(parlance.ReasonExpired)
		case err != nil:
			return server.Principal{}, err
		case t.Refresh:
			return server.Principal{}, CredentialError(parlance.ReasonWrongCredential)
		case t.Revoked:
			return server.Principal{}, CredentialError(parlance.ReasonSpent)
		case t.Left <= 0:
			return server.Principal{}, CredentialError(parlance.ReasonExpired)
		}
		return t.Principal, nil
	})
}
