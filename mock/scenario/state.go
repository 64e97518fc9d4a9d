package scenario

import (
	"time"

	"github.com/parlance-api/parlance/internal/keyfile"
	yaml "go.yaml.in/yaml/v4"
)

// State says how the parts of a mock behave that remember something. The zero value of
// each part leaves it as the mock has it.
type State struct {
	Tokens      Tokens
	Limit       Limit
	Idempotency Idempotency
	Jobs        Jobs
}

// Tokens are the tokens of the mock's token endpoint.
type Tokens struct {
	Life     time.Duration // how long a token is valid; 0 is the mock's own
	Required bool          // a request without a good token is refused
	Reuse    bool          // a refresh token can be used again; else each use gives the next one
	Refuse   bool          // the endpoint refuses to give a token
}

// Limit is a rate limit of each caller. The zero value is none.
type Limit struct {
	Requests int // how many requests a caller may make in Per
	Per      time.Duration
}

// Idempotency is about requests with an idempotency key.
type Idempotency struct {
	InFlight time.Duration // how long such a request is in flight, so that a second one meets it
}

// Jobs are requests that are accepted (202) and done in the background.
type Jobs struct {
	Take time.Duration // how long one takes; 0 is the mock's own
}

// state reads the section of that name.
func (c *compiler) state(n *yaml.Node) {
	s := &c.out.State
	c.Keys(n, "state",
		keyfile.Key{Name: "tokens", Read: func(_, v *yaml.Node) {
			c.Keys(v, "tokens",
				keyfile.Key{Name: "life", Read: c.durationTo(&s.Tokens.Life)},
				keyfile.Key{Name: "required", Read: c.BooleanTo(&s.Tokens.Required)},
				keyfile.Key{Name: "rotate", Read: func(k, v *yaml.Node) { s.Tokens.Reuse = !c.Boolean(v, k.Value) }},
				keyfile.Key{Name: "refuse", Read: c.BooleanTo(&s.Tokens.Refuse)})
		}},
		keyfile.Key{Name: "limit", Read: func(_, v *yaml.Node) {
			before := len(c.All)
			c.Keys(v, "limit",
				keyfile.Key{Name: "requests", Read: c.numberTo(&s.Limit.Requests, 1, maxTimes)},
				keyfile.Key{Name: "per", Read: c.durationTo(&s.Limit.Per)})
			if len(c.All) == before && (s.Limit.Requests == 0 || s.Limit.Per == 0) {
				c.Fault(keyfile.At(v), "bad_limit", "write limit: {requests: 10, per: 1m}", "a limit needs a number of requests and a time")
			}
		}},
		keyfile.Key{Name: "idempotency", Read: func(_, v *yaml.Node) {
			c.Keys(v, "idempotency", keyfile.Key{Name: "in_flight", Read: c.durationTo(&s.Idempotency.InFlight)})
		}},
		keyfile.Key{Name: "jobs", Read: func(_, v *yaml.Node) {
			c.Keys(v, "jobs", keyfile.Key{Name: "take", Read: c.durationTo(&s.Jobs.Take)})
		}})
}
