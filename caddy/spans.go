package caddyparlance

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/telemetry"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
	span "github.com/parlance-api/parlance/internal/telemetry"
)

// spans makes a span for each attempt at an upstream, below the span that Caddy's directive
// tracing has begun. Without that directive it does nothing.
type spans struct {
	dialect     *dialect.Dialect
	propagators propagation.TextMapPropagator // those of the directive
	last        atomic.Pointer[spansOf]
}

// spansOf makes the spans for one receiver. The directive has one at a time.
type spansOf struct {
	*telemetry.Observer
	provider trace.TracerProvider
}

var _ client.SelectiveObserver = (*spans)(nil)

func newSpans(d *dialect.Dialect) *spans {
	return &spans{dialect: d, propagators: autoprop.NewTextMapPropagator()}
}

type spansKey struct{}

// Enabled reports whether the directive records a span of this request.
func (s *spans) Enabled(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

// Before begins the span of an attempt.
func (s *spans) Before(ctx context.Context, r *http.Request, a *client.Attempt) context.Context {
	of, provider := s.last.Load(), trace.SpanFromContext(ctx).TracerProvider()
	if of == nil || of.provider != provider {
		of = &spansOf{telemetry.New(s.dialect, telemetry.WithTracerProvider(provider), telemetry.WithPropagators(s.propagators)), provider}
		s.last.Store(of)
	}
	return of.Before(context.WithValue(ctx, spansKey{}, of), r, a)
}

// After ends the span of an attempt.
func (s *spans) After(ctx context.Context, r *http.Request, a *client.Attempt) {
	if of, ok := ctx.Value(spansKey{}).(*spansOf); ok {
		of.After(ctx, r, a)
	}
}

// annotate adds what a response means to the span of Caddy's directive tracing.
func annotate(ctx context.Context, s gateway.Story) {
	around := trace.SpanFromContext(ctx)
	if !around.IsRecording() {
		return
	}
	attrs := span.Add(nil, "parlance.dialect", s.Speaks)
	attrs = span.Add(attrs, "parlance.kind", s.Kind.String())
	attrs = span.Add(attrs, "parlance.reason", string(s.Reason))
	attrs = span.Add(attrs, "parlance.code", s.Code)
	attrs = span.Add(attrs, "parlance.request_id", s.RequestID)
	if s.Act != 0 {
		attrs = span.Add(attrs, "parlance.act", s.Act.String())
	}
	around.SetAttributes(append(attrs, attribute.Int("parlance.attempts", s.Attempts))...)
}
