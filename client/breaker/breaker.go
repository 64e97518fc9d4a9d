// Package breaker spares a server that is down: a [client.Gate] with a circuit
// breaker for each host.
//
//	t := client.New(d, client.WithGate(breaker.New(breaker.Settings{})))
//
// After so many failures in a row nothing is sent to the host for a while; then
// one attempt is let through, and what comes of it opens or closes the way for
// the rest. A failure is the server's or the way's to it, as the dialect reads
// it: parlance.Kind.ServerFault, whatever the HTTP status. A request that is at
// fault, one too many ([parlance.KindRateLimited]), a 404 are responses of a server
// that works.
//
// They are counted in a row and not by their share of a window of time: the
// failures that cost the most are those that take the longest, and would fall
// out of any window. A server that fails now and then is the budget's concern
// ([client.WithBudget]), and its successes are wanted.
package breaker

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/recent"
	"github.com/sony/gobreaker/v2"
)

// ErrOpen is in the error of a request that was not sent because its host has
// failed too often. So is [client.ErrNotSent]. Its Outcome is our own word, of
// the reason parlance.ReasonNotSent, and its Decision says when to ask again.
var ErrOpen = errors.New("breaker: the server failed too often")

// Settings say when a Breaker opens. The zero value is good for most.
type Settings struct {
	// Failures is how many failures in a row open it: 10 if 0. It is more than
	// one request causes with all its retries, so that two callers at least
	// found the server down.
	Failures int

	// Pause is for how long nothing is sent then, before one attempt is let
	// through: 10 s if 0.
	Pause time.Duration

	// Key names what stands and falls together: the URL's host if nil. Where one
	// host has parts that fail apart, name them; the names should be few.
	Key func(*http.Request) string

	// OnChange is called when a way closes to all requests (open is set), and
	// when it is free again. It must be quick, and not use the Breaker.
	OnChange func(key string, open bool)
}

// The defaults, see [Settings].
const (
	failures = 10
	pause    = 10 * time.Second
)

// capacity bounds the memory of a caller of ever new hosts. What is forgotten
// counts as a host that nobody asked.
const capacity = 10_000

// probing is when to ask again while one attempt is under way that decides.
const probing = time.Second

// Breaker is a [client.Gate]. It is safe for concurrent use, and may be shared by
// any number of Transports.
type Breaker struct {
	key   func(*http.Request) string
	hosts *recent.Map[*circuit]
}

var _ client.Gate = (*Breaker)(nil)

// New makes a Breaker.
func New(s Settings) *Breaker {
	if s.Failures <= 0 {
		s.Failures = failures
	}
	if s.Pause <= 0 {
		s.Pause = pause
	}
	if s.Key == nil {
		s.Key = func(req *http.Request) string { return strings.ToLower(req.URL.Host) }
	}
	return &Breaker{s.Key, recent.New(capacity, func(key string) *circuit { return newCircuit(key, s) })}
}

// Enter refuses an attempt, with an [ErrOpen] and the time until another is let
// through, where its host has failed too often. It never asks to wait.
func (b *Breaker) Enter(req *http.Request) (time.Duration, func(*http.Response, *client.Attempt), error) {
	key := b.key(req)
	c := b.hosts.Get(key)
	done, err := c.Allow()
	if err != nil {
		wait := c.left(err)
		return wait, nil, fmt.Errorf("%w: nothing is sent to %s for %v", ErrOpen, key, wait)
	}
	return 0, func(_ *http.Response, a *client.Attempt) { done(verdict(a)) }, nil
}

// What an attempt says of the server, in gobreaker's terms: nil for a server
// that works.
var (
	errFault   = errors.New("breaker: a server's fault")
	errNothing = errors.New("breaker: nothing was learned")
)

// verdict is what came of an attempt. What the caller gave up says nothing; that
// his deadline passed does, for it is how a server that hangs is seen.
func verdict(a *client.Attempt) error {
	switch {
	case a == nil, a.Outcome.Reason == parlance.ReasonCanceled, a.Outcome.Reason == parlance.ReasonNotSent:
		return errNothing
	case a.Outcome.Kind.ServerFault():
		return errFault
	}
	return nil
}

// circuit is the breaker of one host.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[any]
	open atomic.Pointer[time.Time] // until when nothing is let through
}

func newCircuit(key string, s Settings) *circuit {
	c := &circuit{}
	c.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Name:        key,
		MaxRequests: 1,
		Timeout:     s.Pause,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= uint32(s.Failures) },
		IsExcluded:  func(err error) bool { return err == errNothing },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				until := time.Now().Add(s.Pause)
				c.open.Store(&until)
			}
			switch {
			case s.OnChange == nil:
			case from == gobreaker.StateClosed:
				s.OnChange(key, true)
			case to == gobreaker.StateClosed:
				s.OnChange(key, false)
			}
		},
	})
	return c
}

// left is when to ask again after a refusal, rounded up so that it is not a
// moment too early.
func (c *circuit) left(refusal error) time.Duration {
	until := c.open.Load()
	if until == nil || errors.Is(refusal, gobreaker.ErrTooManyRequests) {
		return probing
	}
	return max(time.Until(*until), 0).Truncate(time.Millisecond) + time.Millisecond
}
