package outbox_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/memory"
)

// away refuses connections while it is set.
type away struct {
	atomic.Bool
	base  http.RoundTripper
	dials atomic.Int64
}

func (a *away) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.Load() {
		a.dials.Add(1)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return a.base.RoundTrip(r)
}

func TestAVendorThatIsGoneForADayGetsAllThatWaits(t *testing.T) {
	virtual(t, "vision", status(http.StatusOK), func(s *scene) {
		s.halt()
		gone := &away{base: s.transport}
		gone.Store(true)
		d, err := catalog.Open("vision")
		if err != nil {
			s.Fatal(err)
		}
		box := outbox.New(s.store.Queue(), outbox.WithVendor("vendor", d, client.WithBase(gone)), outbox.WithLogger(slog.New(slog.DiscardHandler)), outbox.WithPoll(10*time.Second))
		s.run(box)
		var ids []string
		for range 50 {
			ids = append(ids, s.put(outbox.Request{})) // without a key: nothing was sent
		}
		time.Sleep(24 * time.Hour)
		if n := gone.dials.Load(); n > 24*60*3 { // the limit is probed by one, and not by each
			s.Errorf("%d attempts to connect in a day", n)
		}
		gone.Store(false)
		time.Sleep(2 * time.Hour)
		for _, id := range ids {
			s.is(id, outbox.Delivered)
		}
		if n := s.count(); n != len(ids) {
			s.Errorf("the vendor got %d requests, want %d", n, len(ids))
		}
	})
}

// TestEveryClassOfResponseEndsInTheTruth for a request that can be repeated and for one that
// cannot. The vendor does it at the second attempt.
func TestEveryClassOfResponseEndsInTheTruth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		post, put outbox.State
	}{
		{200, outbox.Delivered, outbox.Delivered}, {201, outbox.Delivered, outbox.Delivered}, {204, outbox.Delivered, outbox.Delivered}, {299, outbox.Delivered, outbox.Delivered},
		{202, outbox.Uncertain, outbox.Uncertain}, // it does not say where to look
		{301, outbox.Refused, outbox.Refused}, {302, outbox.Refused, outbox.Refused}, {303, outbox.Delivered, outbox.Delivered}, {307, outbox.Refused, outbox.Refused}, {308, outbox.Refused, outbox.Refused},
		{400, outbox.Refused, outbox.Refused}, {403, outbox.Refused, outbox.Refused}, {404, outbox.Refused, outbox.Refused}, {409, outbox.Refused, outbox.Refused},
		{401, outbox.Delivered, outbox.Delivered}, // the credential waits to be mended
		{408, outbox.Uncertain, outbox.Delivered}, {410, outbox.Refused, outbox.Refused}, {413, outbox.Refused, outbox.Refused}, {418, outbox.Refused, outbox.Refused}, {422, outbox.Refused, outbox.Refused},
		{429, outbox.Delivered, outbox.Delivered},
		{500, outbox.Uncertain, outbox.Delivered}, {502, outbox.Uncertain, outbox.Delivered}, {503, outbox.Uncertain, outbox.Delivered}, {504, outbox.Uncertain, outbox.Delivered}, {599, outbox.Uncertain, outbox.Delivered},
	} {
		for method, want := range map[string]outbox.State{"POST": c.post, "PUT": c.put} {
			t.Run(fmt.Sprint(method, " ", c.status), func(t *testing.T) {
				var first atomic.Bool
				virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
					if !first.Swap(true) {
						if c.status/100 == 3 {
							w.Header().Set("Location", "/elsewhere")
						}
						w.WriteHeader(c.status)
					}
				}, func(s *scene) {
					id := s.put(outbox.Request{Method: method})
					time.Sleep(12 * time.Hour)
					s.is(id, want)
				})
			})
		}
	}
}

// TestAResponseThatIsCutOff tells what its status alone says. If the body could say otherwise,
// it proves nothing.
func TestAResponseThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect, method string
		want            outbox.State
	}{
		{"http", "POST", outbox.Delivered}, {"slack", "POST", outbox.Uncertain}, {"slack", "PUT", outbox.Delivered},
	} {
		t.Run(c.dialect+" "+c.method, func(t *testing.T) {
			var first atomic.Bool
			virtual(t, c.dialect, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if !first.Swap(true) {
					w.Header().Set("Content-Length", "100")
					io.WriteString(w, `{"half": `)
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}
				io.WriteString(w, `{"ok": true}`)
			}, func(s *scene) {
				id := s.put(outbox.Request{Method: c.method})
				time.Sleep(time.Hour)
				if d := s.is(id, c.want); strings.Contains(string(d.Body), "half") || c.dialect == "http" && !strings.Contains(d.Why, "cut off") {
					s.Errorf("kept %q: %s", d.Body, d.Why)
				}
			})
		})
	}
}

// TestALongResponseIsNotKeptInPart because half a document looks like a whole one.
func TestALongResponseIsNotKeptInPart(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("a", 2<<20))
	}, func(s *scene) {
		id := s.put(outbox.Request{})
		time.Sleep(time.Minute)
		if d := s.is(id, outbox.Delivered); len(d.Body) != 0 || !strings.Contains(d.Why, "longer than 1 MiB") {
			s.Errorf("kept %d bytes: %s", len(d.Body), d.Why)
		}
	})
}

// TestAClockThatJumpsSendsNothingTwice: ahead by more than a lease during an attempt, so that
// another worker takes the request, and back while it waits.
func TestAClockThatJumpsSendsNothingTwice(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]outbox.State{"POST": outbox.Uncertain, "PUT": outbox.Delivered} {
		t.Run("ahead "+method, func(t *testing.T) {
			virtual(t, "http", func(w http.ResponseWriter, r *http.Request) { time.Sleep(10 * time.Second) }, func(s *scene) {
				s.halt()
				var ahead atomic.Int64
				s.store = memory.New(memory.WithClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
				s.Outbox = s.again("http")
				s.run(s.Outbox)
				first := s.halt
				s.run(s.again("http")) // another process
				second := s.halt
				s.halt = func() { first(); second() }
				id := s.put(outbox.Request{Method: method, Deadline: time.Now().Add(240 * time.Hour)})
				time.Sleep(5 * time.Second)
				ahead.Store(int64(time.Hour))
				time.Sleep(time.Hour)
				s.is(id, want)
				if n := s.count(); method == "POST" && n != 1 {
					s.Errorf("sent %d times", n)
				}
			})
		})
	}
	t.Run("back", func(t *testing.T) {
		virtual(t, "http", status(http.StatusNoContent), func(s *scene) {
			s.halt()
			var ahead atomic.Int64
			s.store = memory.New(memory.WithClock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
			s.Outbox = s.again("http")
			s.run(s.Outbox)
			id := s.put(outbox.Request{NotBefore: time.Now().Add(time.Minute)})
			time.Sleep(10 * time.Second)
			ahead.Store(-int64(time.Hour))
			time.Sleep(30 * time.Minute)
			s.is(id, outbox.Waiting)
			time.Sleep(time.Hour)
			s.is(id, outbox.Delivered)
			if n := s.count(); n != 1 {
				s.Errorf("sent %d times", n)
			}
		})
	})
}

// again is another process with the same store.
func (s *scene) again(dialect string, options ...outbox.Option) *outbox.Outbox {
	s.Helper()
	d, err := catalog.Open(dialect)
	if err != nil {
		s.Fatal(err)
	}
	all := append([]outbox.Option{outbox.WithVendor("vendor", d, client.WithBase(s.transport)), outbox.WithLogger(slog.New(slog.DiscardHandler)), outbox.WithPoll(time.Second)}, options...)
	return outbox.New(s.store.Queue(), all...)
}

// TestADialectThatChangesBetweenAttemptsDecidesFromThenOn as when a file is corrected while
// requests wait.
func TestADialectThatChangesBetweenAttemptsDecidesFromThenOn(t *testing.T) {
	virtual(t, "vision", status(http.StatusNotFound), func(s *scene) {
		refused := s.put(outbox.Request{Method: "PUT"})
		time.Sleep(time.Second)
		s.is(refused, outbox.Refused)
	})
	t.Run("while it waits", func(t *testing.T) {
		virtual(t, "vision", status(http.StatusInternalServerError), func(s *scene) {
			id := s.put(outbox.Request{RetryUnsafe: "a second one is refused"})
			time.Sleep(time.Hour)
			s.is(id, outbox.Waiting)
			s.halt()
			before := s.count()
			s.run(s.again("plain")) // whose page says: report it, and do not repeat it
			time.Sleep(2 * time.Hour)
			story, err := s.Story(s.Context(), id)
			last := story[len(story)-1]
			if err != nil || s.count() == before || strings.Contains(last.Line, "vision") || !strings.Contains(last.Line, "plain") {
				s.Errorf("the last step is %+v, %v", last, err)
			}
		})
	})
}

// TestARequestOfANewerProgramWaitsForOne since a member that a worker does not know could
// change what the rest means.
func TestARequestOfANewerProgramWaitsForOne(t *testing.T) {
	virtual(t, "http", status(http.StatusOK), func(s *scene) {
		err := s.store.Queue().Put(s.Context(), queue.Task{ID: "newer", Kind: outbox.Kind, Lane: "vendor http://vendor", Created: time.Now(),
			Input: []byte(`{"vendor":"vendor","method":"POST","url":"http://vendor/orders","only_if":"the moon is full"}`)})
		if err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Hour)
		if d := s.is("newer", outbox.Waiting); s.count() != 0 || !strings.Contains(d.Why, "only_if") {
			s.Errorf("%d requests: %s", s.count(), d.Why)
		}
	})
}

// TestAnOlderProgramAndANewerOneShareAStore has two programs take what there is. The older one
// puts back what it cannot read, and does the rest.
func TestAnOlderProgramAndANewerOneShareAStore(t *testing.T) {
	virtual(t, "http", status(http.StatusOK), func(s *scene) {
		q := s.store.Queue()
		for i := range 20 {
			input := fmt.Sprintf(`{"vendor":"vendor","method":"POST","url":"http://vendor/%d"`, i)
			if i%2 == 0 {
				input += `,"only_if":"the moon is full"`
			}
			err := q.Put(s.Context(), queue.Task{ID: fmt.Sprint(i), Kind: outbox.Kind, Lane: "vendor http://vendor", Created: time.Now(), Input: []byte(input + "}")})
			if err != nil {
				s.Fatal(err)
			}
		}
		for newer := 0; newer < 10; time.Sleep(time.Second) { // as the newer program does, it reads all
			tasks, err := q.Take(s.Context(), queue.Order{Kinds: []string{outbox.Kind}, Worker: "newer", Lease: time.Minute, Most: 3})
			if err != nil {
				s.Fatal(err)
			}
			for _, task := range tasks {
				if strings.Contains(string(task.Input), "only_if") {
					newer++
				}
				if err := q.End(s.Context(), task.ID, "newer", queue.Result{State: string(outbox.Delivered), At: time.Now()}, queue.Step{}); err != nil {
					s.Error(err)
				}
			}
		}
		time.Sleep(time.Minute)
		for i := range 20 {
			s.is(fmt.Sprint(i), outbox.Delivered)
		}
		for _, r := range s.asked() {
			if i, err := strconv.Atoi(r.Path[1:]); err != nil || i%2 == 0 {
				s.Errorf("the older program sent %s, %v", r.Path, err)
			}
		}
	})
}

// forgetful is a queue that cannot renew a lease, as in an outage of the store.
type forgetful struct{ queue.Store }

func (forgetful) Keep(context.Context, string, string, time.Duration, float64, string) (bool, error) {
	return false, parlance.ErrUnavailable
}

// TestARequestThatIsUnderWayIsNotTakenTwiceByItsProcess although its lease has ended, as after an
// outage of the store in which nobody else took it.
func TestARequestThatIsUnderWayIsNotTakenTwiceByItsProcess(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) { time.Sleep(50 * time.Second) }, func(s *scene) {
		s.halt()
		d, err := catalog.Open("http")
		if err != nil {
			s.Fatal(err)
		}
		box := outbox.New(forgetful{s.store.Queue()}, outbox.WithVendor("vendor", d, client.WithBase(s.transport)), outbox.WithLogger(slog.New(slog.DiscardHandler)), outbox.WithLease(time.Second))
		id := s.put(outbox.Request{Method: "PUT"})
		s.run(box)
		time.Sleep(40 * time.Second)
		if n := s.count(); n != 1 {
			s.Errorf("it is under way %d times", n)
		}
		time.Sleep(20 * time.Second)
		if d := s.is(id, outbox.Delivered); d.Attempt != 1 || s.count() != 1 {
			s.Errorf("%d turns, %d requests", d.Attempt, s.count())
		}
	})
}
