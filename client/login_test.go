package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
)

func TestALoginRunsOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins atomic.Int32
		l := client.NewLogin(func(context.Context) (client.Grant, error) {
			time.Sleep(time.Second) // virtual
			return client.Grant{Token: fmt.Sprint("token ", logins.Add(1))}, nil
		}, nil)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got, err := l.Token(t.Context()); got != "token 1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		l.Invalidate("token 1")
		l.Invalidate("token 1")
		if got, _ := l.Token(t.Context()); got != "token 2" {
			t.Errorf("after the refusal: %q", got)
		}
		l.Invalidate("token 1") // a late refusal of what was replaced long ago
		if got, _ := l.Token(t.Context()); got != "token 2" {
			t.Errorf("after the late refusal: %q", got)
		}
	})
}

func TestALoginIsRenewedWithItsRefreshToken(t *testing.T) {
	t.Parallel()
	spent := fmt.Errorf("gone: %w", client.ErrSpent)
	tests := []struct {
		name      string
		renewed   client.Grant
		renewErr  error
		want      string // the token after the refusal
		wantErr   error
		wantSent  string // the refresh token of a second renewal
		wantFirst int32
	}{
		{"a new refresh token takes the old one's place", client.Grant{Token: "second", Refresh: "r2"}, nil, "second", nil, "r2", 1},
		{"the old refresh token stays good where no new one comes", client.Grant{Token: "second"}, nil, "second", nil, "r1", 1},
		{"a spent refresh token leads to the first grant", client.Grant{}, spent, "first 2", nil, "r1", 2},
		{"any other failure is the caller's and loses nothing", client.Grant{}, context.DeadlineExceeded, "", context.DeadlineExceeded, "r1", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var firsts atomic.Int32
			var sent []string
			l := client.NewLogin(
				func(context.Context) (client.Grant, error) {
					return client.Grant{Token: fmt.Sprint("first ", firsts.Add(1)), Refresh: "r1"}, nil
				},
				func(_ context.Context, refresh string) (client.Grant, error) {
					sent = append(sent, refresh)
					return tt.renewed, tt.renewErr
				},
			)
			ctx := t.Context()
			first, err := l.Token(ctx)
			if err != nil {
				t.Fatal(err)
			}
			l.Invalidate(first)
			got, err := l.Token(ctx)
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.wantErr)
			}
			if n := firsts.Load(); n != tt.wantFirst {
				t.Errorf("the first grant ran %d times, want %d", n, tt.wantFirst)
			}
			l.Invalidate(got)
			l.Token(ctx)
			if len(sent) != 2 || sent[0] != "r1" || sent[1] != tt.wantSent {
				t.Errorf("refresh tokens sent: %q, want r1 and %s", sent, tt.wantSent)
			}
		})
	}
}

func TestASpentRefreshTokenIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var renewals int
	up := true
	l := client.NewLogin(
		func(context.Context) (client.Grant, error) {
			if !up {
				return client.Grant{}, errors.New("down")
			}
			return client.Grant{Token: "first", Refresh: "r1"}, nil
		},
		func(context.Context, string) (client.Grant, error) {
			renewals++
			return client.Grant{}, client.ErrSpent
		},
	)
	l.Token(t.Context())
	l.Invalidate("first")
	up = false
	for range 3 {
		if _, err := l.Token(t.Context()); err == nil {
			t.Fatal("a token came of nothing")
		}
	}
	if renewals != 1 {
		t.Errorf("the spent refresh token was sent %d times", renewals)
	}
}

func TestATokenIsRenewedAheadOfItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logins int
		l := client.NewLogin(func(context.Context) (client.Grant, error) {
			logins++
			return client.Grant{Token: fmt.Sprint(logins), Expires: time.Now().Add(time.Hour)}, nil
		}, nil)
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "1"},
			{time.Hour - 11*time.Second, "1"},
			{time.Second, "2"},
		} {
			time.Sleep(step.wait)
			if got, _ := l.Token(t.Context()); got != step.want {
				t.Errorf("after another %v: token %s, want %s", step.wait, got, step.want)
			}
		}
	})
}

func TestAHangingLoginEndsWithTheCallersContextAndThenByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := client.NewLogin(func(ctx context.Context) (client.Grant, error) {
			<-ctx.Done()
			return client.Grant{}, ctx.Err()
		}, nil)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.Token(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("the impatient one got %v after %v", err, time.Since(start))
		}
		if _, err := l.Token(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("the patient one got %v after %v", err, time.Since(start))
		}
	})
}

func TestALoginWithoutATokenIsAnError(t *testing.T) {
	t.Parallel()
	l := client.NewLogin(func(context.Context) (client.Grant, error) { return client.Grant{}, nil }, nil)
	if got, err := l.Token(t.Context()); err == nil {
		t.Errorf("got token %q", got)
	}
}

func TestOAuthRefreshesAndRunsTheFirstGrantAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var forms []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		mu.Lock()
		forms = append(forms, r.PostForm.Encode())
		n := len(forms)
		mu.Unlock()
		if r.PostForm.Get("refresh_token") == "r2" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant"}`)
			return
		}
		fmt.Fprintf(w, `{"access_token":"a%d","token_type":"bearer","expires_in":3600,"refresh_token":"r%d"}`, n, n)
	}))
	t.Cleanup(srv.Close)
	l := client.NewOAuth(srv.Client(), srv.URL, url.Values{
		"grant_type": {"password"}, "username": {"u"}, "password": {"p"}, "client_id": {"c"},
	})
	for _, want := range []string{"a1", "a2", "a4"} {
		got, err := l.Token(t.Context())
		if got != want || err != nil {
			t.Fatalf("got %q, %v; want %s", got, err, want)
		}
		l.Invalidate(got)
	}
	want := []string{
		"client_id=c&grant_type=password&password=p&username=u",
		"client_id=c&grant_type=refresh_token&refresh_token=r1",
		"client_id=c&grant_type=refresh_token&refresh_token=r2",
		"client_id=c&grant_type=password&password=p&username=u",
	}
	if fmt.Sprint(forms) != fmt.Sprint(want) {
		t.Errorf("the endpoint saw\n%q\nwant\n%q", forms, want)
	}
}

func TestOAuthErrorsSayWhatTheEndpointSaidAndNoSecret(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"a wrong client", `{"error":"invalid_client"}`, 401, `client: the token endpoint responded with 401 "invalid_client"`},
		{"a limit", `slow down`, 429, `client: the token endpoint responded with 429 ""`},
		{"a page", `<html>`, 200, `client: the response of the token endpoint is not JSON: invalid character '<' looking for beginning of value`},
		{"no token", `{}`, 200, `client: the login gave no token`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			t.Cleanup(srv.Close)
			_, err := client.NewOAuth(srv.Client(), srv.URL, url.Values{"client_secret": {"hush"}}).Token(t.Context())
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestALoginThatPanicsIsAnErrorOfItsCaller(t *testing.T) {
	t.Parallel()
	calls := 0
	l := client.NewLogin(func(context.Context) (client.Grant, error) {
		if calls++; calls == 1 {
			panic("a bug in the sign-in")
		}
		return client.Grant{Token: "t"}, nil
	}, nil)
	if _, err := l.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "panicked") {
		t.Errorf("the error is %v", err)
	}
	if token, err := l.Token(t.Context()); token != "t" {
		t.Errorf("the next one gets %q, %v", token, err)
	}
}

func TestATokenEndpointThatWantsToBeLeftAloneIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked int
		tokens := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 1 {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			io.WriteString(w, `{"access_token":"t1"}`)
		}))
		u := newUpstream(t, response{status: 200, body: "{}"})
		c := u.client(t, "vision", client.WithCredential(client.NewOAuth(&http.Client{Transport: tokens}, "http://login.test/token", url.Values{"grant_type": {"client_credentials"}})))
		for _, left := range []time.Duration{60 * time.Second, 40 * time.Second, 20 * time.Second} {
			_, err := c.Do(request(t, "POST", "<ORDERS/>"))
			var e *client.Error
			var token *client.TokenError
			if !errors.As(err, &e) || !errors.As(err, &token) || token.Status != 429 {
				t.Fatalf("the error is %v", err)
			}
			if d := e.Decision; d.Act != parlance.ActRetry || d.After != left || !d.RetrySafe || e.Outcome.Reason != parlance.ReasonNotSent {
				t.Errorf("the decision is %+v, want a retry after %v", d, left)
			}
			time.Sleep(20 * time.Second) // virtual
		}
		resp, _ := call(t, c, request(t, "POST", "<ORDERS/>"))
		if resp.StatusCode != 200 || asked != 2 || len(u.sightings()) != 1 {
			t.Errorf("got %d; the endpoint was asked %d times, the service %d", resp.StatusCode, asked, len(u.sightings()))
		}
	})
}
