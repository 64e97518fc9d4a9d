// Package telemetry holds what client and server share of telling OpenTelemetry about a
// request.
package telemetry

import (
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/internal/label"
)

// Providers take spans and metrics, and hand a trace on. One that is nil is OpenTelemetry's global one.
type Providers struct {
	Tracers    trace.TracerProvider
	Meters     metric.MeterProvider
	Propagator propagation.TextMapPropagator
}

// WithGlobals replaces those that are nil.
func (p Providers) WithGlobals() Providers {
	if p.Tracers == nil {
		p.Tracers = otel.GetTracerProvider()
	}
	if p.Meters == nil {
		p.Meters = otel.GetMeterProvider()
	}
	if p.Propagator == nil {
		p.Propagator = otel.GetTextMapPropagator()
	}
	return p
}

// Add adds an attribute, cut to the length of a label. It adds nothing for "".
func Add(attrs []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, attribute.String(key, label.Text(value)))
}

// End ends a span at a time. failure is the class of its error, "" for none; it becomes
// the description unless the status says it all.
func End(span trace.Span, at time.Time, failure string, statusSaysAll bool) {
	switch {
	case failure == "":
	case statusSaysAll:
		span.SetStatus(codes.Error, "")
	default:
		span.SetStatus(codes.Error, failure)
	}
	span.End(trace.WithTimestamp(at))
}

// redacted stands where something was taken out (OpenTelemetry, url.full and url.query).
const redacted = "REDACTED"

// Redacted writes a URL without what may be a secret: user and password, the value of
// every query parameter, and the fragment, which is never sent. The conventions name
// four parameters to redact. The names that other vendors use are unknown.
func Redacted(u *url.URL) string {
	shown := *u
	if shown.User != nil {
		shown.User = url.UserPassword(redacted, redacted)
	}
	shown.Opaque, shown.Fragment, shown.RawFragment = "", "", ""
	shown.RawQuery = Query(u.RawQuery)
	return shown.String()
}

// Query writes a query without its values, any of which may be a secret.
func Query(raw string) string {
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		switch name, _, ok := strings.Cut(pair, "="); {
		case ok:
			pairs[i] = name + "=" + redacted
		case pair != "":
			pairs[i] = redacted // a value without a name
		}
	}
	return strings.Join(pairs, "&")
}
