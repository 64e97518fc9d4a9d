package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestEachCauseOfARefusalIsTold(t *testing.T) {
	t.Parallel()
	locked := auth.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, fmt.Errorf("ann is locked: %w", parlance.ErrForbidden)
	})
	down := auth.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	})
	bare := auth.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, parlance.ErrUnauthenticated
	})
	bearer, basic, key := auth.Bearer(servertest.APIKeys), auth.Basic("the house", servertest.Accounts), auth.APIKey("X-Api-Key", servertest.APIKeys)
	for name, c := range map[string]struct {
		scheme    auth.Scheme
		header    []string
		want      parlance.Outcome // its kind, reason and status
		challenge string
	}{
		"no token":             {bearer, nil, outcome(parlance.KindUnauthenticated, parlance.ReasonNoCredential, 401), `Bearer`},
		"a token of no letter": {bearer, []string{"Authorization", "Bearer "}, outcome(parlance.KindUnauthenticated, parlance.ReasonNoCredential, 401), `Bearer`},
		"another scheme":       {bearer, []string{"Authorization", "Basic YTpi"}, outcome(parlance.KindUnauthenticated, parlance.ReasonNoCredential, 401), `Bearer`},
		"a wrong token": {bearer, []string{"Authorization", "Bearer x"}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401),
			`Bearer error="invalid_token", error_description="The credential is wrong"`},
		"an old token": {bearer, []string{"Authorization", "bearer old"}, outcome(parlance.KindUnauthenticated, parlance.ReasonExpired, 401),
			`Bearer error="invalid_token", error_description="The credential has expired"`},
		"a revoked token": {bearer, []string{"Authorization", "Bearer revoked"}, outcome(parlance.KindUnauthenticated, parlance.ReasonSpent, 401),
			`Bearer error="invalid_token", error_description="The credential was revoked or is used up"`},
		"no key":      {key, nil, outcome(parlance.KindUnauthenticated, parlance.ReasonNoCredential, 401), `ApiKey header="X-Api-Key"`},
		"a wrong key": {key, []string{"X-Api-Key", "x"}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401), `ApiKey header="X-Api-Key"`},
		"an old key":  {key, []string{"X-Api-Key", "old"}, outcome(parlance.KindUnauthenticated, parlance.ReasonExpired, 401), `ApiKey header="X-Api-Key"`},
		"a key behind a word of its own": {auth.Scheme{Name: "Token", Verifier: servertest.APIKeys}, []string{"Authorization", "Token x"},
			outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401), `Token`},
		"a wrong password": {basic, []string{"Authorization", basicOf("ann:wrong")}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401),
			`Basic realm="the house", charset="UTF-8"`},
		"an unknown name":        {basic, []string{"Authorization", basicOf("bob:right")}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401), `Basic realm="the house", charset="UTF-8"`},
		"what is no Basic":       {basic, []string{"Authorization", "Basic %"}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401), `Basic realm="the house", charset="UTF-8"`},
		"a locked account":       {auth.Bearer(locked), []string{"Authorization", "Bearer x"}, outcome(parlance.KindForbidden, "", 403), ``},
		"a store that is down":   {auth.Bearer(down), []string{"Authorization", "Bearer x"}, outcome(parlance.KindUnavailable, "", 503), ``},
		"a verifier's bare word": {auth.Bearer(bare), []string{"Authorization", "Bearer x"}, outcome(parlance.KindUnauthenticated, parlance.ReasonWrongCredential, 401), `Bearer error="invalid_token", error_description="The credential is wrong"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "problem")
			a := servertest.Ask(t, s.Wrap(auth.Authenticate(c.scheme)(s.Handle(servertest.Caller))), "GET", "/", c.header...)
			got := servertest.Meaning(t, "problem", a)
			if got.Kind != c.want.Kind || got.Reason != c.want.Reason || a.Status != c.want.Status {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			if got := a.Header.Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("the challenge is %s", got)
			}
			if strings.Contains(a.Body, "10.0.0.7") {
				t.Errorf("a text of ours went out: %s", a.Body)
			}
		})
	}
}

func TestAGoodCredentialSaysWhoCalls(t *testing.T) {
	t.Parallel()
	either := auth.Authenticate(auth.Bearer(servertest.APIKeys), auth.Basic("", servertest.Accounts), auth.APIKey("X-Api-Key", servertest.APIKeys))
	both := func(next http.Handler) http.Handler {
		return auth.Authenticate(auth.APIKey("X-Api-Key", servertest.APIKeys))(auth.Authenticate(auth.Basic("", servertest.Accounts))(next))
	}
	for name, c := range map[string]struct {
		middleware server.Middleware
		header     []string
		status     int
		body       string
	}{
		"by token":                {either, []string{"Authorization", "Bearer good"}, 200, `{"ID":"ann","Tenant":"acme","Scopes":["read"]}`},
		"by key":                  {either, []string{"X-Api-Key", "good"}, 200, `{"ID":"ann","Tenant":"acme","Scopes":["read"]}`},
		"by password":             {either, []string{"Authorization", basicOf("ann:right")}, 200, `{"ID":"ann","Tenant":"","Scopes":null}`},
		"the first counts":        {either, []string{"Authorization", "Bearer x", "X-Api-Key", "good"}, 401, `{"message":"","errors":{"error":["The credential is wrong"]}}`},
		"where two are needed":    {both, []string{"Authorization", basicOf("ann:right"), "X-Api-Key", "good"}, 200, `{"ID":"ann","Tenant":"","Scopes":null}`},
		"one of two is no entry":  {both, []string{"Authorization", basicOf("ann:right")}, 401, `{"message":"","errors":{"error":["A credential is required"]}}`},
		"nor is the other of two": {both, []string{"X-Api-Key", "good"}, 401, `{"message":"","errors":{"error":["A credential is required"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "vms")
			a := servertest.Ask(t, s.Wrap(c.middleware(s.Handle(servertest.Caller))), "GET", "/", c.header...)
			if a.Status != c.status || a.Body != c.body {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestEverySchemeIsOfferedToWhoHasNone(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	h := s.Wrap(auth.Authenticate(auth.Bearer(servertest.APIKeys), auth.Basic("", servertest.Accounts))(s.Handle(servertest.Caller)))
	if got := servertest.Ask(t, h, "GET", "/").Header.Values("WWW-Authenticate"); !slices.Equal(got, []string{`Bearer`, `Basic realm="", charset="UTF-8"`}) {
		t.Errorf("got %q", got)
	}
}

func TestACredentialThatIsSentTwiceIsInvalid(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	h := servertest.Listen(t, s.Wrap(auth.Authenticate(auth.Bearer(servertest.APIKeys))(s.Handle(servertest.Caller))))
	r, err := http.NewRequestWithContext(t.Context(), "GET", h.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Authorization"] = []string{"Bearer good", "Bearer good"}
	res, err := h.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("WWW-Authenticate"); res.StatusCode != 400 || !strings.Contains(got, `error="invalid_request"`) {
		t.Errorf("got %d %s", res.StatusCode, got)
	}
}

func TestWhatIsNotPermittedIsForbidden(t *testing.T) {
	t.Parallel()
	mine := func(r *http.Request, p server.Principal) bool { return strings.HasPrefix(r.URL.Path, "/"+p.Tenant+"/") }
	for name, c := range map[string]struct {
		middleware server.Middleware
		path       string
		status     int
		reason     parlance.Reason
		challenge  string
	}{
		"a scope that it has":     {auth.RequireScopes("read"), "/", 200, "", ""},
		"a scope that it has not": {auth.RequireScopes("read", "write"), "/", 403, parlance.ReasonOutOfScope, `Bearer error="insufficient_scope", error_description="The credential does not allow this", scope="read write"`},
		"its own":                 {auth.Require(mine), "/acme/x", 200, "", ""},
		"another one's":           {auth.Require(mine), "/other/x", 403, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "problem")
			a := servertest.Ask(t, s.Wrap(auth.Authenticate(auth.Bearer(servertest.APIKeys))(c.middleware(s.Handle(servertest.Caller)))), "GET", c.path, "Authorization", "Bearer good")
			if got := servertest.Meaning(t, "problem", a); a.Status != c.status || got.Reason != c.reason {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			if got := a.Header.Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("the challenge is %s", got)
			}
		})
	}
	s, _ := servertest.New(t, "problem")
	if a := servertest.Ask(t, s.Wrap(auth.RequireScopes("read")(s.Handle(servertest.Caller))), "GET", "/"); a.Status != 401 {
		t.Errorf("nobody: got %d %s", a.Status, a.Body)
	}
}

func TestAKeyIsGoodUntilItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "vbapi")
		k := auth.APIKeys{auth.HashKey("k"): {Expires: time.Now().Add(time.Hour)}}
		client := http.Client{Transport: memhttp.Serve(t, s.Wrap(auth.Authenticate(auth.APIKey("X-Api-Key", k))(s.Handle(servertest.Caller))))}
		for _, want := range []int{200, 401} {
			r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://house/", nil)
			r.Header.Set("X-Api-Key", "k")
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("got %d, want %d", res.StatusCode, want)
			}
			time.Sleep(time.Hour) // virtual
		}
	})
}

func TestADialectMayGiveEachCauseACodeOfItsOwn(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("house.yaml", []byte(`
dialect: house
codes:
  200: success
  K1: {kind: unauthenticated/no_credential, status: 401}
  K2: {kind: unauthenticated/wrong_credential, status: 401}
  K3: {kind: unauthenticated/expired, status: 401, retry: refresh}
  K4: {kind: unauthenticated/spent, status: 401}
  P1: {kind: forbidden/scope, status: 403}
shapes:
  - {name: error, status: 4xx, json: {code!: $code}}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
	h := servertest.Listen(t, s.Wrap(auth.Authenticate(auth.Bearer(servertest.APIKeys))(auth.RequireScopes("write")(s.Handle(servertest.Caller)))))
	for token, want := range map[string]string{"": "K1", "x": "K2", "old": "K3", "revoked": "K4", "good": "P1"} {
		if a, err := servertest.Try(t, h, "GET", "/", "Authorization", "Bearer "+token); err != nil || a.Body != `{"code":"`+want+`"}` {
			t.Errorf("%q: got %s, %v", token, a.Body, err)
		}
	}
}

func TestADialectWithoutAWordForTheCauseSaysItsKind(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d := catalogtest.Open(t, name)
		for _, reason := range []parlance.Reason{parlance.ReasonNoCredential, parlance.ReasonWrongCredential, parlance.ReasonSpent, parlance.ReasonOutOfScope} {
			o := auth.CredentialError(reason).Outcome
			bare := parlance.Outcome{Kind: o.Kind, Detail: o.Detail}
			request := dialect.Request{Method: "GET", Path: "/", Header: dialect.HeaderMap(http.Header{"Accept": {"application/json"}})}
			got := d.Encode(nil, request, &o, dialect.Payload{})
			want := d.Encode(nil, request, &bare, dialect.Payload{})
			if slices.ContainsFunc(authoring.Codes(d), func(e authoring.Entry) bool { return e.Kind == o.Kind && e.Reason == reason }) {
				continue // it has the word
			}
			if readOf(d, request, got).Reason == reason {
				continue // the dialect that it extends has the word
			}
			if got.Status != want.Status || !sameKind(d, request, got, want) {
				t.Errorf("%s: %s/%s is %d %s, and its kind alone %d %s", d.Name(), o.Kind, reason, got.Status, got.Body, want.Status, want.Body)
			}
		}
	}
}

func sameKind(d *dialect.Dialect, q dialect.Request, a, b dialect.Encoded) bool {
	return readOf(d, q, a).Kind == readOf(d, q, b).Kind
}

// readOf is what a written response means to a client.
func readOf(d *dialect.Dialect, q dialect.Request, m dialect.Encoded) parlance.Outcome {
	h := http.Header{}
	for _, p := range m.Header {
		h.Add(p.Name, p.Value)
	}
	return d.Decode(q, dialect.Response{Status: m.Status, Header: dialect.HeaderMap(h), Body: m.Body}).Outcome
}

func outcome(k parlance.Kind, r parlance.Reason, status int) parlance.Outcome {
	return parlance.Outcome{Kind: k, Reason: r, Status: status}
}

func basicOf(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

// A handler of a batch makes requests of its own under that which it serves, each
// with a credential of its own.
func TestEachRequestOfABatchHasItsOwnCaller(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	names := auth.VerifierFunc(func(_ context.Context, _, secret string) (server.Principal, error) {
		return server.Principal{ID: secret}, nil
	})
	met := make(chan bool)
	one := auth.Authenticate(auth.APIKey("X-Api-Key", names))(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		<-met // all of them are known by now
		return servertest.Caller(w, r)
	}))
	batch := auth.Authenticate(auth.Bearer(names))(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		said := make([]string, 3)
		var all sync.WaitGroup
		for i := range said {
			each := r.Clone(r.Context())
			each.Header.Set("X-Api-Key", fmt.Sprint("key-", i))
			response := httptest.NewRecorder()
			all.Go(func() {
				one.ServeHTTP(response, each)
				said[i] = response.Body.String()
			})
		}
		for range said {
			met <- true
		}
		all.Wait()
		own, _ := server.PrincipalOf(r.Context())
		return append(said, own.ID), nil
	}))
	for name, h := range map[string]http.Handler{"under a server": s.Wrap(batch), "under none": batch} {
		r := httptest.NewRequest("POST", "/batch", nil)
		r.Header.Set("Authorization", "Bearer ann")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for i, want := range []string{"key-0", "key-1", "key-2", `"ann"`} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d is not %s in %s", name, i, want, w.Body)
			}
		}
	}
}
