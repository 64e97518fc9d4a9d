package mock

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/parlance-api/parlance/mock/fault"
	"github.com/parlance-api/parlance/mock/scenario"
	"github.com/parlance-api/parlance/server/limit"
)

// WithScenario sets which requests fail, how often and until when. A request that wishes a
// response itself, or is given one by [Mock.Next], does not count as one of the scenario.
// The run begins with New. Its state sets tokens, limits and work like the other options, of
// which the last one counts.
func WithScenario(s *scenario.Scenario) Option {
	return option(func(c *config) {
		c.scenario = s
		c.auth = c.auth || s.State.Tokens.Required
		c.life = cmp.Or(s.State.Tokens.Life, c.life)
		c.working = cmp.Or(s.State.Jobs.Take, c.working)
		if l := s.State.Limit; l.Requests > 0 {
			c.rate = limit.Rate{Quota: l.Requests, Window: l.Per}
		}
		c.switches = s.State
	})
}

// byScenario is what the scenario gives.
func (m *Mock) byScenario(r *http.Request) *choice {
	if m.run == nil {
		return nil
	}
	step, fits := m.run.Next(r.Method, r.URL.Path)
	if !fits && step.Latency == 0 {
		return nil
	}
	c := &choice{why: "scenario", unasked: true, fault: step.Fault}
	if fits {
		c.why += " " + step.Line
	}
	if step.Prefer != "" {
		c.why += ": " + step.Prefer
	}
	c.wish, c.err = ParsePrefer(step.Prefer)
	c.wish.Latency = step.Latency
	return c
}

// breaks sends the response of a choice and breaks it. If the fault is not possible on this
// connection, the response is sent whole, and the log says so.
func (m *Mock) breaks(w http.ResponseWriter, r *http.Request, c *choice) {
	ctx, cancel := m.whileAlive(context.WithValue(r.Context(), faultKey{}, c.fault))
	defer cancel()
	r = r.WithContext(ctx)
	var res fault.Response
	m.respond(&res, r, c)
	err := m.faults.Send(w, r, c.fault, &res)
	if errors.Is(err, fault.ErrImpossible) {
		m.logger.WarnContext(r.Context(), "a response was sent whole", "error", err, "chosen by", c.why)
		_ = m.faults.Send(w, r, scenario.FaultNone, &res) // an error here is a client that is gone
	}
}

type faultKey struct{}

// broken notes the fault of the response to a request.
func (g *Given) broken(ctx context.Context) {
	g.Fault, _ = ctx.Value(faultKey{}).(scenario.Fault)
	switch g.Fault {
	case scenario.FaultReset, scenario.FaultHalfHeader, scenario.FaultNoResponse:
		g.Status = 0
	}
}

// whileAlive is a context that also ends with the Mock.
func (m *Mock) whileAlive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(m.alive, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
