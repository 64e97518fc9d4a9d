package client

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/parlance-api/parlance"
)

// Observer sees every attempt. Its methods are called from the goroutine of the
// request, one after the other, so they must be quick; and for many requests at
// once. Nothing in an Attempt is a credential, but the header of the request
// holds them.
type Observer interface {
	// Before is called when an attempt is about to be sent. The context that it
	// returns goes with the attempt. It may set header fields of the request,
	// which is the transport's own, and nothing else of it. Of the attempt Number
	// and Start are known.
	Before(ctx context.Context, req *http.Request, a *Attempt) context.Context

	// After is called as soon as it is known what the attempt came to and what
	// follows it, before any wait. The context is that of Before.
	After(ctx context.Context, req *http.Request, a *Attempt)
}

// ObserverFunc is an [Observer] that only looks at what came of each attempt.
type ObserverFunc func(ctx context.Context, req *http.Request, a *Attempt)

// Before returns the context as it is.
func (ObserverFunc) Before(ctx context.Context, _ *http.Request, _ *Attempt) context.Context {
	return ctx
}

// After calls f.
func (f ObserverFunc) After(ctx context.Context, req *http.Request, a *Attempt) { f(ctx, req, a) }

// LogTo is an [Observer] that writes a record for each attempt: at Debug what
// went well, at Info what is retried or is the caller's to put right, at Warn
// the rest. Names are those of OpenTelemetry's conventions for HTTP where it has
// them. Of the URL only host and path are written: a query may hold secrets.
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
