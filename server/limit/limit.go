// Package limit bounds how often callers may send requests, and announces the limits.
//
// A [Rate] is a bucket of tokens: a caller may use its quota at once, and gets it back evenly.
//
// Every response has the fields RateLimit and RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers-10), so that a client can pace itself. A
// request over the limit is rate_limited, with a Retry-After, in the dialect of the
// Server around it.
//
//	l := limit.Limiter{Store: db.Limits(), Policies: []limit.Policy{
//		{Name: "burst", Rate: limit.Rate{Quota: 20, Window: time.Second}, By: limit.Principal},
//		{Name: "tenant", Rate: limit.Rate{Quota: 10_000, Window: time.Hour}, By: limit.Tenant},
//	}}
//	http.ListenAndServe(addr, api.Wrap(authenticate(l.Wrap(mux))))
package limit

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// Limiter applies its policies to requests. It must not change while it serves.
type Limiter struct {
	Store    Store
	Policies []Policy

	// Older are the fields that the API's page names, besides those of the draft.
	Older Fields

	// Closed refuses all requests as unavailable while the store fails. Without it they
	// pass uncounted, and each is logged: an uncounted limit does less harm than an
	// unusable service.
	Closed bool

	// Logger logs such failures; nil is slog.Default.
	Logger *slog.Logger

	// Error is the outcome of a request over the limit, such as a code of the service's
	// own. If its Kind is zero, the kind is rate_limited.
	Error parlance.Outcome
}

// Policy is one limit: a rate for each key.
type Policy struct {
	Name string // in the fields: printable ASCII, and unique among the policies
	Rate Rate
	By   Key                     // selects the key; nil is one limit for all requests together
	Cost func(*http.Request) int // of a request; nil is 1 each, 0 is free
}

// Fields are older names for the content of RateLimit. They describe the policy that
// has the least left. "" is not sent.
type Fields struct {
	Limit, Remaining, Reset string
	Epoch                   bool // Reset is a time in seconds since 1970, not seconds from now
}

// XRateLimit are the names that most APIs use: X-RateLimit-Limit, -Remaining and
// -Reset, in seconds from now.
func XRateLimit() Fields {
	return Fields{Limit: "X-RateLimit-Limit", Remaining: "X-RateLimit-Remaining", Reset: "X-RateLimit-Reset"}
}

// Wrap lets requests pass that keep to all of the policies. The policies are checked in
// order. If one refuses, the use that the earlier ones counted is not given back; so
// put the limit that is reached first at the front. Wrap panics on a name that the
// fields cannot carry, and on a rate that allows nothing.
func (l *Limiter) Wrap(next http.Handler) http.Handler {
	announced, names := l.announce()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var room [64]byte // as most have but one policy
		said := statement{text: room[:0]}
		for i := range l.Policies {
			p := &l.Policies[i]
			key, cost := p.key(r), p.cost(r)
			if key == "" || cost <= 0 {
				continue
			}
			taken, err := l.Store.Take(r.Context(), key, p.Rate, min(cost, p.Rate.Quota))
			if err != nil {
				if l.Closed {
					server.WriteError(w, r, parlance.NewError(parlance.KindUnavailable, "").Because(err))
					return
				}
				l.logger().ErrorContext(r.Context(), "the rate limit cannot be counted; the request passes",
					"policy", p.Name, "error", err)
				continue
			}
			said = said.with(names[i], p.Rate.Quota, taken)
			if !taken.Allowed {
				said.write(w.Header(), announced, &l.Older)
				server.WriteError(w, r, l.refusal(taken.After))
				return
			}
		}
		said.write(w.Header(), announced, &l.Older)
		next.ServeHTTP(w, r)
	})
}

func (l *Limiter) refusal(after time.Duration) error {
	o := l.Error
	if o.Kind == 0 {
		o.Kind = parlance.KindRateLimited
	}
	o.RetryAfter = max(after, parlance.RetryNow+1) // the shortest wait is no "now"
	return &parlance.Error{Outcome: o}
}

func (l *Limiter) logger() *slog.Logger {
	if l.Logger == nil {
		return slog.Default()
	}
	return l.Logger
}

// announce is the field RateLimit-Policy (the draft, 3), and the name of each policy
// as it stands in a field.
func (l *Limiter) announce() (text string, names []string) {
	var list httpsfv.List
	taken := map[string]bool{}
	for _, p := range l.Policies {
		if p.Rate.Quota < 1 || p.Rate.Window <= 0 {
			panic(fmt.Sprintf("limit: the policy %q allows %d in %v; both must be more than 0", p.Name, p.Rate.Quota, p.Rate.Window))
		}
		if taken[p.Name] || p.Name == "" {
			panic(fmt.Sprintf("limit: the name %q of a policy is empty or used twice", p.Name))
		}
		taken[p.Name] = true
		item := httpsfv.NewItem(p.Name)
		names = append(names, field(item))
		item.Params.Add("q", int64(p.Rate.Quota))
		item.Params.Add("w", seconds(p.Rate.Window))
		list = append(list, item)
	}
	return field(list), names
}

func field(v httpsfv.StructuredFieldValue) string {
	text, err := httpsfv.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("limit: a policy's name or rate cannot be written in a header field: %v", err))
	}
	return text
}

func (p *Policy) key(r *http.Request) string {
	if p.By == nil {
		return p.Name
	}
	by := p.By(r)
	if by == "" {
		return ""
	}
	return p.Name + " " + by
}

func (p *Policy) cost(r *http.Request) int {
	if p.Cost == nil {
		return 1
	}
	return p.Cost(r)
}

// statement is what is known of the limits of one request.
type statement struct {
	text  []byte // the field RateLimit
	least Taken  // of the policy that has the least left, by its share
	quota int    // its; 0 is that no policy was about the request
}

// with says also of a policy what is left of it. Numbers in a structured field are
// written as anywhere (RFC 9651, 4.1.4).
func (s statement) with(name string, quota int, t Taken) statement {
	if len(s.text) > 0 {
		s.text = append(s.text, ", "...)
	}
	s.text = append(append(s.text, name...), ";r="...)
	s.text = strconv.AppendInt(s.text, int64(t.Remaining), 10)
	s.text = append(s.text, ";t="...)
	s.text = strconv.AppendInt(s.text, seconds(max(t.Reset, t.After)), 10) // no earlier than Retry-After (the draft, 5)
	if s.quota == 0 || !t.Allowed || t.Remaining*s.quota < s.least.Remaining*quota {
		s.least, s.quota = t, quota
	}
	return s
}

// The fields' names, as net/http has them in a Header.
const (
	fieldLeft   = "Ratelimit"
	fieldPolicy = "Ratelimit-Policy"
)

// write sets the fields. A response that no policy was about says nothing.
func (s *statement) write(h http.Header, announced string, older *Fields) {
	if s.quota == 0 {
		return
	}
	values := [...]string{announced, string(s.text)}
	h[fieldPolicy], h[fieldLeft] = values[0:1:1], values[1:2:2]
	if *older == (Fields{}) {
		return
	}
	set := func(name string, n int64) {
		if name != "" {
			h.Set(name, strconv.FormatInt(n, 10))
		}
	}
	reset := max(s.least.Reset, s.least.After)
	set(older.Limit, int64(s.quota))
	set(older.Remaining, int64(s.least.Remaining))
	if older.Epoch {
		set(older.Reset, time.Now().Add(reset+time.Second-1).Unix())
	} else {
		set(older.Reset, seconds(reset))
	}
}

// seconds are whole ones, rounded up so that nobody comes too early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
