// Package tokensource makes a client.Credential of golang.org/x/oauth2, and of
// the many modules that give an [oauth2.TokenSource]: a vendor's SDK, a metadata
// server, a key file.
//
//	login := tokensource.ClientCredentials(nil, &clientcredentials.Config{
//		ClientID:     id,
//		ClientSecret: secret,
//		TokenURL:     "https://auth.example/token",
//	})
//	t := client.New(d, client.WithCredential(login))
//	resp, err := (&http.Client{Transport: t}).Do(req)
//
// A TokenSource gives the same token until that expires: it takes no context and
// cannot learn that the server refused the token. So each source is used for one
// token, and the [client.Login] that these functions return keeps it:
//
//   - One fetch runs at a time, however many requests wait.
//   - Each request waits no longer than its own context.
//   - A token that was refused is replaced.
//   - A refresh token that was replaced is not sent again.
//   - A token endpoint that gives no token leads to a [client.TokenError]. If it
//     says when to come back, it is not asked again until then.
//
// A token is sent in the header and scheme that the dialect names. The token_type
// of the token endpoint is ignored. [client.NewOAuth] needs the standard library
// alone.
package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// New is a [client.Login] that gets each token from a new source, which open
// makes. The context of a source ends once it gave its token, after a minute at
// most. A source that ignores the context is then abandoned with its goroutine.
//
// open must not capture a source that keeps its token: the token would be used
// again after the server refused it. For a refresh token see [Refreshing].
func New(open func(ctx context.Context) oauth2.TokenSource) *client.Login {
	return client.NewLogin(func(ctx context.Context) (client.Grant, error) {
		t, err := fetch(ctx, open)
		return client.Grant{Token: t.AccessToken, Expires: t.Expiry}, err
	}, nil)
}

// ClientCredentials is a [client.Login] for OAuth's client credentials grant (RFC
// 6749, 4.4). hc is http.DefaultClient if nil. It must not use the Transport that
// the Login is for, and its redirects are not followed.
func ClientCredentials(hc *http.Client, c *clientcredentials.Config) *client.Login {
	return New(func(ctx context.Context) oauth2.TokenSource { return c.TokenSource(with(ctx, hc)) })
}

// Refreshing is a [client.Login] that starts with the token from a user's
// consent, and renews it with its refresh token (RFC 6749, 6). If the refresh
// token is spent, only the user can help: requests fail with an error that is a
// [client.ErrSpent].
//
// saved, if it is not nil, is called with each new token before it is used, from
// one goroutine at a time. Some servers replace the refresh token at each use
// (RFC 9700, 4.14.2), and the earlier one is then worthless. So a program that is
// restarted must store the token that saved gets.
//
// hc is http.DefaultClient if nil. It must not use the Transport that the Login
// is for, and its redirects are not followed.
func Refreshing(hc *http.Client, c *oauth2.Config, t *oauth2.Token, saved func(*oauth2.Token)) *client.Login {
	next := func(ctx context.Context, refresh string) (client.Grant, error) {
		t, err := fetch(ctx, func(ctx context.Context) oauth2.TokenSource {
			return c.TokenSource(with(ctx, once(hc)), &oauth2.Token{RefreshToken: refresh})
		})
		if err == nil && saved != nil {
			saved(t)
		}
		return grant(t), err
	}
	left := *t // of the consent: what has not been given to the Login yet
	gone := client.ErrSpent
	first := func(ctx context.Context) (client.Grant, error) {
		switch g := grant(&left); {
		case left.Valid():
			left = oauth2.Token{}
			return g, nil
		case g.Refresh == "":
			return g, fmt.Errorf("%w: the user has to consent again", gone)
		default:
			got, err := next(ctx, g.Refresh)
			if errors.Is(err, client.ErrSpent) {
				gone = err
			}
			if err == nil || gone == err {
				left = oauth2.Token{}
			}
			return got, err
		}
	}
	return client.NewLogin(first, next)
}

func grant(t *oauth2.Token) client.Grant {
	return client.Grant{Token: t.AccessToken, Refresh: t.RefreshToken, Expires: t.Expiry}
}

// fetch takes one token of a new source, and abandons the source if the context
// ends first.
func fetch(ctx context.Context, open func(context.Context) oauth2.TokenSource) (*oauth2.Token, error) {
	type response struct {
		token *oauth2.Token
		err   error
	}
	came := make(chan response, 1)
	go func() {
		a := response{new(oauth2.Token), errors.New("tokensource: the source gave neither a token nor an error")}
		defer func() {
			if cause := recover(); cause != nil { // nobody else could, on this goroutine
				a.err = fmt.Errorf("tokensource: the source panicked: %v", cause)
			}
			came <- a
		}()
		if t, err := open(ctx).Token(); err != nil {
			a.err = plain(err)
		} else if t != nil {
			a = response{t, nil}
		}
	}()
	select {
	case a := <-came:
		return a.token, a.err
	case <-ctx.Done():
		return new(oauth2.Token), context.Cause(ctx)
	}
}

// plain makes an error of a token endpoint's response. Its text holds the code
// but not the body, which may hold what was sent.
func plain(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) || r.Response == nil {
		return err
	}
	e := &client.TokenError{Status: r.Response.StatusCode, Code: r.ErrorCode, RetryAfter: httpdialect.RetryAfter(r.Response)}
	if e.Spent() {
		return fmt.Errorf("%w: %w", client.ErrSpent, e)
	}
	return e
}
