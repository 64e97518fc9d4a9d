package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/stream"
	"github.com/parlance-api/parlance/server/internal/core"
)

// Stream is a success that is written element by element. A handler returns it as its value:
//
//	return server.Stream(func(ctx context.Context, w *server.StreamWriter) error {
//		for token := range tokens(ctx) {
//			if err := w.Send(server.Element{Data: token}); err != nil {
//				return err
//			}
//		}
//		return nil
//	}), nil
//
// The dialect tells the form, such as server-sent events, if it describes a stream for the
// request. Else the Content-Type of the header tells it, and server-sent events are the
// default. If the function returns nil, the end of the stream is written, if its text is a
// constant such as [DONE]. Send any other end yourself: the log tells if it is missing.
//
// An error before the first element is a failure with its own status. A later one is written
// as the last element, if the dialect has such an element. Else the connection is cut, so
// that the client notices. A panic is an error of the kind internal.
//
// The context ends if the caller has left or takes no more; see [WithMaxStall]. The outcome
// is then failed with the reason canceled. The record and the log of a stream that failed
// have the status 200 and the outcome of the failure.
//
// The response to HEAD has the header alone, and the function is not called.
type Stream func(ctx context.Context, w *StreamWriter) error

// Element is one element of a [Stream].
type Element struct {
	Event, ID string // of a server-sent event; other forms have none
	Data      any    // written as JSON; the Body of a Raw is written as it is
}

// StreamWriter writes the elements of a [Stream]. It is safe for concurrent use until the
// function of the Stream returns.
type StreamWriter struct {
	x      *exchange
	form   streamForm
	stall  time.Duration
	cancel context.CancelCauseFunc
	out    *http.ResponseController

	mu     sync.Mutex
	memory *scratch
	buffer []byte
	beats  *time.Timer // nil before the first element, and without a heartbeat
	sent   int         // elements
	err    error       // that ended the response
	closed bool        // nothing is written any more
}

// streamForm writes the elements of one form.
type streamForm interface {
	Type() string
	Append(dst []byte, p dialect.StreamPart) []byte
	AppendBeat(dst []byte) []byte
	AppendEnd(dst []byte) []byte
}

// DefaultHeartbeat is the interval of [WithHeartbeat] without it.
const DefaultHeartbeat = 15 * time.Second

// WithHeartbeat sets how long a [Stream] may send nothing after its first element, or after
// [StreamWriter.Begin]. Then it sends what is no element, such as a comment of server-sent events, so that no proxy
// closes the connection. The default is 15 s, and 0 sends nothing.
func WithHeartbeat(d time.Duration) Option {
	return option(func(c *config) { c.heartbeat = d })
}

// DefaultMaxStall is the bound of [WithMaxStall] without it.
const DefaultMaxStall = 30 * time.Second

// WithMaxStall bounds how long the caller of a [Stream] may take nothing of an element. Then
// the stream ends as if the caller had left. The default is 30 s, and 0 is no bound.
func WithMaxStall(d time.Duration) Option {
	return option(func(c *config) { c.stall = d })
}

var errStreamOver = errors.New("server: the stream has ended")

// Send writes an element and flushes it. The error is that of the data, which cannot be
// written as JSON, or that of the caller, who takes no more. After the latter each Send
// fails.
func (w *StreamWriter) Send(e Element) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.over(); err != nil {
		return err
	}
	data, err := w.memory.payload(e.Data)
	if err != nil {
		return err
	}
	w.sent++
	w.write(w.form.Append(w.buffer[:0], dialect.StreamPart{Event: e.Event, ID: e.ID, Data: data.Body}))
	return w.err
}

// Begin sends the header, so that the heartbeat starts before the first element. The status is
// 200 from then on, and a failure is an element. [StreamWriter.Send] begins by itself. The
// error is that of the caller, who takes no more.
func (w *StreamWriter) Begin() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.over(); err != nil {
		return err
	}
	w.write(w.buffer[:0])
	return w.err
}

// over is why nothing can be written any more, nil if it can.
func (w *StreamWriter) over() error {
	if w.closed {
		return cmp.Or(w.err, errStreamOver)
	}
	return w.err
}

// write writes and flushes bytes, after the header.
func (w *StreamWriter) write(b []byte) {
	w.buffer = b
	if w.stall > 0 {
		_ = w.out.SetWriteDeadline(time.Now().Add(w.stall)) // not every writer has one
	}
	err := w.begin()
	if err == nil {
		_, err = w.x.inner.Write(b)
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		w.err = fmt.Errorf("server: the stream was not taken: %w", err)
		w.cancel(w.err)
		return
	}
	if w.beats != nil {
		w.beats.Reset(w.x.server.heartbeat)
	}
}

// begin sends the header before the first bytes.
func (w *StreamWriter) begin() error {
	if w.x.sent() {
		return nil
	}
	w.head()
	if every := w.x.server.heartbeat; every > 0 && !w.closed {
		w.beats = time.AfterFunc(every, w.beat)
	}
	w.x.mode, w.x.held, w.x.status = open, nil, http.StatusOK
	return w.x.stream()
}

// head completes the header.
func (w *StreamWriter) head() {
	h := w.x.Header()
	h.Set("Content-Type", w.form.Type())
	h.Del("Content-Length")
	if h["Cache-Control"] == nil {
		h.Set("Cache-Control", "no-cache")
	}
}

// beat sends a sign of life.
func (w *StreamWriter) beat() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over() != nil {
		return
	}
	if b := w.form.AppendBeat(w.buffer[:0]); len(b) > 0 {
		w.write(b)
	}
}

// close ends the writing by others.
func (w *StreamWriter) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.beats != nil {
		w.beats.Stop()
		w.beats = nil
	}
}

// release gives back the memory, and frees the connection of its deadline.
func (w *StreamWriter) release() {
	w.close()
	w.cancel(nil)
	if w.stall > 0 && w.err == nil {
		_ = w.out.SetWriteDeadline(time.Time{})
	}
	w.memory.release()
}

// streamed responds with a Stream.
func (x *exchange) streamed(ctx context.Context, fn Stream) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &StreamWriter{x: x, form: x.streamForm(), stall: x.server.stall, cancel: cancel,
		out: http.NewResponseController(x.inner), memory: scratches.Get().(*scratch)}
	defer w.release()
	if x.head {
		w.head()
		x.mode, x.held, x.status = open, nil, http.StatusOK
		_ = x.stream() // an error here is a client that is gone
		return
	}
	err := w.run(ctx, fn)
	if err == nil && x.left() {
		err = context.Canceled
	}
	switch {
	case err == nil && w.err == nil:
		w.write(w.form.AppendEnd(w.buffer[:0]))
		x.logEnd(w.form)
		if w.err != nil {
			w.fail(w.err)
		}
	case !x.sent():
		x.fail(err)
	default:
		w.fail(cmp.Or(w.err, err))
	}
}

// run calls the function of a Stream. If it panics, the failure is written first.
func (w *StreamWriter) run(ctx context.Context, fn Stream) error {
	defer func() {
		w.close()
		cause := recover()
		switch cause {
		case nil:
			return
		case http.ErrAbortHandler:
			panic(cause) // the handler's own wish
		}
		stack := debug.Stack()
		if w.sent > 0 {
			o := parlance.Outcome{Kind: parlance.KindInternal}
			w.x.settle(o)
			w.x.streamFailed = w.last(o)
		}
		panic(&core.Panic{Cause: cause, Stack: stack})
	}()
	return fn(ctx, w)
}

// fail ends a stream that has begun.
func (w *StreamWriter) fail(err error) {
	x := w.x
	o := x.outcomeOf(err)
	if w.err != nil || isLeft(&o) {
		o = canceled
	}
	x.logStream(o, err, w.sent)
	x.settle(o)
	if isLeft(&o) || !w.last(o) {
		panic(http.ErrAbortHandler) // the client must be able to tell
	}
}

// settle notes the outcome of a stream at its end. So do the exchanges that pass it on.
func (x *exchange) settle(o parlance.Outcome) {
	x.SetOutcome(o)
	x.correct(o)
	if x.outer != nil && x.outer.relayed {
		x.outer.settle(o)
	}
}

// last writes a failure as the last element. It reports false if that is not possible.
func (w *StreamWriter) last(o parlance.Outcome) bool {
	of, ok := w.form.(*dialect.StreamWriter)
	if !ok || w.err != nil {
		return false
	}
	x := w.x
	added := x.told(x.request, &o, none)
	m, written := of.Encode(w.buffer[:0], &o)
	if !written {
		return false
	}
	x.logLosses(m.Losses, added)
	w.write(m.Body)
	return w.err == nil
}

// logStream logs that a stream failed.
func (x *exchange) logStream(o parlance.Outcome, err error, sent int) {
	x.logged = true
	level, message := slog.LevelInfo, "the stream failed after its response had begun"
	switch {
	case isLeft(&o):
		message = callerLeft
	case o.Kind.ServerFault():
		level = slog.LevelError
	}
	x.server.logger.LogAttrs(x.ctx, level, message, slog.String("error", err.Error()), slog.Int("status", x.status), slog.String("kind", o.Kind.String()),
		slog.String("code", o.Code), slog.Int("elements", sent), slog.String("method", x.request.Method), slog.String("path", x.request.Path))
}

// logEnd logs that a stream is read as cut off although its function returned no error.
func (x *exchange) logEnd(form streamForm) {
	if of, ok := form.(*dialect.StreamWriter); ok && of.LacksEnd() {
		x.server.logger.LogAttrs(x.ctx, slog.LevelError, "the stream has no end; its function has to send the element that ends it, since the text of that is no constant in the dialect file",
			slog.String("dialect", x.server.dialect.Name()), slog.String("method", x.request.Method), slog.String("path", x.request.Path))
	}
}

// streamForm is the form of a stream that responds to the request.
func (x *exchange) streamForm() streamForm {
	if w := x.server.dialect.WriteStream(x.request); w != nil {
		return w
	}
	media := x.mediaType()
	for _, name := range stream.Names() {
		form := stream.Named(name)
		for _, known := range form.Types() {
			if known == media {
				return &bareForm{form: form, media: media}
			}
		}
	}
	return &bareForm{form: stream.Events, media: stream.Events.Types()[0]}
}

// bareForm is a form without templates of a dialect.
type bareForm struct {
	form  stream.Form
	media string
	some  bool
}

// Type is the content type.
func (f *bareForm) Type() string { return f.media }

// Append appends an element.
func (f *bareForm) Append(dst []byte, p dialect.StreamPart) []byte {
	dst = f.form.Append(dst, stream.Out{Event: p.Event, ID: p.ID, Data: p.Data}, !f.some)
	f.some = true
	return dst
}

// AppendBeat appends what is no element.
func (f *bareForm) AppendBeat(dst []byte) []byte { return f.form.AppendBeat(dst) }

// AppendEnd appends the end.
func (f *bareForm) AppendEnd(dst []byte) []byte { return f.form.AppendEnd(dst, !f.some) }
