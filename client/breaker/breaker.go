// Package breaker is a circuit breaker for each host: a [client.Gate] that stops
// sending to a server that is down.
//
//	t := client.New(d, client.WithGate(breaker.New(breaker.Settings{})))
//	resp, err := (&http.Client{Transport: t}).Do(req)
//	if errors.Is(err, breaker.ErrOpen) {
//		return err // nothing was sent; the server has failed too often
//	}
//
// After several failures in a row, nothing is sent to the host for a while. Then
// one attempt is let through. If it succeeds, all others follow. If it fails, the
// pause begins again.
//
// A failure is one of the server or of the connection to it, as the dialect reads
// the response (parlance.Kind.ServerFault). A wrong request, a 404 or one request
// too many ([parlance.KindRateLimited]) is not: a working server responds so.
//
// Failures are counted in a row, not as a share of a window of time. The slowest
// failures cost the most, and would fall out of any window. For a server that
// fails now and then there is the budget ([client.WithBudget]).
package breaker

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/recent"
	"github.com/sony/gobreaker/v2"
)

// ErrOpen is in the error of a request that was not sent because its host has
// failed too often. So is [client.ErrNotSent]. The Outcome has the reason
// parlance.ReasonNotSent, and the Decision says when to try again.
var ErrOpen = errors.New("breaker: the server failed too often")

// Settings say when a Breaker opens. The zero value suits most programs.
type Settings struct {
	// Failures is how many failures in a row open it: 10 if 0. That is more than
	// one request causes with all its retries, so at least two callers found the
	// server down.
	Failures int

	// Pause is how long nothing is sent then, before one attempt is let through:
	// 10 s if 0.
	Pause time.Duration

	// Key names the circuit of a request: the URL's host if nil. If a host has
	// parts that fail independently, name them. Use few names.
	Key func(*http.Request) string

	// OnChange is called when a circuit opens (open is set) and when it closes
	// again. It must be quick, and must not use the Breaker.
	OnChange func(key string, open bool)
}

// The defaults, see [Settings].
const (
	failures = 10
	pause    = 10 * time.Second
)

// capacity bounds the memory of a caller with ever new hosts. A host that is
// forgotten counts as a new one.
const capacity = 10_000

// probing is when to ask again while the one attempt that decides is under way.
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

// Enter refuses an attempt if its host has failed too often. The error is an
// [ErrOpen], and the time says when another attempt is let through. It never asks
// for a wait.
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
	errFault   = errors.New("breaker: the server failed")
	errNothing = errors.New("breaker: the attempt says nothing about the server")
)

// verdict is the result of an attempt for its circuit. If the cause is on our own
// side (parlance.Reason.Local), it says nothing. If the caller's deadline passed it counts as a failure, since a
// server that hangs is seen in no other way.
func verdict(a *client.Attempt) error {
	switch {
	case a == nil, a.Outcome.Status == 0 && a.Outcome.Reason.Local():
		return errNothing
	case a.Outcome.Kind.ServerFault():
		return errFault
	}
	return nil
}

// circuit is the breaker of one host.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[any]
	open atomic.Pointer[time.Time] // nothing is let through before
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

// left is when to ask again after a refusal, rounded up so that it is not too
// early.
func (c *circuit) left(refusal error) time.Duration {
	until := c.open.Load()
	if until == nil || errors.Is(refusal, gobreaker.ErrTooManyRequests) {
		return probing
	}
	return max(time.Until(*until), 0).Truncate(time.Millisecond) + time.Millisecond
}
