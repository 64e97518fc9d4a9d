package caddyparlance

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/outbox/telemetry"
)

// turns makes a span for each turn of a request in the outbox, linked to the span in which the
// request was stored. The receiver is that of the directive tracing before a parlance_outbox. It
// is known from the first such request on, since Caddy names it by its spans only.
type turns struct {
	last atomic.Pointer[turnsOf]
}

// turnsOf makes the spans for one receiver.
type turnsOf struct {
	*telemetry.Observer
	provider trace.TracerProvider
}

var _ outbox.Observer = (*turns)(nil)

type turnsKey struct{}

// Put stores the trace in which a request is put.
func (t *turns) Put(ctx context.Context) map[string]string {
	around := trace.SpanFromContext(ctx)
	of := t.last.Load()
	if around.IsRecording() && (of == nil || of.provider != around.TracerProvider()) {
		provider := around.TracerProvider()
		of = &turnsOf{telemetry.New(telemetry.WithTracerProvider(provider)), provider}
		t.last.Store(of)
	}
	if of == nil {
		return nil
	}
	return of.Put(ctx)
}

// Begin begins the span of a turn.
func (t *turns) Begin(ctx context.Context, put map[string]string, d outbox.Delivery) context.Context {
	of := t.last.Load()
	if of == nil {
		return ctx
	}
	return of.Begin(context.WithValue(ctx, turnsKey{}, of), put, d)
}

// End ends the span of a turn.
func (t *turns) End(ctx context.Context, d outbox.Delivery, s outbox.Step) {
	if of, ok := ctx.Value(turnsKey{}).(*turnsOf); ok {
		of.End(ctx, d, s)
	}
}
