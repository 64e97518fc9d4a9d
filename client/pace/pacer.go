// Package pace keeps a client below a server's rate limits: a [client.Gate] that
// holds a request back until the server would take it, instead of sending it to
// be refused.
//
//	t := client.New(d, client.WithGate(pace.New(d)))
//
// What it knows of a host's limits it reads from every response:
//
//   - the RateLimit and RateLimit-Policy fields, as lists
//     (draft-ietf-httpapi-ratelimit-headers-08 and later), as a dictionary (-07),
//     and as the three fields RateLimit-Limit, -Remaining and -Reset (before -07),
//   - the vendor's own fields, where the dialect names them (limits),
//   - and each response that the dialect reads as rate_limited.
//
// While a limit has requests left, they are sent at once, but no more than are
// left beside those under way. Where none is left, requests are held until the
// limit begins anew, and then let through as many as it allows, each at a moment
// of its own. After a response that was rate_limited all requests to the host are
// held until the time that it states; what then holds them apart, where no limit
// is known, is a rate that was learned, see below.
//
// A Pacer never blocks: the client waits, up to its ceiling, and withholds a
// request that would have to wait for longer ([client.ErrNotSent]), with the
// time in its Decision. A request that waits is not held anew by what is learned
// in the meantime.
//
// # What a server may say
//
// The fields are a stranger's. One that is malformed is ignored (draft -10, 7),
// as are negative numbers, times of more than 31 days, limits counted in another
// unit than requests, fields of more than 4 KiB, and those of a response from a
// cache. A reset from 10^9 on is taken for a Unix time, which some servers send.
// No statement holds a host for longer than an hour: then a request asks again,
// which costs one response where the limit is real, and ends the silence where it
// was a mistake. At most 8 limits of a host are kept, and 10,000 hosts.
//
// Partition keys (pk) are not told apart: where one client acts for several users
// with limits of their own, see [WithKey].
//
// # The rate that is learned
//
// Where a rate_limited answer states no limit, requests are sent at 0.7 times the
// rate at which the refused one was, and no slower than one in two seconds. The
// rate then rises with the successes, each second by a twentieth of the one that
// was refused: it is back there after six seconds. It is forgotten when it has
// held nothing back for 30 s. (The adaptive mode of the AWS SDKs, simplified: it
// has the 0.7 and the slowest rate from there, and a line for its cubic.)
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
type Option func(*Pacer)

// WithKey sets what shares limits: the URL's host if unset. A client that acts
// for several users, each with limits of his own, adds the user.
func WithKey(key func(*http.Request) string) Option {
	return func(p *Pacer) { p.key = key }
}

// New makes a Pacer for Transports of a dialect. Without one (nil) it knows of
// the RateLimit fields and of what was refused.
func New(d *dialect.Dialect, opts ...Option) *Pacer {
	p := &Pacer{
		dialect: d,
		key:     func(req *http.Request) string { return strings.ToLower(req.URL.Host) },
		hosts:   recent.New(maxHosts, func(string) *host { return new(host) }),
	}
	for _, o := range opts {
		o(p)
	}
	return p
}

// Enter says how long an attempt is to be held, and keeps its place. It refuses
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
