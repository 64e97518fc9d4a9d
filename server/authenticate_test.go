package server_test

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
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// keys are those of the tests: each is named for what it is.
var keys = server.Keys{
	server.HashKey("good"):    {Principal: server.Principal{ID: "ann", Tenant: "acme", Scopes: []string{"read"}}},
	server.HashKey("old"):     {Expires: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
	server.HashKey("revoked"): {Revoked: true},
}

// accounts has ann, whose password is "right"; the hash is a quick one.
var accounts = server.Accounts{
	"ann": {Password: "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + quick("right"), Principal: server.Principal{ID: "ann"}},
}

// says answers with who calls.
func says(_ http.ResponseWriter, r *http.Request) (any, error) {
	p, _ := server.PrincipalOf(r.Context())
	return p, nil
}

func TestEachCauseOfARefusalIsTold(t *testing.T) {
	t.Parallel()
	locked := server.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, fmt.Errorf("ann is locked: %w", parlance.ErrForbidden)
	})
	down := server.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	})
	bare := server.VerifierFunc(func(context.Context, string, string) (server.Principal, error) {
		return server.Principal{}, parlance.ErrUnauthenticated
	})
	bearer, basic, key := server.Bearer(keys), server.Basic("the house", accounts), server.APIKey("X-Api-Key", keys)
	for name, c := range map[string]struct {
		scheme    server.Scheme
		header    []string
		want      parlance.Outcome // its kind, reason and status
		challenge string
	}{
		"no token":             {bearer, nil, outcome(parlance.Unauthenticated, parlance.NoCredential, 401), `Bearer`},
		"a token of no letter": {bearer, []string{"Authorization", "Bearer "}, outcome(parlance.Unauthenticated, parlance.NoCredential, 401), `Bearer`},
		"another scheme":       {bearer, []string{"Authorization", "Basic YTpi"}, outcome(parlance.Unauthenticated, parlance.NoCredential, 401), `Bearer`},
		"a wrong token": {bearer, []string{"Authorization", "Bearer x"}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401),
			`Bearer error="invalid_token", error_description="The credential is wrong"`},
		"an old token": {bearer, []string{"Authorization", "bearer old"}, outcome(parlance.Unauthenticated, parlance.Expired, 401),
			`Bearer error="invalid_token", error_description="The credential has expired"`},
		"a revoked token": {bearer, []string{"Authorization", "Bearer revoked"}, outcome(parlance.Unauthenticated, parlance.Spent, 401),
			`Bearer error="invalid_token", error_description="The credential was revoked or is used up"`},
		"no key":      {key, nil, outcome(parlance.Unauthenticated, parlance.NoCredential, 401), `ApiKey header="X-Api-Key"`},
		"a wrong key": {key, []string{"X-Api-Key", "x"}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401), `ApiKey header="X-Api-Key"`},
		"an old key":  {key, []string{"X-Api-Key", "old"}, outcome(parlance.Unauthenticated, parlance.Expired, 401), `ApiKey header="X-Api-Key"`},
		"a key behind a word of its own": {server.Scheme{Name: "Token", Verifier: keys}, []string{"Authorization", "Token x"},
			outcome(parlance.Unauthenticated, parlance.WrongCredential, 401), `Token`},
		"a wrong password": {basic, []string{"Authorization", basicOf("ann:wrong")}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401),
			`Basic realm="the house", charset="UTF-8"`},
		"an unknown name":        {basic, []string{"Authorization", basicOf("bob:right")}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401), `Basic realm="the house", charset="UTF-8"`},
		"what is no Basic":       {basic, []string{"Authorization", "Basic %"}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401), `Basic realm="the house", charset="UTF-8"`},
		"a locked account":       {server.Bearer(locked), []string{"Authorization", "Bearer x"}, outcome(parlance.Forbidden, "", 403), ``},
		"a store that is down":   {server.Bearer(down), []string{"Authorization", "Bearer x"}, outcome(parlance.Unavailable, "", 503), ``},
		"a verifier's bare word": {server.Bearer(bare), []string{"Authorization", "Bearer x"}, outcome(parlance.Unauthenticated, parlance.WrongCredential, 401), `Bearer error="invalid_token", error_description="The credential is wrong"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "problem")
			a := servertest.Ask(t, s.Wrap(server.Authenticate(c.scheme)(s.Handle(says))), "GET", "/", c.header...)
			got := read(t, "problem", a)
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
	either := server.Authenticate(server.Bearer(keys), server.Basic("", accounts), server.APIKey("X-Api-Key", keys))
	both := func(next http.Handler) http.Handler {
		return server.Authenticate(server.APIKey("X-Api-Key", keys))(server.Authenticate(server.Basic("", accounts))(next))
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
		"one of two is no entry":  {both, []string{"Authorization", basicOf("ann:right")}, 401, `{"message":"","errors":{"error":["A credential is needed"]}}`},
		"nor is the other of two": {both, []string{"X-Api-Key", "good"}, 401, `{"message":"","errors":{"error":["A credential is needed"]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "vms")
			a := servertest.Ask(t, s.Wrap(c.middleware(s.Handle(says))), "GET", "/", c.header...)
			if a.Status != c.status || a.Body != c.body {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		})
	}
}

func TestEverySchemeIsOfferedToWhoHasNone(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	h := s.Wrap(server.Authenticate(server.Bearer(keys), server.Basic("", accounts))(s.Handle(says)))
	if got := servertest.Ask(t, h, "GET", "/").Header.Values("WWW-Authenticate"); !slices.Equal(got, []string{`Bearer`, `Basic realm="", charset="UTF-8"`}) {
		t.Errorf("got %q", got)
	}
}

func TestACredentialThatIsSentTwiceIsInvalid(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vms")
	h := servertest.Listen(t, s.Wrap(server.Authenticate(server.Bearer(keys))(s.Handle(says))))
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
		"a scope that it has":     {server.RequireScopes("read"), "/", 200, "", ""},
		"a scope that it has not": {server.RequireScopes("read", "write"), "/", 403, parlance.OutOfScope, `Bearer error="insufficient_scope", error_description="The credential is not good for this", scope="read write"`},
		"its own":                 {server.Require(mine), "/acme/x", 200, "", ""},
		"another one's":           {server.Require(mine), "/other/x", 403, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "problem")
			a := servertest.Ask(t, s.Wrap(server.Authenticate(server.Bearer(keys))(c.middleware(s.Handle(says)))), "GET", c.path, "Authorization", "Bearer good")
			if got := read(t, "problem", a); a.Status != c.status || got.Reason != c.reason {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
			if got := a.Header.Get("WWW-Authenticate"); got != c.challenge {
				t.Errorf("the challenge is %s", got)
			}
		})
	}
	s, _ := servertest.New(t, "problem")
	if a := servertest.Ask(t, s.Wrap(server.RequireScopes("read")(s.Handle(says))), "GET", "/"); a.Status != 401 {
		t.Errorf("nobody: got %d %s", a.Status, a.Body)
	}
}

func TestAKeyIsGoodUntilItExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "vbapi")
		k := server.Keys{server.HashKey("k"): {Expires: time.Now().Add(time.Hour)}}
		client := http.Client{Transport: memhttp.Serve(t, s.Wrap(server.Authenticate(server.APIKey("X-Api-Key", k))(s.Handle(says))))}
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
	h := servertest.Listen(t, s.Wrap(server.Authenticate(server.Bearer(keys))(server.RequireScopes("write")(s.Handle(says)))))
	for token, want := range map[string]string{"": "K1", "x": "K2", "old": "K3", "revoked": "K4", "good": "P1"} {
		if a, err := servertest.Try(t, h, "GET", "/", "Authorization", "Bearer "+token); err != nil || a.Body != `{"code":"`+want+`"}` {
			t.Errorf("%q: got %s, %v", token, a.Body, err)
		}
	}
}

func TestADialectWithoutAWordForTheCauseSaysItsKind(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d, err := catalog.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, reason := range []parlance.Reason{parlance.NoCredential, parlance.WrongCredential, parlance.Spent, parlance.OutOfScope} {
			o := server.Refuse(reason).Outcome
			bare := parlance.Outcome{Kind: o.Kind, Detail: o.Detail}
			request := dialect.Request{Method: "GET", Path: "/", Header: dialect.Fields(http.Header{"Accept": {"application/json"}})}
			got := d.Encode(nil, request, &o, dialect.Payload{})
			want := d.Encode(nil, request, &bare, dialect.Payload{})
			if slices.ContainsFunc(authoring.Codes(d), func(e authoring.Entry) bool { return e.Kind == o.Kind && e.Reason == reason }) {
				continue // it has the word
			}
			if got.Status != want.Status || !sameKind(d, request, got, want) {
				t.Errorf("%s: %s/%s is %d %s, and its kind alone %d %s", d.Name(), o.Kind, reason, got.Status, got.Body, want.Status, want.Body)
			}
		}
	}
}

func sameKind(d *dialect.Dialect, q dialect.Request, a, b dialect.Message) bool {
	of := func(m dialect.Message) parlance.Kind {
		h := http.Header{}
		for _, p := range m.Header {
			h.Add(p.Name, p.Value)
		}
		return d.Decode(q, dialect.Response{Status: m.Status, Header: dialect.Fields(h), Body: m.Body}).Outcome.Kind
	}
	return of(a) == of(b)
}

func outcome(k parlance.Kind, r parlance.Reason, status int) parlance.Outcome {
	return parlance.Outcome{Kind: k, Reason: r, Status: status}
}

// read is what an answer means in a dialect of the catalogue.
func read(t testing.TB, name string, a servertest.Answer) parlance.Outcome {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d.Decode(dialect.Request{}, dialect.Response{Status: a.Status, Header: dialect.Fields(a.Header), Body: []byte(a.Body)}).Outcome
}

func basicOf(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }

// A handler of a batch makes requests of its own under that which it serves, each
// with a credential of its own.
func TestEachRequestOfABatchHasItsOwnCaller(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	names := server.VerifierFunc(func(_ context.Context, _, secret string) (server.Principal, error) {
		return server.Principal{ID: secret}, nil
	})
	met := make(chan bool)
	one := server.Authenticate(server.APIKey("X-Api-Key", names))(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		<-met // all of them are known by now
		return says(w, r)
	}))
	batch := server.Authenticate(server.Bearer(names))(s.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		said := make([]string, 3)
		var all sync.WaitGroup
		for i := range said {
			each := r.Clone(r.Context())
			each.Header.Set("X-Api-Key", fmt.Sprint("key-", i))
			answer := httptest.NewRecorder()
			all.Go(func() {
				one.ServeHTTP(answer, each)
				said[i] = answer.Body.String()
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
