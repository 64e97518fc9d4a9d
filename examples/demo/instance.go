package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/server/limit"
)

// instance is a service that has just been started, and all that belongs to it. A
// scenario has one of its own, so that nothing is left of those before.
type instance struct {
	house   // closes with the instance
	setting setting
	clock   clock
	behind  string        // URL of the service behind
	arrived chan struct{} // one for each request that reached the service behind
}

// setting is what a scenario may change before its instance starts. It begins with a
// service behind that is well, and has more time than it needs.
type setting struct {
	behind  http.HandlerFunc // what the service behind responds; nil if it is well
	gone    bool             // nothing listens where the service behind should be
	timeout time.Duration    // how long the service waits for the one behind
	blocked bool             // callers on this machine are blocked
}

// rate is how often a caller may ask each service that limits it: often enough for
// a person, and used up in a moment by a program.
var rate = limit.Rate{Quota: 20, Window: 20 * time.Second}

// gone is that nothing listens where the service behind should be.
func gone(s *setting) { s.gone = true }

// blocked is that callers on this machine are blocked.
func blocked(s *setting) { s.blocked = true }

// says has the service behind send the same response to every request.
func says(status int, contentType, body string) func(*setting) {
	return func(s *setting) { s.behind = response(status, contentType, body) }
}

func response(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the service that asked sees what came of it
	}
}

// hangs has the service behind never respond. The service waits so long for it.
func hangs(timeout time.Duration) func(*setting) {
	return func(s *setting) {
		s.timeout = timeout
		s.behind = func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // net/http sees that the other side left only after the body
			<-r.Context().Done()
		}
	}
}

// start puts a new instance in the place of the one before, brought up as the
// scenario says. The station is locked.
func (s *station) start(d *Demo, c Scenario) error {
	if s.build == nil {
		return nil // it has no service
	}
	s.stop()
	i := &instance{behind: d.nobody, arrived: make(chan struct{}, 100), setting: setting{timeout: time.Minute}}
	s.instance = i
	if c.Set != nil {
		c.Set(&i.setting)
	}
	says := i.setting.behind
	if says == nil {
		says = s.well
	}
	if says != nil && !i.setting.gone {
		var err error
		i.behind, err = i.open(anywhere, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case i.arrived <- struct{}{}:
			default:
			}
			says(w, r)
		}), d.journal.logger(s.system+", the service behind"))
		if err != nil {
			return err
		}
	}
	service, err := s.build(i)
	if err != nil {
		return err
	}
	if other := d.config.Instead[s.system]; other != nil {
		service = other
	}
	s.record.replace(service)
	return s.connect(d)
}

// stop ends the instance, and with it what the scenario left under way.
func (s *station) stop() {
	if s.instance != nil {
		s.instance.close()
		s.instance = nil
	}
}

// after is a Given that sends requests, each of which has to succeed.
func (s *station) after(asks ...Ask) func(context.Context, *way) error {
	return func(ctx context.Context, _ *way) error { return s.person.succeed(ctx, asks...) }
}

// exhausted is a Given that sends a request until it is refused with the status.
// Time stands still meanwhile and afterward, so that no new request is allowed.
func (s *station) exhausted(ask Ask, refusal int) func(context.Context, *way) error {
	return func(ctx context.Context, _ *way) error {
		s.instance.clock.hold()
		for range rate.Quota + 1 {
			status, _, err := s.person.do(ctx, ask)
			if err != nil || status == refusal {
				return err
			}
		}
		return fmt.Errorf("%s %s was not refused with %d", ask.Method, ask.Path, refusal)
	}
}

// held has n requests under way that reached the service behind, until the instance
// ends.
func (s *station) held(ctx context.Context, n int, ask Ask) error {
	i := s.instance
	for range n {
		i.run(func(ctx context.Context) {
			_, _, _ = s.person.do(ctx, ask) // it ends with the instance
		})
		select {
		case <-i.arrived:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
