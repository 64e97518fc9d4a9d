package client_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// endpoint is a token endpoint on a socket that answers every request with the same
// status and body, and counts the forms.
type endpoint struct {
	*httptest.Server
	status atomic.Int32
	body   atomic.Value
	forms  chan url.Values
}

func newEndpoint(t *testing.T, status int, body string) *endpoint {
	t.Helper()
	e := &endpoint{forms: make(chan url.Values, 10_000)}
	e.says(status, body)
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		e.forms <- r.PostForm
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(e.status.Load()))
		io.WriteString(w, e.body.Load().(string))
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) says(status int, body string) {
	e.status.Store(int32(status))
	e.body.Store(body)
}

// sent is what grants came since it was last asked.
func (e *endpoint) sent() (grants []string) {
	for len(e.forms) > 0 {
		form := <-e.forms
		grants = append(grants, strings.TrimSpace(form.Get("grant_type")+" "+form.Get("refresh_token")))
	}
	return grants
}

const granted = `{"access_token":"t2","expires_in":3600}`

var byCode = url.Values{"grant_type": {"authorization_code"}, "code": {"c"}, "client_id": {"id"}, "client_secret": {"hush"}}

// The endpoint answers every status of a failure in turn. Whatever it says but that
// the refresh token is spent, the log-in is not lost, and the next renewal has it.
func TestARefreshTokenIsSpentOnlyIfTheEndpointSaysSo(t *testing.T) {
	t.Parallel()
	never := []int{407, 408, 421, 425, 429}
	for _, c := range []struct {
		name, body, code string
		spent            bool
	}{
		{"no body", "", "", false},
		{"a page", "<html>not here</html>", "", false},
		{"JSON without an error", `{"message":"no"}`, "", false},
		{"a wrong client", `{"error":"invalid_client"}`, "invalid_client", false},
		{"a wrong request", `{"error":"invalid_request"}`, "invalid_request", false},
		{"an error that is an object", `{"error":{"code":400,"status":"INVALID","message":"no"}}`, "INVALID", false},
		{"a spent refresh token", `{"error":"invalid_grant"}`, "invalid_grant", true},
		{"a spent refresh token of GitHub", `{"error":"bad_refresh_token"}`, "bad_refresh_token", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEndpoint(t, 200, c.body)
			for status := 400; status < 600; status++ {
				e.says(status, c.body)
				login := client.NewOAuth(e.Client(), e.URL, byCode).Resume(client.Grant{Refresh: "r1"})
				_, err := login.Token(t.Context())
				var refused *client.TokenError
				if !errors.As(err, &refused) || refused.Status != status || refused.Code != c.code {
					t.Fatalf("%d: the error is %v", status, err)
				}
				spent := c.spent && status < 500 && !slices.Contains(never, status)
				if errors.Is(err, client.ErrSpent) != spent {
					t.Errorf("%d: spent: %t, want %t: %v", status, !spent, spent, err)
				}
				if got := e.sent(); !slices.Equal(got, []string{"refresh_token r1"}) { // and no code, which gave this token
					t.Errorf("%d: the endpoint got %q", status, got)
				}
				if spent {
					continue
				}
				e.says(200, granted)
				if token, err := login.Token(t.Context()); token != "t2" || err != nil {
					t.Errorf("%d: the next renewal gives %q, %v", status, token, err)
				}
				if got := e.sent(); !slices.Equal(got, []string{"refresh_token r1"}) {
					t.Errorf("%d: then it got %q", status, got)
				}
			}
		})
	}
}

func TestAnErrorUnder200IsAnError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, code string
		spent      bool
	}{
		{`{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}`, "bad_refresh_token", true},
		{`{"error":"incorrect_client_credentials"}`, "incorrect_client_credentials", false},
		{`{"error":"invalid_grant","access_token":"t"}`, "invalid_grant", true},
		{`{"error":{"message":"no","type":"OAuthException"}}`, "OAuthException", false},
		{`{"error":{"message":"no"}}`, "error", false},
		{`{"error":true}`, "error", false},
	} {
		e := newEndpoint(t, 200, c.body)
		_, err := client.NewOAuth(e.Client(), e.URL, nil).Resume(client.Grant{Refresh: "r1"}).Token(t.Context())
		var refused *client.TokenError
		if !errors.As(err, &refused) || refused.Status != 200 || refused.Code != c.code || errors.Is(err, client.ErrSpent) != c.spent {
			t.Errorf("%s: the error is %v", c.body, err)
		}
	}
	for _, body := range []string{`{"access_token":"t","error":null}`, `{"access_token":"t","error":""}`, `{"access_token":"t","error":false}`} {
		e := newEndpoint(t, 201, body)
		if token, err := client.NewOAuth(e.Client(), e.URL, byCode).Token(t.Context()); token != "t" || err != nil {
			t.Errorf("%s: got %q, %v", body, token, err)
		}
	}
}

// GitHub's dialect calls an incorrect device code a grant that is gone, and a wrong
// client none.
func TestTheDialectOfTheEndpointSaysWhatIsSpent(t *testing.T) {
	t.Parallel()
	for code, spent := range map[string]bool{"incorrect_device_code": true, "incorrect_client_credentials": false} {
		e := newEndpoint(t, 200, fmt.Sprintf(`{"error":%q,"error_description":"no","error_uri":"https://docs.github.com/"}`, code))
		hc := &http.Client{Transport: client.New(open(t, "github"))}
		_, err := client.NewOAuth(hc, e.URL+"/login/oauth/access_token", nil).Resume(client.Grant{Refresh: "r1"}).Token(t.Context())
		var refused *client.TokenError
		if !errors.As(err, &refused) || refused.Code != code || errors.Is(err, client.ErrSpent) != spent {
			t.Errorf("%s: the error is %v", code, err)
		}
	}
}

func TestACodeIsSentOnceAndNotAfterItGaveAToken(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, 503, "")
	login := client.NewOAuth(e.Client(), e.URL, byCode)
	if _, err := login.Token(t.Context()); errors.Is(err, client.ErrSpent) {
		t.Errorf("a stumble lost the code: %v", err)
	}
	e.says(200, `{"access_token":"t1","refresh_token":"r1"}`)
	if token, err := login.Token(t.Context()); token != "t1" || err != nil {
		t.Errorf("got %q, %v", token, err)
	}
	login.Invalidate("t1")
	e.says(400, `{"error":"invalid_grant"}`)
	for range 2 {
		_, err := login.Token(t.Context())
		var refused *client.TokenError
		if !errors.Is(err, client.ErrSpent) || !errors.As(err, &refused) || refused.Code != "invalid_grant" || !strings.Contains(err.Error(), "the user has to log in again") {
			t.Errorf("the error is %v", err)
		}
		if strings.Contains(err.Error(), "hush") {
			t.Error("the error has the secret")
		}
	}
	if got, want := e.sent(), []string{"authorization_code", "authorization_code", "refresh_token r1"}; !slices.Equal(got, want) {
		t.Errorf("the endpoint got %q, want %q", got, want)
	}
}

// A 401 without a code says nothing of the refresh token. A first grant that can be
// used again is tried, and the refresh token stays.
func TestA401WithoutACodeRunsAFirstGrantThatCanRunAgain(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t, 401, "")
	login := client.NewOAuth(e.Client(), e.URL, url.Values{"grant_type": {"client_credentials"}}).Resume(client.Grant{Refresh: "r1"})
	if _, err := login.Token(t.Context()); errors.Is(err, client.ErrSpent) {
		t.Errorf("the error is %v", err)
	}
	e.says(200, granted)
	if token, err := login.Token(t.Context()); token != "t2" || err != nil {
		t.Errorf("got %q, %v", token, err)
	}
	if got, want := e.sent(), []string{"refresh_token r1", "client_credentials", "refresh_token r1"}; !slices.Equal(got, want) {
		t.Errorf("the endpoint got %q, want %q", got, want)
	}
}

// A caller learns the true cause, and whether a later request can have a token.
func TestARequestWithoutATokenSaysWhy(t *testing.T) {
	t.Parallel()
	reset, _ := wire(t, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) })
	unknown, _ := secure(t)
	says := func(status int, body string) string { return newEndpoint(t, status, body).URL }
	for _, c := range []struct {
		name, url string
		kind      parlance.Kind
		reason    parlance.Reason
		act       parlance.Act
		why       string
	}{
		{"a spent refresh token", says(400, `{"error":"invalid_grant"}`), parlance.KindUnauthenticated, parlance.ReasonSpent, parlance.ActStop, "only a new login helps"},
		{"a wrong client", says(401, `{"error":"invalid_client"}`), parlance.KindUnauthenticated, "", parlance.ActStop, `401 "invalid_client"`},
		{"a wrong address", says(404, ""), parlance.KindUnauthenticated, "", parlance.ActStop, "404"},
		{"a proxy in between", says(407, ""), parlance.KindUnavailable, parlance.ReasonNotSent, parlance.ActRetry, "407"},
		{"an endpoint that is down", says(503, ""), parlance.KindUnavailable, parlance.ReasonNotSent, parlance.ActRetry, "503"},
		{"a broken connection", reset, parlance.KindUnavailable, parlance.ReasonNotSent, parlance.ActRetry, "no token could be had"},
		{"an unknown authority", unknown.URL, parlance.KindUnavailable, parlance.ReasonNotSent, parlance.ActStop, "does not know the authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			login := client.NewOAuth(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, c.url, nil).Resume(client.Grant{Refresh: "r1"})
			_, err := client.New(open(t, "plain"), client.WithCredential(login)).RoundTrip(request(t, "GET", ""))
			var e *client.Error
			if !errors.As(err, &e) || len(e.Attempts) != 0 {
				t.Fatalf("the error is %v", err)
			}
			if e.Outcome.Kind != c.kind || e.Outcome.Reason != c.reason || e.Decision.Act != c.act || !e.Decision.RetrySafe || !strings.Contains(e.Decision.Why, c.why) {
				t.Errorf("%v/%v, %+v", e.Outcome.Kind, e.Outcome.Reason, e.Decision)
			}
			if again := e.Decision.Backoff.Floor > 0; again != (c.act == parlance.ActRetry) {
				t.Errorf("the wait is %+v", e.Decision)
			}
		})
	}
}

func TestATokenIsGoodUntilItsEndIfItsRenewalStumbles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		tokens := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if asked++; asked == 2 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			fmt.Fprintf(w, `{"access_token":"t%d","expires_in":60,"refresh_token":"r"}`, asked)
		}))
		login := client.NewOAuth(&http.Client{Transport: tokens}, "http://login.test/token", byCode)
		for _, step := range []struct {
			after time.Duration
			want  string
		}{{0, "t1"}, {56 * time.Second, "t1"}, {2 * time.Second, "t1"}, {2 * time.Second, "t3"}} {
			time.Sleep(step.after)
			if token, err := login.Token(t.Context()); token != step.want || err != nil {
				t.Errorf("after another %v: %q, %v; want %s", step.after, token, err, step.want)
			}
		}
		if asked != 3 {
			t.Errorf("the endpoint was asked %d times", asked)
		}
	})
}
