package outbox_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/queue"
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

func TestVisionsScheduleIsKeptToTheSecondForADay(t *testing.T) {
	var reports []client.SupportReport
	virtual(t, "vision", status(500), func(s *scene) {
		id := s.put(outbox.Request{RetryUnsafe: "the warehouse refuses a second document with the same DocRef", Deadline: s.start.Add(24 * time.Hour)})
		time.Sleep(24*time.Hour + time.Minute)
		want := []time.Duration{0, 5 * time.Minute}
		for at := 35 * time.Minute; at < 24*time.Hour; at += 30 * time.Minute {
			want = append(want, at)
		}
		got := s.times()
		if len(got) != len(want) {
			s.Fatalf("%d attempts, want %d: %v", len(got), len(want), got)
		}
		for i := range want {
			// The next look at the store is at most a second later.
			if d := got[i] - want[i]; d < 0 || d > time.Duration(i)*time.Second {
				s.Errorf("attempt %d at %v, want %v", i+1, got[i], want[i])
			}
		}
		d := s.is(id, outbox.Dead)
		if !d.Doubt || d.Why != "its deadline is over" {
			s.Errorf("%+v", d)
		}
		if len(reports) != 1 || reports[0].Dialect != "vision" || reports[0].Method != "POST" {
			s.Errorf("reports %+v", reports)
		}
	}, outbox.WithReport(func(_ context.Context, _ outbox.Delivery, r client.SupportReport) { reports = append(reports, r) }))
}

func TestARequestEndsAsTheResponseSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, dialect string
		request       outbox.Request
		respond       http.HandlerFunc
		want          outbox.State
		attempts      int
		doubt         bool
	}{
		{"a success", "http", outbox.Request{}, status(201), outbox.Delivered, 1, false},
		{"a refusal", "http", outbox.Request{}, status(422), outbox.Refused, 1, false},
		{"a 500 of a POST without a key", "vision", outbox.Request{}, status(500), outbox.Uncertain, 1, true},
		{"a 500 of a PUT", "vision", outbox.Request{Method: "PUT"}, status(500, 200), outbox.Delivered, 2, false},
		{"a 500 of a POST with a key", "stripe", outbox.Request{}, status(500, 503, 200), outbox.Delivered, 3, false},
		{"a 500 of a POST with a reason", "vision", outbox.Request{RetryUnsafe: "it is idempotent"}, status(500, 200), outbox.Delivered, 2, false},
		{"a 429 of a POST without a key", "vbapi", outbox.Request{}, status(429, 200), outbox.Delivered, 2, false},
		{"an internal error to be reported", "vbapi", outbox.Request{}, status(500), outbox.Uncertain, 1, true},
		{"a broken connection", "vision", outbox.Request{}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, outbox.Uncertain, 1, true},
		{"another address", "http", outbox.Request{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusPermanentRedirect)
		}, outbox.Refused, 1, false},
		{"done, and see elsewhere", "http", outbox.Request{}, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusSeeOther) }, outbox.Delivered, 1, false},
		{"accepted without a place", "http", outbox.Request{}, status(202), outbox.Uncertain, 1, true},
		{"a conflict", "http", outbox.Request{}, status(409), outbox.Refused, 1, false},
		{"a conflict that a lost response explains", "http", outbox.Request{RetryUnsafe: "it has a number"}, status(500, 409), outbox.Uncertain, 2, true},
		{"an entry that is gone, as the first attempt would leave it", "http", outbox.Request{Method: "DELETE"}, status(500, 404), outbox.Uncertain, 2, true},
		{"a precondition that the first attempt would break", "http", outbox.Request{Method: "PUT"}, status(500, 412), outbox.Uncertain, 2, true},
		{"a refusal that a lost response does not explain", "http", outbox.Request{Method: "PUT"}, status(500, 422), outbox.Refused, 2, true},
		{"a duplicate that the dialect calls done", "telegram", outbox.Request{RetryUnsafe: "it is the same text"}, func() http.HandlerFunc {
			lost := status(500)
			var again atomic.Bool
			return func(w http.ResponseWriter, r *http.Request) {
				if !again.Swap(true) {
					lost(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"ok":false,"error_code":400,"description":"Bad Request: message is not modified"}`)
			}
		}(), outbox.Delivered, 2, false},
		{"a credential that is refused, then mended", "http", outbox.Request{}, status(401, 401, 200), outbox.Delivered, 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, c.dialect, c.respond, func(s *scene) {
				id := s.put(c.request)
				time.Sleep(6 * time.Hour)
				d := s.is(id, c.want)
				if s.count() != c.attempts || d.Doubt != c.doubt {
					s.Errorf("%d attempts, doubt %t; want %d, %t", s.count(), d.Doubt, c.attempts, c.doubt)
				}
				story, err := s.Story(s.Context(), id)
				if err != nil || len(story) != c.attempts || story[len(story)-1].State != c.want || story[0].Why == "" {
					s.Errorf("story %+v, %v", story, err)
				}
			})
		})
	}
}

func TestAnAcceptedRequestIsFollowedToItsEnd(t *testing.T) {
	looks := 0
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "POST":
			w.Header().Set("Location", "/orders/1/status")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(202)
		case looks < 3:
			looks++
			w.Header().Set("Retry-After", "60")
			w.WriteHeader([]int{202, 503, 202}[looks-1])
		default:
			io.WriteString(w, "the result")
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Body: []byte("order")})
		time.Sleep(time.Hour)
		d := s.is(id, outbox.Delivered)
		var lines []string
		for _, r := range s.asked() {
			lines = append(lines, fmt.Sprintf("%s %s %q at %v", r.Method, r.Path, r.Body, r.At.Truncate(10*time.Second)))
		}
		want := []string{`POST /orders "order" at 0s`, `GET /orders/1/status "" at 1m0s`, `GET /orders/1/status "" at 2m0s`,
			`GET /orders/1/status "" at 3m0s`, `GET /orders/1/status "" at 4m0s`}
		if !reflect.DeepEqual(lines, want) || string(d.Body) != "the result" {
			s.Errorf("got %q with %q, want %q", lines, d.Body, want)
		}
	})
}

func TestTheResultOfAcceptedWorkCanHaveAnotherAddress(t *testing.T) {
	d, err := dialect.Compile("shop.yaml", []byte("dialect: shop\ncodes:\n  200: success\n  202: accepted\n  503: unavailable\npoll: {headers: [Location], result: X-Result, every: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/orders":
			w.Header().Set("Location", "/orders/1/status")
			w.WriteHeader(http.StatusAccepted)
		case "/orders/1/status":
			w.Header().Set("X-Result", "/orders/1")
		default:
			if tries++; tries == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("X-Result", "/orders/1")
			io.WriteString(w, "the result")
		}
	}, func(s *scene) {
		box := outbox.New(s.store.Queue(), outbox.WithVendor("shop", d, client.WithBase(s.transport)), outbox.WithLogger(slog.New(slog.DiscardHandler)))
		s.halt()
		id, err := box.Put(s.Context(), outbox.Request{Vendor: "shop", URL: "http://shop/orders"})
		if err != nil {
			s.Fatal(err)
		}
		s.run(box)
		time.Sleep(time.Hour)
		if d := s.is(id, outbox.Delivered); string(d.Body) != "the result" || s.count() != 4 {
			s.Errorf("got %q in %d requests", d.Body, s.count())
		}
	})
}

// TestACredentialGoesToNoAddressThatAVendorNames even if the process that looks there has
// sent nothing before.
func TestACredentialGoesToNoAddressThatAVendorNames(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "vendor" {
			w.Header().Set("Location", "http://stranger/status")
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusAccepted)
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Header: http.Header{"X-Color": {"red"}}})
		time.Sleep(10 * time.Second)
		s.halt()
		d, err := catalog.Open("http")
		if err != nil {
			s.Fatal(err)
		}
		s.run(outbox.New(s.store.Queue(), outbox.WithVendor("vendor", d, client.WithBase(s.transport), client.WithAPIKey("X-Key", "secret")), outbox.WithLogger(slog.New(slog.DiscardHandler))))
		time.Sleep(time.Hour)
		s.is(id, outbox.Delivered)
		got := s.asked()
		last := got[len(got)-1]
		if last.Path != "/status" || last.Header.Get("X-Key") != "" || last.Header.Get("X-Color") != "" {
			s.Errorf("the stranger got %s with %v", last.Path, last.Header)
		}
	})
}

func TestALimitHoldsAllItsRequestsAndIsProbedByOne(t *testing.T) {
	var shut atomic.Bool
	shut.Store(true)
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if shut.Load() && r.URL.Path == "/orders" {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		for i := range 100 {
			s.put(outbox.Request{Method: "PUT", Body: fmt.Append(nil, i)})
		}
		other := s.put(outbox.Request{URL: "http://elsewhere/x"})
		time.Sleep(9 * time.Minute)
		s.is(other, outbox.Delivered)
		if n := s.count(); n > 8+1 { // as many as were on their way, and the one to elsewhere
			s.Errorf("%d requests before the limit opens", n)
		}
		before := s.count()
		time.Sleep(2 * time.Minute)
		if n := s.count() - before; n != 1 {
			s.Errorf("%d probes, want 1", n)
		}
		shut.Store(false)
		time.Sleep(20 * time.Minute)
		left, err := s.List(s.Context(), outbox.Filter{State: outbox.Waiting})
		if err != nil || len(left) > 0 {
			s.Errorf("%d wait still, %v", len(left), err)
		}
		lanes, err := s.Limits(s.Context())
		if err != nil || len(lanes) > 1 || len(lanes) == 1 && !lanes[0].Opens.IsZero() {
			s.Errorf("limits %+v, %v", lanes, err)
		}
	})
}

func TestAnAttemptThatHangsOrIsBrokenOffProvesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request outbox.Request
		halt    bool
		want    outbox.State
	}{
		{"it hangs, and cannot be sent again", outbox.Request{}, false, outbox.Uncertain},
		{"it hangs, and can", outbox.Request{Method: "PUT"}, false, outbox.Delivered},
		{"the process ends, and it cannot be sent again", outbox.Request{}, true, outbox.Uncertain},
		{"the process ends, and it can", outbox.Request{Method: "PUT"}, true, outbox.Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hung atomic.Bool
			virtual(t, "vision", func(w http.ResponseWriter, r *http.Request) {
				if !hung.Swap(true) {
					<-r.Context().Done()
				}
			}, func(s *scene) {
				id := s.put(c.request)
				time.Sleep(30 * time.Second)
				if c.halt {
					s.halt()
				}
				time.Sleep(time.Hour)
				if d := s.is(id, c.want); d.Due.After(s.start.Add(2 * time.Hour)) {
					s.Errorf("due at %v", d.Due)
				}
			}, outbox.WithDrain(10*time.Second))
		})
	}
}

func TestABulkRequestOfOneBodyIsNotDeliveredInPart(t *testing.T) {
	virtual(t, "elasticsearch", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"took":1,"errors":true,"items":[{"index":{"_id":"1","status":201}},{"index":{"_id":"2","status":429,"error":{"type":"es_rejected_execution_exception","reason":"no"}}}]}`)
	}, func(s *scene) {
		id := s.put(outbox.Request{URL: "http://vendor/_bulk", Body: []byte("{}\n{}\n")})
		time.Sleep(time.Hour)
		if d := s.is(id, outbox.Refused); !strings.Contains(d.Why, "put as one body") || s.count() != 1 {
			s.Errorf("%d times: %s", s.count(), d.Why)
		}
	})
}

func TestADeadRequestThatIsRetriedHasItsTimeAgain(t *testing.T) {
	var up atomic.Bool
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		id := s.put(outbox.Request{Method: "PUT", Deadline: s.start.Add(time.Hour)})
		time.Sleep(2 * time.Hour)
		s.is(id, outbox.Dead)
		if err := s.Retry(s.Context(), id); err != nil {
			s.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		s.is(id, outbox.Waiting)
		up.Store(true)
		time.Sleep(29 * time.Minute)
		s.is(id, outbox.Delivered)
	})
}

func TestAWaitOfAYearIsThatOfOneRequest(t *testing.T) {
	virtual(t, "http", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/year" {
			w.Header().Set("Retry-After", "31536000")
			w.WriteHeader(503)
		}
	}, func(s *scene) {
		year := s.put(outbox.Request{Method: "PUT", URL: "http://vendor/year"})
		time.Sleep(time.Minute)
		other := s.put(outbox.Request{})
		time.Sleep(23 * time.Hour)
		s.is(other, outbox.Waiting)
		time.Sleep(2 * time.Hour)
		s.is(other, outbox.Delivered)
		if d := s.is(year, outbox.Waiting); d.Due.Sub(s.start) < 364*24*time.Hour {
			s.Errorf("due at %v", d.Due)
		}
		time.Sleep(7 * 24 * time.Hour)
		s.is(year, outbox.Dead)
	}, outbox.WithPoll(time.Minute))
}

// poison panics in the middle of an attempt.
type poison struct{ attempts atomic.Int64 }

func (p *poison) RoundTrip(*http.Request) (*http.Response, error) {
	p.attempts.Add(1)
	panic("poison")
}

func TestARequestThatPanicsTakesNoWorkerAlong(t *testing.T) {
	var base poison
	d, err := catalog.Open("http")
	if err != nil {
		t.Fatal(err)
	}
	ends := 0
	virtual(t, "http", status(200), func(s *scene) {
		put := func(r outbox.Request) string {
			r.Vendor, r.URL = "poison", "http://poison/x"
			id, err := s.Put(s.Context(), r)
			if err != nil {
				s.Fatal(err)
			}
			return id
		}
		once, again := put(outbox.Request{}), put(outbox.Request{Method: "PUT", Deadline: s.start.Add(time.Hour)})
		good := s.put(outbox.Request{})
		time.Sleep(2 * time.Hour)
		s.is(once, outbox.Uncertain)
		s.is(again, outbox.Dead)
		s.is(good, outbox.Delivered)
		if n := base.attempts.Load(); n < 3 || n > 20 {
			s.Errorf("%d attempts", n)
		}
	}, outbox.WithVendor("poison", d, client.WithBase(&base)), outbox.WithWorkers(1), outbox.WithEnd(func(context.Context, outbox.Delivery) error {
		if ends++; ends == 1 {
			panic("poison, too")
		}
		return nil
	}))
}

func TestOrderIsKeptAndAnUncertainRequestBlocksIt(t *testing.T) {
	virtual(t, "vision", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/2" {
			w.WriteHeader(500)
		}
	}, func(s *scene) {
		var ids []string
		for i := range 4 {
			ids = append(ids, s.put(outbox.Request{URL: fmt.Sprintf("http://vendor/%d", i+1), Order: "customer 7"}))
		}
		time.Sleep(time.Hour)
		s.is(ids[0], outbox.Delivered)
		s.is(ids[1], outbox.Uncertain)
		if d := s.is(ids[2], outbox.Waiting); !d.Held {
			s.Errorf("%+v", d)
		}
		if err := s.Resolve(s.Context(), ids[1], outbox.Delivered, "the warehouse has the document"); err != nil {
			s.Fatal(err)
		}
		time.Sleep(time.Minute)
		s.is(ids[3], outbox.Delivered)
		var paths []string
		for _, r := range s.asked() {
			paths = append(paths, r.Path)
		}
		if got := strings.Join(paths, " "); got != "/1 /2 /3 /4" {
			s.Errorf("got %s", got)
		}
		if d := s.is(ids[1], outbox.Delivered); d.Why != "the warehouse has the document" {
			s.Errorf("%+v", d)
		}
	})
}

func TestACredentialIsNeverStored(t *testing.T) {
	virtual(t, "http", status(200), func(s *scene) {
		for _, r := range []outbox.Request{
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"Authorization": {"Bearer planted"}}},
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"X-Api-Key": {"planted"}}},
			{Vendor: "vendor", URL: "http://vendor/x", Header: http.Header{"Cookie": {"session=planted"}}},
			{Vendor: "vendor", URL: "http://user:planted@vendor/x"},
			{Vendor: "vendor", URL: "http://vendor/x?api_key=planted"},
			{Vendor: "nobody", URL: "http://vendor/x"},
			{Vendor: "vendor", URL: "/x"},
			{Vendor: "vendor", URL: "ftp://vendor/x"},
			{Vendor: "vendor", URL: "http://vendor/x", Body: make([]byte, 101)},
			{Vendor: "vendor", URL: "http://vendor/x", Method: "A B"},
			{Vendor: "vendor", URL: "http://vendor/x", Deadline: s.start.Add(-1)},
		} {
			if id, err := s.Put(s.Context(), r); !errors.Is(err, parlance.ErrInvalid) {
				s.Errorf("%s %v: %q, %v", r.URL, r.Header, id, err)
			} else if strings.Contains(err.Error(), "planted") {
				s.Errorf("the error tells the credential: %v", err)
			}
		}
		if all, err := s.List(s.Context(), outbox.Filter{}); err != nil || len(all) > 0 {
			s.Errorf("stored %+v, %v", all, err)
		}
	}, outbox.WithMaxBody(100))
}

func TestOnlyTheRecordsThatFailedAreDeliveredAgain(t *testing.T) {
	statuses := [][]int{{201, 429, 429, 400}, {429, 201}, {201}}
	virtual(t, "elasticsearch", func(w http.ResponseWriter, r *http.Request) {
		var items []string
		for _, code := range statuses[0] {
			item := fmt.Sprintf(`{"index":{"_index":"i","_id":"x","status":%d`, code)
			if code >= 400 {
				item += fmt.Sprintf(`,"error":{"type":"%s","reason":"no"}`, map[int]string{429: "es_rejected_execution_exception", 400: "mapper_parsing_exception"}[code])
			}
			items = append(items, item+"}}")
		}
		fmt.Fprintf(w, `{"took":1,"errors":%t,"items":[%s]}`, len(statuses) > 1, strings.Join(items, ","))
		statuses = statuses[1:]
	}, func(s *scene) {
		var records outbox.Records
		for i := range 4 {
			records.List = append(records.List, outbox.Record{Body: fmt.Appendf(nil, "{\"index\":{}}\n{\"n\":%d}\n", i)})
		}
		id := s.put(outbox.Request{URL: "http://vendor/_bulk", Header: http.Header{"Content-Type": {"application/x-ndjson"}}, Records: &records})
		time.Sleep(time.Hour)
		d := s.is(id, outbox.Refused) // one of them was
		var bodies []string
		for _, r := range s.asked() {
			bodies = append(bodies, strings.ReplaceAll(strings.ReplaceAll(r.Body, "{\"index\":{}}\n", ""), "\n", " "))
		}
		if want := []string{`{"n":0} {"n":1} {"n":2} {"n":3} `, `{"n":1} {"n":2} `, `{"n":1} `}; !reflect.DeepEqual(bodies, want) {
			s.Errorf("got %q, want %q (%s)", bodies, want, d.Why)
		}
	})
}

func TestAWorkerThatDiesLeavesTheTruth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		request outbox.Request
		want    outbox.State
	}{
		{"without a key", outbox.Request{Method: "POST"}, outbox.Uncertain},
		{"with a method that can be repeated", outbox.Request{Method: "PUT"}, outbox.Delivered},
		{"with a reason", outbox.Request{RetryUnsafe: "it may"}, outbox.Delivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtual(t, "vision", status(200), func(s *scene) {
				c.request.NotBefore = s.start.Add(time.Minute)
				id := s.put(c.request)
				// Another process takes it and dies.
				if err := s.store.Queue().Again(s.Context(), id); err != nil {
					s.Fatal(err)
				}
				taken, err := s.store.Queue().Take(s.Context(), queue.Order{Kinds: []string{outbox.Kind}, Worker: "dies", Lease: time.Hour})
				if err != nil || len(taken) != 1 {
					s.Fatal(taken, err)
				}
				time.Sleep(50 * time.Minute)
				s.is(id, outbox.Delivering)
				time.Sleep(20 * time.Minute)
				if d := s.is(id, c.want); !d.Doubt && c.want == outbox.Uncertain {
					s.Errorf("%+v", d)
				}
			})
		})
	}
}

func TestAnEndIsToldByASignedWebhookThatArrives(t *testing.T) {
	const secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	hooks := 0
	d := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hook" {
			w.WriteHeader(422)
			return
		}
		if hooks++; hooks == 1 {
			w.WriteHeader(500)
		}
	}
	base := &relay{}
	virtual(t, "http", d, func(s *scene) {
		base.RoundTripper = s.transport
		id := s.put(outbox.Request{})
		time.Sleep(time.Hour)
		s.is(id, outbox.Refused)
		got := s.asked()
		if len(got) != 3 || got[1].Path != "/hook" || got[2].Path != "/hook" {
			s.Fatalf("got %+v", got)
		}
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		for _, r := range got[1:] {
			h := r.Header
			at, _ := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
			if want := outbox.Sign(key, h.Get("Webhook-Id"), at, []byte(r.Body)); h.Get("Webhook-Signature") != want || at != s.start.Add(r.At).Unix() || h.Get("Webhook-Id") != got[1].Header.Get("Webhook-Id") {
				s.Errorf("header %v of %s, want %s", h, r.Body, want)
			}
			var e struct {
				Type string
				Data struct{ ID, State, Vendor string }
			}
			if err := json.Unmarshal([]byte(r.Body), &e); err != nil || e.Type != "outbox.refused" || e.Data.ID != id || e.Data.Vendor != "vendor" {
				s.Errorf("%s: %+v, %v", r.Body, e, err)
			}
		}
	}, outbox.WithWebhook("http://receiver/hook", secret, base))
}

// relay is a transport that is known later.
type relay struct{ http.RoundTripper }

// The example of the specification's libraries.
func TestAWebhookIsSignedAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := outbox.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
