package client

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/parlance-api/parlance"
)

// Observer sees every attempt. Its methods must be quick: they run on the
// goroutine of the request, one after the other. They are called concurrently for
// different requests. An Attempt holds no credential, but the header of the
// request does.
type Observer interface {
	// Before is called when an attempt is about to be sent. The attempt goes on
	// with the context that it returns. It may set header fields of the request,
	// which is the transport's own copy, and must not change the rest. In the
	// attempt, only Number and Start are set.
	Before(ctx context.Context, req *http.Request, a *Attempt) context.Context

	// After is called before any wait, as soon as the result of the attempt and
	// the next step are known. The context is that of Before.
	After(ctx context.Context, req *http.Request, a *Attempt)
}

// SelectiveObserver is an [Observer] whose Before is not needed for every attempt. If
// no observer needs it, the request is not copied for them.
type SelectiveObserver interface {
	Observer

	// Enabled reports whether Before is to be called for an attempt. It gets the
	// context that Before would get. After is called in any case.
	Enabled(ctx context.Context) bool
}

// ObserverFunc is a [SelectiveObserver] that only sees the result of each attempt.
type ObserverFunc func(ctx context.Context, req *http.Request, a *Attempt)

// Enabled returns false.
func (ObserverFunc) Enabled(context.Context) bool { return false }

// Before returns the context unchanged.
func (ObserverFunc) Before(ctx context.Context, _ *http.Request, _ *Attempt) context.Context {
	return ctx
}

// After calls f.
func (f ObserverFunc) After(ctx context.Context, req *http.Request, a *Attempt) { f(ctx, req, a) }

// LogTo is an [Observer] that writes a log record for each attempt:
//
//   - at Debug for a success
//   - at Info for a retry, or for an error that the caller can correct
//   - at Warn for the rest
//
// The names are those of OpenTelemetry's conventions for HTTP, if it has one.
// Only host and path of the URL are written, since a query may hold secrets.
func LogTo(l *slog.Logger) Observer {
	return ObserverFunc(func(ctx context.Context, req *http.Request, a *Attempt) {
		level := levelOf(a)
		if !l.Enabled(ctx, level) {
			return
		}
		o, d := &a.Outcome, &a.Decision
		record := []slog.Attr{
			slog.String("http.request.method", methodOf(req)),
			slog.String("server.address", req.URL.Host),
			slog.String("url.path", req.URL.Path),
			slog.Int("http.request.resend_count", a.Number-1),
			slog.Int("http.response.status_code", o.Status),
			slog.Duration("took", a.Took),
			slog.String("kind", o.Kind.String()),
			slog.String("act", d.Act.String()),
			slog.String("why", d.Why),
			slog.String("line", d.Line),
		}
		add := func(name, value string) {
			if value != "" {
				record = append(record, slog.String(name, value))
			}
		}
		add("operation", CallOf(ctx).Operation)
		add("reason", string(o.Reason))
		add("code", o.Code)
		add("request_id", o.RequestID)
		add("idempotency_key", a.Key)
		add("held", a.Held)
		if d.Act == parlance.ActRetry || d.Act == parlance.ActRefresh || a.Wait > 0 {
			record = append(record, slog.Duration("wait", a.Wait))
		}
		if a.Err != nil {
			add("error", a.Err.Error())
		}
		l.LogAttrs(ctx, level, "attempt", record...)
	})
}

func levelOf(a *Attempt) slog.Level {
	switch {
	case a.Outcome.Kind.Good() && a.Err == nil:
		return slog.LevelDebug
	case a.Again, a.Decision.Act == parlance.ActCorrect:
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}
