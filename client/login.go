package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrSpent is what a renewal wraps or returns where the refresh token is no
// longer good, so that only a new log-in helps.
var ErrSpent = errors.New("client: the refresh token is spent")

// loginTimeout bounds a log-in or renewal. It is apart from the contexts of the
// requests that wait for it, each of which ends its own waiting only: a refresh
// token that was sent must not be lost because one of them gave up.
const loginTimeout = time.Minute

// longestClosed is how long an endpoint is left alone at most, whatever it said: a
// number that is out of all measure must not end all log-ins.
const longestClosed = time.Hour

// Login is a [Credential] that logs in when a token is first asked for, and
// renews it when it ends or is refused. However many requests wait, one log-in
// or renewal is under way, and all get what it gives. It is safe for concurrent
// use.
type Login struct {
	first func(context.Context) (Grant, error)
	renew func(ctx context.Context, refresh string) (Grant, error)

	mu     sync.Mutex
	grant  Grant
	stale  time.Time // when grant is renewed unasked; zero for never
	closed time.Time // until when the endpoint wants to be left alone, and
	why    error     // what it said
	flight *flight   // the log-in or renewal that is under way
}

var _ Credential = (*Login)(nil)

// flight is one log-in or renewal, for all who wait for it.
type flight struct {
	done  chan struct{} // closed when token and err are set
	token string
	err   error
}

// NewLogin makes a Login. first is the log-in, or OAuth's first grant. renew
// gets a new token for a refresh token, nil where the API has none: then first
// is run again. It is also run where renew returns an [ErrSpent]; any other
// error of renew is the caller's, and the refresh token is kept. Both must not
// use the Transport that the Login is for.
func NewLogin(first func(context.Context) (Grant, error), renew func(ctx context.Context, refresh string) (Grant, error)) *Login {
	return &Login{first: first, renew: renew}
}

// Resume starts with what an earlier log-in gave: its token is used until it ends or
// is refused, and its refresh token before a new log-in. It returns l, which must not
// have been used yet.
func (l *Login) Resume(g Grant) *Login {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grant, l.stale = g, g.stale(time.Now())
	return l
}

// Token is the current token, or a new one where it is not good any more. The
// error is that of the log-in or renewal, or the context's. Where that was a
// [TokenError] with a RetryAfter, it is retried until then, an hour at
// most, and nobody asks.
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

// waitError is that no token can be had for so long.
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
		err = errors.New("client: the log-in gave no token")
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.grant, l.stale = grant, grant.stale(time.Now())
	}
	if e := (*TokenError)(nil); errors.As(err, &e) && e.RetryAfter > 0 {
		left := min(e.RetryAfter, longestClosed)
		l.closed, l.why = time.Now().Add(left), err
		err = &waitError{left, err}
	}
	f.token, f.err = grant.Token, err
	l.flight = nil
	close(f.done)
}

// guarded makes an error of a panic in the caller's own function: it would end
// the process, for nobody can recover on this goroutine.
func (l *Login) guarded(ctx context.Context, refresh string) (grant Grant, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("client: the log-in panicked: %v", cause)
		}
	}()
	return l.get(ctx, refresh)
}

// get renews with the refresh token where there is one, else logs in.
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
		l.grant.Refresh = "" // not to be sent again, should the log-in fail
		l.mu.Unlock()
	}
	return l.first(ctx)
}
