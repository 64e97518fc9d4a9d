package mock

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/mock/fault"
	"github.com/parlance-api/parlance/mock/scenario"
)

// Prefix is the beginning of the paths that are the Mock's own.
const Prefix = "/_mock/"

const pageRoot = "/_mock"

// Mock is an API on demand: an http.Handler that gives the response that a request wishes.
// It is safe for concurrent use.
type Mock struct {
	config
	dialect   *dialect.Dialect
	outcomes  *authoring.Outcomes
	prefers   prefers
	next      queue
	run       *scenario.Run // nil without a scenario
	faults    fault.Sender
	state     func() *state
	begun     atomic.Bool // the state is there
	journal   journal
	page      *page
	alive     context.Context // until Close
	close     context.CancelFunc
	examples  func() []authoring.Example
	samples   func() []authoring.Case
	streams   func() []authoring.Stream
	successes func() [][]byte // the payloads that a success without a documented one may have
	recording recording
}

// New makes a Mock that gives the responses of d.
func New(d *dialect.Dialect, options ...Option) *Mock {
	m := &Mock{dialect: d, outcomes: authoring.NewOutcomes(d), config: config{logger: slog.New(slog.DiscardHandler), working: DefaultWork}}
	for _, o := range options {
		o.apply(&m.config)
	}
	if m.scenario != nil {
		m.run = m.scenario.Run(0, nil)
	}
	m.page = newPage(m)
	m.alive, m.close = context.WithCancel(context.Background())
	m.recording = newRecording(m.recorded)
	m.examples = sync.OnceValue(func() []authoring.Example { return authoring.Examples(d) })
	m.samples = sync.OnceValue(func() []authoring.Case { return authoring.Samples(d) })
	m.successes = sync.OnceValue(m.findSuccesses)
	m.streams = sync.OnceValue(func() []authoring.Stream { return authoring.Streams(d, m.examples()) })
	m.state = sync.OnceValue(func() *state {
		m.begun.Store(true)
		return newState(m)
	})
	return m
}

// Outcomes returns each response that a Mock of d can give, for table tests of a client.
// Write one with d.Encode, or wish it by its code.
func Outcomes(d *dialect.Dialect) []authoring.Example { return authoring.Examples(d) }

// Close ends the work in the background, the streams of the page, and responses that break
// slowly or never come. Call it after the last request.
func (m *Mock) Close() error {
	m.close()
	if m.begun.Load() {
		m.state().close()
	}
	return nil
}

// noWish is why a request gets a success.
const noWish = "no wish"

// unchosen is the choice for a request without a wish. It never changes.
var unchosen = &choice{why: noWish}

// ServeHTTP gives the response that the request wishes, else what a server of the API would:
// it takes credentials, keys and records for what they are, and is successful.
func (m *Mock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, pageRoot) && m.page.serve(w, r) {
		return
	}
	c := m.choose(r)
	if c == nil {
		c = unchosen
	} else if c.path != r.URL.Path {
		r = onPath(r, c.path)
	}
	if c.fault == scenario.FaultNone {
		m.respond(w, r, c)
		return
	}
	if !c.waits(r) {
		return
	}
	m.breaks(w, r, c)
}

// respond gives the response of a choice.
func (m *Mock) respond(w http.ResponseWriter, r *http.Request, c *choice) {
	if c.recorded != nil {
		m.send(w, r, m.replay(r, c.recorded), c.why)
		return
	}
	if c.err == nil && (!c.wish.chooses() || m.onRecords(r, &c.wish)) {
		m.succeed(w, r, c)
		return
	}
	if !c.waits(r) {
		return
	}
	if c.err == nil {
		var s *streaming
		if s, c.err = m.stream(r, &c.wish); s != nil {
			m.giveStream(w, r, c, s)
			return
		}
	}
	m.send(w, r, m.grant(w.Header(), r, c), c.why)
}

// waits waits for as long as a choice says, once. It reports false if the caller left before.
func (c *choice) waits(r *http.Request) bool {
	if c.waited || c.wish.Latency == 0 {
		return true
	}
	c.waited = true
	return sleep(r, c.wish.Latency)
}

// succeed gives what a server of the API would.
func (m *Mock) succeed(w http.ResponseWriter, r *http.Request, c *choice) {
	if m.stateful(r) {
		if h := m.state().route(r, &c.wish); h != nil {
			h.ServeHTTP(w, r.WithContext(withChoice(r.Context(), c)))
			return
		}
	}
	if !c.waits(r) {
		return
	}
	if s, _ := m.stream(r, &c.wish); s != nil {
		m.giveStream(w, r, c, s)
		return
	}
	m.send(w, r, m.success(w.Header(), r, &c.wish), c.why)
}

// stateful reports that a request may concern the state, at a glance.
func (m *Mock) stateful(r *http.Request) bool {
	a := m.dialect.Auth()
	return r.Method != http.MethodGet && r.Method != http.MethodHead || m.rate.Quota > 0 || m.auth ||
		len(r.Header["Authorization"]) > 0 || a.Header != "" && r.Header.Get(a.Header) != "" || isOwn(r.URL.Path) || len(r.Header["Prefer"]) > 0
}

// onRecords reports that a wish is about how many of the request's own records fail.
func (m *Mock) onRecords(r *http.Request, w *Wish) bool {
	only := Wish{Failed: w.Failed, Latency: w.Latency}
	return w.Failed > 0 && w.String() == only.String() && m.state().isBulk(r, w)
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
