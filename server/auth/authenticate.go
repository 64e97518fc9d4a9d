// Package auth identifies the caller of a request to a [server.Server]: by API key, by
// name and password, or by a token that its [TokenEndpoint] issues.
//
//	keys := auth.APIKeys{auth.HashKey(secret): {Principal: server.Principal{ID: "ann"}}}
//	h := auth.Authenticate(auth.Bearer(auth.Tokens(db.Tokens())), auth.APIKey("X-Api-Key", keys))(mux)
//	http.ListenAndServe(addr, api.Wrap(h))
//
// A handler behind it calls [server.PrincipalOf]. [RequireScopes] and [Require] admit
// only some callers. A refusal is a [CredentialError], and is sent in the dialect.
package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Verifier finds the principal of a credential. It is called concurrently.
type Verifier interface {
	// Verify returns the principal that a credential belongs to. id is the name beside
	// the secret, as in Basic, or "" if there is none.
	//
	// The client is told the error, which is usually a [CredentialError]. An
	// unauthenticated error without a reason, or not_found, means a wrong credential;
	// forbidden stays forbidden. Any other error means that the credential could not be
	// verified, which is unavailable.
	Verify(ctx context.Context, id, secret string) (server.Principal, error)
}

// VerifierFunc is a function that is a Verifier.
type VerifierFunc func(ctx context.Context, id, secret string) (server.Principal, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, id, secret string) (server.Principal, error) {
	return f(ctx, id, secret)
}

// CredentialError is the refusal of a credential. Its reason is one of
// parlance.ReasonNoCredential, WrongCredential, Expired, Spent and OutOfScope. The kind
// of OutOfScope is forbidden, that of the others unauthenticated. A dialect may have a
// code for each reason; otherwise it sends the kind.
func CredentialError(reason parlance.Reason) *parlance.Error {
	kind := parlance.KindUnauthenticated
	if reason == parlance.ReasonOutOfScope {
		kind = parlance.KindForbidden
	}
	return parlance.NewError(kind, "%s", refusals[reason]).WithReason(reason)
}

var refusals = map[parlance.Reason]string{
	parlance.ReasonNoCredential:    "A credential is required",
	parlance.ReasonWrongCredential: "The credential is wrong",
	parlance.ReasonExpired:         "The credential has expired",
	parlance.ReasonSpent:           "The credential was revoked or is used up",
	parlance.ReasonOutOfScope:      "The credential does not allow this",
}

// Scheme is one way to send a credential, and its Verifier. [Bearer], [Basic] and
// [APIKey] make the common ones.
type Scheme struct {
	Name     string // the word before the credential (RFC 9110, 11.1); "" is none
	Header   string // the header with the credential; "" is Authorization
	Realm    string // the protection space, for the challenge (RFC 9110, 11.5); "" is none
	Verifier Verifier
}

// Bearer takes tokens from "Authorization: Bearer …" (RFC 6750, 2.1). It takes none
// from a form or a URL, which might be logged (RFC 9700, 4.3.2).
func Bearer(v Verifier) Scheme { return Scheme{Name: "Bearer", Verifier: v} }

// Basic takes a name and a password (RFC 7617). A browser shows the realm to its user.
func Basic(realm string, v Verifier) Scheme { return Scheme{Name: "Basic", Realm: realm, Verifier: v} }

// APIKey takes a key from a header of its own, such as X-Api-Key. For a key in
// Authorization behind a word, make a Scheme with that Name.
func APIKey(header string, v Verifier) Scheme { return Scheme{Header: header, Verifier: v} }

// Authenticate admits requests with a valid credential of one of the schemes. The
// handlers behind it learn the caller by [server.PrincipalOf]. If a request has
// credentials of several schemes, the first scheme counts. If an API requires two
// credentials, such as a key and a token, chain two Authenticate; the inner one's
// principal counts.
//
// Refusals are those of [CredentialError], or use your own words by [server.WithError].
// They carry a challenge for each scheme (RFC 9110, 11.6.1; RFC 6750, 3). A credential
// that was sent twice is invalid.
func Authenticate(schemes ...Scheme) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for i := range schemes {
				s := &schemes[i]
				shown := s.shown(r)
				if len(shown) == 0 {
					continue
				}
				p, err := s.verify(r.Context(), shown)
				if err != nil {
					challenge(w, s, wording.Apply(r.Context(), err), schemes)
					server.WriteError(w, r, err)
					return
				}
				core.Admit(&core.Identity{Caller: core.Caller(p), Scheme: s}, next, w, r)
				return
			}
			err := CredentialError(parlance.ReasonNoCredential)
			challenge(w, nil, wording.Apply(r.Context(), err), schemes)
			server.WriteError(w, r, err)
		})
	}
}

// schemeOf is the scheme by which it was told who calls, nil if it was none.
func schemeOf(ctx context.Context) *Scheme {
	i := core.IdentityOf(ctx)
	if i == nil {
		return nil
	}
	s, _ := i.Scheme.(*Scheme)
	return s
}

// RequireScopes admits callers whose principal has all of the scopes (RFC 6749, 3.3).
// Other callers are forbidden, with the reason scope. Use it behind [Authenticate]: an
// unknown caller has no credential.
func RequireScopes(scopes ...string) server.Middleware {
	return require(func(_ *http.Request, p server.Principal) error {
		for _, s := range scopes {
			if !slices.Contains(p.Scopes, s) {
				return CredentialError(parlance.ReasonOutOfScope)
			}
		}
		return nil
	}, scopes)
}

// Require admits a request if may returns true for it and its caller. Other callers are
// forbidden, in words of your own by [server.WithError]. Use it behind [Authenticate]:
// an unknown caller has no credential.
func Require(may func(*http.Request, server.Principal) bool) server.Middleware {
	return require(func(r *http.Request, p server.Principal) error {
		if !may(r, p) {
			return parlance.NewError(parlance.KindForbidden, "This is not permitted")
		}
		return nil
	}, nil)
}

func require(check func(*http.Request, server.Principal) error, scopes []string) server.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, known := server.PrincipalOf(r.Context())
			err := error(CredentialError(parlance.ReasonNoCredential))
			if known {
				err = check(r, p)
			}
			if err == nil {
				next.ServeHTTP(w, r)
				return
			}
			if s := schemeOf(r.Context()); s != nil {
				challenge(w, s, wording.Apply(r.Context(), err), []Scheme{*s}, scopes...)
			}
			server.WriteError(w, r, err)
		})
	}
}

// shown are the credentials of the scheme in a request, without the scheme's name.
func (s *Scheme) shown(r *http.Request) (all []string) {
	values := r.Header.Values(s.header())
	if len(values) == 1 && s.Name == "" && values[0] != "" && values[0] == strings.Trim(values[0], " \t") {
		return values
	}
	for _, v := range values {
		if s.Name != "" {
			name, rest, _ := strings.Cut(v, " ")
			if !strings.EqualFold(name, s.Name) { // RFC 9110, 11.1
				continue
			}
			v = rest
		}
		if v = strings.Trim(v, " \t"); v != "" {
			all = append(all, v)
		}
	}
	return all
}

func (s *Scheme) header() string {
	if s.Header == "" {
		return "Authorization"
	}
	return s.Header
}

func (s *Scheme) verify(ctx context.Context, shown []string) (server.Principal, error) {
	if len(shown) > 1 {
		return server.Principal{}, parlance.NewError(parlance.KindInvalid, "The credential was sent twice")
	}
	id, secret := "", shown[0]
	if strings.EqualFold(s.Name, "Basic") {
		text, err := base64.StdEncoding.DecodeString(secret)
		name, password, ok := strings.Cut(string(text), ":")
		if err != nil || !ok {
			return server.Principal{}, CredentialError(parlance.ReasonWrongCredential).Because(err)
		}
		id, secret = name, password
	}
	p, err := s.Verifier.Verify(ctx, id, secret)
	return p, verifierError(err)
}

// verifierError is the error that a client gets for a verifier's error.
func verifierError(err error) error {
	if err == nil {
		return nil
	}
	switch o := parlance.OutcomeOf(err); {
	case o.Kind == parlance.KindUnauthenticated && o.Reason == "":
		told := CredentialError(parlance.ReasonWrongCredential).Because(err)
		if o.Detail != "" {
			told.Outcome = o
			told.Outcome.Reason = parlance.ReasonWrongCredential
		}
		return told
	case o.Kind == parlance.KindNotFound:
		return CredentialError(parlance.ReasonWrongCredential).Because(err)
	case errors.As(err, new(*parlance.Error)), o.Kind == parlance.KindForbidden:
		return err
	}
	return parlance.NewError(parlance.KindUnavailable, "").Because(err)
}

// challenge says how to authenticate, and what was wrong with the credential of the
// tried scheme. Each 401 has one (RFC 9110, 11.6.1). For bearer tokens a 400 and a 403
// have one too (RFC 6750, 3).
func challenge(w http.ResponseWriter, tried *Scheme, err error, schemes []Scheme, scopes ...string) {
	o := parlance.OutcomeOf(err)
	word := ""
	switch {
	case o.Kind == parlance.KindUnauthenticated && o.Reason != parlance.ReasonNoCredential:
		word = "invalid_token"
	case o.Kind == parlance.KindInvalid:
		word = "invalid_request"
	case o.Kind == parlance.KindForbidden && o.Reason == parlance.ReasonOutOfScope:
		word = "insufficient_scope"
	}
	for _, s := range schemes {
		bearer := strings.EqualFold(s.Name, "Bearer")
		if o.Kind != parlance.KindUnauthenticated && !(word != "" && bearer) {
			continue
		}
		c := challengeOf(s)
		if bearer && word != "" && tried != nil && strings.EqualFold(tried.Name, s.Name) {
			c.add("error", word)
			c.add("error_description", o.Detail)
			if word == "insufficient_scope" {
				c.add("scope", strings.Join(scopes, " "))
			}
		}
		w.Header().Add("WWW-Authenticate", c.String())
	}
}

// challengeText is one challenge, as it is written (RFC 9110, 11.3).
type challengeText struct{ name, params string }

// challengeOf is the scheme's. A key in a header of its own has no registered
// one, and yet a 401 must have one.
func challengeOf(s Scheme) *challengeText {
	c := &challengeText{name: s.Name}
	if c.name == "" {
		c.name = "ApiKey"
	}
	c.add("realm", s.Realm)
	if strings.EqualFold(c.name, "Basic") {
		if s.Realm == "" {
			c.params += `realm=""` // RFC 7617, 2: it must be there
		}
		c.add("charset", "UTF-8") // RFC 7617, 2.1
	}
	if s.Header != "" {
		c.add("header", s.Header)
	}
	return c
}

// add adds a parameter in quotes, without what RFC 6750, 3 has no place for.
func (c *challengeText) add(name, value string) {
	if value == "" {
		return
	}
	if c.params != "" {
		c.params += ", "
	}
	c.params += name + `="` + strings.Map(func(b rune) rune {
		if b < ' ' || b > '~' || b == '"' || b == '\\' {
			return -1
		}
		return b
	}, value) + `"`
}

func (c *challengeText) String() string { return strings.TrimSuffix(c.name+" "+c.params, " ") }
