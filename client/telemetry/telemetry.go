// Package telemetry reports every attempt to OpenTelemetry: a [client.Observer]
// that makes a span, hands the trace on to the server, and measures the duration.
//
//	otel.SetTracerProvider(tracers) // or telemetry.WithTracerProvider
//	otel.SetMeterProvider(meters)   // or telemetry.WithMeterProvider
//	otel.SetTextMapPropagator(propagation.TraceContext{})
//	t := client.New(d, client.WithObserver(telemetry.New(d)))
//	resp, err := (&http.Client{Transport: t}).Do(req)
//
// Spans and the metric follow OpenTelemetry's conventions for HTTP clients
// (https://opentelemetry.io/docs/specs/semconv/http/), in the version that
// [SchemaURL] names. An attempt is an error if its Outcome is one, as the
// conventions allow. A 200 that holds a failure is an error, and a 404 that means
// "none yet" is not.
//
// The meaning that the dialect read is in attributes of our own:
//
//	parlance.dialect     the name of the dialect
//	parlance.operation   client.Call.Operation
//	parlance.kind        Outcome.Kind
//	parlance.reason      Outcome.Reason
//	parlance.code        Outcome.Code, the vendor's
//	parlance.request_id  Outcome.RequestID, the vendor's
//	parlance.act         Decision.Act: what is to be done about it
//	parlance.why         Decision.Why
//	parlance.line        Decision.Line: the line of the dialect that says so
//
// Headers, bodies and error texts are not recorded, nor the user and the query
// values of a URL: they may hold secrets. If an API puts a token in the path, use
// [WithURL].
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

// SchemaURL names the version of the conventions in use.
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

// config holds the options.
type config struct {
	telemetry.Providers
	url func(*url.URL) string
}

// Option is one setting of an Observer.
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

// WithTracerProvider sets the receiver of spans. The default is OpenTelemetry's
// global provider.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) { c.Tracers = p })
}

// WithMeterProvider sets the receiver of durations. The default is
// OpenTelemetry's global provider.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) { c.Meters = p })
}

// WithPropagators sets how the trace is handed to the server, such as
// propagation.TraceContext for W3C's traceparent. The default is OpenTelemetry's
// global propagator, which hands on nothing unless the program sets one. With
// Baggage, its values go to the API's vendor.
func WithPropagators(p propagation.TextMapPropagator) Option {
	return option(func(c *config) { c.Propagator = p })
}

// WithURL sets how a URL is written to url.full, for an API that puts a secret in
// the path. The default is [Redacted]. write must not change the URL.
func WithURL(write func(*url.URL) string) Option {
	return option(func(c *config) { c.url = write })
}

// New makes an Observer for Transports of a dialect. d may be nil, and the
// dialect is then not named. A nil provider, propagator or function counts as not
// set.
func New(d *dialect.Dialect, opts ...Option) *Observer {
	var c config
	for _, o := range opts {
		o.apply(&c)
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

// spanKey is the key of the attempt's span in the context. Another observer may
// have begun a span of its own since.
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

// After records the result of the attempt in its span, ends the span, and records
// the duration.
func (o *Observer) After(ctx context.Context, req *http.Request, a *client.Attempt) {
	came := responseAttributes(a)
	if span, ok := ctx.Value(spanKey{o}).(trace.Span); ok {
		span.SetAttributes(append(came, told(a)...)...)
		telemetry.End(span, a.Start.Add(a.Took), errorType(a), a.Outcome.Status >= 400)
	}
	o.duration.RecordSet(ctx, a.Took.Seconds(), attribute.NewSet(append(o.asked(ctx, req), came...)...))
}
