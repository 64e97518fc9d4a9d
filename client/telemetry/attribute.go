package telemetry

import (
	"context"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/label"
	"github.com/parlance-api/parlance/internal/telemetry"
)

// asked are the attributes of a request that have few values, for the metric too.
func (o *Observer) asked(ctx context.Context, req *http.Request) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 16)
	attrs = append(attrs,
		semconv.HTTPRequestMethodKey.String(label.Method(req.Method)),
		semconv.ServerAddress(req.URL.Hostname()),
		semconv.ServerPort(portOf(req)),
	)
	attrs = telemetry.Add(attrs, "parlance.dialect", o.dialect)
	return telemetry.Add(attrs, "parlance.operation", client.CallOf(ctx).Operation)
}

// responseAttributes are the attributes of the response that have few values, for
// the metric too.
func responseAttributes(a *client.Attempt) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 16)
	if a.Outcome.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.Outcome.Status))
	}
	attrs = telemetry.Add(attrs, string(semconv.ErrorTypeKey), errorType(a))
	return telemetry.Add(attrs, "parlance.kind", a.Outcome.Kind.String())
}

// told are the attributes of the response that have many values.
func told(a *client.Attempt) []attribute.KeyValue {
	attrs := telemetry.Add(nil, "parlance.reason", string(a.Outcome.Reason))
	attrs = telemetry.Add(attrs, "parlance.code", a.Outcome.Code)
	attrs = telemetry.Add(attrs, "parlance.request_id", a.Outcome.RequestID)
	attrs = telemetry.Add(attrs, "parlance.act", a.Decision.Act.String())
	attrs = telemetry.Add(attrs, "parlance.why", a.Decision.Why)
	return telemetry.Add(attrs, "parlance.line", a.Decision.Line)
}

// errorType is the class of the failure, "" if there is none: the status if that
// says it, else why no response came, else the kind.
func errorType(a *client.Attempt) string {
	switch o := &a.Outcome; {
	case !o.Kind.Failing():
		return ""
	case o.Status >= 400:
		return strconv.Itoa(o.Status)
	case o.Status == 0 && o.Reason != "":
		return string(o.Reason)
	default:
		return o.Kind.String()
	}
}

func portOf(req *http.Request) int {
	if port, err := strconv.Atoi(req.URL.Port()); err == nil {
		return port
	}
	if req.URL.Scheme == "https" {
		return 443
	}
	return 80
}
