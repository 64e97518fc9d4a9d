package client

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/lookahead"
)

// watch reads beside the caller a body that was handed on before its meaning was known.
// When it is known, the exchange ends as it would have ended before.
type watch struct {
	x     *exchange
	asked dialect.Request
	resp  *http.Response // a copy, since the caller owns the other
	leave []func(*http.Response, *Attempt)
	gates *time.Timer // tells them what is known; nil if there are none

	stream *first // nil for a body that is none

	mu   sync.Mutex
	of   *dialect.Beginning
	kept []byte // what has arrived, at most one byte more than the limit
	done bool   // the meaning is known, or nobody will ever know it
}

// gatesWait is how long gates are kept without the result of an attempt. A breaker may
// let nothing else through meanwhile.
const gatesWait = 10 * time.Second

// handOn hands on a body whose meaning is not known.
func (x *exchange) handOn(asked dialect.Request, resp *http.Response, b *lookahead.Body) {
	w := x.watchOver(asked, resp)
	w.of, w.kept = x.beginning(asked, resp), slices.Clone(b.Head)
	b.Watcher = w
}

// watchOver makes the watch of an exchange.
func (x *exchange) watchOver(asked dialect.Request, resp *http.Response) *watch {
	copied := *resp
	copied.Header = resp.Header.Clone()
	w := &watch{x: x, asked: asked, resp: &copied}
	x.watch = w
	if x.watched != nil {
		w.leave, x.watched.leaving = x.watched.leaving, nil
	}
	return w
}

// begin lets the caller read. The attempt is all that is known by now.
func (w *watch) begin(a *Attempt) {
	a.Decision = parlance.Decision{Act: parlance.ActInspect, Why: "the meaning is not known before the body ends"}
	if len(w.leave) == 0 {
		return
	}
	known := *a
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gates = time.AfterFunc(gatesWait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.left(&known)
	})
}

// left tells the gates the result, if they have not been told.
func (w *watch) left(a *Attempt) {
	for _, leave := range slices.Backward(w.leave) {
		leave(w.resp, a)
	}
	w.leave = nil
}

// Saw is told what the caller reads, and the error that it ends with.
func (w *watch) Saw(b []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	if w.stream != nil {
		w.sawStream(b, err)
		return
	}
	limit := w.x.cfg.limit
	w.kept = append(w.kept, b[:min(len(b), limit+1-len(w.kept))]...)
	until := 0
	if err != io.EOF {
		until = w.of.Settled(w.kept[:min(len(w.kept), limit)])
	}
	switch {
	case until > 0:
		r := w.decode(w.kept[:until], false)
		r.Enveloped, r.Data = false, nil // more may follow
		w.end(r, response{})
	case len(w.kept) > limit:
		w.end(w.decode(w.kept[:limit], true), response{cut: true})
	case err == io.EOF:
		w.end(w.decode(w.kept, false), response{whole: true})
	case err != nil:
		r, n := w.decode(w.kept, true), response{broken: err}
		if !r.Outcome.Kind.Failing() {
			r = dialect.Decoded{}
			r.Outcome, n.why = w.x.failed(w.x.out, err)
		}
		w.end(r, n)
	}
}

// Closed is told that the caller reads no more. The rest could have said anything, so time
// alone, or a caller who left, makes no success.
func (w *watch) Closed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	if w.stream != nil {
		w.leftStream()
		return
	}
	r := w.decode(w.kept, true)
	if r.Outcome.Kind.Good() {
		r.Outcome.Kind, r.Outcome.Reason = parlance.KindNoted, ""
	}
	w.end(r, response{cut: true})
}

// decode reads what has arrived.
func (w *watch) decode(body []byte, cut bool) dialect.Decoded {
	body, cut = undo(w.resp.Header, body, cut, w.x.cfg.limit)
	reply := httpdialect.Response(w.resp, body)
	reply.Cut = cut
	return w.x.dialect.Decode(w.asked, reply)
}

// end ends the exchange. Nothing is retried: the caller has a part of the body.
func (w *watch) end(r dialect.Decoded, n response) {
	x := w.x
	w.done, w.kept, w.of = true, nil, nil
	if w.gates != nil {
		w.gates.Stop()
	}
	a := x.last()
	n.took(&r, a)
	x.response = n
	a.Err, a.Took = n.broken, time.Since(a.Start)
	a.Decision = final(x.dialect.Decide(w.asked, &a.Outcome, x.tried()...), &a.Outcome, w.resp)
	if w.stream != nil {
		x.given = x.given || w.stream.of.State().Content > 0
		x.begun(w.asked, a)
	}
	if n.why != "" {
		a.Decision.Why = n.why
	}
	w.left(a)
	x.account(a)
	if act := a.Decision.Act; act == parlance.ActRetry || act == parlance.ActRefresh {
		a.Wait = x.delay(a)
		a.hold(w.held())
		if act == parlance.ActRefresh {
			x.refresh(a)
		}
	}
	x.notify(a)
}

// held says why nothing is retried.
func (w *watch) held() string {
	switch {
	case w.x.given:
		return heldContent
	case w.stream != nil:
		return "the stream was handed on before its first element came (WithMaxFirstElement)"
	}
	return "the response was handed on before its meaning was known (WithMaxHold)"
}

const heldContent = "content of the stream came before it failed"
