package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Poller follows an accepted request (202) to its end. Set Client to one that
// uses a [Transport]: the zero value uses [http.DefaultClient], which cannot tell
// what a response means. It may be used concurrently.
type Poller struct {
	Client *http.Client

	// Every is the wait between two looks if neither the response (Retry-After)
	// nor the dialect states one. 0 begins with a second and doubles up to half a
	// minute.
	Every time.Duration

	// Timeout limits all looks together: 0 is an hour. A wait that would end
	// after it, or after the context, is not begun.
	Timeout time.Duration

	// Look, if it is not nil, is called before each wait, with the latest
	// response and the time until the next look.
	Look func(so *Report, wait time.Duration)
}

// PendingError says that a request was accepted and that Follow ended before the
// work did. A failure of the work itself is not an error of Follow: use [Check].
type PendingError struct {
	Where   string        // the URL to look at again; "" if it is unknown
	After   time.Duration // how long to wait before that; 0 if it is unknown
	Outcome parlance.Outcome
	Err     error // why Follow ended
}

// Error says where to look again.
func (e *PendingError) Error() string {
	s := "client: the request was accepted and has not ended: " + e.Err.Error()
	if e.Where != "" {
		s += "; look again at " + e.Where
	}
	return s
}

// Unwrap returns why Follow ended, such as the context.Cause of a context that
// ended.
func (e *PendingError) Unwrap() error { return e.Err }

var (
	errNowhere    = errors.New("the response does not say where to look")
	errImpatient  = errors.New("the next look would be later than the timeout")
	errUnfollowed = errors.New("client: the place to look at is not an http or https URL")
	errRedirects  = errors.New("client: the place to look at was redirected too often")
)

const (
	firstLook = time.Second
	lastLook  = 30 * time.Second
	patience  = time.Hour

	maxRedirects = 10 // as many as net/http follows
)

// Follow waits for the end of accepted work. It looks at the URL that the
// response names until another response comes, and returns that with its body
// readable. A response that is not accepted is returned at once.
//
// The URL is in the dialect's poll headers, else in Location (RFC 9110, 15.3.3).
// A GET without one is sent again to its own URL. Each look is a GET with the
// caller's headers, except those about a body or a key. A look at another origin
// than resp's carries no headers and no credential.
//
// If Follow ends too early, it returns the last response, its body readable, and
// a *[PendingError]. If a look gets no response, Err is an *[Error], or the error
// of the Client. Follow closes the bodies of all other responses.
func (p Poller) Follow(ctx context.Context, resp *http.Response) (*http.Response, error) {
	r, ok := ReportOf(resp)
	if !ok {
		return resp, ErrForeign
	}
	if p.Client == nil {
		p.Client = http.DefaultClient
	}
	f := &following{
		Poller: p, how: r.of.dialect.Polling(), asked: r.of.req,
		end: time.Now().Add(firstOf(p.Timeout, patience)), step: firstLook,
	}
	for r.Outcome.Kind == parlance.KindAccepted {
		later, err := f.again(ctx, resp, r)
		if err != nil {
			return resp, err
		}
		_ = resp.Body.Close() // superseded
		if resp = later; resp.Request != nil {
			r, ok = ReportOf(resp)
		}
		if !ok {
			return resp, ErrForeign
		}
	}
	return f.result(ctx, resp, r)
}

// following is the state between two looks.
type following struct {
	Poller
	how   dialect.Polling
	asked *http.Request
	end   time.Time     // when the timeout ends
	step  time.Duration // the next wait, if nothing else says
	place *url.URL      // the URL of the last look, nil for none
}

// again waits, then looks at the URL that the last response names. An error is a
// *PendingError.
func (f *following) again(ctx context.Context, resp *http.Response, r *Report) (*http.Response, error) {
	place, err := next(resp, f.how.Headers, f.place, f.asked)
	if err != nil {
		return nil, &PendingError{Outcome: r.Outcome, Err: err}
	}
	f.place = place
	wait := firstOf(r.Decision.After, f.how.Every, f.Every, f.step)
	f.step = min(2*f.step, lastLook)
	pending := &PendingError{Where: place.String(), After: wait, Outcome: r.Outcome}
	deadline, bounded := ctx.Deadline()
	if at := time.Now().Add(wait); at.After(f.end) || bounded && at.After(deadline) {
		pending.Err = errImpatient
		return nil, pending
	}
	if f.Look != nil {
		f.Look(r, wait)
	}
	if !sleep(ctx, wait) {
		pending.Err = context.Cause(ctx)
		return nil, pending
	}
	later, err := f.look(ctx, f.Client, r.of, place)
	if err == nil {
		return later, nil
	}
	if pending.Err = err; ctx.Err() != nil {
		pending.Err = context.Cause(ctx)
	}
	return nil, pending // the work goes on, and its place is known
}

// result is the result of the work. It may have another URL than the response
// that says that the work has ended.
func (f *following) result(ctx context.Context, resp *http.Response, r *Report) (*http.Response, error) {
	if f.how.Result == "" || r.Outcome.Kind.Failing() || resp.Header.Get(f.how.Result) == "" || f.place == nil {
		return resp, nil
	}
	place, err := next(resp, []string{f.how.Result}, f.place, f.asked)
	if err != nil {
		return resp, nil // the last look is what there is
	}
	result, err := f.look(ctx, f.Client, r.of, place)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	return result, nil
}

// next is the URL that a response names, relative to its own.
func next(resp *http.Response, headers []string, before *url.URL, asked *http.Request) (*url.URL, error) {
	for _, name := range headers {
		ref := resp.Header.Get(name)
		if ref == "" {
			continue
		}
		u, err := resp.Request.URL.Parse(ref)
		switch {
		case err != nil:
			return nil, fmt.Errorf("client: the place to look at: %w", err)
		case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			return nil, errUnfollowed
		}
		u.User, u.Fragment = nil, "" // a stranger's credentials are not sent
		return u, nil
	}
	switch {
	case before != nil:
		return before, nil // where it pointed last
	case asked.Method == "" || asked.Method == http.MethodGet:
		return asked.URL, nil
	}
	return nil, errNowhere
}

// bodily are request fields that describe the body or belong to one request only.
var bodily = [...]string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Content-Location", "Expect", "If-Match", "If-None-Match", "Prefer", "Idempotency-Key", "X-Idempotency-Key", "Transfer-Encoding"}

// look sends the request for the current state.
func (p Poller) look(ctx context.Context, hc *http.Client, x *exchange, place *url.URL) (*http.Response, error) {
	asked := x.req
	if x.call != nil {
		ctx = WithCall(ctx, *x.call)
	}
	home := homeOf(asked)
	req, err := http.NewRequestWithContext(context.WithValue(ctx, originKey{}, home), http.MethodGet, place.String(), nil)
	if err != nil {
		return nil, err
	}
	if sameOrigin(home, place) {
		req.Header = asked.Header.Clone()
		for _, name := range bodily {
			req.Header.Del(name)
		}
		req.Header.Del(x.dialect.IdempotencyHeader())
	} else {
		req.Header = public(asked.Header)
	}
	wary := *hc // net/http keeps most fields on a redirect
	wary.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if !sameOrigin(home, req.URL) {
			req.Header = public(req.Header)
		}
		switch {
		case hc.CheckRedirect != nil:
			return hc.CheckRedirect(req, via)
		case len(via) >= maxRedirects:
			return errRedirects
		}
		return nil
	}
	return wary.Do(req)
}

// public are the fields that another origin may see.
func public(h http.Header) http.Header {
	shown := http.Header{}
	for _, name := range [...]string{"Accept", "Accept-Language", "User-Agent"} {
		if v := h[name]; len(v) > 0 {
			shown[name] = v
		}
	}
	return shown
}

// firstOf is the first wait that is stated.
func firstOf(waits ...time.Duration) time.Duration {
	for _, w := range waits {
		if w > 0 {
			return w
		}
	}
	return 0
}
