package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
)

// Run delivers requests until ctx ends. It then waits for the deliveries in progress, as
// long as [WithDrain] allows.
func (b *Outbox) Run(ctx context.Context) { b.loop.Run(ctx) }

// finish stores the result of a turn. It tries for as long as the process runs, since the
// vendor may have done what nobody else knows of.
func (x *turn) finish(ctx context.Context, v verdict) {
	if v.state == "" {
		if stopping, err := x.store.Keep(context.WithoutCancel(ctx), x.task.ID, x.worker, x.lease, 0, v.why); err == nil && stopping {
			v.why = "somebody canceled it"
			v = v.end(Canceled)
		}
	}
	d := x.delivery()
	d.State, d.Outcome, d.Doubt, d.Why = v.state, x.result.Outcome, v.Doubt, v.why
	if v.state == "" {
		d.State = Waiting
	}
	if v.report && x.Outbox.report != nil && x.told != nil {
		x.Outbox.report(ctx, d, *x.told)
	}
	told := x.step(v)
	defer func() {
		for _, o := range slices.Backward(x.observers) {
			o.End(ctx, d, told)
		}
	}()
	step := queue.Step{Works: v.works, Shut: min(v.shut, longest), Record: told.record()}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := x.end(context.WithoutCancel(ctx), v, d, step)
		switch {
		case err == nil:
			x.said(ctx, v)
			return
		case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, parlance.ErrNotFound):
			x.log.WarnContext(ctx, "another worker has the request; what came of this attempt is not kept", "state", string(v.state), "why", v.why)
			return
		}
		x.log.ErrorContext(ctx, "what came of an attempt cannot be stored yet", "error", err, "state", string(v.state))
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// delivery is the request of a turn.
func (x *turn) delivery() Delivery {
	t := x.task
	return Delivery{ID: t.ID, State: Delivering, Request: x.request, Limit: t.Lane, Created: t.Created, Deadline: t.Deadline, Attempt: t.Attempt, Activity: t.Activity}
}

// end stores an end with its consequences, or a wait.
func (x *turn) end(ctx context.Context, v verdict, d Delivery, step queue.Step) error {
	data, err := x.leaves(v)
	if err != nil {
		return err
	}
	if v.state == "" {
		return x.store.Rest(ctx, x.task.ID, x.worker, queue.Rest{After: v.after, Data: data, Note: v.why}, step)
	}
	r := x.result
	r.State, r.At, r.Data, r.Erase, r.Forget = string(v.state), time.Now(), data, x.erase, x.keep
	if v.state == Uncertain { // a person decides
		r.Erase, r.Forget, r.Blocks = 0, 0, x.request.Order != "" && !x.request.Pass
	}
	if r.Outcome.Kind == 0 {
		r.Outcome = ending[v.state]
	}
	d.Outcome, d.ContentType, d.Body, d.Location, d.Ended = r.Outcome, r.ContentType, r.Body, r.Location, r.At
	if len(x.ended) == 0 {
		return x.store.End(ctx, x.task.ID, x.worker, r, step)
	}
	return x.store.Transact(ctx, func(ctx context.Context) error {
		if err := x.store.End(ctx, x.task.ID, x.worker, r, step); err != nil {
			return err
		}
		for _, f := range x.ended {
			if err := follow(ctx, f, d); err != nil {
				return fmt.Errorf("outbox: what follows the end: %w", err)
			}
		}
		return nil
	})
}

// leaves is what a turn leaves for the next one. After an end, that is one that a person asks
// for: it begins anew, with the records that were refused if only some were.
func (x *turn) leaves(v verdict) ([]byte, error) {
	if x.unreadable != nil {
		return x.task.Data, nil // another process can read it
	}
	p := v.progress
	if v.state != "" {
		p.Poll, p.Result, p.Failed = "", false, 0
		if len(p.Refused) > 0 {
			p.Left, p.Refused = p.Refused, nil
			p.Round++
		}
	}
	return json.Marshal(p)
}

// longest is the longest time that a limit is shut without a probe. The request itself waits
// as long as the response says.
const longest = 24 * time.Hour

// follow runs what follows the end of a request. A panic is a failure.
func follow(ctx context.Context, f func(context.Context, Delivery) error, d Delivery) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("it panicked: %v", cause)
		}
	}()
	return f(ctx, d)
}

// ending is the outcome of a request that ended without a response.
var ending = map[State]parlance.Outcome{
	Dead:      {Kind: parlance.KindTimeout, Detail: "Its deadline is over."},
	Uncertain: {Kind: parlance.KindUnavailable, Detail: "Nobody knows whether the vendor did it."},
	Canceled:  {Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled, Detail: "It was canceled."},
}

// said logs what came of a turn.
func (x *turn) said(ctx context.Context, v verdict) {
	text, state := "a request has ended", v.state
	if state == "" {
		text, state = "a request waits for its next attempt", Waiting
	}
	x.log.Log(ctx, levelOf(v.state), text, "state", string(state), "kind", x.result.Outcome.Kind.String(), "status", x.result.Outcome.Status,
		"request_id", x.result.Outcome.RequestID, "after", v.after.Round(time.Millisecond).String(), "why", v.why)
}
