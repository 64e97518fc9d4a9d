// Package telemetry tells OpenTelemetry of every attempt: a [client.Observer] that
// makes a span of each, hands the trace on to the server, and measures how long
// it took.
//
//	t := client.New(d, client.WithObserver(telemetry.New(d)))
//
// Spans and the metric follow OpenTelemetry's conventions for HTTP clients
// (https://opentelemetry.io/docs/specs/semconv/http/), of the version that
// [SchemaURL] names. Since an API's dialect tells more than the status, an attempt
// is an error where its Outcome is: a 200 that holds a failure is one, and a 404
// that means "none yet" is not. The conventions allow for that.
//
// What the dialect read stands in attributes of our own:
//
//	parlance.dialect     the name of the dialect
//	parlance.operation   client.Call.Operation
//	parlance.kind        Outcome.Kind
//	parlance.reason      Outcome.Reason
//	parlance.code        Outcome.Code, the vendor's
//	parlance.request_id  Outcome.RequestID, the vendor's
//	parlance.act         Decision.Act: what is to be done about it
//	parlance.why         Decision.Why
//	parlance.line        Decision.Line: where the dialect says so
//
// Nothing of a header or a body is recorded, no error's text, and of a URL
// neither user nor query values: they may hold secrets. A path may too, where an
// API puts a token there; see [WithURL].
package telemetry

import (
	"context"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/label"
	"github.com/parlance-api/parlance/internal/telemetry"
)

// SchemaURL names the version of the conventions that are followed.
const SchemaURL = semconv.SchemaURL

// scope names this package to OpenTelemetry.
const scope = "github.com/parlance-api/parlance/client/telemetry"

// Observer is a [client.Observer] that records spans and durations. It is safe
// for concurrent use, and may be shared by Transports of one dialect.
type Observer struct {
	dialect    string
	tracer     trace.Tracer
	duration   httpconv.ClientRequestDuration
	propagator propagation.TextMapPropagator
	url        func(*url.URL) string
}

var _ client.Observer = (*Observer)(nil)

// config is what the options set.
type config struct {
	telemetry.Providers
	url func(*url.URL) string
}

// Option is one setting of an Observer.
type Option func(*config)

// WithTracerProvider sets where spans go: OpenTelemetry's global provider if
// unset.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(c *config) { c.Tracers = p }
}

// WithMeterProvider sets where durations go: OpenTelemetry's global provider if
// unset.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) { c.Meters = p }
}

// WithPropagators sets how the trace is handed to the server, such as
// propagation.TraceContext for W3C's traceparent: OpenTelemetry's global
// propagator if unset, which hands on nothing unless the program set one. Mind
// that Baggage would go to the API's vendor.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return func(c *config) { c.Propagator = p }
}

// WithURL sets how a URL is written to url.full, for an API that puts a secret in
// the path: [Redacted] if unset. The URL is not to be altered.
func WithURL(write func(*url.URL) string) Option {
	return func(c *config) { c.url = write }
}

// New makes an Observer for Transports of a dialect, which may be nil where it
// need not be named. A nil setting is as none.
func New(d *dialect.Dialect, opts ...Option) *Observer {
	var c config
	for _, o := range opts {
		o(&c)
	}
	to := c.WithGlobals()
	if c.url == nil {
		c.url = Redacted
	}
	meter := to.Meters.Meter(scope, metric.WithSchemaURL(SchemaURL))
	duration, err := httpconv.NewClientRequestDuration(meter)
	if err != nil {
		otel.Handle(err) // duration does nothing then
	}
	o := &Observer{
		tracer:     to.Tracers.Tracer(scope, trace.WithSchemaURL(SchemaURL)),
		duration:   duration,
		propagator: to.Propagator,
		url:        c.url,
	}
	if d != nil {
		o.dialect = d.Name()
	}
	return o
}

// spanKey is where the context holds the span of the attempt: another observer
// may have begun one of its own since.
type spanKey struct{ of *Observer }

// Before begins the span of an attempt and writes its context to the header.
func (o *Observer) Before(ctx context.Context, req *http.Request, a *client.Attempt) context.Context {
	attrs := append(o.asked(ctx, req), semconv.URLFull(o.url(req.URL)))
	if method := req.Method; label.Method(method) == label.Other {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(label.Text(method)))
	}
	if a.Number > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(a.Number-1))
	}
	ctx, span := o.tracer.Start(ctx, label.Name(req.Method, client.CallOf(ctx).Operation),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.Start), trace.WithAttributes(attrs...))
	o.propagator.Inject(ctx, propagation.HeaderCarrier(req.Header))
	return context.WithValue(ctx, spanKey{o}, span)
}

// After ends the span with what the attempt came to, and records how long it took.
func (o *Observer) After(ctx context.Context, req *http.Request, a *client.Attempt) {
	came := responseAttributes(a)
	if span, ok := ctx.Value(spanKey{o}).(trace.Span); ok {
		span.SetAttributes(append(came, told(a)...)...)
		telemetry.End(span, a.Start.Add(a.Took), errorType(a), a.Outcome.Status >= 400)
	}
	o.duration.RecordSet(ctx, a.Took.Seconds(), attribute.NewSet(append(o.asked(ctx, req), came...)...))
}
