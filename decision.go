package parlance

import (
	"fmt"
	"time"
)

// Act is what a caller does about an outcome. The zero value is no act.
type Act uint8

// The acts.
const (
	_           Act = iota
	ActDone         // nothing more
	ActInspect      // it is done; tell the user what to look at
	ActCorrect      // correct the request and resubmit it; never retry it as it is
	ActRefresh      // get a new credential, then retry
	ActPoll         // look again later where the response points
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

// The scopes; the zero value where an act retries nothing.
const (
	ScopeRequest Scope = "request" // the request as it was
	ScopeItems   Scope = "items"   // only the items that failed, in a request of their own
)

// Backoff is an exponential wait: uniform between Floor and a step that doubles
// from Floor with every retry, never above Cap. The zero value is none.
type Backoff struct {
	Floor, Cap time.Duration
}

// Decision is what to do about an outcome, and why. A caller needs both Act and
// RetrySafe: the first is what the provider's page says, the second whether
// method, idempotency key and response allow a retry.
type Decision struct {
	Act       Act
	Scope     Scope
	After     time.Duration   // an exact wait that the server or its page asked for; beats the other two
	Backoff   Backoff         // an exponential wait
	Schedule  []time.Duration // waits before the first, second, … repeat; the last one repeats
	Then      Act             // what follows when the act did not help; 0 where nothing is said
	RetrySafe bool            // retrying cannot do anything twice
	Why       string          // the reason, for people
	Line      string          // where the dialect said so, as file:line
}

// Delay is the wait before a retry. retry counts from 1 for the first one,
// and jitter draws a number in [0,1). After is exact, then the schedule is, and
// only a backoff is jittered.
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

// MarshalJSON writes the stable wire form: act, retry_safe, why and line
// always, the rest where set, waits in seconds.
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
	return marshal(w)
}
