package mock

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/fault"
	"github.com/parlance-api/parlance/mock/scenario"
)

// Prefix is the beginning of the paths that are the Mock's own.
const Prefix = "/_mock/"

// Mock is an API on demand: an http.Handler that gives the response that a request wishes.
// It is safe for concurrent use.
type Mock struct {
	config
	dialect  *dialect.Dialect
	next     queue
	run      *scenario.Run // nil without a scenario
	faults   fault.Sender
	examples func() []authoring.Example
	samples  func() []authoring.Case
	empties  sync.Map // the payloads of successes without a documented one, by empty
}

// New makes a Mock that gives the responses of d.
func New(d *dialect.Dialect, options ...Option) *Mock {
	m := &Mock{dialect: d, config: config{logger: slog.New(slog.DiscardHandler)}}
	for _, o := range options {
		o.apply(&m.config)
	}
	if m.scenario != nil {
		m.run = m.scenario.Run(0, nil)
	}
	m.examples = sync.OnceValue(func() []authoring.Example { return authoring.Examples(d) })
	m.samples = sync.OnceValue(func() []authoring.Case { return authoring.Samples(d) })
	return m
}

// Outcomes returns each response that a Mock of d can give, for table tests of a client.
// Write one with d.Encode, or wish it by its code.
func Outcomes(d *dialect.Dialect) []authoring.Example { return authoring.Examples(d) }

// Close ends what the Mock does in the background. It gives no response after it.
func (m *Mock) Close() error { return nil }

// ServeHTTP gives the response that the request wishes, else a success.
func (m *Mock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := m.choose(r)
	if c == nil {
		m.send(w, r, m.success(w.Header(), r, &Wish{}), "no wish")
		return
	}
	if c.path != r.URL.Path {
		r = onPath(r, c.path)
	}
	if c.wish.Latency > 0 && !sleep(r, c.wish.Latency) {
		return // the caller is gone
	}
	if c.fault != scenario.FaultNone {
		m.breaks(w, r, c)
		return
	}
	m.respond(w, r, c)
}

// respond gives the response of a choice.
func (m *Mock) respond(w http.ResponseWriter, r *http.Request, c *choice) {
	if c.err == nil && !c.wish.chooses() {
		m.send(w, r, m.success(w.Header(), r, &c.wish), c.why)
		return
	}
	m.send(w, r, m.grant(w.Header(), r, c), c.why)
}

// sleep waits. It reports false if the caller left before.
func sleep(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// onPath is a request on another path.
func onPath(r *http.Request, path string) *http.Request {
	copied, u := *r, *r.URL
	u.Path, u.RawPath = path, ""
	copied.URL = &u
	return &copied
}

// isOwn reports that a path is the Mock's own.
func isOwn(path string) bool { return strings.HasPrefix(path, Prefix) }
