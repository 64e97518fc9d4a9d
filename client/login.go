package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrSpent is returned or wrapped by a renewal whose refresh token is no longer
// valid, so that only a new login helps.
var ErrSpent = errors.New("client: the refresh token is spent")

// loginTimeout bounds a login or renewal. The contexts of the waiting requests do
// not end it, only their own waiting: a refresh token that was sent must not be
// lost because one of them gave up.
const loginTimeout = time.Minute

// longestClosed bounds how long an endpoint is not asked after its Retry-After,
// so that an absurd number does not end all logins.
const longestClosed = time.Hour

// Login is a [Credential] that logs in when a token is first needed, and renews
// the token when it expires or is refused. However many requests wait, only one
// login or renewal runs, and all of them get its result. It is safe for
// concurrent use.
type Login struct {
	first func(context.Context) (Grant, error)
	renew func(ctx context.Context, refresh string) (Grant, error)

	mu     sync.Mutex
	grant  Grant
	stale  time.Time // when grant is renewed without being refused; zero for never
	closed time.Time // no request to the endpoint before this time
	why    error     // the error that said so
	spent  error     // of the renewal whose refresh token was spent; nil for none
	flight *flight   // the login or renewal that is running
}

var _ Credential = (*Login)(nil)

// flight is one login or renewal, for all requests that wait for it.
type flight struct {
	done  chan struct{} // closed when token and err are set
	token string
	err   error
}

// NewLogin makes a Login. Neither function may use the Transport that the Login
// is for.
//
//   - first is the login, or OAuth's first grant.
//   - renew gets a new token for a refresh token. It is nil if the API has no
//     refresh tokens; then first runs again.
//
// A function returns a [TokenError] for a response without a token. So a server that is down
// is told from one that refuses the account: the first is asked again later.
//
// If renew returns an [ErrSpent], first runs again. Any other error of renew goes
// to the caller, and the refresh token is kept. A token that is renewed ahead of its
// end is used until then if the renewal fails.
func NewLogin(first func(context.Context) (Grant, error), renew func(ctx context.Context, refresh string) (Grant, error)) *Login {
	return &Login{first: first, renew: renew}
}

// Resume starts with the result of an earlier login. Its token is used until it
// expires or is refused, and then its refresh token before a new login. It
// returns l, which must not have been used yet.
func (l *Login) Resume(g Grant) *Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grant, l.stale = g, g.stale(time.Now())
	return l
}

// Token returns the current token, or a new one if it is no longer valid. The
// error is that of the login or renewal, or the context's. After a [TokenError]
// with a RetryAfter, the endpoint is not asked again until then, or for an hour
// at most; Token returns an error at once.
func (l *Login) Token(ctx context.Context) (string, error) {
	l.mu.Lock()
	if l.grant.Token != "" && (l.stale.IsZero() || time.Now().Before(l.stale)) {
		defer l.mu.Unlock()
		return l.grant.Token, nil
	}
	if left := time.Until(l.closed); left > 0 {
		defer l.mu.Unlock()
		return "", &waitError{left, l.why}
	}
	f := l.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		l.flight = f
		go l.fly(context.WithoutCancel(ctx), f, l.grant.Refresh)
	}
	l.mu.Unlock()

	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Invalidate drops the token if it is the current one, and keeps the refresh
// token.
func (l *Login) Invalidate(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if token == l.grant.Token {
		l.grant.Token = ""
	}
}

// waitError says for how long no token can be had.
type waitError struct {
	left  time.Duration
	cause error
}

func (e *waitError) Error() string {
	return fmt.Sprintf("%v: not asked again for %s", e.cause, rounded(e.left))
}
func (e *waitError) Unwrap() error { return e.cause }

func (l *Login) fly(ctx context.Context, f *flight, refresh string) {
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	grant, err := l.guarded(ctx, refresh)
	if err == nil && grant.Token == "" {
		err = errors.New("client: the login gave no token")
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err == nil {
		l.grant, l.stale, l.spent = grant, grant.stale(now), nil
	}
	if e := (*TokenError)(nil); errors.As(err, &e) && e.RetryAfter > 0 {
		left := min(e.RetryAfter, longestClosed)
		l.closed, l.why = now.Add(left), err
		err = &waitError{left, err}
	}
	if f.token, f.err = grant.Token, err; err != nil && l.grant.Token != "" && now.Before(l.grant.Expires) {
		// It was renewed ahead of its end, and is good until then.
		f.token, f.err, l.stale = l.grant.Token, nil, l.grant.Expires
	}
	l.flight = nil
	close(f.done)
}

// guarded makes an error of a panic in the caller's own function. Nothing could
// recover it on this goroutine, and the process would end.
func (l *Login) guarded(ctx context.Context, refresh string) (grant Grant, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("client: the login panicked: %v", cause)
		}
	}()
	return l.get(ctx, refresh)
}

// get renews with the refresh token if there is one, else logs in.
func (l *Login) get(ctx context.Context, refresh string) (Grant, error) {
	if refresh != "" && l.renew != nil {
		grant, err := l.renew(ctx, refresh)
		if err == nil && grant.Refresh == "" {
			grant.Refresh = refresh // it stays good unless a new one comes (RFC 6749, 6)
		}
		if !errors.Is(err, ErrSpent) {
			return grant, err
		}
		l.mu.Lock()
		l.grant.Refresh, l.spent = "", err // not to be sent again, if the login fails
		l.mu.Unlock()
	}
	grant, err := l.first(ctx)
	if err != nil && l.spent != nil {
		err = fmt.Errorf("%w; %w", l.spent, err) // why there was a login at all
	}
	return grant, err
}
