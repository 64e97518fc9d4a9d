package mock

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// Wrong is the secret that a Mock refuses. It takes any other: a client's, a user's, and a
// token or key that it did not issue.
const Wrong = "wrong"

// someone is the caller with a credential that is not known to be wrong.
type someone struct{}

// Verify refuses the secret Wrong.
func (someone) Verify(_ context.Context, id, secret string) (server.Principal, error) {
	if secret == Wrong {
		return server.Principal{}, auth.CredentialError(parlance.ReasonWrongCredential)
	}
	return server.Principal{ID: cmp.Or(id, "anybody")}, nil
}

// nobody refuses every caller.
type nobody struct{}

// Verify refuses.
func (nobody) Verify(context.Context, string, string) (server.Principal, error) {
	return server.Principal{}, auth.CredentialError(parlance.ReasonWrongCredential)
}

// reusable is a store whose refresh tokens can be used again.
type reusable struct{ auth.TokenStore }

// Spend marks nothing.
func (r reusable) Spend(ctx context.Context, hash [32]byte) (bool, error) {
	t, err := r.Token(ctx, hash)
	return err == nil && t.Refresh && !t.Revoked, err
}

// issued verifies the tokens that the Mock has issued. It takes others for those of someone,
// unless they can only be the Mock's own.
type issued struct {
	tokens auth.Verifier
	strict bool
}

// Verify refuses a token that has expired, was revoked or is a refresh token.
func (v issued) Verify(ctx context.Context, id, secret string) (server.Principal, error) {
	p, err := v.tokens.Verify(ctx, id, secret)
	if err == nil || parlance.OutcomeOf(err).Kind != parlance.KindNotFound || v.strict {
		return p, err
	}
	return someone{}.Verify(ctx, id, secret)
}

// tokenLife is how long a token of the Mock is valid.
func (m *Mock) tokenLife() time.Duration {
	return cmp.Or(m.life, m.dialect.Auth().Expires, auth.DefaultTokenLife)
}

// tokenEndpoint is the endpoint of the dialect that issues tokens; nil if it has none.
func (s *state) tokenEndpoint() http.Handler {
	a := s.mock.dialect.Auth()
	if a.Token == "" {
		return nil
	}
	tokens, callers := auth.TokenStore(s.store.Tokens()), auth.Verifier(someone{})
	if s.mock.switches.Tokens.Reuse {
		tokens = reusable{tokens}
	}
	if s.mock.switches.Tokens.Refuse {
		callers = nobody{}
	}
	return s.server.Wrap(&auth.TokenEndpoint{
		Store: tokens, Clients: callers, Users: callers, Grants: a.Grants,
		Life: s.mock.tokenLife(), RefreshClients: slices.Contains(a.Grants, "refresh_token"),
	})
}

// loginEndpoint is the login of the dialect; nil if it has none. It takes a name and a
// password by Basic, and gives a token.
func (s *state) loginEndpoint() http.Handler {
	if s.mock.dialect.Auth().Login == "" {
		return nil
	}
	give := s.server.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		user, _ := server.PrincipalOf(r.Context())
		token, err := auth.GiveToken(r.Context(), s.store.Tokens(), user, s.mock.tokenLife())
		return map[string]string{"idToken": token}, err
	})
	return s.server.Wrap(auth.Authenticate(auth.Basic(s.mock.dialect.Name(), someone{}))(give))
}

// isToken reports that a request goes to the token endpoint. A part of its path in braces
// stands for any segment, and the API may be at any path.
func (s *state) isToken(r *http.Request) bool {
	u, err := url.Parse(s.mock.dialect.Auth().Token)
	return err == nil && ends(r.URL.Path, u.Path)
}

func (s *state) isLogin(r *http.Request) bool {
	method, path, _ := strings.Cut(s.mock.dialect.Auth().Login, " ")
	return r.Method == method && ends(r.URL.Path, path)
}

// ends reports that a path ends with the segments of another one.
func ends(path, with string) bool {
	have, want := strings.Split(strings.Trim(path, "/"), "/"), strings.Split(strings.Trim(with, "/"), "/")
	if len(have) < len(want) {
		return false
	}
	for i, segment := range have[len(have)-len(want):] {
		if want[i] != segment && !strings.HasPrefix(want[i], "{") {
			return false
		}
	}
	return true
}

// scheme is how the API takes a credential.
func (s *state) scheme() auth.Scheme {
	a := s.mock.dialect.Auth()
	strict := s.mock.auth && (a.Token != "" || a.Login != "")
	scheme := auth.Scheme{Header: a.Header, Name: a.Scheme, Verifier: issued{auth.Tokens(s.store.Tokens()), strict}}
	if a.Header == "" && a.Scheme == "" {
		scheme.Name = "Bearer"
	}
	return scheme
}

// credential is the field of the request that has a credential; "" for none.
func (s *state) credential(r *http.Request) string {
	name := cmp.Or(s.mock.dialect.Auth().Header, "Authorization")
	return strings.Join(r.Header[http.CanonicalHeaderKey(name)], "")
}

// authenticated refuses a credential that is not good, and with WithAuth a request without
// one. A credential of another scheme than the dialect's passes without it.
func (s *state) authenticated(next http.Handler) http.Handler {
	scheme := s.scheme()
	checked := auth.Authenticate(scheme)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := s.credential(r)
		ours := shown != "" && (scheme.Name == "" || strings.EqualFold(strings.SplitN(shown, " ", 2)[0], scheme.Name))
		if s.mock.auth || ours {
			checked.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
