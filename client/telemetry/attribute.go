package telemetry

import (
	"context"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/label"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// asked are the attributes of a request that have few values, for the metric too.
func (o *Observer) asked(ctx context.Context, req *http.Request) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 16)
	attrs = append(attrs,
		semconv.HTTPRequestMethodKey.String(label.Method(req.Method)),
		semconv.ServerAddress(req.URL.Hostname()),
		semconv.ServerPort(portOf(req)),
	)
	attrs = add(attrs, "parlance.dialect", o.dialect)
	return add(attrs, "parlance.operation", client.CallOf(ctx).Operation)
}

// answered are the attributes of what came that have few values, for the metric
// too.
func answered(a *client.Attempt) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 16)
	if a.Outcome.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.Outcome.Status))
	}
	attrs = add(attrs, string(semconv.ErrorTypeKey), errorType(a))
	return add(attrs, "parlance.kind", a.Outcome.Kind.String())
}

// told are the attributes of what came that have many values.
func told(a *client.Attempt) []attribute.KeyValue {
	attrs := add(nil, "parlance.reason", string(a.Outcome.Reason))
	attrs = add(attrs, "parlance.code", a.Outcome.Code)
	attrs = add(attrs, "parlance.request_id", a.Outcome.RequestID)
	attrs = add(attrs, "parlance.act", a.Decision.Act.String())
	attrs = add(attrs, "parlance.why", a.Decision.Why)
	return add(attrs, "parlance.line", a.Decision.Line)
}

func add(attrs []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, attribute.String(key, label.Text(value)))
}

// errorType is the class of the failure, "" where there is none: the status where
// that tells of it, else why no answer came, else the kind.
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
