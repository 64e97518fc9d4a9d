package jobs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/prefer"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Handler makes requests into jobs of a kind; the body is the job's input. The job runs
// at once, within the request, and the response is its result. If the client prefers
// it, the job runs in the background (Prefer: respond-async; RFC 7240, 4.1). With
// wait=N beside it, the response is the result if it is ready within N seconds (RFC
// 7240, 4.3).
//
// Under [idempotency.Middleware] with [idempotency.Transactional] a background job is
// committed with the key and the response, so that a retry finds the same job. The keys
// and the jobs must then be in the same store. The response is 202 without a wait,
// since it is made before the job is committed.
func (b *Queue) Handler(kind string) http.Handler { return b.handler(kind, false) }

// AsyncHandler is Handler with every request in the background, even if the client does
// not prefer it.
func (b *Queue) AsyncHandler(kind string) http.Handler { return b.handler(kind, true) }

func (b *Queue) handler(kind string, always bool) http.Handler {
	h := b.server.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		input, err := io.ReadAll(http.MaxBytesReader(w, r.Body, b.maxInput))
		if err != nil {
			return nil, unreadInput(err)
		}
		if !always {
			w.Header().Add("Vary", "Prefer")
		}
		p := prefer.Of(r.Header.Values("Prefer"))
		if !always && !p.Async {
			caller, _ := server.PrincipalOf(r.Context())
			return b.now(r.Context(), kind, input, caller)
		}
		if core.ClaimedInside(r.Context()) {
			if p.Async {
				w.Header().Add("Preference-Applied", "respond-async")
			}
			return b.atomic(func(ctx context.Context) (any, error) { return b.Accept(ctx, kind, input) }), nil
		}
		j, err := b.Put(r.Context(), kind, input)
		if err != nil {
			return nil, err
		}
		if p.Waits {
			w.Header().Add("Preference-Applied", p.Applied())
			if now, err := b.wait(r.Context(), j.ID, min(p.Wait, b.maxWait)); err == nil && now.Result != nil {
				return replyOf(now.Result), nil
			} else if err == nil {
				j = now
			}
		}
		if p.Async {
			w.Header().Add("Preference-Applied", "respond-async")
		}
		return b.accepted(j), nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if core.ClaimedInside(r.Context()) {
			b.loop.Wake() // now that it is committed
		}
	})
}

// now does the work within the request.
func (b *Queue) now(ctx context.Context, kind string, input []byte, caller server.Principal) (any, error) {
	work, ok := b.works[kind]
	if !ok {
		return nil, errors.New("jobs: no Work is set for jobs of kind " + strconv.Quote(kind))
	}
	j := Job{
		ID: activity.NewID(), Kind: kind, Input: input, Owner: caller.ID,
		Activity: activity.ID(ctx), Created: time.Now(), Attempt: 1,
	}
	return work(ctx, j)
}

// Accept adds a job and returns the value for a handler to return: 202, with the URL
// that the job is watched at. Under a key, call it in a [server.Atomic], so that both
// are committed together.
//
//	return queue.Accept(ctx, "export", input)
func (b *Queue) Accept(ctx context.Context, kind string, input []byte) (any, error) {
	j, err := b.Put(ctx, kind, input)
	if err != nil {
		return nil, err
	}
	return b.accepted(j), nil
}

// status is what is shown of a job that has not ended.
type status struct {
	ID       string  `json:"id"`
	Progress float64 `json:"progress"`
	Note     string  `json:"note,omitempty"`
	Stopping bool    `json:"stopping,omitempty"`
}

// accepted says that a job goes on.
func (b *Queue) accepted(j Job) server.Reply {
	reply := server.Accepted(b.place+j.ID, status{j.ID, j.Progress, j.Note, j.Stopping})
	reply.Outcome.RetryAfter = b.again
	return reply
}

// replyOf is the job's result as the response of a request that waited for it.
func replyOf(r *Result) server.Reply {
	reply := server.Reply{Outcome: r.Outcome, Location: r.Location}
	if len(r.Body) > 0 {
		reply.Value = server.Raw{ContentType: r.ContentType, Body: r.Body}
	}
	return reply
}

// Watch serves the URLs that jobs are watched at, below [Path]. While a job goes on,
// the response to a GET is accepted, with its progress if the dialect has a place for
// it. Afterwards it is the job's result, as if the request had waited for it. A DELETE
// cancels the job: the response is accepted if the job is still running, and empty if
// there is nothing left to stop. A job of another caller is not_found.
func (b *Queue) Watch() http.Handler {
	return b.server.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
		w.Header().Set("Cache-Control", "no-store")
		j, err := b.owned(r)
		if err != nil {
			return nil, err
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			if j.Result != nil {
				return replyOf(j.Result), nil
			}
			return b.accepted(j), nil
		case http.MethodDelete:
			if err := b.cancel(r.Context(), j.ID); err != nil {
				return nil, unavailable(err)
			}
			if j, err = b.store.Task(r.Context(), j.ID); err != nil {
				return nil, unavailable(err)
			}
			if j.Result != nil {
				b.notify(j.ID)
				return nil, nil
			}
			return b.accepted(j), nil
		}
		w.Header().Set("Allow", "GET, HEAD, DELETE")
		refused := parlance.NewError(parlance.KindInvalid, "Use GET to watch a job and DELETE to cancel it")
		refused.Outcome.Status = http.StatusMethodNotAllowed
		return nil, refused
	})
}

// owned is the job that a request names, if it is the caller's.
func (b *Queue) owned(r *http.Request) (Job, error) {
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	j, err := b.store.Task(r.Context(), id)
	if err != nil {
		return j, unavailable(err)
	}
	if caller, _ := server.PrincipalOf(r.Context()); caller.ID != j.Owner {
		return j, parlance.ErrNotFound
	}
	return j, nil
}

// unavailable is a store's error, as a client is told of it.
func unavailable(err error) error {
	if errors.Is(err, parlance.ErrNotFound) {
		return err
	}
	return parlance.NewError(parlance.KindUnavailable, "").Because(err)
}

// unreadInput is why a request cannot become a job.
func unreadInput(err error) error {
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		refused := parlance.NewError(parlance.KindInvalid, "At most %d bytes are allowed", e.Limit)
		refused.Outcome.Status, refused.Outcome.Reason = http.StatusRequestEntityTooLarge, parlance.ReasonRequestTooLarge
		return refused
	}
	return parlance.NewError(parlance.KindInvalid, "The request was cut off").Because(err)
}
