package parlance

import (
	"fmt"
	"time"

	"github.com/parlance-api/parlance/internal/jsontext"
)

// Act is what a caller does about an outcome. The zero value is no act.
type Act uint8

// The acts.
const (
	_           Act = iota
	ActDone         // nothing more is to be done
	ActInspect      // it succeeded; show the user what to look at
	ActCorrect      // correct the request and send it again; never retry it unchanged
	ActRefresh      // get a new credential, then retry
	ActPoll         // look again later, at the place that the response names
	ActRetry        // retry, at the time the Decision states
	ActEscalate     // report to the provider's support, with the request id
	ActStop         // give up and show the reason
)

var actNames = [...]string{"", "done", "inspect", "correct", "refresh", "poll", "retry", "escalate", "stop"}

// String is the act's name as it stands in JSON and in dialect files.
func (a Act) String() string {
	if int(a) < len(actNames) {
		return actNames[a]
	}
	return fmt.Sprintf("act(%d)", uint8(a))
}

// Acts lists every act, in the order of their numbers.
func Acts() []Act {
	all := make([]Act, 0, len(actNames)-1)
	for a := ActDone; int(a) < len(actNames); a++ {
		all = append(all, a)
	}
	return all
}

// ParseAct finds an act by its name. It reports false for an unknown one.
func ParseAct(name string) (Act, bool) {
	if name == "" {
		return 0, false
	}
	for a, n := range actNames {
		if n == name {
			return Act(a), true
		}
	}
	return 0, false
}

// MarshalText writes the name. It never fails.
func (a Act) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads a name; an unknown one is an error.
func (a *Act) UnmarshalText(text []byte) error {
	parsed, ok := ParseAct(string(text))
	if !ok {
		return fmt.Errorf("parlance: unknown act %q", text)
	}
	*a = parsed
	return nil
}

// Scope says what an act is to be applied to.
type Scope string

// The scopes. The zero value belongs to an act that retries nothing.
const (
	ScopeRequest Scope = "request" // the request as it was
	ScopeItems   Scope = "items"   // only the items that failed, in a new request
)

// Backoff is an exponential wait. It is drawn uniformly between Floor and a step
// that begins at Floor, doubles with every retry and never exceeds Cap. The zero
// value is no backoff.
type Backoff struct {
	Floor, Cap time.Duration
}

// Decision is what to do about an outcome, and why. A caller needs both Act and
// RetrySafe. Act is what the provider's page says. RetrySafe is whether the
// method, the idempotency key and the response allow a retry.
type Decision struct {
	Act       Act
	Scope     Scope
	After     time.Duration   // an exact wait that the server or its page asked for; it takes precedence over the other two
	Backoff   Backoff         // an exponential wait
	Schedule  []time.Duration // waits before the first, second, … retry; the last one holds for all later ones
	Then      Act             // what follows if the act does not help; 0 if the page does not say
	RetrySafe bool            // a retry cannot do anything twice
	Why       string          // the reason, for people
	Line      string          // the line of the dialect file that decided, as file:line; "" if none did
}

// Delay is the wait before a retry. retry counts from 1, and jitter draws a
// number in [0,1). After is used if it is set, then Schedule; both are exact.
// Only a Backoff is jittered.
func (d Decision) Delay(retry int, jitter func() float64) time.Duration {
	switch {
	case d.After > 0:
		return d.After
	case len(d.Schedule) > 0:
		return d.Schedule[min(max(retry, 1), len(d.Schedule))-1]
	case d.Backoff.Floor > 0:
		top := d.Backoff.Floor
		for i := 0; i < retry && top < d.Backoff.Cap; i++ {
			top *= 2
		}
		top = max(min(top, d.Backoff.Cap), d.Backoff.Floor)
		return d.Backoff.Floor + time.Duration(jitter()*float64(top-d.Backoff.Floor))
	}
	return 0
}

// MarshalJSON writes the stable wire form. act, retry_safe, why and line are
// always there, the rest if it is set. Waits are in seconds.
func (d Decision) MarshalJSON() ([]byte, error) {
	w := struct {
		Act       Act       `json:"act"`
		Scope     Scope     `json:"scope,omitempty"`
		After     seconds   `json:"after,omitempty"`
		Backoff   []seconds `json:"backoff,omitempty"`
		Schedule  []seconds `json:"schedule,omitempty"`
		Then      Act       `json:"then,omitempty"`
		RetrySafe bool      `json:"retry_safe"`
		Why       string    `json:"why"`
		Line      string    `json:"line"`
	}{Act: d.Act, Scope: d.Scope, After: seconds(d.After), Then: d.Then, RetrySafe: d.RetrySafe, Why: d.Why, Line: d.Line}
	if d.Backoff.Floor > 0 {
		w.Backoff = []seconds{seconds(d.Backoff.Floor), seconds(d.Backoff.Cap)}
	}
	for _, s := range d.Schedule {
		w.Schedule = append(w.Schedule, seconds(s))
	}
	return jsontext.Marshal(w)
}
