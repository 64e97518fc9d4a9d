package check

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

// Live asks a live API, one request at a time, and checks each response.
type Live struct {
	Checker *Checker
	Base    *url.URL          // the API; the path of a Probe goes below its path
	Client  http.RoundTripper // nil is http.DefaultTransport; redirects are not followed
	Header  http.Header       // sent with each request, such as a credential; a Probe's own fields come before it. Accept is the dialect's if neither has one
	Timeout time.Duration     // of one request with its response; 0 is 10 s
	Rate    float64           // requests a second at most; 0 is 10
	Unsafe  bool              // send methods that change something too, and each POST with an idempotency key twice
	Provoke bool              // send wrong requests too
}

// Asked is what became of the probes.
type Asked struct {
	Sent       int // requests
	Skipped    int // good probes that may change something
	Unanswered int // requests without a response
}

// ErrNoResponse is the error of Run if the API did not respond to any request.
var ErrNoResponse = errors.New("the API did not respond to any request")

// Run sends the probes in their order, and calls saw after each. f are the findings. A
// request without a response in time is a finding of the rule no_response. Run ends with the
// error of ctx if that is done, and with ErrNoResponse if no response came at all. saw must
// not keep x.
func (l *Live) Run(ctx context.Context, probes iter.Seq[Probe], saw func(x Exchange, f []Finding)) (asked Asked, err error) {
	var cause error
	pace := pacer{every: time.Duration(float64(time.Second) / cmp.Or(l.Rate, 10))}
	for p := range l.all(probes) {
		if !l.Unsafe && !p.safe() {
			if p.Wrong == "" {
				asked.Skipped++
			}
			continue
		}
		if err := pace.wait(ctx); err != nil {
			return asked, err
		}
		asked.Sent++
		x, f, err := l.probe(ctx, p)
		if ctx.Err() != nil {
			return asked, ctx.Err()
		}
		if err != nil {
			asked.Unanswered++
			cause = err
		}
		saw(x, f)
	}
	if asked.Sent > 0 && asked.Sent == asked.Unanswered {
		return asked, fmt.Errorf("%w: %w", ErrNoResponse, cause)
	}
	return asked, nil
}

// Probes are the requests that Run would send, those that it skips included.
func (l *Live) Probes(probes iter.Seq[Probe]) (n int) {
	for range l.all(probes) {
		n++
	}
	return n
}

// all are the probes, the wrong ones, and the second sends of keys.
func (l *Live) all(probes iter.Seq[Probe]) iter.Seq[Probe] {
	done := map[string]bool{}
	return func(yield func(Probe) bool) {
		for p := range probes {
			if p.Wrong != "" && !l.Provoke {
				continue
			}
			if !yield(p) {
				return
			}
			if !l.Provoke || p.Wrong != "" {
				continue
			}
			for wrong := range provoked(p, done) {
				if !yield(wrong) {
					return
				}
			}
		}
	}
}

// probe sends one request. The error says why there is no response.
func (l *Live) probe(ctx context.Context, p Probe) (x Exchange, found []Finding, err error) {
	key := ""
	if name := l.Checker.d.IdempotencyHeader(); name != "" && l.Unsafe && p.Wrong == "" && (p.Method == "POST" || p.Method == "PATCH") {
		key = rand.Text()
		p = p.with(name, key)
	}
	x, err = l.send(ctx, p)
	if err != nil {
		return x, l.Checker.silent(x, err, l.timeout()), err
	}
	found = l.Checker.Check(x)
	if key == "" || x.Response.Status >= 300 {
		return x, found, nil
	}
	second, err := l.send(ctx, p)
	if err != nil {
		return second, append(found, l.Checker.silent(second, err, l.timeout())...), nil
	}
	return x, append(found, l.Checker.repeated(x, second)...), nil
}

func (l *Live) timeout() time.Duration { return cmp.Or(l.Timeout, 10*time.Second) }

// send sends a request, and reads up to dialect.MaxBody of the body.
func (l *Live) send(ctx context.Context, p Probe) (x Exchange, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, cmp.Or(p.Method, "GET"), l.address(p.Target), bytes.NewReader(p.Body))
	if err != nil {
		return x, err
	}
	if p.Body == nil {
		r.Body, r.ContentLength, r.GetBody = nil, 0, nil
	}
	for name, values := range l.Header {
		r.Header[name] = values
	}
	for _, f := range p.Header {
		if r.Header.Set(f.Name, f.Value); f.Value == "" {
			r.Header.Del(f.Name)
		}
	}
	if accept := l.Checker.d.Accept(); accept != "" && r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", accept)
	}
	x.Request = httpdialect.Request(l.Checker.d, r)
	x.At = withoutCredentials(r.URL.String())
	if p.Wrong != "" {
		x.At += " (provoked: " + p.Wrong + ")"
	}
	base := l.Client
	if base == nil {
		base = http.DefaultTransport
	}
	res, err := base.RoundTrip(r)
	if err != nil {
		return x, err
	}
	defer res.Body.Close()
	if streams(res) && !l.ends(x.Request, res) {
		x.Response = httpdialect.Response(res, nil)
		return x, nil
	}
	x.Response, err = httpdialect.Peek(res, dialect.MaxBody)
	return x, err
}

// ends reports that the dialect says how such a stream ends, so that it can be read to its
// end.
func (l *Live) ends(req dialect.Request, res *http.Response) bool {
	s := l.Checker.d.Stream(req, httpdialect.Response(res, nil), nil)
	return s != nil && s.HasEnd()
}

// address is the URL of a target.
func (l *Live) address(target string) string {
	base := *l.Base
	base.RawQuery, base.Fragment = "", ""
	return strings.TrimRight(base.String(), "/") + "/" + strings.TrimLeft(target, "/")
}

// pacer keeps a rate.
type pacer struct {
	every time.Duration
	next  time.Time
}

// wait waits until the next request may go.
func (p *pacer) wait(ctx context.Context) error {
	now := time.Now()
	if p.next.After(now) {
		t := time.NewTimer(p.next.Sub(now))
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		now = p.next
	}
	p.next = now.Add(p.every)
	return ctx.Err()
}

// silent is the finding of a request without a response.
func (c *Checker) silent(x Exchange, err error, timeout time.Duration) []Finding {
	o := httpdialect.NoResponse(err)
	why := "the connection broke before the response was complete"
	switch o.Reason {
	case parlance.ReasonDeadline:
		why = "there was no complete response in time"
		if timeout > 0 {
			why = "there was no complete response in " + brief(timeout)
		}
	case parlance.ReasonRefused:
		why = "the connection was refused"
	case parlance.ReasonMalformed:
		why = "the response is not valid HTTP"
	case parlance.ReasonDNS, parlance.ReasonTLS, parlance.ReasonUnroutable, parlance.ReasonProxy:
		why = "no connection was made (" + string(o.Reason) + ")"
	}
	return c.one("no_response", x, Place{Part: PartStatus}, "", why)
}

// one is a finding of a rule that no single response shows, nil if the rule is left out.
func (c *Checker) one(rule string, x Exchange, at Place, line, message string) []Finding {
	r, known := c.known[rule]
	if !known {
		return nil
	}
	l := look{c: c, x: x}
	l.add(r, at, line, message)
	return l.found
}

// repeated compares the responses to two sends with one idempotency key. The second must be
// the first again. A conflict is allowed too, for the first may still be served.
func (c *Checker) repeated(first, second Exchange) []Finding {
	a, b := c.d.Decode(first.Request, first.Response), c.d.Decode(second.Request, second.Response)
	l := look{c: c, x: second}
	switch {
	case b.Outcome.Kind == parlance.KindConflict && b.Outcome.Reason != parlance.ReasonMismatch:
		return nil
	case first.Response.Status != second.Response.Status:
		return c.one("key_not_honored", second, l.status(), "", fmt.Sprintf("the same request with the same key had status %d first, and now has %d", first.Response.Status, second.Response.Status))
	}
	x, y := withoutID(first.Response.Body, a.Outcome.RequestID), withoutID(second.Response.Body, b.Outcome.RequestID)
	if bytes.Equal(x, y) {
		return nil
	}
	at := 0
	for at < len(x) && at < len(y) && x[at] == y[at] {
		at++
	}
	return c.one("key_not_honored", second, l.body(at, ""), "", "the same request with the same key has another body now, so it was done twice")
}

// withoutID is a body without the ID of its request, which may be a new one.
func withoutID(body []byte, id string) []byte {
	if id == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte(id), nil)
}
