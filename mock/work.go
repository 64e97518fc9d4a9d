package mock

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/jobs"
)

// jobsPath is where work in the background is watched.
const jobsPath = Prefix + "jobs/"

// DefaultWork is how long work in the background takes without WithWork.
const DefaultWork = 3 * time.Second

// MaxWork is how often a Mock begins work, because the results are kept. A request after that
// is refused as unavailable.
const MaxWork = 1_000

// work is what goes on in the background after a 202.
type work struct {
	state  *state
	queue  *jobs.Queue
	begun  atomic.Int64 // how often work was begun
	begin  sync.Once
	cancel context.CancelFunc
	ended  chan struct{} // closed when no worker is left; nil if there was none
}

func newWork(s *state) *work {
	k := &work{state: s}
	again := cmp.Or(s.mock.dialect.Polling().Every, time.Second)
	k.queue = jobs.New(s.server, s.store.Queue(), jobs.Kind("work", k.do), jobs.Path(jobsPath),
		jobs.RetryAfter(min(again, max(s.mock.working, time.Second))), jobs.Workers(8), jobs.Drain(0))
	return k
}

// do takes the time that work takes, and gives the success of its request.
func (k *work) do(ctx context.Context, j jobs.Job) (any, error) {
	timer := time.NewTimer(k.state.mock.working)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	m := k.state.mock
	res := &response{outcome: parlance.Outcome{Kind: parlance.KindSuccess, Status: http.StatusOK}}
	res.request.Method, res.request.Path = http.MethodGet, string(j.Input)
	m.addPayload(res, &Wish{})
	return replyOf(res), nil
}

// put begins work for a request, and returns where it is watched and when to look.
func (k *work) put(r *http.Request) (server.Reply, error) {
	if k.begun.Add(1) > MaxWork {
		return server.Reply{}, parlance.NewError(parlance.KindUnavailable, "The mock has begun %d pieces of work, and begins no more", MaxWork)
	}
	k.start()
	value, err := k.queue.Accept(server.WithPrincipal(r.Context(), server.Principal{}), "work", []byte(r.URL.Path))
	if err != nil {
		return server.Reply{}, err
	}
	return server.ReplyOf(value), nil
}

// start starts the workers.
func (k *work) start() {
	k.begin.Do(func() {
		var ctx context.Context
		ctx, k.cancel = context.WithCancel(context.Background())
		k.ended = make(chan struct{})
		go func() {
			defer close(k.ended)
			k.queue.Run(ctx)
		}()
	})
}

// close ends the workers.
func (k *work) close() {
	k.begin.Do(func() {}) // none begins any more
	if k.cancel != nil {
		k.cancel()
		<-k.ended
	}
}

// accept responds with 202, and the place to look at in the fields of the dialect.
func (k *work) accept(w http.ResponseWriter, r *http.Request) {
	k.state.server.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxDocument))
		reply, err := k.put(r)
		if err != nil {
			return nil, err
		}
		k.place(w.Header(), &reply)
		w.Header().Set("Preference-Applied", "respond-async")
		return reply, nil
	}).ServeHTTP(w, r)
}

// place names the URL of the work in the first field that the dialect names for it.
func (k *work) place(h http.Header, reply *server.Reply) {
	for _, name := range k.state.mock.dialect.Polling().Headers[:1] {
		h.Set(name, reply.Location)
	}
}

// watch says how far the work is, and at its end gives its result.
func (k *work) watch(w http.ResponseWriter, r *http.Request) {
	if name := k.state.mock.dialect.Polling().Result; name != "" {
		w.Header().Set(name, "/example")
	}
	k.queue.Watch().ServeHTTP(w, r.WithContext(server.WithPrincipal(r.Context(), server.Principal{})))
}
