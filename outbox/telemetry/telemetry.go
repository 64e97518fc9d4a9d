// Package telemetry reports the deliveries of an outbox to OpenTelemetry.
//
//	watch := telemetry.New()
//	box := outbox.New(db.Queue(), outbox.WithVendor("warehouse", d), outbox.WithObserver(watch))
//	err := watch.Watch(box.Reader)
//
// Each turn of a request is a span of its own, linked to the span in which the request was
// put. The attempts of the client in it are its children, if the vendor's client has the
// observer of client/telemetry. Its attributes are:
//
//	parlance.vendor      the name of the vendor
//	parlance.operation   Request.Operation
//	parlance.outbox.id   the ID of the request
//	parlance.attempt     which turn of the request it is
//	parlance.state       the state that the request is in afterwards
//	parlance.kind        Outcome.Kind
//	parlance.act         the act that the dialect says
//
// The metrics are:
//
//	parlance.outbox.turns    counts turns by vendor, state, kind and act
//	parlance.outbox.oldest   the age of the oldest request, in seconds, by vendor and state:
//	                         waiting, delivering, and uncertain, which waits for a person
package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/internal/telemetry"
	"github.com/parlance-api/parlance/outbox"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/parlance-api/parlance/outbox/telemetry"

// Observer is an [outbox.Observer] that records spans and metrics. It is safe for concurrent
// use, and may be shared by outboxes of one store.
type Observer struct {
	tracer     trace.Tracer
	meter      metric.Meter
	turns      metric.Int64Counter
	propagator propagation.TextMapPropagator
}

var _ outbox.Observer = (*Observer)(nil)

// Option is a setting of [New].
type Option interface{ apply(*telemetry.Providers) }

type option func(*telemetry.Providers)

func (o option) apply(p *telemetry.Providers) { o(p) }

// WithTracerProvider sets the provider for spans; the default is OpenTelemetry's global one.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(to *telemetry.Providers) { to.Tracers = p })
}

// WithMeterProvider sets the provider for metrics; the default is OpenTelemetry's global one.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(to *telemetry.Providers) { to.Meters = p })
}

// New makes an Observer.
func New(options ...Option) *Observer {
	var to telemetry.Providers
	for _, o := range options {
		o.apply(&to)
	}
	to = to.WithGlobals()
	o := &Observer{tracer: to.Tracers.Tracer(scope), meter: to.Meters.Meter(scope), propagator: propagation.TraceContext{}}
	var err error
	o.turns, err = o.meter.Int64Counter("parlance.outbox.turns", metric.WithUnit("{turn}"), metric.WithDescription("Turns of requests in the outbox."))
	if err != nil {
		otel.Handle(err) // it does nothing then
	}
	return o
}

// open are the states in which something is still to be done.
var open = []outbox.State{outbox.Waiting, outbox.Delivering, outbox.Uncertain}

// Watch measures the age of the oldest request in each state in which something is still to
// be done, each time that the metrics are collected.
func (o *Observer) Watch(from *outbox.Reader) error {
	_, err := o.meter.Float64ObservableGauge("parlance.outbox.oldest", metric.WithUnit("s"),
		metric.WithDescription("Age of the oldest request in each state in which something is still to be done."),
		metric.WithFloat64Callback(func(ctx context.Context, to metric.Float64Observer) error {
			limits, err := from.Limits(ctx, open...)
			type one struct {
				vendor string
				state  outbox.State
			}
			oldest := map[one]time.Time{}
			for _, l := range limits {
				vendor, _, _ := strings.Cut(l.Name, " ")
				for i, put := range l.Oldest {
					of := one{vendor, open[i]}
					if known := oldest[of]; !put.IsZero() && (known.IsZero() || put.Before(known)) {
						oldest[of] = put
					}
				}
			}
			for of, put := range oldest {
				to.Observe(time.Since(put).Seconds(), metric.WithAttributes(
					telemetry.Add(telemetry.Add(nil, "parlance.vendor", of.vendor), "parlance.state", string(of.state))...))
			}
			return err
		}))
	return err
}

// Put stores the trace in which a request is put.
func (o *Observer) Put(ctx context.Context) map[string]string {
	carried := propagation.MapCarrier{}
	o.propagator.Inject(ctx, carried)
	return carried
}

// Begin begins the span of a turn.
func (o *Observer) Begin(ctx context.Context, put map[string]string, d outbox.Delivery) context.Context {
	options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(append(
		named(d), attribute.String("parlance.outbox.id", d.ID), attribute.Int("parlance.attempt", d.Attempt))...)}
	if from := trace.SpanContextFromContext(o.propagator.Extract(context.Background(), propagation.MapCarrier(put))); from.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	name := "outbox " + d.Request.Vendor
	if d.Request.Operation != "" {
		name += " " + d.Request.Operation
	}
	ctx, _ = o.tracer.Start(ctx, name, options...)
	return ctx
}

// End ends the span of a turn, and counts it.
func (o *Observer) End(ctx context.Context, d outbox.Delivery, s outbox.Step) {
	attrs := telemetry.Add(nil, "parlance.state", string(d.State))
	if s.Outcome.Kind != 0 {
		attrs = telemetry.Add(attrs, "parlance.kind", s.Outcome.Kind.String())
	}
	attrs = telemetry.Add(attrs, "parlance.act", s.Act.String())
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attrs...)
	failure := ""
	if s.Outcome.Kind.Failing() {
		failure = s.Outcome.Kind.String()
	}
	telemetry.End(span, time.Now(), failure, false)
	o.turns.Add(ctx, 1, metric.WithAttributes(append(attrs, telemetry.Add(nil, "parlance.vendor", d.Request.Vendor)...)...))
}

// named are the attributes that say what is delivered.
func named(d outbox.Delivery) []attribute.KeyValue {
	return telemetry.Add(telemetry.Add(nil, "parlance.vendor", d.Request.Vendor), "parlance.operation", d.Request.Operation)
}
