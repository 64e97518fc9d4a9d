package idempotency_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/storetest"
)

// keyed listens with one handler behind Middleware.
func keyed(t testing.TB, dialect string, store idempotency.Store, f server.HandlerFunc, options ...idempotency.Option) (*httptest.Server, *servertest.Log) {
	t.Helper()
	s, l := servertest.New(t, dialect)
	return servertest.Listen(t, s.Wrap(idempotency.Middleware(store, options...)(s.Handle(f)))), l
}

// counting is a handler that counts its runs and tells the number.
func counting(runs *atomic.Int32) server.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Created("/orders/7", map[string]int32{"run": runs.Add(1)}), nil
	}
}

func replayed(a servertest.Response) bool { return a.Header.Get(idempotency.ReplayedHeader) == "true" }

func TestARetryGetsTheSameResponseByteForByteAndTheHandlerIsNotRun(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"omilia", "problem", "stripe", "vbapi"} {
		var runs atomic.Int32
		l, _ := keyed(t, dialect, servertest.NewKeys(), counting(&runs))
		first := servertest.Post(t, l, "/orders", `{"a":1}`, "Idempotency-Key", "k")
		again := servertest.Post(t, l, "/orders", `{"a":1}`, "Idempotency-Key", `"k"`)
		if runs.Load() != 1 || first.Status < 200 || first.Status > 299 || again.Status != first.Status || again.Body != first.Body {
			t.Errorf("%s: %d runs\nfirst %+v\nagain %+v", dialect, runs.Load(), first, again)
		}
		if replayed(first) || !replayed(again) || again.Header.Get("Location") != "/orders/7" ||
			again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			t.Errorf("%s:\nfirst %v\nagain %v", dialect, first.Header, again.Header)
		}
	}
}

func TestWhatIsSaidOfAKeyIsSaidInTheDialect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store   *servertest.Keys
		body    string
		key     []string
		status  map[string]int // where no dialect differs, under ""
		reason  parlance.Reason
		retryIn string
	}{
		"a key that is missing though required": {status: map[string]int{"": 400}, reason: parlance.ReasonKeyMissing},
		"an empty key":                          {key: []string{""}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"an empty text for a key":               {key: []string{`""`}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"a key whose quotes do not close":       {key: []string{`"k`}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"a key with parameters":                 {key: []string{`"k";a=1`}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"a key that is no ASCII":                {key: []string{"schlüssel"}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"a key of 256 bytes":                    {key: []string{strings.Repeat("k", 256)}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"two keys":                              {key: []string{"a", "b"}, status: map[string]int{"": 400}, reason: parlance.ReasonKeyMalformed},
		"a key of 255 bytes in quotes":          {key: []string{`"` + strings.Repeat("k", 255) + `"`}, status: map[string]int{"": 201, "stripe": 201}},
		"a key with quotes in it":               {key: []string{`"a \"b\" \\"`}, status: map[string]int{"": 201}},
		"a key that was used for something else": {
			body: `{"a":2}`, key: []string{"used"}, status: map[string]int{"": 409, "stripe": 400, "problem": 422}, reason: parlance.ReasonMismatch,
		},
		"a key whose process died": {
			store: servertest.NewKeys().Say(idempotency.Uncertain), key: []string{"k"}, status: map[string]int{"": 409}, reason: parlance.ReasonUncertain,
		},
		"a body that is too long": {body: strings.Repeat("x", 65), key: []string{"k"}, status: map[string]int{"": 413}},
		"a store that is down":    {store: servertest.NewKeys().Fail("Claim", errors.New("disk I/O error")), key: []string{"k"}, status: map[string]int{"": 503}},
	} {
		for _, dialect := range []string{"omilia", "problem", "stripe"} {
			t.Run(name+" in "+dialect, func(t *testing.T) {
				t.Parallel()
				store := c.store
				if store == nil {
					store = servertest.NewKeys()
				}
				var runs atomic.Int32
				l, _ := keyed(t, dialect, store, counting(&runs), idempotency.Required(), idempotency.MaxBody(64))
				before := int32(0)
				if c.reason == parlance.ReasonMismatch {
					servertest.Post(t, l, "/orders", `{"a":1}`, "Idempotency-Key", "used")
					before = 1
				}
				body := c.body
				if body == "" {
					body = `{"a":1}`
				}
				var headers []string
				for _, k := range c.key {
					headers = append(headers, "Idempotency-Key", k)
				}
				a := servertest.Post(t, l, "/orders", body, headers...)
				want, own := c.status[dialect]
				if !own {
					want = c.status[""]
				}
				if a.Status != want || a.Header.Get("Retry-After") != c.retryIn {
					t.Errorf("got %+v, want %d", a, want)
				}
				if dialect == "problem" && c.reason != "" && !strings.Contains(a.Body, `"reason":"`+string(c.reason)+`"`) {
					t.Errorf("no reason %s in %s", c.reason, a.Body)
				}
				if ran := runs.Load() - before; ran > 0 != (want < 300) {
					t.Errorf("the handler was run %d times", ran)
				}
			})
		}
	}
}

func TestTheDialectNamesTheHeader(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	l, _ := keyed(t, "paypal", servertest.NewKeys(), counting(&runs))
	for range 2 {
		servertest.Post(t, l, "/orders", "{}", "PayPal-Request-Id", "k")
	}
	if runs.Load() != 1 {
		t.Errorf("%d runs", runs.Load())
	}
}

func TestAHundredAtOnceUnderOneKeyAreDoneOnce(t *testing.T) {
	t.Parallel()
	inside := func(runs *atomic.Int32) server.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) (any, error) {
			return server.AtomicIn(servertest.NewKeys())(func(context.Context) (any, error) { return counting(runs)(w, r) }), nil
		}
	}
	for dialect, handler := range map[string]func(*atomic.Int32) server.HandlerFunc{"omilia": counting, "problem": inside, "stripe": inside} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			var runs, fresh, conflicts atomic.Int32
			l, _ := keyed(t, dialect, servertest.NewKeys(), handler(&runs))
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					a := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
					switch {
					case a.Status == 409:
						conflicts.Add(1)
						if a.Header.Get("Retry-After") != "1" {
							t.Errorf("a conflict without a time: %v", a.Header)
						}
					case a.Status/100 != 2:
						t.Errorf("got %+v", a)
					case !replayed(a):
						fresh.Add(1)
					}
				})
			}
			wg.Wait()
			if runs.Load() != 1 || fresh.Load() != 1 {
				t.Errorf("%d runs, %d responses that are no replay, %d conflicts", runs.Load(), fresh.Load(), conflicts.Load())
			}
		})
	}
}

func TestAKeyThatIsBeingServedIsAConflictWithATime(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan bool), make(chan bool)
	l, _ := keyed(t, "problem", servertest.NewKeys(), func(http.ResponseWriter, *http.Request) (any, error) {
		entered <- true
		<-leave
		return "done", nil
	})
	var wg sync.WaitGroup
	wg.Go(func() { servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k") })
	<-entered
	a := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
	if a.Status != 409 || a.Header.Get("Retry-After") != "1" || !strings.Contains(a.Body, `"reason":"idempotency_in_flight"`) {
		t.Errorf("got %+v", a)
	}
	close(leave)
	wg.Wait()
	if a := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k"); !replayed(a) || a.Body != `"done"` {
		t.Errorf("got %+v", a)
	}
}

func TestAResponseIsKeptUnlessItProvesThatNothingWasDone(t *testing.T) {
	t.Parallel()
	fails := func(k parlance.Kind) server.HandlerFunc {
		return servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: k}})
	}
	writes := func(status int, contentType string) server.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) (any, error) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, err := io.WriteString(w, `{}`)
			return nil, err
		}
	}
	for name, c := range map[string]struct {
		handler server.HandlerFunc
		kept    bool
		free    bool // under Transactional, though an effect outside would have it kept
	}{
		"a success":                           {servertest.Returns(1, nil), true, false},
		"nothing":                             {servertest.Returns(nil, nil), true, false},
		"accepted":                            {servertest.Returns(server.Accepted("/jobs/1", nil), nil), true, false},
		"invalid":                             {fails(parlance.KindInvalid), false, false},
		"failed":                              {fails(parlance.KindFailed), true, false},
		"unauthenticated":                     {fails(parlance.KindUnauthenticated), false, false},
		"forbidden":                           {fails(parlance.KindForbidden), true, false},
		"not found":                           {fails(parlance.KindNotFound), true, false},
		"a conflict":                          {fails(parlance.KindConflict), true, false},
		"rate limited":                        {fails(parlance.KindRateLimited), false, false},
		"a quota":                             {fails(parlance.KindQuota), true, false},
		"a fault":                             {fails(parlance.KindInternal), true, true},
		"an error of no kind":                 {servertest.Returns(nil, errors.New("disk full")), true, true},
		"a bad gateway":                       {fails(parlance.KindBadGateway), true, true},
		"unavailable":                         {fails(parlance.KindUnavailable), false, false},
		"a timeout":                           {fails(parlance.KindTimeout), true, true},
		"a deadline":                          {servertest.Returns(nil, context.DeadlineExceeded), true, true},
		"a panic":                             {func(http.ResponseWriter, *http.Request) (any, error) { panic("a bug") }, true, true},
		"a sending that broke":                {servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonReset}}), true, true},
		"nobody listening":                    {servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonRefused}}), false, false},
		"all records invalid":                 {servertest.Returns(server.Bulk(nil, parlance.Item{Outcome: parlance.Outcome{Kind: parlance.KindInvalid}}), nil), true, false},
		"a bare 400":                          {writes(400, "application/json"), false, false},
		"a bare 400 in text":                  {writes(400, "text/plain"), false, false},
		"a bare 409":                          {writes(409, "application/json"), true, false},
		"a bare 503":                          {writes(503, "application/json"), true, true},
		"a bare 503 in text":                  {writes(503, "text/plain"), true, true},
		"a value that is no JSON":             {servertest.Returns(func() {}, nil), true, true},
		"a conflict that passes":              {servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindConflict, RetryAfter: time.Second}}), true, true},
		"a fault that stays":                  {servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindInternal, Retryable: parlance.AdviceStop}}), true, false},
		"a refusal that may pass":             {servertest.Returns(nil, &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindFailed, Retryable: parlance.AdviceRetry}}), true, true},
		"an Atomic that failed":               {servertest.Returns(atomically(nil, errors.New("row 7 is locked")), nil), true, true},
		"an Atomic that is done":              {servertest.Returns(atomically(1, nil), nil), true, false},
		"one with a 409":                      {servertest.Returns(atomically(nil, parlance.ErrConflict), nil), true, false},
		"one that is done and says it failed": {servertest.Returns(atomically(server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindInternal}}, nil), nil), true, false},
		"a connection that is cut":            {func(http.ResponseWriter, *http.Request) (any, error) { panic(http.ErrAbortHandler) }, true, true},
	} {
		for _, inside := range []bool{false, true} {
			options, want := []idempotency.Option(nil), c.kept
			if inside {
				name, options, want = name+", inside", []idempotency.Option{idempotency.Transactional()}, c.kept && !c.free
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var runs atomic.Int32
				l, _ := keyed(t, "problem", servertest.NewKeys(), func(w http.ResponseWriter, r *http.Request) (any, error) {
					runs.Add(1)
					return c.handler(w, r)
				}, options...)
				first, cut := servertest.Send(t.Context(), l, "POST", "/orders", "{}", "Idempotency-Key", "k")
				again, err := servertest.Send(t.Context(), l, "POST", "/orders", "{}", "Idempotency-Key", "k")
				if kept := runs.Load() == 1; kept != want || cut == nil && replayed(again) != want || cut == nil && err != nil {
					t.Errorf("%d runs, again %+v, %v", runs.Load(), again, err)
				}
				if cut == nil && want && (again.Status != first.Status || again.Body != first.Body) {
					t.Errorf("first %+v\nagain %+v", first, again)
				}
			})
		}
	}
}

// atomically is an Atomic that does nothing but respond.
func atomically(value any, err error) server.Atomic {
	return server.AtomicIn(servertest.NewKeys())(func(context.Context) (any, error) { return value, err })
}

func TestATimeoutOverTheHandlersHeadIsKeptAndWhatComesLateIsNotDone(t *testing.T) {
	t.Parallel()
	store, late := servertest.NewKeys(), make(chan bool)
	s, log := servertest.New(t, "problem")
	done := make(chan bool)
	var effects atomic.Int32
	slow := s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		<-late
		return server.AtomicIn(store)(func(context.Context) (any, error) { return effects.Add(1), nil }), nil
	})
	h := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		slow.ServeHTTP(w, r)
	}), time.Nanosecond, "")
	l := servertest.Listen(t, s.Wrap(idempotency.Middleware(store)(h)))
	first := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
	close(late)
	<-done
	again := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
	if first.Status != 503 || again.Body != first.Body || !replayed(again) || effects.Load() != 0 {
		t.Errorf("%d effects, first %+v\nagain %+v", effects.Load(), first, again)
	}
	if !strings.Contains(log.String(), "nothing was done") {
		t.Errorf("got %s", log)
	}
}

func TestAKeyIsTheCallersOwnAtOnePath(t *testing.T) {
	t.Parallel()
	store := servertest.NewKeys()
	var runs atomic.Int32
	s, _ := servertest.New(t, "problem")
	h := idempotency.Middleware(store)(s.Handle(counting(&runs)))
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("Principal"); id != "" {
			r = r.WithContext(server.WithPrincipal(r.Context(), server.Principal{ID: id, Tenant: r.Header.Get("Tenant")}))
		}
		h.ServeHTTP(w, r)
	})))
	ask := func(method, path string, headers ...string) {
		t.Helper()
		before := runs.Load()
		for range 2 {
			if _, err := servertest.Send(t.Context(), l, method, path, "{}", append(headers, "Idempotency-Key", "k")...); err != nil {
				t.Fatal(err)
			}
		}
		if ran := runs.Load() - before; ran != 1 {
			t.Errorf("%s %s %v: %d runs", method, path, headers, ran)
		}
	}
	ask("POST", "/orders")
	ask("POST", "/orders/7")
	ask("PATCH", "/orders")
	ask("POST", "/orders", "Principal", "ann")
	ask("POST", "/orders", "Principal", "ann", "Tenant", "acme")
	ask("POST", "/orders", "Principal", "bob")
	ask("POST", "/orders", "Authorization", "Bearer one")
	ask("POST", "/orders", "Authorization", "Bearer two")
	ask("POST", "/orders", "X-Api-Key", "Bearer two")
	ask("POST", "/orders", "Cookie", "session=1")

	before := runs.Load()
	servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k", "Principal", "ann", "Authorization", "Bearer new") // a new token of the same caller
	if runs.Load() != before {
		t.Error("a principal with a new token is another caller")
	}
	for _, k := range store.Claimed {
		if strings.Contains(k.Scope, "Bearer") || strings.Contains(k.Scope, "session") {
			t.Errorf("a credential is in the store: %q", k.Scope)
		}
	}
}

func TestTheProgramMaySayWhoCallsAndWhichMethodsCount(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	l, _ := keyed(t, "problem", servertest.NewKeys(), counting(&runs), idempotency.Methods("PUT"),
		idempotency.Caller(func(r *http.Request) string { return r.Header.Get("Customer") }))
	for _, c := range []struct {
		method, customer string
		runs             int32
	}{
		{"POST", "a", 1}, {"POST", "a", 2}, // not looked at
		{"PUT", "a", 3}, {"PUT", "a", 3}, {"PUT", "b", 4},
	} {
		if _, err := servertest.Send(t.Context(), l, c.method, "/orders/7", "{}", "Idempotency-Key", "k", "Customer", c.customer); err != nil {
			t.Fatal(err)
		}
		if runs.Load() != c.runs {
			t.Errorf("%+v: %d runs", c, runs.Load())
		}
	}
}

func TestAnotherQueryTypeOrBodyIsAMismatch(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	l, _ := keyed(t, "problem", servertest.NewKeys(), counting(&runs))
	servertest.Post(t, l, "/orders?a=1", "{}", "Idempotency-Key", "k")
	for _, c := range [][3]string{
		{"/orders?a=2", "{}", ""}, {"/orders?a=1", "[]", ""}, {"/orders?a=1", "{}", "text/csv"},
	} {
		headers := []string{"Idempotency-Key", "k"}
		if c[2] != "" {
			headers = append(headers, "Content-Type", c[2])
		}
		if a := servertest.Post(t, l, c[0], c[1], headers...); a.Status != 422 || !strings.Contains(a.Body, `"reason":"idempotency_mismatch"`) {
			t.Errorf("%v: got %+v", c, a)
		}
	}
	if runs.Load() != 1 {
		t.Errorf("%d runs", runs.Load())
	}
}

func TestAKeyThatExpiredIsFresh(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	l, _ := keyed(t, "problem", servertest.NewKeys(), counting(&runs), idempotency.Expiry(-time.Second))
	for range 2 {
		servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
	}
	if runs.Load() != 2 {
		t.Errorf("%d runs", runs.Load())
	}
}

func TestTheHandlerReadsTheBodyThatWasSent(t *testing.T) {
	t.Parallel()
	l, _ := keyed(t, "problem", servertest.NewKeys(), func(_ http.ResponseWriter, r *http.Request) (any, error) {
		b, err := io.ReadAll(r.Body)
		return string(b), err
	})
	if a := servertest.Post(t, l, "/", "a body", "Idempotency-Key", "k"); a.Body != `"a body"` {
		t.Errorf("got %+v", a)
	}
}

func TestAClientThatGoesAwayStopsNothing(t *testing.T) {
	t.Parallel()
	entered, gone := make(chan bool), make(chan bool)
	done := make(chan error, 1)
	s, _ := servertest.New(t, "problem")
	h := idempotency.Middleware(servertest.NewKeys())(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		close(entered)
		<-gone
		return "done", r.Context().Err()
	}))
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Patience") != "" { // the first one: wait until the server knows that he went
			go func() {
				<-r.Context().Done()
				close(gone)
			}()
			defer func() { done <- nil }()
		}
		h.ServeHTTP(w, r)
	})))
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-entered
		leave()
	}()
	if _, err := servertest.Send(ctx, l, "POST", "/", "{}", "Idempotency-Key", "k", "Patience", "none"); err == nil {
		t.Error("the client did not go")
	}
	<-done
	if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Body != `"done"` || !replayed(a) {
		t.Errorf("got %+v", a)
	}
}

func TestADeadlineHoldsUnderAKey(t *testing.T) {
	t.Parallel()
	want := time.Now().Add(time.Hour)
	s, _ := servertest.New(t, "problem")
	h := idempotency.Middleware(servertest.NewKeys())(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		at, ok := r.Context().Deadline()
		return ok && at.Equal(want), nil
	}))
	l := servertest.Listen(t, s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithDeadline(r.Context(), want)
		defer cancel()
		h.ServeHTTP(w, r.WithContext(ctx))
	})))
	if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Body != "true" {
		t.Errorf("got %+v", a)
	}
}

func TestAResponseThatCannotBeKeptGoesOutAndItsRetrySaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		body    string // of the first response
		broken  bool   // the first response does not come to its end
		taken   bool   // the handler took the connection over
		said    string
	}{
		"longer than may be kept": {func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				_, _ = io.WriteString(w, "0123456789")
			}
		}, strings.Repeat("0123456789", 3), false, false, "carried out with status 200"},
		"cut by the handler": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "01234")
			panic(http.ErrAbortHandler)
		}, "", true, false, "carried out"},
		"cut after it went out": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "01234")
			_ = http.NewResponseController(w).Flush()
			panic("a bug")
		}, "01234", true, false, "carried out"},
		"said on the connection itself": {func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			_ = rw.Flush()
		}, "hi", false, true, "carried out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var runs atomic.Int32
			s, _ := servertest.New(t, "problem")
			l := servertest.Listen(t, s.Wrap(idempotency.Middleware(servertest.NewKeys(), idempotency.MaxResponse(20))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				runs.Add(1)
				c.handler(w, r)
			}))))
			first, err := servertest.Send(t.Context(), l, "POST", "/", "{}", "Idempotency-Key", "k")
			if first.Body != c.body || (err != nil) != c.broken {
				t.Errorf("got %+v, %v", first, err)
			}
			again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
			for c.taken && strings.Contains(again.Body, "idempotency_in_flight") { // what is sent on the connection itself cannot wait
				again = servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
			}
			if again.Status != 409 || !strings.Contains(again.Body, `"reason":"idempotency_not_kept"`) || !strings.Contains(again.Body, c.said) || runs.Load() != 1 {
				t.Errorf("%d runs, got %+v", runs.Load(), again)
			}
		})
	}
}

func TestAnAtomicWhoseResponseIsTooLongIsDoneAndSaysSo(t *testing.T) {
	t.Parallel()
	keys := servertest.NewKeys()
	l, _ := keyed(t, "problem", keys, func(http.ResponseWriter, *http.Request) (any, error) {
		return server.AtomicIn(keys)(func(context.Context) (any, error) { return strings.Repeat("x", 40), nil }), nil
	}, idempotency.MaxResponse(20))
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	if first.Status != 200 || len(first.Body) != 42 || again.Status != 409 || !strings.Contains(again.Body, "idempotency_not_kept") {
		t.Errorf("got %+v\nthen %+v", first, again)
	}
}

func TestAFlushIsObeyedAndTheResponseKept(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	read := make(chan bool)
	l := servertest.Listen(t, s.Wrap(idempotency.Middleware(servertest.NewKeys())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Trailer", "Sum")
		w.WriteHeader(http.StatusEarlyHints)
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		if r.Header.Get("Wait") != "" {
			<-read
		}
		_, _ = io.WriteString(w, "data: 2\n\n")
		w.Header().Set("Sum", "3")
	}))))
	conn, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nWait: yes\r\n\r\n{}")
	in := bufio.NewReader(conn)
	for line := ""; line != "data: 1\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	close(read)
	res := ""
	for !strings.Contains(res, "Sum: 3\r\n\r\n") {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		res += line
	}
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	if again.Body != "data: 1\n\ndata: 2\n\n" || !replayed(again) || again.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %+v", again)
	}
}

func TestAResponseThatCannotBeRecordedGoesOutAndTheClaimStays(t *testing.T) {
	t.Parallel()
	store := servertest.NewKeys().Fail("Record", errors.New("disk full"))
	var runs atomic.Int32
	l, log := keyed(t, "problem", store, counting(&runs))
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "a-secret-key")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "a-secret-key")
	if first.Status != 201 || again.Status != 409 || runs.Load() != 1 {
		t.Errorf("%d runs, first %+v\nagain %+v", runs.Load(), first, again)
	}
	line := log.Lines(t)[0]
	if line["level"] != "ERROR" || line["error"] != "disk full" || line["key_hash"] == "" || strings.Contains(log.String(), "a-secret-key") {
		t.Errorf("got %s", log)
	}
}

func TestAClaimTellsTheStoreWhetherTheEffectIsOutside(t *testing.T) {
	t.Parallel()
	for outside, options := range map[bool][]idempotency.Option{true: nil, false: {idempotency.Transactional()}} {
		store := servertest.NewKeys()
		l, _ := keyed(t, "omilia", store, servertest.Returns(1, nil), options...)
		a := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", "k")
		if k := store.Claimed[0]; k.Outside != outside || k.Key != "k" || k.Activity != a.ID() || k.Expires.Sub(k.Claimed) != idempotency.DefaultExpiry {
			t.Errorf("got %+v", k)
		}
	}
}

func TestAReplayHasHeadersOfItsOwnRequestAndNamesTheOriginal(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "stripe")
	h := s.Wrap(idempotency.Middleware(servertest.NewKeys())(s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		w.Header().Set("Order", "7")
		return map[string]int{"id": 7}, nil
	})))
	var asked atomic.Int32
	l := servertest.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("RateLimit-Remaining", fmt.Sprint(10-asked.Add(1)))
		h.ServeHTTP(w, r)
	}))
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	id := first.Header.Get("Request-Id")
	if id == "" || again.Header.Get("Request-Id") == id || again.Header.Get("Request-Id") == "" || again.Header.Get(idempotency.OriginalHeader) != id {
		t.Errorf("first %v\nagain %v", first.Header, again.Header)
	}
	if again.Header.Get("RateLimit-Remaining") != "8" || again.Header.Get("Order") != "7" {
		t.Errorf("again %v", again.Header)
	}
	for name := range again.Header {
		if strings.Contains(name, "parlance") {
			t.Errorf("a mark went out: %s", name)
		}
	}
}

func TestTwoOfThemOneBehindTheOtherAreOne(t *testing.T) {
	t.Parallel()
	store := servertest.NewKeys()
	s, _ := servertest.New(t, "problem")
	idempotent := idempotency.Middleware(store)
	l := servertest.Listen(t, s.Wrap(idempotent(idempotent(s.Handle(servertest.Returns("done", nil))))))
	for range 2 {
		if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Body != `"done"` {
			t.Errorf("got %+v", a)
		}
	}
}

func TestAServerOfAnotherDialectMayStandBehindTheKey(t *testing.T) {
	t.Parallel()
	outer, _ := servertest.New(t, "problem")
	inner, _ := servertest.New(t, "vbapi")
	keys := servertest.NewKeys()
	l := servertest.Listen(t, outer.Wrap(idempotency.Middleware(keys)(inner.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.AtomicIn(keys)(func(context.Context) (any, error) { return 7, nil }), nil
	}))))
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	if !strings.HasPrefix(first.Body, `{"data":7,`) || again.Body != first.Body || !replayed(again) {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
}

func TestWhatAServerBehindSaysWasNotDoneFreesTheKey(t *testing.T) {
	t.Parallel()
	outer, _ := servertest.New(t, "problem")
	inner, _ := servertest.New(t, "vbapi")
	var runs atomic.Int32
	l := servertest.Listen(t, outer.Wrap(idempotency.Middleware(servertest.NewKeys())(inner.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		runs.Add(1)
		return nil, parlance.ErrUnavailable
	}))))
	for range 2 {
		if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Status != 503 || replayed(a) {
			t.Errorf("got %+v", a)
		}
	}
	if runs.Load() != 2 {
		t.Errorf("%d runs", runs.Load())
	}
}

func TestAKeyHasItsResponseOrIsFreeBeforeTheResponseGoesOut(t *testing.T) {
	t.Parallel()
	inside := []idempotency.Option{idempotency.Transactional()}
	for name, c := range map[string]struct {
		handler server.HandlerFunc
		options []idempotency.Option
		status  int
	}{
		"kept, outside":    {servertest.Returns("done", nil), nil, 200},
		"kept, inside":     {servertest.Returns(atomically("done", nil), nil), inside, 200},
		"freed, outside":   {servertest.Returns(nil, parlance.ErrInvalid), nil, 400},
		"freed, inside":    {servertest.Returns(atomically(nil, errors.New("row 7 is locked")), nil), inside, 500},
		"freed by a panic": {func(http.ResponseWriter, *http.Request) (any, error) { panic("a bug") }, inside, 500},
	} {
		w := httptest.NewRecorder()
		store := servertest.NewKeys()
		asked := 0
		before := func() {
			asked++
			if w.Body.Len() > 0 || w.Flushed {
				t.Errorf("%s: it went out first: %s", name, w.Body)
			}
		}
		store.Recording, store.Freeing = before, before
		s, _ := servertest.New(t, "problem")
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Idempotency-Key", "k")
		s.Wrap(idempotency.Middleware(store, c.options...)(s.Handle(c.handler))).ServeHTTP(w, r)
		if asked != 1 || w.Code != c.status || w.Body.Len() == 0 {
			t.Errorf("%s: asked %d times, got %d %s", name, asked, w.Code, w.Body)
		}
	}
}

func TestAClientThatHasAWholeResponseCanRetryItAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 1000)
	for name, c := range map[string]struct {
		handler server.HandlerFunc
		body    string
		again   string // in the response to the retry
	}{
		"one that was flushed": {func(w http.ResponseWriter, _ *http.Request) (any, error) {
			w.Header().Set("Content-Length", "2")
			_, err := io.WriteString(w, "hi")
			return nil, errors.Join(err, http.NewResponseController(w).Flush())
		}, "hi", "hi"},
		"one that is too long to be kept": {func(w http.ResponseWriter, _ *http.Request) (any, error) {
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			_, err := io.WriteString(w, long)
			return nil, err
		}, long, "idempotency_not_kept"},
		"one that the dialect wrote": {servertest.Returns(long, nil), `"` + long + `"`, "idempotency_not_kept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := servertest.NewKeys()
			l, _ := keyed(t, "problem", store, c.handler, idempotency.MaxResponse(20))
			conn, err := net.Dial("tcp", l.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			head := make(chan *http.Response, 1)
			store.Recording = func() {
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Error(err)
				} else if res.ContentLength != -1 {
					t.Errorf("the client knows before the store that %d bytes are all", res.ContentLength)
				}
				head <- res
			}
			fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n\r\n{}")
			first := <-head
			if first == nil {
				return
			}
			body, err := io.ReadAll(first.Body)
			if err != nil || string(body) != c.body {
				t.Errorf("got %d bytes, %v; want %d", len(body), err, len(c.body))
			}
			if again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); !strings.Contains(again.Body, c.again) {
				t.Errorf("got %+v, want %q in it", again, c.again)
			}
		})
	}
}

func TestHeadersThatAreSetAfterTheHeadAreTrailersOrNothing(t *testing.T) {
	t.Parallel()
	s, _ := servertest.New(t, "problem")
	l := servertest.Listen(t, s.Wrap(idempotency.Middleware(servertest.NewKeys())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "Sum")
		w.WriteHeader(200)
		_, _ = io.WriteString(w, "1 2")
		w.Header().Set("Late", "yes")
		w.Header().Set("Sum", "3")
	}))))
	r, err := http.NewRequestWithContext(t.Context(), "POST", l.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Idempotency-Key", "k")
	res, err := l.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "1 2" || res.Header.Get("Late") != "" || res.Trailer.Get("Sum") != "3" {
		t.Errorf("got %v, trailers %v, %s, %v", res.Header, res.Trailer, body, err)
	}
}

func TestWithoutAServerItRefusesToServe(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "Server.Wrap") {
			t.Errorf("got %v", p)
		}
	}()
	idempotency.Middleware(servertest.NewKeys())(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
}

// A key in quotes is a String of RFC 9651, as others read it; a bare one is the
// same key as it would be in quotes.
func FuzzAKeyIsReadAsAStructuredField(f *testing.F) {
	for _, s := range []string{"k", `"k"`, `"a \"b\" \\"`, `"`, `""`, `"k";a=1`, `"a\k"`, "a\x00", "é", ` "k" `, strings.Repeat("k", 256), `a"b`} {
		f.Add(s)
	}
	s, _ := servertest.New(f, "problem")
	keyOf := func(header string) (string, bool) {
		store := servertest.NewKeys()
		r := httptest.NewRequest("POST", "/", nil)
		r.Header["Idempotency-Key"] = []string{header}
		s.Wrap(idempotency.Middleware(store)(s.Handle(servertest.Returns(1, nil)))).ServeHTTP(httptest.NewRecorder(), r)
		if len(store.Claimed) == 0 {
			return "", false
		}
		return store.Claimed[0].Key, true
	}
	f.Fuzz(func(t *testing.T, header string) {
		if strings.Trim(header, " \t") != header {
			return // HTTP takes that away before anybody reads the field (RFC 9110, 5.5)
		}
		key, ok := keyOf(header)
		if item, err := httpsfv.UnmarshalItem([]string{header}); err == nil && len(item.Params.Names()) == 0 {
			if want, text := item.Value.(string); text && want != "" && len(want) <= 255 && (!ok || key != want) {
				t.Errorf("%q: got %q %v, want %q", header, key, ok, want)
			}
		} else if strings.HasPrefix(strings.Trim(header, " \t"), `"`) && ok {
			t.Errorf("%q: got %q, and it is no structured field: %v", header, key, err)
		}
		if !ok {
			return
		}
		quoted, err := httpsfv.Marshal(httpsfv.NewItem(key))
		if err != nil {
			t.Fatalf("%q: key %q: %v", header, key, err)
		}
		if again, ok := keyOf(quoted); !ok || again != key {
			t.Errorf("%q: got %q, and %q in quotes", header, key, again)
		}
	})
}

func TestAReplayHasTheTrailersToo(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "Sum, Missing")
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "1 2")
			w.Header().Set("Sum", "3")
		},
		"announced and flushed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "sum")
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "1 2")
			_ = http.NewResponseController(w).Flush()
			w.Header().Set("Sum", "3")
		},
		"by prefix": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "1 2")
			_ = http.NewResponseController(w).Flush() // net/http wants it
			w.Header().Set(http.TrailerPrefix+"Sum", "3")
		},
	} {
		s, _ := servertest.New(t, "problem")
		l := servertest.Listen(t, s.Wrap(idempotency.Middleware(servertest.NewKeys())(handler)))
		for _, again := range []bool{false, true} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", l.URL, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Idempotency-Key", "k")
			res, err := l.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if _, early := res.Header["Sum"]; err != nil || string(body) != "1 2" || early || len(res.Trailer["Sum"]) != 1 || res.Trailer.Get("Sum") != "3" ||
				(res.Header.Get(idempotency.ReplayedHeader) == "true") != again {
				t.Errorf("%s, again %v: got %v, trailers %v, %s, %v", name, again, res.Header, res.Trailer, body, err)
			}
			res.Body.Close()
		}
	}
}

func TestAReplayHasAnIDOfItsOwnAndItsRecordSaysThatItIsOne(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"vbapi", "problem", "omilia", "stripe", "vms"} {
		b := storetest.Keep(t)
		s, _ := servertest.New(t, dialect, server.WithRecorder(b.Recorder))
		l := servertest.Listen(t, s.Wrap(idempotency.Middleware(servertest.NewKeys())(s.Handle(servertest.Returns(nil, parlance.ErrForbidden)))))
		first := servertest.Post(t, l, "/orders", `{}`, "Idempotency-Key", "k")
		again := servertest.Post(t, l, "/orders", `{}`, "Idempotency-Key", "k")
		original := again.Header.Get(idempotency.OriginalHeader)
		id := ownID(original, again)
		if id == "" || again.Body != first.Body || !strings.Contains(fmt.Sprint(first), original) {
			t.Errorf("%s: no id of its own\nfirst %+v\nagain %+v", dialect, first, again)
			continue
		}
		if r := b.Find(id); r.Original != original || r.Status != again.Status {
			t.Errorf("%s: its record is %+v", dialect, r)
		}
		if r := b.Find(original); r.Original != "" {
			t.Errorf("%s: the record of the first is %+v", dialect, r)
		}
	}
}

// ownID is the activity id in a header of a replay that is not the original's.
func ownID(original string, again servertest.Response) string {
	for _, values := range again.Header {
		if id := servertest.IDs.FindString(values[0]); id != "" && id != original {
			return id
		}
	}
	return ""
}
