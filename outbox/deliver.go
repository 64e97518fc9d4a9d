package outbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/queue"
)

// maxResult bounds, in bytes, the body of a vendor's response that is kept. A longer one is
// not kept, since half a document would look like a whole one.
const maxResult = 1 << 20

// requestOf is a request as the dialect knows it.
func (v *vendor) requestOf(u *http.Request, r Request) dialect.Request {
	req := httpdialect.Request(v.dialect, u)
	req.Key, req.RetryUnsafe = r.Key, r.RetryUnsafe != ""
	return req
}

// turn is one turn of a worker with a request.
type turn struct {
	*Outbox
	task       queue.Task
	worker     string
	request    Request
	unreadable error // why the request, or what a turn left, cannot be read; nil if it can
	vendor     *vendor
	before     progress
	log        *slog.Logger

	began  time.Time
	act    parlance.Act // that the dialect says, and its line
	line   string
	result queue.Result          // the vendor's response
	told   *client.SupportReport // what support is told, if it is
	report func() client.SupportReport
}

// deliver does a turn and stores its result. An attempt is broken off when hard ends.
func (b *Outbox) deliver(hard context.Context, t queue.Task, worker string) {
	ctx := activity.WithID(hard, t.Activity)
	x := &turn{Outbox: b, task: t, worker: worker, began: time.Now(), log: b.logger.With("outbox", t.ID, "attempt", t.Attempt)}
	x.unreadable = understand(t.Input, &x.request)
	if x.unreadable == nil && len(t.Data) > 0 {
		x.unreadable = understand(t.Data, &x.before)
	}
	x.request.ID, x.request.Owner = t.ID, t.Owner
	if x.unreadable == nil {
		x.log = x.log.With("vendor", x.request.Vendor)
	}
	for _, o := range b.observers {
		ctx = o.Begin(ctx, x.request.Carried, x.delivery())
	}
	working, stop := context.WithCancelCause(ctx)
	done, kept := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(kept)
		x.hold(ctx, stop, done)
	}()
	x.finish(ctx, x.spend(x.run(working)))
	close(done)
	<-kept
	stop(nil)
}

// understand reads what is stored. A member that this program does not know is of a newer
// one, and could change what the rest means.
func understand(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// hold renews the lease until the turn is done, and breaks the attempt off if it is lost.
func (x *turn) hold(ctx context.Context, stop context.CancelCauseFunc, done <-chan struct{}) {
	tick := time.NewTicker(x.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		_, err := x.store.Keep(context.WithoutCancel(ctx), x.task.ID, x.worker, x.lease, 0, x.task.Note)
		switch {
		case errors.Is(err, queue.ErrLeaseLost), errors.Is(err, parlance.ErrNotFound):
			stop(queue.ErrLeaseLost)
			return
		case err != nil:
			x.log.WarnContext(ctx, "the lease of a request cannot be renewed yet", "error", err)
		}
	}
}

// run makes the attempt, unless there is a reason not to.
func (x *turn) run(ctx context.Context) (v verdict) {
	if x.unreadable != nil {
		return verdict{after: time.Minute, why: "this process cannot read the request, such as one of a newer program: " + x.unreadable.Error()}
	}
	v.progress = x.before
	x.vendor = x.vendors[x.request.Vendor]
	if x.vendor == nil {
		v.after, v.why = 10*time.Second, "this process does not know the vendor "+x.request.Vendor
		return v
	}
	repeat := x.repeatable(x.vendor, x.request)
	if x.task.Lost && x.before.Poll == "" {
		v.Doubt = true
		if repeat == "" {
			v.why = "the worker before ended in the middle of an attempt, and the request has no key"
			return v.end(Uncertain)
		}
	}
	switch {
	case x.task.Stopping:
		v.why = "somebody canceled it"
		return v.end(Canceled)
	case !x.task.Deadline.IsZero() && !time.Now().Before(x.task.Deadline):
		v.why = "its deadline is over"
		return v.end(Dead)
	}
	return x.try(ctx, v, repeat)
}

// try makes the attempt. A panic is a failure of this attempt alone.
func (x *turn) try(ctx context.Context, before verdict, repeat string) (v verdict) {
	defer func() {
		if cause := recover(); cause != nil {
			x.log.ErrorContext(ctx, "a delivery panicked", "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			a := attempt{outcome: parlance.Outcome{Kind: parlance.KindInternal}, decision: parlance.Decision{
				Act: parlance.ActRetry, Backoff: usual, RetrySafe: repeat != "", Why: "the worker panicked"}}
			x.result.Outcome = a.outcome
			v = judge(a, before.progress, x.task, x.request)
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	a := x.send(bounded, before.progress)
	if ctx.Err() != nil && a.outcome.Status == 0 && !a.unsent { // it was broken off here, which says nothing of the vendor
		a.outcome = parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonCanceled}
		a.decision = parlance.Decision{Act: parlance.ActRetry, Backoff: usual, RetrySafe: repeat != "", Why: "the attempt was broken off: " + context.Cause(ctx).Error()}
		v = judge(a, before.progress, x.task, x.request)
		v.shut, x.result.Outcome = 0, a.outcome
		return v
	}
	x.result.Outcome, x.act, x.line = a.outcome, a.decision.Act, a.decision.Line
	v = judge(a, before.progress, x.task, x.request)
	if v.report && x.report != nil {
		told := x.report()
		x.told = &told
	}
	return v
}

// send sends the request, or looks at where its result will be, and reads the response.
func (x *turn) send(ctx context.Context, p progress) attempt {
	req, sent, err := x.prepare(ctx, p)
	if err != nil {
		return attempt{outcome: parlance.Outcome{Kind: parlance.KindInvalid}, decision: parlance.Decision{Act: parlance.ActCorrect, Why: "no request can be made of it"}}
	}
	resp, err := x.vendor.client.Do(req)
	if err != nil {
		return x.failed(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxResult+1))
	report, ok := client.ReportOf(resp)
	if !ok {
		return x.failed(client.ErrForeign)
	}
	x.report = report.SupportReport
	x.result.ContentType, x.result.Location = resp.Header.Get("Content-Type"), resp.Header.Get("Location")
	a := attempt{outcome: report.Outcome, decision: report.Decision}
	switch {
	case len(text) > maxResult:
		a.decision.Why += "; its body is longer than 1 MiB and is not kept"
	case err != nil:
		a.decision.Why += "; its body was cut off and is not kept"
	default:
		x.result.Body = text
	}
	switch {
	case report.Broken != nil && !report.Outcome.Kind.Failing():
		// What the status began to say was never said to its end.
		a.outcome = httpdialect.NoResponse(report.Broken)
		a.decision = x.vendor.dialect.Decide(x.vendor.requestOf(req, x.request), &a.outcome)
	case a.outcome.Kind == parlance.KindAccepted:
		a.poll = place(ctx, x.vendor.client, resp)
	case p.Poll != "" && a.outcome.Kind.Good():
		a.result = resultOf(x.vendor.dialect, req.URL, resp)
	case a.outcome.Kind == parlance.KindPartial:
		a.lumped = x.request.Records == nil
		if !a.lumped {
			a.left, a.refused, a.unknown = left(resp, x.request.Records, sent)
		}
	}
	return a
}

// prepare makes the request of an attempt. sent are the records in it.
func (x *turn) prepare(ctx context.Context, p progress) (req *http.Request, sent []int, err error) {
	r := x.request
	call := client.Call{Operation: r.Operation, Key: r.Key, RetryUnsafe: r.RetryUnsafe != ""}
	if p.Poll != "" {
		return look(client.WithCall(ctx, call), r, p.Poll)
	}
	if call.Key != "" && p.Round > 0 { // another body needs another key
		call.Key += "-" + strconv.Itoa(p.Round)
	}
	body := r.Body
	if r.Records != nil {
		if sent = p.Left; sent == nil {
			for i := range r.Records.List {
				sent = append(sent, i)
			}
		}
		body = r.Records.body(sent)
	}
	req, err = http.NewRequestWithContext(client.WithCall(ctx, call), r.Method, r.URL, bytes.NewReader(body))
	if err == nil && r.Header != nil {
		req.Header = r.Header.Clone()
	}
	return req, sent, err
}

// look is the request for what has become of an accepted one. The vendor named its URL. So it
// follows from the first request, whose origin alone gets the credential, even if this process
// has not sent that one.
func look(ctx context.Context, r Request, place string) (req *http.Request, sent []int, err error) {
	first, err := http.NewRequestWithContext(ctx, r.Method, r.URL, nil)
	if err != nil {
		return nil, nil, err
	}
	if req, err = http.NewRequestWithContext(ctx, http.MethodGet, place, nil); err == nil {
		req.Response = &http.Response{Request: first}
	}
	return req, nil, err
}

// failed is an attempt without a response.
func (x *turn) failed(err error) attempt {
	e, ok := errors.AsType[*client.Error](err)
	if !ok {
		o := parlance.Outcome{Kind: parlance.KindUnavailable}
		return attempt{outcome: o, unsent: errors.Is(err, client.ErrNotSent), decision: parlance.Decision{Act: parlance.ActRetry, Backoff: usual, Why: activity.CleanText(err.Error())}}
	}
	x.report = e.SupportReport
	return attempt{outcome: e.Outcome, decision: e.Decision, unsent: errors.Is(err, client.ErrNotSent)}
}

// place is the URL where the result of an accepted request will be; "" if the response does
// not say.
func place(ctx context.Context, c *http.Client, resp *http.Response) string {
	_, err := client.Poller{Client: c, Timeout: time.Nanosecond}.Follow(ctx, resp)
	if pending, ok := errors.AsType[*client.PendingError](err); ok {
		return pending.Where
	}
	return ""
}

// resultOf is the URL of the result of work that has ended, if the response to a look names
// one; else "".
func resultOf(d *dialect.Dialect, looked *url.URL, resp *http.Response) string {
	ref := resp.Header.Get(d.Polling().Result)
	u, err := looked.Parse(ref)
	if ref == "" || err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "" // the last look is what there is
	}
	u.User, u.Fragment = nil, ""
	return u.String()
}

// left are the records that failed and may be sent again, and those that failed and may not.
func left(resp *http.Response, records *Records, sent []int) (again, refused []int, err error) {
	bulk := client.Bulk[int]{Encode: func(rest []int) ([]byte, error) { return records.body(rest), nil }}
	if len(sent) > 0 && records.List[sent[0]].ID != "" {
		bulk.ID = func(n int) string { return records.List[n].ID }
	}
	if _, again, err = bulk.FollowUp(resp, sent); err != nil {
		return nil, nil, err
	}
	bulk.Take = func(parlance.Item, parlance.Decision) bool { return true }
	_, failed, err := bulk.FollowUp(resp, sent)
	return again, slices.DeleteFunc(failed, func(n int) bool { return slices.Contains(again, n) }), err
}
