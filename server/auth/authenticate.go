// Package auth finds out who makes a request to a [server.Server]: by API keys, by names
// and passwords, or by tokens, which its [TokenEndpoint] issues.
//
//	keys := auth.APIKeys{auth.HashKey(secret): {Principal: server.Principal{ID: "ann"}}}
//	h := auth.Authenticate(auth.Bearer(auth.Tokens(db.Tokens())), auth.APIKey("X-Api-Key", keys))(mux)
//	http.ListenAndServe(addr, api.Wrap(h))
//
// A handler behind it asks [server.PrincipalOf]. [RequireScopes] and [Require] let only
// some callers pass. A refusal is a [CredentialError], and leaves in the dialect.
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

// Verifier says whose a credential is. It is called concurrently.
type Verifier interface {
	// Verify returns who a credential belongs to. id is the name beside the
	// secret where there is one, as in Basic, else "". The error is what the
	// client is told, usually that of [CredentialError]: unauthenticated without a reason
	// and not_found are a wrong credential, forbidden is forbidden, and any other
	// is that it could not be verified, which is unavailable.
	Verify(ctx context.Context, id, secret string) (server.Principal, error)
}

// VerifierFunc is a function that is a Verifier.
type VerifierFunc func(ctx context.Context, id, secret string) (server.Principal, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, id, secret string) (server.Principal, error) {
	return f(ctx, id, secret)
}

// CredentialError is that a credential does not let in, by one of the reasons
// parlance.ReasonNoCredential, WrongCredential, Expired, Spent and OutOfScope; the last is
// forbidden, the others unauthenticated. A dialect may give each a code of its
// own; one that has no word for it says its kind.
func CredentialError(reason parlance.Reason) *parlance.Error {
	kind := parlance.KindUnauthenticated
	if reason == parlance.ReasonOutOfScope {
		kind = parlance.KindForbidden
	}
	return parlance.NewError(kind, "%s", refusals[reason]).WithReason(reason)
}

var refusals = map[parlance.Reason]string{
	parlance.ReasonNoCredential:    "A credential is needed",
	parlance.ReasonWrongCredential: "The credential is wrong",
	parlance.ReasonExpired:         "The credential has expired",
	parlance.ReasonSpent:           "The credential was revoked or is used up",
	parlance.ReasonOutOfScope:      "The credential is not good for this",
}

// Scheme is one way to show a credential, and who verifies it. [Bearer], [Basic]
// and [APIKey] make those in use.
type Scheme struct {
	Name     string // that stands before the credential (RFC 9110, 11.1); "" where nothing does
	Header   string // where it stands; "" is Authorization
	Realm    string // what it is good for, to tell who asks (RFC 9110, 11.5); "" says nothing
	Verifier Verifier
}

// Bearer takes tokens from "Authorization: Bearer …" (RFC 6750, 2.1), and no
// token from a form or a URL, where it would be logged (RFC 9700, 4.3.2).
func Bearer(v Verifier) Scheme { return Scheme{Name: "Bearer", Verifier: v} }

// Basic takes a name and a password (RFC 7617). The realm is what a browser
// shows to its user.
func Basic(realm string, v Verifier) Scheme { return Scheme{Name: "Basic", Realm: realm, Verifier: v} }

// APIKey takes a key from a header of its own, such as X-Api-Key. A key that
// stands in Authorization behind a word is a Scheme of that Name.
func APIKey(header string, v Verifier) Scheme { return Scheme{Header: header, Verifier: v} }

// Authenticate lets those in whose credential is good by one of the schemes, and
// says who it is to what comes behind ([server.PrincipalOf]). The first scheme counts
// that the request shows a credential of. Where an API wants two, such as a key
// and a token, one stands behind the other, and the last one's principal counts.
//
// It fails as [CredentialError] says, or in words of your own by [server.WithError], with a challenge
// for each scheme (RFC 9110, 11.6.1; RFC 6750, 3). A credential that was sent twice
// is invalid.
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

// RequireScopes lets those pass whose principal has all of the scopes (RFC 6749,
// 3.3); others are forbidden with the reason scope. It stands behind
// [Authenticate]; who is nobody has no credential.
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

// Require lets those pass whom may allows, by the request and who makes it; to
// others it is forbidden, in words of your own by [server.WithError]. It stands behind [Authenticate]; who is nobody has no
// credential.
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

// shown are the credentials that a request shows of the scheme, as they stand
// behind its name.
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
		return server.Principal{}, parlance.NewError(parlance.KindInvalid, "The credential stands there twice")
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

// verifierError is what a client is told of a verifier's error.
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

// challenge says how to authenticate, and what was wrong with the credential of
// the scheme that was tried. Each response of 401 has one (RFC 9110, 11.6.1), and
// of bearer tokens a 400 and a 403 too (RFC 6750, 3).
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
