package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/examples/vision"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store/memory"
)

// told runs the command over the network with variables of its own. No secret of them
// may be printed.
func told(t *testing.T, variables map[string]string, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	var out, errs bytes.Buffer
	exit = newApp(func(name string) string { return variables[name] }, strings.NewReader(""), &out, &errs).run(t.Context(), args)
	for name, secret := range variables {
		if _, password, ok := strings.Cut(secret, ":"); ok && len(password) >= leastSecret {
			secret = password
		}
		if strings.Contains(out.String()+errs.String(), secret) {
			t.Errorf("%s is printed:\n%s%s", name, out.String(), errs.String())
		}
	}
	return out.String(), errs.String(), exit
}

// warehouse is the service of vision, with an access token that has expired.
func warehouse(t *testing.T) (address, expired string) {
	t.Helper()
	store := memory.New()
	s, err := vision.New(vision.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	expired, err = auth.GiveToken(t.Context(), store.Tokens(), server.Principal{ID: vision.ClientID}, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	return h.URL, expired
}

// refreshToken logs in at the service of vision, and returns the refresh token.
func refreshToken(t *testing.T, address string, form url.Values) string {
	t.Helper()
	res, err := http.PostForm(address+"/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var grant struct {
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&grant); err != nil || grant.Refresh == "" {
		t.Fatalf("no refresh token: %d, %v", res.StatusCode, err)
	}
	return grant.Refresh
}

var byClient = url.Values{"grant_type": {"client_credentials"}, "client_id": {vision.ClientID}, "client_secret": {vision.ClientCode}}

// wants compares the lines of a text that begin with one of the labels, times left out.
func wants(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, line := range want {
		_, after, found := strings.Cut(text, line)
		if !found {
			t.Errorf("want %q, in this order, in\n%s", line, text)
			return
		}
		text = after
	}
}

func TestACallRefreshesATokenThatHasExpired(t *testing.T) {
	t.Parallel()
	address, expired := warehouse(t)
	env := map[string]string{"OLD": expired, "REFRESH": refreshToken(t, address, byClient), "CLIENT": vision.ClientID + ":" + vision.ClientCode}
	stdout, stderr, exit := told(t, env, "call", "--dialect", "vision", "--token", "env:OLD", "--refresh", "env:REFRESH", "--login", "env:CLIENT", address+"/StockAvailability?product=WIDGET")
	if exit != 0 || !strings.Contains(stdout, "WIDGET") {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
	wants(t, stderr, "401 unauthenticated/expired", "  refresh     401 means unauthenticated (expired)", "token         POST "+address+"/token by refresh_token: 200 OK\n", "attempt 2", "200 success")
}

func TestASpentRefreshTokenFallsBackToTheFirstGrant(t *testing.T) {
	t.Parallel()
	for _, login := range []struct{ flag, account, by string }{
		{"env:ACCOUNT", vision.ClientID + ":" + vision.ClientCode, "client_credentials"},
		{"password: env:ACCOUNT", vision.User + ":" + vision.Password, "password"},
	} {
		t.Run(login.by, func(t *testing.T) {
			t.Parallel()
			address, expired := warehouse(t)
			spent := refreshToken(t, address, byClient)
			again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {spent}}
			for _, name := range []string{"client_id", "client_secret"} {
				again.Set(name, byClient.Get(name))
			}
			refreshToken(t, address, again)
			env := map[string]string{"OLD": expired, "REFRESH": spent, "ACCOUNT": login.account}
			stdout, stderr, exit := told(t, env, "call", "--dialect", "vision", "--token", "env:OLD", "--refresh", "env:REFRESH", "--login", login.flag, address+"/StockAvailability?product=WIDGET")
			if exit != 0 || !strings.Contains(stdout, "WIDGET") {
				t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
			}
			wants(t, stderr, "401 unauthenticated/expired", "/token by refresh_token: 4", "/token by "+login.by+": 200 OK\n", "200 success")
		})
	}
}

func TestACallLogsInWhereNoTokenIsGiven(t *testing.T) {
	t.Parallel()
	address, _ := warehouse(t)
	env := map[string]string{"CLIENT": vision.ClientID + ":" + vision.ClientCode, "WRONG": vision.ClientID + ":not the secret"}
	_, stderr, exit := told(t, env, "call", "--dialect", "vision", "--login", "env:CLIENT", address+"/StockAvailability?product=WIDGET")
	if exit != 0 {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	wants(t, stderr, "/token by client_credentials: 200 OK\n", "attempt 1", "200 success")

	_, stderr, exit = told(t, env, "call", "--dialect", "vision", "--login", "env:WRONG", address+"/StockAvailability?product=WIDGET")
	if exit != exitFindings {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	wants(t, stderr, "/token by client_credentials: 401", "outcome       unauthenticated\n", "next          No token could be had, so nothing was sent.")
}

func TestACallLogsInAnewAtVBAPI(t *testing.T) {
	t.Parallel()
	store := memory.New()
	s, err := vbapi.New(vbapi.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	expired, err := auth.GiveToken(t.Context(), store.Tokens(), server.Principal{ID: vbapi.User}, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(file, []byte("X-Api-Key: "+vbapi.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"OLD": expired, "LOGIN": vbapi.User + ":" + vbapi.Password}
	stdout, stderr, exit := told(t, env, "call", "--dialect", "vbapi", "-H", "@"+file, "--token", "env:OLD", "--login", "env:LOGIN", h.URL+"/clients/"+vbapi.Client+"/products")
	if exit != 0 || !strings.Contains(stdout, `"error":null`) {
		t.Errorf("exit %d\n%s%s", exit, stdout, stderr)
	}
	wants(t, stderr, "401 unauthenticated/expired", "token         POST "+h.URL+"/user-authentication by Basic: 200 OK\n", "attempt 2", "200 success", "  activityId  ")
}

func TestASignInThatIsDownIsNoRefusal(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(h.Close)
	_, stderr, exit := told(t, map[string]string{"LOGIN": "reader:the-password"}, "call", "--dialect", "vbapi", "--login", "env:LOGIN", h.URL+"/clients/1/products")
	if exit != 1 {
		t.Errorf("exit %d\n%s", exit, stderr)
	}
	wants(t, stderr, "by Basic: 503", "outcome       unavailable/not_sent\n", "vendor says   retry\n")
}

func TestAdviceFitsTheCredentialThatWasTried(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TOKEN": "the-bearer-token", "LOGIN": "reader:the-password"}
	for _, test := range []struct {
		name, dialect, challenge string
		args                     []string
		want                     string
	}{
		{"nothing given", "http", "", nil, "Give a credential: a token with --token env:NAME, or user and password with -u env:NAME."},
		{"nothing given, Basic asked", "plain", `Basic realm="x"`, nil, "The API asks for user and password (Basic). Give them with -u env:NAME."},
		{"nothing given, a token asked", "omilia", `Bearer realm="x"`, nil, "Give a token with --token env:NAME."},
		{"nothing given, and the file knows where", "paypal", "", nil, "Give a token with --token env:NAME, or get one with --login env:NAME at /v1/oauth2/token."},
		{"a token given, Basic asked", "plain", `Basic realm="x"`, []string{"--token", "env:TOKEN"}, "The API asks for user and password (Basic), and got another credential. Give them with -u env:NAME."},
		{"Basic given, a token asked", "omilia", `Bearer`, []string{"-u", "env:LOGIN"}, "The API asks for a token (Bearer), and got user and password. Give one with --token env:NAME."},
		{"the right kind refused", "omilia", `Bearer`, []string{"--token", "env:TOKEN"}, "The API refused the credential. Check that it is the right one and still good."},
		{"Basic refused", "plain", `Basic realm="x"`, []string{"-u", "env:LOGIN"}, "The API refused the credential. Check that it is the right one and still good."},
		{"expired", "vision", "Bearer", []string{"--token", "env:TOKEN"}, "The token was refused, probably because it has expired. --refresh env:NAME or --login env:NAME gets a new one at /token."},
		{"expired, and only a sign-in", "vbapi", "Bearer", []string{"--token", "env:TOKEN"}, "The token was refused, probably because it has expired. --login env:NAME gets a new one at POST /user-authentication."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.challenge != "" {
					w.Header().Set("WWW-Authenticate", test.challenge)
				}
				w.WriteHeader(401)
				fmt.Fprint(w, "no")
			}))
			t.Cleanup(h.Close)
			_, stderr, exit := told(t, env, append([]string{"call", "--dialect", test.dialect, h.URL + "/x"}, test.args...)...)
			said := strings.Join(strings.Fields(stderr), " ")
			if exit != exitFindings || !strings.HasSuffix(said, "next "+test.want) {
				t.Errorf("exit %d, want %q at the end of\n%s", exit, test.want, stderr)
			}
		})
	}
}

func TestALogInThatCannotBeUnderstoodSendsNothing(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PAIR": "reader:the-password", "NONE": "nocolonhere"}
	for _, test := range []struct{ args, want string }{
		{"--login env:PAIR", "parlance: the dialect http does not say where a token comes from\nhint: --token-url URL names the token endpoint\n"},
		{"--dialect azure --login env:PAIR", "parlance: the token endpoint of azure has a part that only you know: https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token\n"},
		{"--dialect vision --login env:NONE", "parlance: --login: the secret is not user:password\n"},
		{"--dialect vision --login reader:the-password", "parlance: --login takes the place of the secret, not the secret itself\n"},
		{"--dialect vbapi --refresh env:PAIR", "parlance: vbapi has no refresh tokens\n"},
		{"--dialect vision --key k", "parlance: --key: the dialect vision has no idempotency key\n"},
	} {
		_, stderr, exit := told(t, env, append(strings.Fields(test.args), "call", "http://127.0.0.1:1/x")...)
		if exit != exitUsage || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: exit %d, got\n%s\nwant\n%s", test.args, exit, stderr, test.want)
		}
	}
}

func TestAPostIsRetriedWithoutAKeyOnlyIfTheCallerSaysSo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flag []string
		want int // times that it is sent
		says string
	}{
		{nil, 1, "--retry-unsafe sends it again all the same: this API has no idempotency key."},
		{[]string{"--retry-unsafe"}, 2, "200 success"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if sent++; sent == 1 {
					w.Header().Set("Retry-After", "3")
					w.WriteHeader(503)
				}
			}))
			_, stderr, _ := calling(t.Context(), base, "", append([]string{"call", "--dialect", "plain", "-d", "{}", "http://api.example.com/"}, test.flag...)...)
			if said := strings.Join(strings.Fields(stderr), " "); sent != test.want || !strings.Contains(said, test.says) {
				t.Errorf("%q: sent %d times, want %d, and %q in\n%s", test.flag, sent, test.want, test.says, stderr)
			}
		})
	}
}

func TestAKeyThatIsGivenIsSentAndShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := ""
		base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key = r.Header.Get("Idempotency-Key")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(503)
		}))
		_, stderr, _ := calling(t.Context(), base, "", "call", "--dialect", "omilia", "--key", "order-7", "-d", "{}", "http://api.example.com/")
		said := strings.Join(strings.Fields(stderr), " ")
		if want := "with --key order-7 so that nothing is done twice"; key != "order-7" || !strings.Contains(said, "key Idempotency-Key: order-7") || !strings.Contains(said, want) {
			t.Errorf("sent %q, want %q in\n%s", key, want, stderr)
		}
	})
}

func TestACallNamesTheSupportOfWhatPersists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }))
		_, stderr, _ := calling(t.Context(), base, "", "call", "--dialect", "vision", "http://api.example.com/")
		said := strings.Join(strings.Fields(stderr), " ")
		if want := "next Send it again in 5 minutes, at 00:05:00. --max-wait 5m waits for it. If that does not help, report it to Vision Support, with the request ID: --report writes what to send."; !strings.Contains(said, want) {
			t.Errorf("want %q in\n%s", want, stderr)
		}
	})
}
