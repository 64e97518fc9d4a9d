package tokensource_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/tokensource"
	"github.com/parlance-api/parlance/internal/memhttp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// issuer is a token endpoint and the API behind it, which takes the token that
// was issued last.
type issuer struct {
	reply func(w http.ResponseWriter, form map[string]string, n int) bool // false for the usual one

	mu      sync.Mutex
	good    string
	refresh []string // the refresh tokens that came, oldest first
	asked   int
}

func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path != "/token" {
		if r.Header.Get("Authorization") != "Bearer "+s.good {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return
	}
	r.ParseForm()
	form := map[string]string{}
	for name := range r.Form {
		form[name] = r.Form.Get(name)
	}
	s.asked++
	if form["refresh_token"] != "" {
		s.refresh = append(s.refresh, form["refresh_token"])
	}
	w.Header().Set("Content-Type", "application/json")
	if s.reply != nil && s.reply(w, form, s.asked) {
		return
	}
	s.good = fmt.Sprintf("token-%d", s.asked)
	fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600,"refresh_token":"refresh-%d"}`, s.good, s.asked)
}

func (s *issuer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.good = ""
}

const endpoint = "https://issuer.test/token"

func caller(t *testing.T, base http.RoundTripper, login client.Credential) *http.Client {
	t.Helper()
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: client.New(d, client.WithBase(base), client.WithCredential(login))}
}

// plainly makes https go over the transport in memory.
type plainly struct{ http.RoundTripper }

func (p plainly) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme = "http"
	return p.RoundTripper.RoundTrip(req)
}

func status(t *testing.T, hc *http.Client) int {
	t.Helper()
	resp, err := hc.Get("http://api.test/things")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestOneFetchServesAllWhoWaitAndARefusedTokenIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{}
		base := plainly{memhttp.Serve(t, s)}
		hc := caller(t, base, tokensource.ClientCredentials(&http.Client{Transport: base}, &clientcredentials.Config{
			ClientID: "id", ClientSecret: "secret", TokenURL: endpoint,
		}))
		for round := 1; round <= 2; round++ {
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if got := status(t, hc); got != http.StatusOK {
						t.Errorf("round %d: %d", round, got)
					}
				})
			}
			all.Wait()
			if s.asked != round {
				t.Errorf("%d tokens were fetched in %d rounds", s.asked, round)
			}
			s.revoke()
		}
	})
}

func TestAHangingSourceHoldsNobodyLongerThanHisContext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		source func(ctx context.Context, release chan struct{})
	}{
		{"that heeds its context", func(ctx context.Context, _ chan struct{}) { <-ctx.Done() }},
		{"that heeds nothing", func(_ context.Context, release chan struct{}) { <-release }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				var opened atomic.Int32
				login := tokensource.New(func(ctx context.Context) oauth2.TokenSource {
					if opened.Add(1) == 1 {
						return source(func() (*oauth2.Token, error) { c.source(ctx, release); return nil, ctx.Err() })
					}
					return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "second"})
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				if _, err := login.Token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
				time.Sleep(time.Minute)
				if token, err := login.Token(t.Context()); token != "second" || err != nil {
					t.Errorf("a minute later: %q, %v", token, err)
				}
			})
		})
	}
}

// source is a TokenSource that is a function.
type source func() (*oauth2.Token, error)

func (s source) Token() (*oauth2.Token, error) { return s() }

func TestASourceThatFailsInAnyWayIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		source oauth2.TokenSource
		want   string
	}{
		{"with an error", source(func() (*oauth2.Token, error) { return nil, broken }), "broken"},
		{"with nothing", source(func() (*oauth2.Token, error) { return nil, nil }), "neither"},
		{"with an empty token", source(func() (*oauth2.Token, error) { return &oauth2.Token{}, nil }), "no token"},
		{"with a panic", source(func() (*oauth2.Token, error) { panic("oh") }), "panicked: oh"},
		{"by not being there", nil, "panicked"},
		{"with a page that repeats the secret", source(func() (*oauth2.Token, error) {
			return nil, &oauth2.RetrieveError{Response: &http.Response{StatusCode: 500}, Body: []byte("client_secret=hunter2")}
		}), "responded with 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			login := tokensource.New(func(context.Context) oauth2.TokenSource { return c.source })
			_, err := login.Token(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// consent is what a user once gave.
func consent() *oauth2.Token {
	return &oauth2.Token{AccessToken: "token-0", RefreshToken: "refresh-0", Expiry: time.Now().Add(time.Hour)}
}

func config() *oauth2.Config {
	return &oauth2.Config{ClientID: "id", ClientSecret: "secret", Endpoint: oauth2.Endpoint{TokenURL: endpoint}}
}

func TestARefreshTokenThatWasReplacedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{good: "token-0"}
		base := plainly{memhttp.Serve(t, s)}
		var saved []string
		login := tokensource.Refreshing(&http.Client{Transport: base}, config(), consent(), func(t *oauth2.Token) {
			saved = append(saved, t.RefreshToken)
		})
		hc := caller(t, base, login)
		for range 3 {
			if got := status(t, hc); got != http.StatusOK {
				t.Fatal(got)
			}
			s.revoke()
		}
		login.Invalidate("token-0") // late: it was replaced long ago
		time.Sleep(2 * time.Hour)   // now the current one is stale, too
		if got := status(t, hc); got != http.StatusOK {
			t.Fatal(got)
		}
		if want := []string{"refresh-0", "refresh-1", "refresh-2"}; !slices.Equal(s.refresh, want) {
			t.Errorf("sent %v, not %v", s.refresh, want)
		}
		if want := []string{"refresh-1", "refresh-2", "refresh-3"}; !slices.Equal(saved, want) {
			t.Errorf("saved %v, not %v", saved, want)
		}
	})
}

func TestWhatARefreshThatFailedLeavesBehind(t *testing.T) {
	t.Parallel()
	deny := func(status int, body string) func(http.ResponseWriter, map[string]string, int) bool {
		return func(w http.ResponseWriter, _ map[string]string, n int) bool {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	for _, c := range []struct {
		name  string
		reply func(http.ResponseWriter, map[string]string, int) bool
		spent bool
		sent  int // how often, when it was asked for twice
	}{
		{"a spent token is not sent again", deny(400, `{"error":"invalid_grant"}`), true, 2}, // both ways of naming the client
		{"GitHub says so under 200", deny(200, `{"error":"bad_refresh_token"}`), true, 1},
		{"after a fault it is sent once, and again when asked", deny(500, `oops`), false, 2},
		{"a success without a token may have replaced it", deny(200, `<html>`), false, 2},
		{"a redirect is not followed", func(w http.ResponseWriter, _ map[string]string, _ int) bool {
			w.Header().Set("Location", "https://elsewhere.test/token")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}, false, 2},
		{"a client that names itself wrongly loses nothing", deny(401, `{"error":"invalid_client"}`), false, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &issuer{reply: c.reply}
				base := plainly{memhttp.Serve(t, s)}
				old := consent()
				old.Expiry = time.Now()
				login := tokensource.Refreshing(&http.Client{Transport: base}, config(), old, nil)
				for range 2 {
					_, err := login.Token(t.Context())
					if err == nil || errors.Is(err, client.ErrSpent) != c.spent || c.spent && !errors.As(err, new(*client.TokenError)) {
						t.Errorf("the error is %v", err)
					}
				}
				if len(s.refresh) != c.sent {
					t.Errorf("the refresh token was sent %d times, not %d", len(s.refresh), c.sent)
				}
			})
		})
	}
}

func TestAnEndpointThatSaysWhenToComeBackIsLeftAloneUntilThen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, after string }{
		{"in seconds", "60"},
		{"by the clock", "Sat, 01 Jan 2000 00:01:00 GMT"}, // a bubble begins at midnight
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &issuer{reply: func(w http.ResponseWriter, _ map[string]string, n int) bool {
					w.Header().Set("Retry-After", c.after)
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}}
				login := tokensource.ClientCredentials(&http.Client{Transport: plainly{memhttp.Serve(t, s)}}, &clientcredentials.Config{
					ClientID: "id", ClientSecret: "secret", TokenURL: endpoint, AuthStyle: oauth2.AuthStyleInHeader,
				})
				for range 3 {
					_, err := login.Token(t.Context())
					var e *client.TokenError
					if !errors.As(err, &e) || e.Status != http.StatusTooManyRequests || e.RetryAfter != time.Minute {
						t.Errorf("the error is %v", err)
					}
				}
				if s.asked != 1 {
					t.Errorf("it was asked %d times", s.asked)
				}
				time.Sleep(time.Minute)
				if login.Token(t.Context()); s.asked != 2 {
					t.Errorf("it was asked %d times in all", s.asked)
				}
			})
		})
	}
}

func TestAnEndpointThatWantsTheClientInTheFormGetsItThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &issuer{reply: func(w http.ResponseWriter, form map[string]string, _ int) bool {
			if form["client_secret"] == "secret" {
				return false
			}
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}}
		base := plainly{memhttp.Serve(t, s)}
		old := consent()
		old.Expiry = time.Now()
		login := tokensource.Refreshing(&http.Client{Transport: base}, config(), old, nil)
		if token, err := login.Token(t.Context()); token == "" || err != nil {
			t.Error(err)
		}
	})
}
