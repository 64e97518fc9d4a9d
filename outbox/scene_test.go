package outbox_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/memory"
)

// seen is a request that the vendor got.
type seen struct {
	At     time.Duration // since the test began
	Method string
	Path   string
	Body   string
	Header http.Header
}

// scene is an outbox before a vendor, in virtual time.
type scene struct {
	*testing.T
	*outbox.Outbox
	store     *memory.Store
	start     time.Time
	transport *http.Transport
	halt      func() // ends the process, as it is asked to

	mu      sync.Mutex
	got     []seen
	respond http.HandlerFunc
}

// virtual runs a test in virtual time. The vendor of the name and dialect responds by the
// function.
func virtual(t *testing.T, dialect string, respond http.HandlerFunc, test func(s *scene), options ...outbox.Option) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, store: memory.New(memory.WithClock(time.Now)), start: time.Now(), respond: respond}
		d, err := catalog.Open(dialect)
		if err != nil {
			t.Fatal(err)
		}
		transport := memhttp.Serve(t, s)
		s.transport = transport
		all := append([]outbox.Option{
			outbox.WithVendor("vendor", d, client.WithBase(transport)),
			outbox.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))), outbox.WithPoll(time.Second),
			outbox.WithRecords(s.store.Activity()),
		}, options...)
		s.Outbox = outbox.New(s.store.Queue(), all...)
		s.run(s.Outbox)
		test(s)
		s.halt()
		transport.CloseIdleConnections()
	})
}

// run begins a process with an outbox. halt ends it.
func (s *scene) run(box *outbox.Outbox) {
	ctx, stop := context.WithCancel(s.Context())
	var ran sync.WaitGroup
	ran.Go(func() { box.Run(ctx) })
	s.halt = func() { stop(); ran.Wait() }
}

func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.got = append(s.got, seen{time.Since(s.start), r.Method, r.URL.Path, string(body), r.Header.Clone()})
	s.mu.Unlock()
	s.respond(w, r)
}

// put puts a POST to the vendor, with what else is set.
func (s *scene) put(r outbox.Request) string {
	s.Helper()
	r.Vendor = "vendor"
	if r.URL == "" {
		r.URL = "http://vendor/orders"
	}
	id, err := s.Put(s.Context(), r)
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// times are when the vendor got requests, to the second.
func (s *scene) times() (all []time.Duration) {
	for _, r := range s.asked() {
		all = append(all, r.At.Truncate(time.Second))
	}
	return all
}

// asked are the requests that the vendor got so far. The workers go on.
func (s *scene) asked() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *scene) count() int { return len(s.times()) }

// is expects a state.
func (s *scene) is(id string, want outbox.State) outbox.Delivery {
	s.Helper()
	synctest.Wait()
	d, err := s.Find(s.Context(), id)
	if err != nil {
		s.Fatal(err)
	}
	if d.State != want {
		s.Errorf("%s is %s (%s: %s), want %s", id, d.State, d.Outcome.Kind, d.Why, want)
	}
	return d
}

// status responds with each status in turn; the last one holds for all later requests.
func status(all ...int) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		code := all[0]
		if len(all) > 1 {
			all = all[1:]
		}
		mu.Unlock()
		w.WriteHeader(code)
	}
}
