package scenario

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Step is what one request is given. The zero value is what a mock gives normally.
type Step struct {
	Prefer  string        // the response that is wished for, as a Prefer field says it (RFC 7240); "" for none
	Latency time.Duration // how long to wait before the response
	Fault   Fault         // what breaks the response on its way
	Line    string        // the line of the file that says so, as file:line; "" if no line is for the request
}

// Run is one run of a Scenario: it counts the requests. It is safe for concurrent use.
type Run struct {
	scenario *Scenario
	seed     uint64
	now      func() time.Time
	lines    []progress // of each line, and of the requests that no line is for
}

// progress is how far the requests of a line have come.
type progress struct {
	mu     sync.Mutex
	number uint64    // requests so far
	step   int       // of the line
	given  int       // requests of the step so far
	began  time.Time // the first request of this round; zero before it
}

// Run starts a run. seed replaces the seed of the file unless it is 0. now is the clock;
// nil is [time.Now]. With the same seed, the n-th request of a line is always given the
// same. Requests of other lines do not change it.
func (s *Scenario) Run(seed uint64, now func() time.Time) *Run {
	if seed == 0 {
		seed = s.Seed
	}
	if now == nil {
		now = time.Now
	}
	return &Run{scenario: s, seed: seed, now: now, lines: make([]progress, len(s.lines)+1)}
}

// Next is what a request is given. The first line that fits it counts. path is that of the
// URL, without a query. It reports false if no line fits; the step then has the latency of
// the file alone. It is safe for concurrent use.
func (r *Run) Next(method, path string) (Step, bool) {
	path = trimPath(path)
	if method == "" {
		method = "GET"
	}
	for i := range r.scenario.lines {
		if l := &r.scenario.lines[i]; l.admits(method, path) {
			return r.next(i, l), true
		}
	}
	i := len(r.scenario.lines)
	return Step{Latency: r.scenario.latency.draw(r.chance(i))}, false
}

// next is what the next request of a line is given.
func (r *Run) next(i int, l *line) Step {
	chance, given := r.advance(i, l)
	latency := r.scenario.latency
	if given.latency != (span{}) {
		latency = given.latency
	}
	return Step{Prefer: given.prefer, Latency: latency.draw(chance), Fault: given.fault, Line: l.place}
}

// chance is what decides about the next request of a line. It depends on the seed, the line
// and the number of the request alone.
func (r *Run) chance(i int) *rand.Rand {
	p := &r.lines[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.count(p, i)
}

func (r *Run) count(p *progress, i int) *rand.Rand {
	p.number++
	return rand.New(rand.NewPCG(r.seed, uint64(i)<<40+p.number))
}

// advance moves a line to the step of its next request, and draws the response of it.
func (r *Run) advance(i int, l *line) (*rand.Rand, *response) {
	p, now := &r.lines[i], r.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	chance := r.count(p, i)
	if p.began.IsZero() {
		p.began = now
	}
	for p.step < len(l.steps) && l.steps[p.step].over(p.given, now.Sub(p.began)) {
		p.step, p.given = p.step+1, 0
		if p.step == len(l.steps) && l.repeat {
			p.step, p.began = 0, now
		}
	}
	if p.step == len(l.steps) {
		return chance, &response{}
	}
	p.given++
	return chance, l.steps[p.step].draw(p.given, chance)
}

// over reports that a step has ended.
func (s *step) over(given int, passed time.Duration) bool {
	return s.times > 0 && given >= s.times || s.until > 0 && passed >= s.until
}

// draw is the response to the n-th request of a step.
func (s *step) draw(n int, chance *rand.Rand) *response {
	if s.every > 0 && n%s.every != 0 {
		return &response{}
	}
	if s.responses[0].percent == 0 {
		return s.responses[0].response
	}
	at := chance.Float64() * 100
	for i := range s.responses {
		if at < s.responses[i].percent {
			return s.responses[i].response
		}
		at -= s.responses[i].percent
	}
	return &response{}
}

// draw is a time within the span, both ends included.
func (s span) draw(chance *rand.Rand) time.Duration {
	if s.to <= s.from {
		return s.from
	}
	return s.from + time.Duration(chance.Int64N(int64(s.to-s.from)+1))
}
