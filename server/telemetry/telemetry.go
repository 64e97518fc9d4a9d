// Package telemetry reports every request to OpenTelemetry. It is a [server.Observer]
// that joins the caller's trace, makes a span for each request, and measures its
// duration and the number of requests in progress.
//
//	api := server.New(d, server.WithObserver(telemetry.New(d)))
//
// Spans and metrics follow OpenTelemetry's conventions for HTTP servers
// (https://opentelemetry.io/docs/specs/semconv/http/), in the version that [SchemaURL]
// names. A dialect says more than the status does. A request is therefore an error if
// its Outcome is the server's fault, regardless of the status. A fault of the caller is
// no error, as the conventions define it for a 4xx. A caller who left before the response
// is none either: it has the status 499 and the reason canceled.
//
// Further facts are in attributes of our own:
//
//	parlance.dialect     the name of the dialect
//	parlance.kind        Outcome.Kind
//	parlance.reason      Outcome.Reason
//	parlance.code        Outcome.Code
//	parlance.request_id  the activity id
//
// The id of the trace is in the record of the request too. These are never recorded,
// since they may hold secrets: headers other than the user agent, bodies, texts of
// errors, and values of the query. A path may hold a secret too, if an API takes a
// token in it; its route does not.
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

// SchemaURL names the version of the conventions in use.
const SchemaURL = semconv.SchemaURL

// scope names this package to OpenTelemetry.
const scope = "github.com/parlance-api/parlance/server/telemetry"

// Observer is a [server.Observer] that records spans, durations and the number of
// requests in progress. It is safe for concurrent use, and may be shared by Servers of
// one dialect.
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

// Option is a setting of [New].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithTracerProvider sets the provider for spans; the default is OpenTelemetry's global
// one.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) { c.Tracers = p })
}

// WithMeterProvider sets the provider for metrics; the default is OpenTelemetry's
// global one.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) { c.Meters = p })
}

// WithPropagators sets how the caller's trace is read, such as propagation.TraceContext
// for W3C's traceparent. The default is OpenTelemetry's global propagator, which reads
// nothing unless the program sets one.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return option(func(c *config) { c.Propagator = p })
}

// WithPublicEndpoint begins a new trace for each request and links it to the caller's.
// Use it if callers are strangers: their trace would otherwise choose the requests that
// are sampled.
func WithPublicEndpoint() Option {
	return option(func(c *config) { c.public = true })
}

// New makes an Observer for Servers of a dialect. A nil dialect is not named in the
// attributes. A nil option is ignored.
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

// Before begins the span of a request, below the caller's span if the header has one.
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

// After ends the span with the outcome of the request, and records the duration.
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
