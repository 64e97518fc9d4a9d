package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// endpoint is where a token comes from.
type endpoint struct {
	url    *url.URL
	method string // of a sign-in by Basic; "" for a token endpoint of OAuth 2
}

// endpointOf is where the flags or the dialect say that a token comes from, seen
// from the address that is called.
func endpointOf(c *call, d *dialect.Dialect, called *url.URL) (endpoint, error) {
	auth := d.Auth()
	where, e := cmp.Or(c.tokenURL, auth.Token), endpoint{}
	if where == "" && auth.Login != "" {
		e.method, where, _ = strings.Cut(auth.Login, " ")
	}
	if where == "" {
		return e, &mistake{message: fmt.Sprintf("the dialect %s does not say where a token comes from", d.Name()), hint: "--token-url URL names the token endpoint"}
	}
	if strings.Contains(where, "{") {
		return e, &mistake{message: fmt.Sprintf("the token endpoint of %s has a part that only you know: %s", d.Name(), where), hint: "--token-url URL names it in full"}
	}
	var err error
	if e.url, err = called.Parse(where); err != nil || e.url.Scheme != "http" && e.url.Scheme != "https" || e.url.Host == "" {
		return e, &mistake{message: "--token-url is not an http or https URL", hint: "for example: --token-url https://login.example.com/token"}
	}
	e.url.User = nil // that of the address that is called is for that alone
	return e, nil
}

// renewal is a credential that logs in and refreshes as --login and --refresh say.
// token is that of --token, which is used first; "" for none. keys are the fields
// that a sign-in at the API itself needs too.
func (a *app) renewal(c *call, d *dialect.Dialect, called *url.URL, token string, keys http.Header, t *teller) (client.Credential, error) {
	at, err := endpointOf(c, d, called)
	if err != nil {
		return nil, err
	}
	base := a.base
	if base == nil {
		base = http.DefaultTransport
	}
	hc := &http.Client{Transport: granting{base, t}}
	start := client.Grant{Token: token}
	if c.refresh != "" {
		if start.Refresh, err = a.secret("--refresh", c.refresh); err != nil {
			return nil, err
		}
		t.hidden.add(start.Refresh)
		if at.method != "" {
			return nil, &mistake{message: fmt.Sprintf("%s has no refresh tokens", d.Name()), hint: "--login env:NAME logs in anew"}
		}
	}
	grant, user, password := "", "", ""
	if c.login != "" {
		if grant, user, password, err = a.account(c.login, t.hidden); err != nil {
			return nil, err
		}
	}
	if at.method == "" {
		form, err := firstGrant(grant, user, password, d.Auth().Grants)
		if err != nil {
			return nil, err
		}
		return client.NewOAuth(hc, at.url.String(), form).Resume(start), nil
	}
	if !sameHost(called, at.url) {
		keys = nil
	}
	return client.NewLogin(func(ctx context.Context) (client.Grant, error) {
		return logIn(ctx, hc, d, at, keys, user, password)
	}, nil).Resume(start), nil
}

// apiKeys are the fields that a sign-in at the API itself needs too: keys, and who
// calls.
func (g given) apiKeys(header http.Header, hidden *secrets) http.Header {
	keys := g.keys.Clone()
	for name, values := range header {
		if name == "User-Agent" || name != "Authorization" && hidden.isSecret(name) {
			keys[name] = values
		}
	}
	return keys
}

func sameHost(a, b *url.URL) bool { return strings.EqualFold(a.Host, b.Host) && a.Scheme == b.Scheme }

// account reads what --login names: a grant, and user and password.
func (a *app) account(login string, hidden *secrets) (grant, user, password string, err error) {
	place := login
	if !isPlace(place) {
		grant, place, _ = strings.Cut(login, ":")
		grant, place = strings.TrimSpace(grant), strings.TrimSpace(place)
	}
	pair, err := a.secret("--login", place)
	if err != nil {
		return "", "", "", err
	}
	user, password, ok := strings.Cut(pair, ":")
	if !ok || user == "" || password == "" {
		return "", "", "", &mistake{message: "--login: the secret is not user:password", hint: "use user:password, or a client ID and its secret: id:secret"}
	}
	hidden.addAccount(user, password)
	return grant, user, password, nil
}

// firstGrant is the form of the first grant; empty if nobody is to log in.
func firstGrant(grant, user, password string, offered []string) (url.Values, error) {
	if user == "" {
		return nil, nil
	}
	known := []string{"client_credentials", "password"}
	if grant == "" {
		grant = known[0]
		if i := slices.IndexFunc(offered, func(g string) bool { return slices.Contains(known, g) }); i >= 0 {
			grant = offered[i]
		}
	}
	switch grant {
	case "client_credentials":
		return url.Values{"grant_type": {grant}, "client_id": {user}, "client_secret": {password}}, nil
	case "password":
		return url.Values{"grant_type": {grant}, "username": {user}, "password": {password}}, nil
	}
	return nil, &mistake{message: fmt.Sprintf("--login: the grant %q cannot be used here", grant), hint: "use client_credentials or password, for example: --login 'password: env:LOGIN'"}
}

// maxGrant is the most bytes of a token response.
const maxGrant = 64 << 10

// logIn asks for a token with user and password (Basic), and finds it in what the
// dialect says is the payload.
func logIn(ctx context.Context, hc *http.Client, d *dialect.Dialect, at endpoint, keys http.Header, user, password string) (client.Grant, error) {
	if user == "" {
		return client.Grant{}, errors.New("there is no --login to get a token with")
	}
	req, err := http.NewRequestWithContext(ctx, at.method, at.url.String(), nil)
	if err != nil {
		return client.Grant{}, err
	}
	for name, values := range keys {
		req.Header[name] = values
	}
	req.SetBasicAuth(user, password)
	if accept := d.Accept(); accept != "" {
		req.Header.Set("Accept", accept)
	}
	res, err := hc.Do(req)
	if err != nil {
		return client.Grant{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxGrant))
	if err != nil {
		return client.Grant{}, err
	}
	read := d.Decode(httpdialect.Request(d, req), httpdialect.Response(res, body))
	if o := read.Outcome; !o.Kind.Good() {
		return client.Grant{}, &loginError{
			text: fmt.Sprintf("the login was refused: %d %s", res.StatusCode, strings.TrimSpace(meaning(o.Kind, o.Reason)+" "+o.Detail)),
			of:   client.TokenError{Status: res.StatusCode, Code: o.Code, RetryAfter: o.RetryAfter},
		}
	}
	if read.Enveloped {
		body = read.Data
	}
	token, ok := tokenIn(body)
	if !ok {
		return client.Grant{}, errors.New("the response to the login holds no token, or several")
	}
	return client.Grant{Token: token}, nil
}

// loginError is a login that gave no token. By its TokenError, a service that is down is told
// from one that refuses the account.
type loginError struct {
	text string
	of   client.TokenError
}

func (e *loginError) Error() string { return e.text }
func (e *loginError) Unwrap() error { return &e.of }

// tokenIn is the one member of a JSON object whose name says that it is a token.
func tokenIn(body []byte) (token string, ok bool) {
	var members map[string]any
	if json.Unmarshal(body, &members) != nil {
		return "", false
	}
	for name, value := range members {
		name = strings.ToLower(name)
		text, isText := value.(string)
		if !isText || text == "" || !strings.HasSuffix(name, "token") || strings.Contains(name, "refresh") {
			continue
		}
		if token != "" {
			return "", false
		}
		token = text
	}
	return token, token != ""
}

// granting tells of each request for a token, and hides what comes of it.
type granting struct {
	base http.RoundTripper
	t    *teller
}

// RoundTrip hands it on.
func (g granting) RoundTrip(req *http.Request) (*http.Response, error) {
	how := "Basic"
	if req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			text, _ := io.ReadAll(body)
			if form, err := url.ParseQuery(string(text)); err == nil {
				how = form.Get("grant_type")
			}
		}
	}
	g.t.waiting.end()
	g.t.waiting.begin(awaiting)
	res, err := g.base.RoundTrip(req)
	g.t.waiting.end()
	if err != nil {
		g.t.granted(req, how, "no response")
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxGrant))
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	g.t.hidden.ofBody(body)
	res.Body = io.NopCloser(bytes.NewReader(body))
	g.t.granted(req, how, res.Status)
	return res, nil
}

// granted tells of a request for a token: at once before the first attempt, else after
// the attempt that it belongs to.
func (t *teller) granted(req *http.Request, how, came string) {
	t.tokens = append(t.tokens, fmt.Sprintf("%s %s by %s: %s", req.Method, shownURL(req.URL), how, printable(came)))
	if !t.flying {
		t.tellTokens()
	}
}

func (t *teller) tellTokens() {
	for _, text := range t.tokens {
		if !t.quiet {
			t.title("token", text)
		}
	}
	t.tokens = nil
}

// ofBody adds the tokens that a response gives, wherever they stand in its JSON.
func (s *secrets) ofBody(body []byte) {
	var tree any
	if json.Unmarshal(body, &tree) == nil {
		s.ofTree(tree)
	}
}

func (s *secrets) ofTree(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for name, value := range v {
			if text, ok := value.(string); ok && strings.HasSuffix(strings.ToLower(name), "token") {
				s.add(text)
			}
			s.ofTree(value)
		}
	case []any:
		for _, value := range v {
			s.ofTree(value)
		}
	}
}
