package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/store/memory"
)

// jobsAPI is a server with background work, in a bubble.
type jobsAPI struct {
	t     *testing.T
	api   *server.Server
	log   *servertest.Log
	store queue.Store
	jobs  *jobs.Queue
	http  *http.Transport
	stop  func() // ends Run, and waits for it
}

func startJobs(t *testing.T, dialect string, store queue.Store, work jobs.Work, options ...jobs.Option) *jobsAPI {
	t.Helper()
	a := &jobsAPI{t: t, store: store}
	a.api, a.log = servertest.New(t, dialect)
	a.jobs = jobs.New(a.api, store, append([]jobs.Option{jobs.Kind("export", work)}, options...)...)
	mux := http.NewServeMux()
	mux.Handle("POST /exports", a.jobs.Handler("export"))
	mux.Handle("POST /reports", a.jobs.AsyncHandler("export"))
	mux.Handle("/jobs/", a.jobs.Watch())
	a.http = memhttp.Serve(t, a.api.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who := r.Header.Get("Authorization"); who != "" {
			r = r.WithContext(server.WithPrincipal(r.Context(), server.Principal{ID: who}))
		}
		mux.ServeHTTP(w, r)
	})))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		a.jobs.Run(ctx)
		close(ended)
	}()
	a.stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(a.stop)
	return a
}

type jobResponse struct {
	*http.Response
	body string
}

func (a *jobsAPI) ask(method, path, body string, header ...string) jobResponse {
	a.t.Helper()
	r, _ := http.NewRequest(method, "http://api"+path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := a.http.RoundTrip(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return jobResponse{res, servertest.IDs.ReplaceAllString(string(b), "ID")}
}

func (a *jobsAPI) want(got jobResponse, status int, body string) {
	a.t.Helper()
	if got.StatusCode != status || got.body != body {
		a.t.Errorf("%d %s\nwant %d %s\nlog %s", got.StatusCode, got.body, status, body, a.log)
	}
}

// after is work that takes some time, and is what its input says.
func after(d time.Duration) jobs.Work {
	return func(ctx context.Context, j jobs.Job) (any, error) {
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		switch string(j.Input) {
		case "gone":
			return nil, parlance.NewError(parlance.KindNotFound, "No such report")
		case "broken":
			return nil, errors.New("a secret of the disk")
		case "panic":
			panic("a secret of the code")
		}
		return map[string]string{"done": string(j.Input)}, nil
	}
}

func TestAJobGetsAResponseInTheDialectWhileItGoesOnAndAfterwards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect, input string
		running        string
		status         int
		ended          string
	}{
		{"vbapi", "x", `{"data":{"id":"ID","progress":0},"error":null,"debug":{"activityId":"ID"}}`, 200,
			`{"data":{"done":"x"},"error":null,"debug":{"activityId":"ID"}}`},
		{"omilia", "x", `{"id":"ID","progress":0}`, 200, `{"done":"x"}`},
		{"problem", "gone", `{"id":"ID","progress":0}`, 404,
			`{"title":"Not Found","status":404,"detail":"No such report","instance":"/jobs/ID","kind":"not_found","request_id":"ID"}`},
		{"vision", "gone", `{"id":"ID","progress":0}`, 404, "No such report"},
		{"problem", "panic", `{"id":"ID","progress":0}`, 500,
			`{"title":"Internal Server Error","status":500,"detail":"The job failed. The cause is in the server's log under the job's ID ID.","instance":"/jobs/ID","kind":"internal","request_id":"ID"}`},
	} {
		t.Run(c.dialect+" "+c.input, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := startJobs(t, c.dialect, memory.New().Queue(), after(time.Minute), jobs.Attempts(1, 0))
				got := a.ask("POST", "/exports", c.input, "Prefer", "respond-async")
				a.want(got, 202, c.running)
				if got.Header.Get("Retry-After") != "2" || got.Header.Get("Preference-Applied") != "respond-async" || got.Header.Get("Vary") != "Prefer" {
					t.Error(got.Header)
				}
				place := got.Header.Get("Location")
				if !strings.HasPrefix(place, "/jobs/") {
					t.Fatal(place)
				}
				got = a.ask("GET", place, "")
				a.want(got, 202, c.running)
				if got.Header.Get("Retry-After") != "2" || got.Header.Get("Location") != place {
					t.Error(got.Header)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				for range 2 {
					got = a.ask("GET", place, "")
					a.want(got, c.status, c.ended)
				}
				if strings.Contains(got.body, "secret") {
					t.Error("what is inside came out")
				}
			})
		})
	}
}

func TestAClientGetsAResponseAtOnceIfTheWorkEndsWithinItsWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		prefer     []string
		status     int
		took       time.Duration
		applied    string
	}{
		{"no preference", "/exports", nil, 200, 10 * time.Second, ""},
		{"another preference", "/exports", []string{"return=minimal, wait=1"}, 200, 10 * time.Second, ""},
		{"in the background", "/exports", []string{"respond-async"}, 202, 0, "respond-async"},
		{"a route that always is", "/reports", nil, 202, 0, ""},
		{"not in time", "/exports", []string{"respond-async, wait=9"}, 202, 9 * time.Second, "wait=9, respond-async"},
		{"in time", "/exports", []string{`foo="a, wait=1"; x`, `Respond-Async`, "WAIT = 15"}, 200, 10 * time.Second, "wait=15"},
		{"in time, on a route that always is", "/reports", []string{"wait=15"}, 200, 10 * time.Second, "wait=15"},
		{"longer than may be waited", "/reports", []string{"wait=99999"}, 202, 8 * time.Second, "wait=99999"},
		{"no number", "/exports", []string{"respond-async, wait=-1"}, 202, 0, "respond-async"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var options []jobs.Option
				if strings.HasPrefix(c.name, "longer") {
					options = append(options, jobs.MaxWait(8*time.Second))
				}
				a := startJobs(t, "omilia", memory.New().Queue(), after(10*time.Second), options...)
				var header []string
				for _, p := range c.prefer {
					header = append(header, "Prefer", p)
				}
				begin := time.Now()
				got := a.ask("POST", c.path, "x", header...)
				if took := time.Since(begin); got.StatusCode != c.status || took != c.took {
					t.Errorf("%d %s after %s", got.StatusCode, got.body, took)
				}
				if applied := strings.Join(got.Header.Values("Preference-Applied"), ", "); applied != c.applied {
					t.Errorf("applied %q", applied)
				}
				if c.status == 200 && got.body != `{"done":"x"}` {
					t.Error(got.body)
				}
			})
		})
	}
}

func TestAJobSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := startJobs(t, "omilia", memory.New().Queue(), func(ctx context.Context, j jobs.Job) (any, error) {
			for i := range 100 {
				jobs.Progress(ctx, float64(i)/100, "row "+string(rune('0'+i%10)))
				time.Sleep(time.Second / 4)
			}
			return nil, nil
		})
		place := a.ask("POST", "/reports", "").Header.Get("Location")
		time.Sleep(5*time.Second + time.Second/8)
		var seen struct {
			Progress float64
			Note     string
		}
		if err := json.Unmarshal([]byte(a.ask("GET", place, "").body), &seen); err != nil || seen.Progress < 0.15 || seen.Progress > 0.2 || seen.Note == "" {
			t.Errorf("%+v %v", seen, err)
		}
		time.Sleep(time.Minute)
		a.want(a.ask("GET", place, ""), 204, "")
	})
}

func TestAJobIsCanceledByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cause atomic.Value
		a := startJobs(t, "omilia", memory.New().Queue(), func(ctx context.Context, j jobs.Job) (any, error) {
			<-ctx.Done()
			cause.Store(context.Cause(ctx))
			time.Sleep(3 * time.Second) // to tidy up
			return nil, ctx.Err()
		}, jobs.Workers(1))
		place := a.ask("POST", "/reports", "", "Authorization", "ann").Header.Get("Location")
		waiting := a.ask("POST", "/reports", "", "Authorization", "ann").Header.Get("Location")
		synctest.Wait()
		for _, method := range []string{"GET", "DELETE"} {
			for _, who := range []string{"eve", ""} {
				if got := a.ask(method, place, "", "Authorization", who); got.StatusCode != 404 {
					t.Error(got.StatusCode, got.body)
				}
			}
		}
		if got := a.ask("DELETE", "/jobs/nobody-knows-it", ""); got.StatusCode != 404 {
			t.Error(got.StatusCode)
		}
		if got := a.ask("PUT", place, "", "Authorization", "ann"); got.StatusCode != 405 || got.Header.Get("Allow") != "GET, HEAD, DELETE" {
			t.Error(got.StatusCode, got.Header)
		}
		if cause.Load() != nil {
			t.Error("it was stopped by another")
		}
		a.want(a.ask("DELETE", waiting, "", "Authorization", "ann"), 204, "")
		a.want(a.ask("DELETE", place, "", "Authorization", "ann"), 202, `{"id":"ID","progress":0,"stopping":true}`)
		synctest.Wait()
		if cause.Load() != jobs.ErrCanceled {
			t.Errorf("stopped by %v", cause.Load())
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for _, p := range []string{place, waiting} {
			if got := a.ask("GET", p, "", "Authorization", "ann"); got.StatusCode != 402 {
				t.Error(got.StatusCode, got.body)
			}
			a.want(a.ask("DELETE", p, "", "Authorization", "ann"), 204, "")
		}
	})
}

func TestAJobThatFailsByTheServersFaultIsBegunAgainAFewTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    error
		times  int32
		status int
	}{
		{"internal", errors.New("a secret"), 3, 500},
		{"a panic", nil, 3, 500},
		{"unavailable, which says when", &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, RetryAfter: time.Hour}}, 3, 503},
		{"the request's own fault", parlance.ErrInvalid, 1, 400},
	} {
		synctest.Test(t, func(t *testing.T) {
			var begun []time.Time
			var ids = map[string]bool{}
			var attempts []int
			a := startJobs(t, "omilia", memory.New().Queue(), func(ctx context.Context, j jobs.Job) (any, error) {
				begun, attempts = append(begun, time.Now()), append(attempts, j.Attempt)
				ids[j.ID] = true
				if c.err == nil {
					panic("a secret")
				}
				return nil, c.err
			}, jobs.Attempts(3, 10*time.Second))
			place := a.ask("POST", "/reports", "").Header.Get("Location")
			time.Sleep(3 * time.Hour)
			synctest.Wait()
			if got := a.ask("GET", place, ""); got.StatusCode != c.status || strings.Contains(got.body, "secret") || int32(len(begun)) != c.times || len(ids) != 1 {
				t.Fatalf("%s: %d %s, begun %v", c.name, got.StatusCode, got.body, begun)
			}
			for i := 1; i < len(begun); i++ {
				pause, least := begun[i].Sub(begun[i-1]), 5*time.Second<<(i-1)
				if c.status == 503 {
					least = time.Hour
				}
				if attempts[i] != i+1 || pause < least || pause > 2*least+2*time.Second {
					t.Errorf("%s: again after %s", c.name, pause)
				}
			}
		})
	}
}

// dying is the store of a process that is killed: nothing of it arrives any more.
type dying struct {
	queue.Store
	dead atomic.Bool
}

var errDead = errors.New("killed")

func (d *dying) Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (bool, error) {
	if d.dead.Load() {
		return false, errDead
	}
	return d.Store.Keep(ctx, id, worker, lease, progress, note)
}

func (d *dying) End(ctx context.Context, id, worker string, result queue.Result, step queue.Step) error {
	if d.dead.Load() {
		return errDead
	}
	return d.Store.End(ctx, id, worker, result, step)
}

func (d *dying) Take(ctx context.Context, o queue.Order) ([]queue.Task, error) {
	if d.dead.Load() {
		return nil, errDead
	}
	return d.Store.Take(ctx, o)
}

func TestAJobSurvivesItsProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New().Queue()
		first := &dying{Store: store}
		var cause atomic.Value
		a := startJobs(t, "omilia", first, func(ctx context.Context, j jobs.Job) (any, error) {
			<-ctx.Done()
			cause.Store(context.Cause(ctx))
			return "by the first", nil
		})
		place := a.ask("POST", "/reports", "", "Authorization", "ann").Header.Get("Location")
		synctest.Wait()
		first.dead.Store(true)

		var who atomic.Value
		b := startJobs(t, "omilia", store, func(ctx context.Context, j jobs.Job) (any, error) {
			p, _ := server.PrincipalOf(ctx)
			who.Store(p.ID + " " + activity.ID(ctx) + " " + j.Activity)
			return map[string]int{"attempt": j.Attempt}, nil
		})
		if got := b.ask("GET", place, "", "Authorization", "ann"); got.StatusCode != 202 {
			t.Error(got.StatusCode)
		}
		time.Sleep(32 * time.Second) // the lease, and until the store is asked again
		synctest.Wait()
		b.want(b.ask("GET", place, "", "Authorization", "ann"), 200, `{"attempt":2}`)
		if w := strings.Fields(who.Load().(string)); w[0] != "ann" || len(w) != 3 || w[1] != w[2] {
			t.Errorf("done for %q", w)
		}
		if cause.Load() != jobs.ErrLeaseLost {
			t.Errorf("the first was stopped by %v", cause.Load())
		}
	})
}

func TestShutdownWaitsForJobsAndLeavesTheRestToOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New().Queue()
		a := startJobs(t, "omilia", store, func(ctx context.Context, j jobs.Job) (any, error) {
			return after(map[string]time.Duration{"short": 15 * time.Second, "long": time.Hour}[string(j.Input)])(ctx, j)
		}, jobs.Drain(20*time.Second))
		short := a.ask("POST", "/reports", "short").Header.Get("Location")
		long := a.ask("POST", "/reports", "long").Header.Get("Location")
		synctest.Wait()
		begin := time.Now()
		a.stop()
		if took := time.Since(begin); took != 20*time.Second {
			t.Errorf("it took %s", took)
		}
		a.want(a.ask("GET", short, ""), 200, `{"done":"short"}`)
		if got := a.ask("GET", long, ""); got.StatusCode != 202 {
			t.Error(got.StatusCode, got.body)
		}
		b := startJobs(t, "omilia", store, after(time.Second))
		time.Sleep(3 * time.Second)
		b.want(b.ask("GET", long, ""), 200, `{"done":"long"}`)
	})
}

func TestAnAtomicsEffectAndTheResultOfItsJobAreOneCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New().Queue()
		var other atomic.Value // the id of a job that the work puts: an effect in the store
		var tries atomic.Int32
		a := startJobs(t, "omilia", store, func(ctx context.Context, j jobs.Job) (any, error) {
			return server.AtomicIn(store)(func(ctx context.Context) (any, error) {
				id := activity.NewID()
				if err := store.Put(ctx, jobs.Job{ID: id, Kind: "other"}); err != nil {
					return nil, err
				}
				other.Store(id)
				switch tries.Add(1) {
				case 1:
					return nil, errors.New("not yet")
				case 2:
					panic("not yet")
				}
				return "done", nil
			}), nil
		}, jobs.Attempts(3, time.Second))
		place := a.ask("POST", "/reports", "").Header.Get("Location")
		for try := int32(1); try <= 3; try++ {
			for synctest.Wait(); tries.Load() < try; synctest.Wait() {
				time.Sleep(time.Second)
			}
			if _, err := store.Task(t.Context(), other.Load().(string)); (err == nil) != (try == 3) {
				t.Errorf("try %d: the effect: %v", try, err)
			}
		}
		a.want(a.ask("GET", place, ""), 200, `"done"`)
		a.want(a.ask("POST", "/exports", ""), 200, `"done"`)
	})
}

func TestAJobIsPutInTheTransactionOfItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.New().Queue()
		a := startJobs(t, "omilia", store, after(0))
		var j jobs.Job
		err := store.Transact(t.Context(), func(ctx context.Context) (err error) {
			if j, err = a.jobs.Put(ctx, "export", []byte("x")); err != nil {
				t.Error(err)
			}
			return errors.New("changed my mind")
		})
		if _, missing := store.Task(t.Context(), j.ID); err == nil || !errors.Is(missing, parlance.ErrNotFound) {
			t.Errorf("%v, and then %v", err, missing)
		}
	})
}

func TestAJobIsWatchedWhereAndAsOftenAsTheServiceSays(t *testing.T) {
	t.Parallel()
	api, _ := servertest.New(t, "problem")
	jobs := jobs.New(api, memory.New().Queue(), jobs.Path("/v1/exports/"), jobs.RetryAfter(7*time.Second),
		jobs.Kind("export", func(context.Context, jobs.Job) (any, error) { return "done", nil }))
	mux := http.NewServeMux()
	mux.Handle("POST /v1/exports", jobs.AsyncHandler("export"))
	mux.Handle("GET /v1/exports/", jobs.Watch())
	h := servertest.Serve(t, api.Wrap(mux))
	res, err := h.Client().Post(h.URL+"/v1/exports", "text/plain", strings.NewReader("a"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	place := res.Header.Get("Location")
	if !strings.HasPrefix(place, "/v1/exports/") {
		t.Fatalf("%d, and the place to look is %q", res.StatusCode, place)
	}
	look, err := h.Client().Get(h.URL + place) // Run has not begun it
	if err != nil {
		t.Fatal(err)
	}
	look.Body.Close()
	for _, r := range []*http.Response{res, look} {
		if r.StatusCode != 202 || r.Header.Get("Retry-After") != "7" {
			t.Errorf("%s: %d, again in %q s", r.Request.Method, r.StatusCode, r.Header.Get("Retry-After"))
		}
	}
}

func TestWhatIsTooLongBecomesNoJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := startJobs(t, "problem", memory.New().Queue(), after(0), jobs.MaxInput(10))
		if got := a.ask("POST", "/reports", "0123456789a"); got.StatusCode != 413 || !strings.Contains(got.body, "10 bytes") {
			t.Error(got.StatusCode, got.body)
		}
	})
}

func TestAJobIsCommittedWithItsKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		prefer string
	}{
		"always":                {"/reports", ""},
		"where it is wanted":    {"/exports", "respond-async"},
		"though one would wait": {"/reports", "wait=10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := memory.New()
				keys := &servertest.Keys{Store: store.Idempotency(), Faults: make(map[string]error)}
				api, _ := servertest.New(t, "problem")
				var done atomic.Int32
				jobs := jobs.New(api, store.Queue(), jobs.Poll(time.Hour), jobs.Kind("export", func(context.Context, jobs.Job) (any, error) {
					return done.Add(1), nil
				}))
				key := idempotency.Middleware(keys, idempotency.Transactional())
				mux := http.NewServeMux()
				mux.Handle("POST /exports", key(jobs.Handler("export")))
				mux.Handle("POST /reports", key(jobs.AsyncHandler("export")))
				transport := memhttp.Serve(t, api.Wrap(mux))
				a := &jobsAPI{t: t, http: transport}
				run := func() { // what there is to do
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan struct{})
					go func() { jobs.Run(ctx); close(ended) }()
					synctest.Wait()
					cancel()
					<-ended
				}
				ask := func(status int) string {
					t.Helper()
					header := []string{"Idempotency-Key", "k"}
					if c.prefer != "" {
						header = append(header, "Prefer", c.prefer)
					}
					got := a.ask("POST", c.path, "{}", header...)
					if got.StatusCode != status {
						t.Fatalf("status %d, want %d: %s", got.StatusCode, status, got.body)
					}
					return got.Header.Get("Location")
				}
				keys.Fail("Transact", errors.New("disk full"))
				ask(503)
				if run(); done.Load() != 0 {
					t.Fatal("a job was done whose key was not committed")
				}
				keys.Fail("Transact", nil)
				place := ask(202)
				if again := ask(202); place == "" || again != place {
					t.Errorf("at first %q, then %q", place, again)
				}
				if run(); done.Load() != 1 {
					t.Errorf("done %d times", done.Load())
				}
				ask(202)
				if run(); done.Load() != 1 {
					t.Errorf("after another retry done %d times", done.Load())
				}
			})
		})
	}
}

func TestAJobThatWasCommittedWithItsKeyIsBegunAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, done := memory.New(), make(chan struct{})
		api, _ := servertest.New(t, "problem")
		jobs := jobs.New(api, store.Queue(), jobs.Poll(time.Hour), jobs.Kind("export", func(context.Context, jobs.Job) (any, error) {
			close(done)
			return nil, nil
		}))
		transport := memhttp.Serve(t, api.Wrap(idempotency.Middleware(store.Idempotency(), idempotency.Transactional())(jobs.AsyncHandler("export"))))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { jobs.Run(ctx); close(ended) }()
		synctest.Wait() // all workers have looked, and found nothing
		start := time.Now()
		(&jobsAPI{t: t, http: transport}).ask("POST", "/", "{}", "Idempotency-Key", "k")
		if <-done; time.Since(start) != 0 {
			t.Errorf("begun after %v", time.Since(start))
		}
		cancel()
		<-ended
	})
}

func TestAJobThatMadeAThingSaysWhereItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := startJobs(t, "omilia", memory.New().Queue(), func(_ context.Context, j jobs.Job) (any, error) {
			if string(j.Input) == "elsewhere" {
				return server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindRedirected, Status: http.StatusSeeOther}, Location: "/exports/7"}, nil
			}
			return server.Created("/exports/7", map[string]int{"id": 7}), nil
		})
		for _, c := range []struct {
			input  string
			status int
			body   string
		}{{"", 201, `{"id":7}`}, {"elsewhere", 303, ""}} {
			place := a.ask("POST", "/reports", c.input).Header.Get("Location")
			time.Sleep(2 * time.Second)
			for _, got := range []jobResponse{
				a.ask("GET", place, ""), // later
				a.ask("POST", "/exports", c.input, "Prefer", "respond-async, wait=5"), // by the request that waits for it
				a.ask("POST", "/exports", c.input),                                    // at once
			} {
				a.want(got, c.status, c.body)
				if l := got.Header.Get("Location"); l != "/exports/7" {
					t.Errorf("%q: it is said to be at %q", c.input, l)
				}
			}
		}
	})
}

func TestAJobThatEndsItsGoroutineFailsAndItsWorkerGoesOn(t *testing.T) {
	t.Parallel()
	for name, exit := range map[string]jobs.Work{
		"in its work": func(context.Context, jobs.Job) (any, error) {
			runtime.Goexit()
			return nil, nil
		},
		"in its transaction": func(context.Context, jobs.Job) (any, error) {
			return server.AtomicIn(memory.New())(func(context.Context) (any, error) {
				runtime.Goexit()
				return nil, nil
			}), nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := startJobs(t, "problem", memory.New().Queue(), exit, jobs.Workers(1), jobs.Attempts(1, 0), jobs.Kind("report", after(time.Second)))
			first := a.ask("POST", "/reports", "x")
			next, err := a.jobs.Put(t.Context(), "report", []byte("y"))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if got := a.ask("GET", first.Header.Get("Location"), ""); got.StatusCode != 500 || !strings.Contains(a.log.String(), "runtime.Goexit") {
				t.Errorf("%s: got %d %s\n%s", name, got.StatusCode, got.body, a.log)
			}
			if got := a.ask("GET", "/jobs/"+next.ID, ""); got.StatusCode != 200 || got.body != `{"done":"y"}` {
				t.Errorf("%s: the next job got %d %s", name, got.StatusCode, got.body)
			}
		})
	}
}
