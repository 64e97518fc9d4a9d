// Package pace keeps a client below a server's rate limits: a [client.Gate] that
// holds a request back until the server will take it.
//
//	t := client.New(d, client.WithGate(pace.New(d)))
//	resp, err := (&http.Client{Transport: t}).Do(req)
//	if errors.Is(err, client.ErrNotSent) {
//		return err // the wait would be too long; its Decision has the time
//	}
//
// It reads the limits of a host from every response:
//
//   - the RateLimit and RateLimit-Policy fields, as lists
//     (draft-ietf-httpapi-ratelimit-headers-08 and later), as a dictionary (-07),
//     and as the three fields RateLimit-Limit, -Remaining and -Reset (before -07)
//   - the vendor's own fields, if the dialect names them (limits)
//   - each response that the dialect reads as rate_limited
//
// While a limit has requests left, that many are sent at once, less those under
// way. If none is left, requests wait until the limit begins anew. Then as many
// go as it allows, each at a moment of its own. After a rate_limited response,
// all requests to the host wait until the time that it states. If no limit is
// known, they then go at a learned rate, see below.
//
// A Pacer never blocks. The client waits, up to [client.WithMaxWait]. A request
// whose wait would be longer is not sent ([client.ErrNotSent]), and its Decision
// has the time. A request that already waits is not held longer by later
// responses.
//
// # Limits on a server's fields
//
// The fields are untrusted. These are ignored:
//
//   - malformed fields (draft -10, 7) and negative numbers
//   - times of more than 31 days
//   - limits in another unit than requests
//   - fields of more than 4 KiB
//   - fields of a response from a cache
//
// A reset of 10^9 or more is read as a Unix time, which some servers send. No
// field holds a host for longer than an hour. Then one request is let through: it
// costs one response if the limit is real, and ends the wait if the field was
// wrong. At most 8 limits of a host are kept, and 10,000 hosts.
//
// Partition keys (pk) are ignored. If one client acts for several users with
// limits of their own, use [WithKey].
//
// # The learned rate
//
// If a rate_limited response states no limit, requests are sent at 0.7 times the
// rate of the refused one, and at least one in two seconds. Each second with
// successes adds a twentieth of the refused rate, so it is reached again after
// six seconds. The rate is forgotten if it has held nothing back for 30 s. This
// is the adaptive mode of the AWS SDKs, simplified: the 0.7 and the slowest rate
// are theirs, and a line replaces their cubic.
package pace

import (
	"net/http"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/recent"
)

// maxHosts bounds the memory of a caller of ever new hosts. What is forgotten is
// learned anew.
const maxHosts = 10_000

// Pacer is a [client.Gate]. It is safe for concurrent use, and may be shared by
// Transports of one dialect, which then keep below the limits together.
type Pacer struct {
	dialect *dialect.Dialect
	key     func(*http.Request) string
	hosts   *recent.Map[*host]
}

var _ client.Gate = (*Pacer)(nil)

// Option is one setting of a Pacer.
type Option interface{ apply(*Pacer) }

type option func(*Pacer)

func (o option) apply(p *Pacer) { o(p) }

// WithKey sets which requests share limits. The default is the URL's host. A
// client that acts for several users, each with limits of their own, adds the
// user.
func WithKey(key func(*http.Request) string) Option {
	return option(func(p *Pacer) { p.key = key })
}

// New makes a Pacer for Transports of a dialect. If d is nil, it knows only the
// RateLimit fields and the refused requests.
func New(d *dialect.Dialect, opts ...Option) *Pacer {
	p := &Pacer{
		dialect: d,
		key:     func(req *http.Request) string { return strings.ToLower(req.URL.Host) },
		hosts:   recent.New(maxHosts, func(string) *host { return new(host) }),
	}
	for _, o := range opts {
		o.apply(p)
	}
	return p
}

// Enter says how long to hold an attempt, and reserves its place. It refuses
// none.
func (p *Pacer) Enter(req *http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	h := p.hosts.Get(p.key(req))
	now := time.Now()
	t := h.book(now)
	return t.at.Sub(now), func(resp *http.Response, a *client.Attempt) { p.leave(h, t, resp, a) }, nil
}

func (p *Pacer) leave(h *host, t *ticket, resp *http.Response, a *client.Attempt) {
	now := time.Now()
	if a == nil {
		h.giveUp(t)
		return
	}
	e := ending{at: now, silent: resp == nil && !a.Outcome.Reason.NoEffect()}
	if resp != nil {
		e.well, e.stated = !a.Outcome.Kind.ServerFault(), p.read(resp, now)
	}
	if a.Outcome.Kind == parlance.KindRateLimited {
		e.refused, e.wait = true, sane(max(a.Outcome.RetryAfter, a.Decision.After))
	}
	h.end(t, e)
}

// read is what a response states of limits.
func (p *Pacer) read(resp *http.Response, now time.Time) []statement {
	if fromCache(resp.Header) {
		return nil
	}
	all := fields(resp.Header, now)
	if p.dialect == nil {
		return all
	}
	said := httpdialect.Response(resp, nil)
	said.Received = now
	for _, l := range p.dialect.Limits(said) {
		all = append(all, statement{
			name: "dialect " + l.Name, quota: count(int64(l.Limit)), left: count(int64(l.Remaining)), reset: sane(l.Reset),
		})
	}
	return all
}
