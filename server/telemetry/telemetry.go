// Package telemetry tells OpenTelemetry of every request: a [server.Observer] that
// takes part in the caller's trace, makes a span of each request, and measures how
// long it took and how many are under way.
//
//	api := server.New(d, server.WithObserver(telemetry.New(d)))
//
// Spans and metrics follow OpenTelemetry's conventions for HTTP servers
// (https://opentelemetry.io/docs/specs/semconv/http/), of the version that
// [SchemaURL] names. Since an API's dialect tells more than the status, a request
// is an error where its Outcome is the server's fault, whatever the status; what
// is the caller's fault is none, as the conventions say of a 4xx.
//
// What the server knows besides stands in attributes of our own:
//
//	parlance.dialect     the name of the dialect
//	parlance.kind        Outcome.Kind
//	parlance.reason      Outcome.Reason
//	parlance.code        Outcome.Code
//	parlance.request_id  the activity id
//
// The id of the trace stands in the record of the request too. Nothing of a header
// is recorded but the user agent, nothing of a body, no error's text, and of a
// query no value: they may hold secrets. A path may too, where an API takes a token
// there; its route does not.
package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/label"
	"github.com/parlance-api/parlance/internal/telemetry"
	"github.com/parlance-api/parlance/server"
)

// SchemaURL names the version of the conventions that are followed.
const SchemaURL = semconv.SchemaURL

// scope names this package to OpenTelemetry.
const scope = "github.com/parlance-api/parlance/server/telemetry"

// Observer is a [server.Observer] that records spans, durations and how many
// requests are under way. It is safe for concurrent use, and may be shared by
// Servers of one dialect.
type Observer struct {
	dialect    string
	tracer     trace.Tracer
	duration   httpconv.ServerRequestDuration
	active     httpconv.ServerActiveRequests
	propagator propagation.TextMapPropagator
	public     bool
}

var _ server.Observer = (*Observer)(nil)

// config is what the options set.
type config struct {
	telemetry.Providers
	public bool
}

// Option is one setting of an Observer.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithTracerProvider sets where spans go: OpenTelemetry's global provider if
// unset.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) { c.Tracers = p })
}

// WithMeterProvider sets where the metrics go: OpenTelemetry's global provider if
// unset.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) { c.Meters = p })
}

// WithPropagators sets how the caller's trace is read, such as
// propagation.TraceContext for W3C's traceparent: OpenTelemetry's global
// propagator if unset, which reads nothing unless the program set one.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return option(func(c *config) { c.Propagator = p })
}

// WithPublicEndpoint begins a trace of its own for each request and links it to
// the caller's, for callers who are strangers: by their trace they would choose
// what is sampled.
func WithPublicEndpoint() Option {
	return option(func(c *config) { c.public = true })
}

// New makes an Observer for Servers of a dialect, which may be nil where it need
// not be named. A nil setting is as none.
func New(d *dialect.Dialect, opts ...Option) *Observer {
	var c config
	for _, o := range opts {
		o.apply(&c)
	}
	to := c.WithGlobals()
	meter := to.Meters.Meter(scope, metric.WithSchemaURL(SchemaURL))
	duration, err := httpconv.NewServerRequestDuration(meter)
	if err != nil {
		otel.Handle(err) // duration does nothing then
	}
	active, err := httpconv.NewServerActiveRequests(meter)
	if err != nil {
		otel.Handle(err)
	}
	o := &Observer{
		tracer:     to.Tracers.Tracer(scope, trace.WithSchemaURL(SchemaURL)),
		duration:   duration,
		active:     active,
		propagator: to.Propagator,
		public:     c.public,
	}
	if d != nil {
		o.dialect = d.Name()
	}
	return o
}

// spanKey is where the context holds the span of the request.
type spanKey struct{ of *Observer }

// Before begins the span of a request, below the caller's where its header says
// so.
func (o *Observer) Before(ctx context.Context, r *http.Request) context.Context {
	asked := o.asked(r)
	o.active.AddSet(ctx, 1, attribute.NewSet(asked...))
	opts := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(append(asked, seen(r)...)...)}
	ctx = o.propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
	if caller := trace.SpanContextFromContext(ctx); o.public && caller.IsValid() && caller.IsRemote() {
		opts = append(opts, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: caller}))
	}
	ctx, span := o.tracer.Start(ctx, label.Name(r.Method, ""), opts...)
	if at := span.SpanContext(); at.HasTraceID() {
		activity.SetTrace(ctx, at.TraceID().String())
	}
	return context.WithValue(ctx, spanKey{o}, span)
}

// After ends the span with what the request came to, and records how long it took.
func (o *Observer) After(ctx context.Context, r *http.Request, s *server.Served) {
	asked, came := o.asked(r), responseAttributes(s)
	if span, ok := ctx.Value(spanKey{o}).(trace.Span); ok {
		span.SetName(label.Name(r.Method, routeOf(s.Route)))
		span.SetAttributes(append(came, told(ctx, s)...)...)
		telemetry.End(span, s.Start.Add(s.Took), errorType(s), s.Status >= 500)
	}
	o.active.AddSet(ctx, -1, attribute.NewSet(asked...))
	o.duration.RecordSet(ctx, s.Took.Seconds(), attribute.NewSet(append(asked, came...)...))
}
