// Package jobs does work in the background of a [server.Server]. A job is kept in a
// [queue.Store] and survives its process; a client can watch it, get its result and
// cancel it.
//
//	export := func(ctx context.Context, j jobs.Job) (any, error) {
//		jobs.Progress(ctx, 0.5, "writing the file")
//		return writeExport(ctx, j.Input)
//	}
//	queue := jobs.New(api, db.Queue(), jobs.Kind("export", export))
//	mux.Handle("POST /exports", queue.Handler("export"))
//	mux.Handle("/jobs/", queue.Watch())
//	go queue.Run(ctx)
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/generic"
)

// Work does a job. Its return value becomes the job's result, as the return value of a
// handler becomes its response. A Reply's Location and Document are not kept.
//
// A job runs at least once, and may run more than once. If the process dies between the
// effect and the note of it, another worker runs the job again. The field ID stays the
// same, so use it as the idempotency key towards other services. The field Attempt
// counts the runs. An effect in the job's own store happens once if Work returns it as a
// [server.Atomic] of that store: effect and result are then one commit.
//
// A panic, and runtime.Goexit, are a failure of the job alone.
//
// ctx carries the activity id of the request that asked for the job, the ID of its
// principal, and the values that [Progress] needs. It ends for one of three reasons,
// which context.Cause returns:
//
//   - [ErrCanceled]: somebody canceled the job.
//   - [ErrLeaseLost]: the lease was lost, so another worker may be doing the job.
//   - [ErrShutdown]: the process is shutting down.
type Work func(ctx context.Context, j Job) (any, error)

// The reasons why the context of a job ended, beside ErrLeaseLost.
var (
	ErrCanceled = errors.New("jobs: somebody canceled the job")
	ErrShutdown = queue.ErrShutdown
)

// Queue does work in the background and lets clients watch it. It is safe for
// concurrent use.
type Queue struct {
	server *server.Server
	store  queue.Store
	atomic func(run func(ctx context.Context) (any, error)) server.Atomic
	config

	loop   *queue.Worker
	mu     sync.Mutex
	waiter map[string]chan struct{} // closed when a job of this id has ended here
	active map[string]*running      // those that are being done here
}

type config struct {
	works    map[string]Work
	workers  int
	lease    time.Duration
	poll     time.Duration
	again    time.Duration
	drain    time.Duration
	attempts int
	backoff  time.Duration
	place    string
	maxInput int64
	maxWait  time.Duration
}

// Option is a setting of [New].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// Kind sets the Work of a kind of jobs. Processes that share a store may know different
// kinds; each takes only those that it knows.
func Kind(kind string, w Work) Option {
	return option(func(c *config) { c.works[kind] = w })
}

// Workers sets how many jobs a process runs at the same time; the default is 4.
func Workers(n int) Option { return option(func(c *config) { c.workers = max(n, 1) }) }

// Lease sets how long a worker holds a job without renewing it; the default is 30 s. A
// worker renews the lease three times in that time. If its process dies, another worker
// can take the job once the lease expires.
func Lease(d time.Duration) Option { return option(func(c *config) { c.lease = d }) }

// Poll sets the interval at which the store is asked for new jobs, and for results that
// a client waits for; the default is 1 s. A job that this process adds outside a
// transaction starts at once.
func Poll(d time.Duration) Option { return option(func(c *config) { c.poll = d }) }

// Attempts bounds how often a job is started if it fails by a fault of the server or is
// refused for a rate. The wait after the first failure is backoff. It doubles after
// each other failure, and is never shorter than the failure's own RetryAfter. The
// defaults are 5 and 5 s. Every other failure is final. A job whose process dies before
// it ends is started up to four times as often.
func Attempts(n int, backoff time.Duration) Option {
	return option(func(c *config) { c.attempts, c.backoff = max(n, 1), backoff })
}

// Drain sets how long running jobs may continue after Run's context ends; the default
// is 20 s. A job that takes longer is run again by the next worker that takes it.
func Drain(d time.Duration) Option { return option(func(c *config) { c.drain = d }) }

// Path sets the path below which jobs are watched; the default is /jobs/.
func Path(prefix string) Option {
	return option(func(c *config) { c.place = prefix })
}

// RetryAfter sets when a client is told to ask again; the default is 2 s.
func RetryAfter(d time.Duration) Option {
	return option(func(c *config) { c.again = d })
}

// MaxInput bounds, in bytes, the body of a request that becomes a job; the default is 1
// MiB.
func MaxInput(bytes int64) Option {
	return option(func(c *config) { c.maxInput = bytes })
}

// MaxWait bounds how long a client may wait for a result in one request; the default is
// 30 s.
func MaxWait(d time.Duration) Option { return option(func(c *config) { c.maxWait = d }) }

// begun is how many times more often a job may be started if its process dies before it
// ends.
const begun = 4

// New makes a Queue that keeps its jobs in a store. [Queue.Run] does the work, in this
// process or in another one. Jobs survive the processes.
//
//	queue := jobs.New(api, db.Queue(), jobs.Kind("export", export))
//	mux.Handle("POST /exports", queue.Handler("export"))
//	mux.Handle("/jobs/", queue.Watch())
//	go queue.Run(ctx)
func New(s *server.Server, store queue.Store, options ...Option) *Queue {
	b := &Queue{server: s, store: store, atomic: server.AtomicIn(store), waiter: make(map[string]chan struct{}), active: make(map[string]*running), config: config{
		works: make(map[string]Work), workers: 4, lease: 30 * time.Second, poll: time.Second, again: 2 * time.Second,
		drain: 20 * time.Second, attempts: 5, backoff: 5 * time.Second, place: "/jobs/", maxInput: 1 << 20, maxWait: 30 * time.Second,
	}}
	for _, o := range options {
		o.apply(&b.config)
	}
	b.loop = queue.NewWorker(store, queue.Work{
		Take: queue.Order{Kinds: slices.Sorted(maps.Keys(b.works)), Lease: b.lease, Most: b.workers},
		Poll: b.poll, Drain: b.drain, Do: b.do,
		Failed: func(ctx context.Context, err error) {
			s.Logger().ErrorContext(ctx, "no job can be taken from the store", "error", err)
		},
	})
	return b
}

// Put adds a job for the caller in ctx, and returns it. Within a transaction of the
// store, the job exists once that commits.
func (b *Queue) Put(ctx context.Context, kind string, input []byte) (Job, error) {
	caller, _ := server.PrincipalOf(ctx)
	j := Job{ID: activity.NewID(), Kind: kind, Input: input, Owner: caller.ID, Activity: activity.ID(ctx), Created: time.Now()}
	if err := b.store.Put(ctx, j); err != nil {
		return Job{}, parlance.NewError(parlance.KindUnavailable, "").Because(err)
	}
	b.loop.Wake()
	return j, nil
}

// Run does jobs until ctx ends. It then waits for the running ones, as long as [Drain]
// allows, and returns when none is left. A Work that ignores its context keeps Run from
// returning.
func (b *Queue) Run(ctx context.Context) { b.loop.Run(ctx) }

// running is a job that is being done.
type running struct {
	Job
	jobs   *Queue
	worker string
	stop   context.CancelCauseFunc

	poke     chan struct{} // there is news
	mu       sync.Mutex
	progress float64
	note     string
}

type runningKey struct{}

// Progress reports how far the job of this context is, from 0 to 1, with a note for
// people. It is written to the store at most once a second. Outside a job it does
// nothing.
func Progress(ctx context.Context, progress float64, note string) {
	r, ok := ctx.Value(runningKey{}).(*running)
	if !ok {
		return
	}
	r.mu.Lock()
	r.progress, r.note = min(max(progress, 0), 1), note
	r.mu.Unlock()
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// do runs a job that was taken, and records its result.
func (b *Queue) do(hard context.Context, j Job, worker string) {
	r := &running{Job: j, jobs: b, worker: worker, poke: make(chan struct{}, 1), progress: j.Progress, note: j.Note}
	ctx := server.WithPrincipal(activity.WithID(hard, j.Activity), server.Principal{ID: j.Owner})
	ctx = context.WithValue(ctx, runningKey{}, r)
	log := b.server.Logger().With("job", j.ID, "job_kind", j.Kind, "attempt", j.Attempt)
	switch {
	case j.Stopping:
		r.end(ctx, log, Result{Outcome: parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled}})
		return
	case j.Attempt > begun*b.attempts: // it took its process with it each time
		log.ErrorContext(ctx, "the job was started too often and never ended")
		r.end(ctx, log, Result{Outcome: parlance.Outcome{Kind: parlance.KindInternal}})
		return
	}
	working, stop := context.WithCancelCause(ctx)
	r.stop = stop
	b.mu.Lock()
	b.active[j.ID] = r
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.active, j.ID)
	}()
	kept := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(kept)
		r.keep(ctx, log, done)
	}()
	ended, result, err := r.work(working)
	cause := context.Cause(working)
	stop(nil)
	close(done)
	<-kept // nothing is renewed any more
	switch {
	case ended:
		b.notify(j.ID)
	case errors.Is(cause, ErrLeaseLost), errors.Is(err, ErrLeaseLost):
		log.WarnContext(ctx, "the lease of the job was lost; another worker may run it", "error", fmt.Sprint(err))
	case err == nil:
		r.end(ctx, log, result)
	case errors.Is(cause, ErrCanceled):
		log.InfoContext(ctx, "the job was canceled")
		r.end(ctx, log, Result{Outcome: parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled}})
	case errors.Is(cause, ErrShutdown):
		log.WarnContext(ctx, "the job did not end in time and will run again", "error", err)
		r.rest(ctx, log, 0)
	default:
		r.failed(ctx, log, err)
	}
}

// work runs the job's function and survives its panics. It does so on a goroutine of its
// own, which the function may end. ended means that the result is recorded already.
func (r *running) work(ctx context.Context) (ended bool, result Result, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended, result, err = false, Result{}, parlance.NewError(parlance.KindInternal, "").Because(core.ErrExited)
		ended, result, err = r.run(ctx)
	}()
	<-done
	return ended, result, err
}

// run runs the job's function and survives its panics.
func (r *running) run(ctx context.Context) (ended bool, result Result, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.jobs.server.Logger().ErrorContext(ctx, "the job panicked", "job", r.ID, "job_kind", r.Kind,
				"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			ended, err = false, parlance.ErrInternal
		}
	}()
	value, err := r.jobs.works[r.Kind](ctx, r.Job)
	if err != nil {
		return false, Result{}, err
	}
	atomic, ok := value.(server.Atomic)
	if !ok {
		result, err = resultOf(value)
		return false, result, err
	}
	err = r.jobs.store.Transact(ctx, func(ctx context.Context) (err error) {
		defer core.Catch(&err)
		value, err := atomic.Run(ctx)
		if err != nil {
			return err
		}
		if result, err = resultOf(value); err != nil {
			return err
		}
		result.At = time.Now()
		result.Forget = queue.Keep
		return r.jobs.store.End(ctx, r.ID, r.worker, result, queue.Step{})
	})
	if t, ok := err.(*core.Panic); ok {
		panic(t)
	}
	return err == nil, result, err
}

// resultOf is the part of a job function's return value that is kept.
func resultOf(value any) (Result, error) {
	reply := server.ReplyOf(value)
	reply.Outcome.Kind = generic.Kind(&reply.Outcome)
	data, err := reply.Payload()
	return Result{Outcome: reply.Outcome, ContentType: data.ContentType, Body: data.Body, Location: reply.Location}, err
}

// failed records a failure, or leaves the job to be run again later.
func (r *running) failed(ctx context.Context, log *slog.Logger, err error) {
	o := parlance.OutcomeOf(err)
	o.Kind = generic.Kind(&o)
	again := (o.Kind.ServerFault() || o.Kind == parlance.KindRateLimited) && r.Attempt < r.jobs.attempts
	level := slog.LevelInfo
	if o.Kind.ServerFault() {
		level = slog.LevelError
	}
	log.Log(ctx, level, "the job failed", "error", err, "kind", o.Kind.String(), "again", again)
	if !again {
		r.end(ctx, log, Result{Outcome: o})
		return
	}
	backoff := r.jobs.backoff << min(r.Attempt-1, 16)
	if backoff > 0 {
		backoff = backoff/2 + rand.N(backoff/2+1) // so that what failed together does not come back together
	}
	r.rest(ctx, log, max(backoff, o.RetryAfter))
}

// rest leaves the job to any worker after this time.
func (r *running) rest(ctx context.Context, log *slog.Logger, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := queue.Rest{After: d, Progress: r.progress, Note: r.note}
	if err := r.jobs.store.Rest(context.WithoutCancel(ctx), r.ID, r.worker, rest, queue.Step{}); err != nil {
		log.WarnContext(ctx, "the job cannot be released before its lease ends", "error", err)
	}
}

// end records the result. If that fails for as long as the lease, the job will run
// again.
func (r *running) end(ctx context.Context, log *slog.Logger, result Result) {
	result.At, result.Forget = time.Now(), queue.Keep
	if o := &result.Outcome; o.Kind.Failing() && o.Detail == "" && len(o.Fields) == 0 {
		o.Detail = fmt.Sprintf("The job failed. The cause is in the server's log under the job's ID %s.", r.ID)
		if o.Reason == parlance.ReasonCanceled {
			o.Detail = "The job was canceled."
		}
	}
	until := result.At.Add(r.jobs.lease / 2)
	for {
		err := r.jobs.store.End(context.WithoutCancel(ctx), r.ID, r.worker, result, queue.Step{})
		if err == nil {
			r.jobs.notify(r.ID)
			return
		}
		if errors.Is(err, ErrLeaseLost) || ctx.Err() != nil || !time.Now().Before(until) {
			log.ErrorContext(ctx, "the job's result cannot be stored; the job will run again", "error", err)
			return
		}
		timer := time.NewTimer(r.jobs.lease / 16)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// keep renews the lease, and stops the work if the lease is lost or the job is
// canceled.
func (r *running) keep(ctx context.Context, log *slog.Logger, done <-chan struct{}) {
	every, last := r.jobs.lease/3, time.Now()
	until := last.Add(r.jobs.lease)
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return
		case <-r.poke:
			timer.Reset(min(max(time.Until(last.Add(time.Second)), 0), every))
			continue
		case <-timer.C:
		}
		r.mu.Lock()
		progress, note := r.progress, r.note
		r.mu.Unlock()
		last = time.Now()
		timer.Reset(every)
		canceled, err := r.jobs.store.Keep(context.WithoutCancel(ctx), r.ID, r.worker, r.jobs.lease, progress, note)
		switch {
		case err == nil && canceled:
			r.stop(ErrCanceled)
			fallthrough
		case err == nil:
			until = last.Add(r.jobs.lease)
		case errors.Is(err, ErrLeaseLost), !time.Now().Add(every).Before(until):
			r.stop(ErrLeaseLost) // or will be before the next try
			return
		default:
			log.WarnContext(ctx, "the lease of the job cannot be renewed yet", "error", err)
		}
	}
}

// notify wakes those who wait for a job of this process.
func (b *Queue) notify(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.waiter[id]; ok {
		close(c)
		delete(b.waiter, id)
	}
}

// cancel asks a job to stop.
func (b *Queue) cancel(ctx context.Context, id string) error {
	if err := b.store.Cancel(ctx, id); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r, ok := b.active[id]; ok {
		r.stop(ErrCanceled)
	}
	return nil
}

// wait is the job once it has ended, or as it is after this time.
func (b *Queue) wait(ctx context.Context, id string, atMost time.Duration) (Job, error) {
	b.mu.Lock()
	ended, ok := b.waiter[id]
	if !ok {
		ended = make(chan struct{})
		b.waiter[id] = ended
	}
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.waiter[id] == ended {
			delete(b.waiter, id) // another who waits for it finds it by asking
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for {
		j, err := b.store.Task(context.WithoutCancel(ctx), id)
		if err != nil || j.Result != nil || ctx.Err() != nil {
			return j, err
		}
		timer := time.NewTimer(b.poll)
		select {
		case <-ended:
			ended = nil // and asked for once more; by polling where that was too early
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
