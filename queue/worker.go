package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// ErrShutdown is the cause with which the context of a task ends if the process shuts down.
var ErrShutdown = errors.New("queue: the process is shutting down")

// Work says what a [Worker] does.
type Work struct {
	// Take says what is taken. Most is how many tasks are done at the same time. Worker and
	// Except are set by the Worker.
	Take Order

	Poll  time.Duration // how often the store is asked for tasks that are due
	Drain time.Duration // how long tasks may go on after Run's context has ended

	// Do does a task and ends the turn, by End or Rest with this name of the worker. It is
	// called concurrently. Its ctx ends with ErrShutdown if the task takes longer than Drain.
	Do func(ctx context.Context, t Task, worker string)

	// Failed is told if the store cannot be asked.
	Failed func(ctx context.Context, err error)
}

// Worker takes tasks from a store and has them done. [NewWorker] makes one. It is safe for
// concurrent use.
type Worker struct {
	store Store
	Work
	woken  chan struct{} // there may be a task
	active sync.Map      // the IDs of the tasks that are being done here
}

// NewWorker makes a Worker.
func NewWorker(store Store, w Work) *Worker {
	return &Worker{store: store, Work: w, woken: make(chan struct{}, 1)}
}

// Wake has the store asked at once, such as after a task was put.
func (w *Worker) Wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// Run has tasks done until ctx ends. It then waits for those in progress, as long as Drain
// allows, and returns when none is left. A Do that ignores its context keeps Run from
// returning.
func (w *Worker) Run(ctx context.Context) {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(w.Drain, func() { stop(ErrShutdown) })
		<-hard.Done()
		timer.Stop()
	})()
	var all sync.WaitGroup
	defer all.Wait()
	free := make(chan struct{}, w.Take.Most)
	for range w.Take.Most {
		free <- struct{}{}
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.woken:
		case <-timer.C:
		}
		timer.Reset(w.Poll)
		order := w.Take
		if order.Most = len(free); order.Most == 0 {
			continue
		}
		order.Worker = rand.Text() // a name for these turns, so that nobody else ends them
		order.Except = w.busy()
		tasks, err := w.store.Take(ctx, order)
		if err != nil && ctx.Err() == nil {
			w.Failed(ctx, err)
			timer.Reset(max(w.Poll, time.Second)) // an outage fills no log
		}
		for _, t := range tasks {
			<-free
			w.active.Store(t.ID, nil)
			all.Go(func() {
				defer func() { w.active.Delete(t.ID); free <- struct{}{}; w.Wake() }()
				w.Do(hard, t, order.Worker)
			})
		}
	}
}

// busy are the tasks that are being done here. After an outage of the store their leases
// may have ended. None is taken again before its turn is over.
func (w *Worker) busy() (ids []string) {
	w.active.Range(func(id, _ any) bool {
		ids = append(ids, id.(string))
		return true
	})
	return ids
}
