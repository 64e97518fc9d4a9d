package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/memory"
)

// house serves the endpoint at /token and who calls at /.
func house(s *server.Server, e *auth.TokenEndpoint) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/token", e)
	mux.Handle("/", auth.Authenticate(auth.Bearer(auth.Tokens(e.Store)))(s.Handle(servertest.Caller)))
	return s.Wrap(mux)
}

type tokenResponse struct {
	status  int
	header  http.Header
	body    string
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
	Issued  string `json:".issued"`
	Ends    string `json:".expires"`
	Error   string `json:"error"`
}

// askToken posts a form, and Basic where there is a user in it.
func askToken(t testing.TB, c *http.Client, at, form string, basic ...string) (a tokenResponse) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", at+"/token", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if len(basic) == 2 {
		r.SetBasicAuth(basic[0], basic[1])
	}
	got := servertest.Do(t, c, r)
	if err := json.Unmarshal([]byte(got.Body), &a); err != nil && got.Status == 200 {
		t.Fatalf("%v in %s", err, got.Body)
	}
	a.status, a.header, a.body = got.Status, got.Header, got.Body
	return a
}

// get asks with a bearer token.
func get(t testing.TB, c *http.Client, at, token string) servertest.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", at, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return servertest.Do(t, c, r)
}

func TestATokenIsGivenByEachGrantAndOpensTheDoor(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vision", "vbapi"} {
		s, _ := servertest.New(t, dialect)
		e := servertest.Endpoint(memory.New().Tokens())
		e.ByRFC = dialect == "vbapi" // whose envelope no OAuth client knows
		h := servertest.Listen(t, house(s, e))
		for name, c := range map[string]struct {
			form, who string
			basic     []string
			scope     string
		}{
			"client_credentials":   {form: servertest.ByClient, who: "shop", scope: "read write"},
			"a client in Basic":    {form: "grant_type=client_credentials", basic: []string{"shop", "right"}, who: "shop", scope: "read write"},
			"fewer scopes":         {form: servertest.ByClient + "&scope=read", who: "shop", scope: ""}, // as asked, so not said (RFC 6749, 5.1)
			"password":             {form: servertest.ByPassword, who: "ann"},
			"password of a client": {form: servertest.ByPassword + "&client_id=shop&client_secret=right", who: "ann"},
		} {
			a := askToken(t, h.Client(), h.URL, c.form, c.basic...)
			if a.status != 200 || a.Type != "bearer" || a.Expires != 1200 || a.Refresh == "" || a.Scope != c.scope || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s, %s: got %d %v %s", dialect, name, a.status, a.header, a.body)
			}
			if got := get(t, h.Client(), h.URL, a.Access); got.Status != 200 || !strings.Contains(got.Body, `"`+c.who+`"`) {
				t.Errorf("%s, %s: the token opens %d %s", dialect, name, got.Status, got.Body)
			}
			if got := get(t, h.Client(), h.URL, a.Refresh); got.Status != 401 {
				t.Errorf("%s, %s: the refresh token opens %d %s", dialect, name, got.Status, got.Body)
			}
		}
	}
}

func TestVisionsTokensHaveTheMembersOfItsPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "vision")
		e := servertest.Endpoint(memory.New().Tokens())
		e.Members = auth.Stamps
		c := &http.Client{Transport: memhttp.Serve(t, house(s, e))}
		a := askToken(t, c, "http://vision", servertest.ByPassword)
		if a.Issued != "Sat, 01 Jan 2000 00:00:00 GMT" || a.Ends != "Sat, 01 Jan 2000 00:20:00 GMT" {
			t.Errorf("got %s", a.body)
		}
	})
}

func TestEachCauseThatNoTokenIsGivenIsTold(t *testing.T) {
	t.Parallel()
	problem, _ := servertest.New(t, "problem")
	vision, _ := servertest.New(t, "vision")
	e := servertest.Endpoint(memory.New().Tokens())
	rfc := *e
	rfc.ByRFC = true
	narrow := *e
	narrow.Grants, narrow.Clients = nil, nil // by default password is none, and there are no clients
	h, inVision, bare, little := servertest.Listen(t, house(problem, e)), servertest.Listen(t, house(vision, e)), servertest.Listen(t, house(vision, &rfc)), servertest.Listen(t, house(problem, &narrow))
	for name, c := range map[string]struct {
		form   string
		basic  []string
		kind   parlance.Kind
		reason parlance.Reason
		vision string // its code
		word   string // of RFC 6749
	}{
		"no form":             {"", nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"a parameter twice":   {servertest.ByClient + "&client_id=shop", nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"what is no form":     {"grant_type=%", nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"two secrets":         {servertest.ByClient, []string{"shop", "right"}, parlance.KindInvalid, "", "400", "invalid_request"},
		"no password":         {"grant_type=password&username=ann", nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"no refresh token":    {"grant_type=refresh_token", nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"another grant":       {"grant_type=implicit", nil, parlance.KindInvalid, "grant_type", "400", "unsupported_grant_type"},
		"a scope too many":    {servertest.ByClient + "&scope=read+admin", nil, parlance.KindInvalid, "scope", "400", "invalid_scope"},
		"no client":           {"grant_type=client_credentials", nil, parlance.KindUnauthenticated, parlance.ReasonNoCredential, "101", "invalid_client"},
		"an unknown client":   {"grant_type=client_credentials&client_id=x&client_secret=right", nil, parlance.KindUnauthenticated, parlance.ReasonWrongCredential, "101", "invalid_client"},
		"a wrong secret":      {"grant_type=client_credentials", []string{"shop", "wrong"}, parlance.KindUnauthenticated, parlance.ReasonWrongCredential, "101", "invalid_client"},
		"a wrong password":    {"grant_type=password&username=ann&password=wrong", nil, parlance.KindUnauthenticated, parlance.ReasonWrongCredential, "101", "invalid_grant"},
		"an unknown refresh":  {"grant_type=refresh_token&refresh_token=x", nil, parlance.KindUnauthenticated, parlance.ReasonWrongCredential, "101", "invalid_grant"},
		"a form without end":  {servertest.ByClient + "&x=" + strings.Repeat("x", 65<<10), nil, parlance.KindInvalid, "", "400", "invalid_request"},
		"a name with a quote": {servertest.ByClient + `&"=1&"=2`, nil, parlance.KindInvalid, "", "400", "invalid_request"},
	} {
		a := askToken(t, h.Client(), h.URL, c.form, c.basic...)
		got := servertest.Meaning(t, "problem", servertest.Response{Status: a.status, Header: a.header, Body: a.body})
		if got.Kind != c.kind || got.Reason != c.reason {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
		if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no challenge", name)
		}
		a = askToken(t, inVision.Client(), inVision.URL, c.form, c.basic...)
		if got := servertest.Meaning(t, "vision", servertest.Response{Status: a.status, Header: a.header, Body: a.body}); got.Code != c.vision && a.status != 400 || got.Kind != c.kind {
			t.Errorf("%s: vision says %d %s", name, a.status, a.body)
		}
		a = askToken(t, bare.Client(), bare.URL, c.form, c.basic...)
		if a.Error != c.word || (a.status == 401) != (c.word == "invalid_client") || (a.status == 401) != (a.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: RFC 6749 says %d %s", name, a.status, a.body)
		}
	}
	for _, form := range []string{servertest.ByPassword, servertest.ByClient} {
		if a := askToken(t, little.Client(), little.URL, form); a.status != 422 && a.status != 400 {
			t.Errorf("a grant that is not given: got %d %s", a.status, a.body)
		}
	}
	if a, err := servertest.Try(t, h, "GET", "/token"); err != nil || a.Status != 405 || a.Header.Get("Allow") != "POST" {
		t.Errorf("GET: got %d, %v", a.Status, err)
	}
}

func TestARefreshTokenIsGoodOnceAndItsFamilyEndsWhenItComesAgain(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "problem")
	h := servertest.Listen(t, house(s, servertest.Endpoint(memory.New().Tokens())))
	again := func(refresh string) tokenResponse {
		return askToken(t, h.Client(), h.URL, "grant_type=refresh_token&refresh_token="+url.QueryEscape(refresh))
	}
	first := askToken(t, h.Client(), h.URL, servertest.ByPassword)
	second := again(first.Refresh)
	if second.status != 200 || second.Refresh == first.Refresh || second.Access == first.Access {
		t.Fatalf("got %d %s", second.status, second.body)
	}
	third := again(second.Refresh)
	if got := get(t, h.Client(), h.URL, third.Access); got.Status != 200 {
		t.Fatalf("got %d %s", got.Status, got.Body)
	}
	unrelated := askToken(t, h.Client(), h.URL, servertest.ByPassword)

	stolen := again(second.Refresh)
	if got := servertest.Meaning(t, "problem", servertest.Response{Status: stolen.status, Header: stolen.header, Body: stolen.body}); got.Reason != parlance.ReasonSpent {
		t.Errorf("got %d %s", stolen.status, stolen.body)
	}
	if !strings.Contains(log.String(), "used twice") || strings.Contains(log.String(), second.Refresh) {
		t.Errorf("the log says %s", log)
	}
	for _, token := range []string{first.Access, second.Access, third.Access} {
		if got := get(t, h.Client(), h.URL, token); servertest.Meaning(t, "problem", got).Reason != parlance.ReasonSpent {
			t.Errorf("a token of the family opens %d %s", got.Status, got.Body)
		}
	}
	if got := again(third.Refresh); got.status != 401 {
		t.Errorf("the family lives on: %d %s", got.status, got.body)
	}
	if got := get(t, h.Client(), h.URL, unrelated.Access); got.Status != 200 {
		t.Errorf("another sign-in ended too: %d %s", got.Status, got.Body)
	}
}

func TestOfManyWhoRefreshAtOnceOneIsGivenAToken(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vision")
	h := servertest.Listen(t, house(s, servertest.Endpoint(memory.New().Tokens())))
	first := askToken(t, h.Client(), h.URL, servertest.ByPassword)
	var given atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a := askToken(t, h.Client(), h.URL, "grant_type=refresh_token&refresh_token="+first.Refresh); a.status == 200 {
				given.Add(1)
			}
		})
	}
	wg.Wait()
	if given.Load() != 1 {
		t.Errorf("%d were", given.Load())
	}
}

func TestARefreshTokenBelongsToTheClientThatItWasGivenTo(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "vision")
	h := servertest.Listen(t, house(s, servertest.Endpoint(memory.New().Tokens())))
	a := askToken(t, h.Client(), h.URL, servertest.ByClient)
	form := "grant_type=refresh_token&refresh_token=" + a.Refresh
	for name, basic := range map[string][]string{"nobody": nil, "another": {"other", "right"}, "a liar": {"shop", "wrong"}} {
		if got := askToken(t, h.Client(), h.URL, form, basic...); got.status != 401 {
			t.Errorf("%s: got %d %s", name, got.status, got.body)
		}
	}
	// None of them has spent it.
	if got := askToken(t, h.Client(), h.URL, form+"&scope=read", "shop", "right"); got.status != 200 {
		t.Errorf("its own: got %d %s", got.status, got.body)
	} else if got := askToken(t, h.Client(), h.URL, "grant_type=refresh_token&refresh_token="+got.Refresh, "shop", "right"); got.Scope != "read write" {
		t.Errorf("the refresh token lost scopes with the access token: %s", got.body)
	}
}

func TestTokensExpireToTheSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "problem")
		e := servertest.Endpoint(memory.New().Tokens())
		e.Life, e.RefreshLife = time.Minute, time.Hour
		c := &http.Client{Transport: memhttp.Serve(t, house(s, e))}
		a := askToken(t, c, "http://house", servertest.ByPassword)
		time.Sleep(time.Minute - time.Nanosecond) // virtual
		if got := get(t, c, "http://house", a.Access); got.Status != 200 {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
		time.Sleep(time.Nanosecond)
		if got := get(t, c, "http://house", a.Access); servertest.Meaning(t, "problem", got).Reason != parlance.ReasonExpired {
			t.Errorf("got %d %s", got.Status, got.Body)
		}
		time.Sleep(time.Hour - time.Minute)
		got := askToken(t, c, "http://house", "grant_type=refresh_token&refresh_token="+a.Refresh)
		if servertest.Meaning(t, "problem", servertest.Response{Status: got.status, Header: got.header, Body: got.body}).Reason != parlance.ReasonSpent {
			t.Errorf("the refresh token: got %d %s", got.status, got.body)
		}
	})
}

// A client whose token expired while it was away for days is to renew it. Were it
// told that the token is wrong (Vision's code 101) it would give up.
func TestATokenThatExpiredLongAgoIsToldAsThatAndRenewed(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vision", "problem"} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := servertest.New(t, dialect)
			m := memory.New()
			c := &http.Client{Transport: memhttp.Serve(t, house(s, servertest.Endpoint(m.Tokens())))}
			first := askToken(t, c, "http://house", servertest.ByClient)
			given, err := auth.GiveToken(t.Context(), m.Tokens(), server.Principal{ID: "ann"}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			renew := func(secret string) tokenResponse {
				t.Helper()
				return askToken(t, c, "http://house", "grant_type=refresh_token&refresh_token="+secret, "shop", "right")
			}
			is := func(what string, a servertest.Response, want parlance.Reason) {
				t.Helper()
				if got := servertest.Meaning(t, dialect, a); got.Kind != parlance.KindUnauthenticated || got.Reason != want {
					t.Errorf("%s, %s: got %d %s", dialect, what, a.Status, a.Body)
				}
			}
			time.Sleep(29 * 24 * time.Hour) // virtual
			for _, token := range []string{first.Access, given} {
				if _, err := m.Tokens().Token(t.Context(), auth.HashKey(token)); !errors.Is(err, parlance.ErrNotFound) {
					t.Fatalf("the token is kept still: %v", err)
				}
				is("a token of a month ago", get(t, c, "http://house", token), parlance.ReasonExpired)
			}
			next := renew(first.Refresh)
			if got := get(t, c, "http://house", next.Access); next.status != 200 || got.Status != 200 {
				t.Errorf("%s: got %d %s, then %d %s", dialect, next.status, next.body, got.Status, got.Body)
			}
			wrong := parlance.ReasonWrongCredential
			if dialect == "vision" {
				wrong = "" // its code 101 says no more
			}
			is("a token that was changed", get(t, c, "http://house", next.Access+"0"), wrong)
			is("a token that nobody got", get(t, c, "http://house", "made-up"), wrong)

			time.Sleep(60 * 24 * time.Hour)
			if got := renew(next.Refresh); dialect == "problem" {
				is("a refresh token of long ago", servertest.Response{Status: got.status, Header: got.header, Body: got.body}, parlance.ReasonSpent)
			} else if got.status != 401 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
}

// The client end and the server end together: the client finds its token expired,
// renews it, and logs in anew where the refresh token has ended too.
func TestOurClientStaysIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := servertest.New(t, "vision")
		e := servertest.Endpoint(memory.New().Tokens())
		e.Life, e.RefreshLife = time.Minute, time.Hour
		wire := memhttp.Serve(t, house(s, e))
		login := client.NewOAuth(&http.Client{Transport: wire}, "http://house/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"shop"}, "client_secret": {"right"}})
		for _, wait := range []time.Duration{0, 2 * time.Minute, 2 * time.Hour} {
			time.Sleep(wait) // virtual
			token, err := login.Token(t.Context())
			if err != nil {
				t.Fatalf("after %v: %v", wait, err)
			}
			if got := get(t, &http.Client{Transport: wire}, "http://house", token); got.Status != 200 {
				t.Errorf("after %v: got %d %s", wait, got.Status, got.Body)
			}
		}
	})
}

// brokenTokens is a store that is down.
type brokenTokens struct{ auth.TokenStore }

var errBroken = errors.New("disk 7 is full")

func (brokenTokens) Transact(context.Context, func(context.Context) error) error { return errBroken }
func (brokenTokens) Token(context.Context, [32]byte) (auth.Token, error) {
	return auth.Token{}, errBroken
}

func TestATokenStoreThatIsDownIsUnavailableAndSaysNoMore(t *testing.T) {
	t.Parallel()
	s, log := servertest.New(t, "vision")
	h := servertest.Listen(t, house(s, servertest.Endpoint(brokenTokens{})))
	for _, form := range []string{servertest.ByClient, "grant_type=refresh_token&refresh_token=x"} {
		a := askToken(t, h.Client(), h.URL, form)
		if servertest.Meaning(t, "vision", servertest.Response{Status: a.status, Header: a.header, Body: a.body}).Kind != parlance.KindUnavailable || strings.Contains(a.body, "disk") {
			t.Errorf("got %d %s", a.status, a.body)
		}
	}
	if a := get(t, h.Client(), h.URL, "x"); a.Status != 503 {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if !strings.Contains(log.String(), "disk 7") {
		t.Errorf("the log says %s", log)
	}
}
