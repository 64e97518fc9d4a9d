package telemetry

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/label"
	"github.com/parlance-api/parlance/internal/telemetry"
	"github.com/parlance-api/parlance/server"
)

// asked are the attributes of a request that have few values, for the metrics too.
// The host that was asked for is none of them: a caller chooses it.
func (o *Observer) asked(r *http.Request) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 20)
	attrs = append(attrs, semconv.HTTPRequestMethodKey.String(label.Method(r.Method)), semconv.URLScheme(schemeOf(r)))
	return telemetry.Add(attrs, "parlance.dialect", o.dialect)
}

// seen are the attributes of a request that have many values.
func seen(r *http.Request) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.URLPath(label.Text(r.URL.Path))}
	if label.Method(r.Method) == label.Other {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(label.Text(r.Method)))
	}
	attrs = telemetry.Add(attrs, string(semconv.URLQueryKey), telemetry.Query(r.URL.RawQuery))
	attrs = telemetry.Add(attrs, string(semconv.UserAgentOriginalKey), r.UserAgent())
	attrs = address(attrs, semconv.ServerAddressKey, semconv.ServerPortKey, r.Host)
	attrs = address(attrs, semconv.NetworkPeerAddressKey, semconv.NetworkPeerPortKey, r.RemoteAddr)
	return append(attrs, semconv.NetworkProtocolVersion(protocolOf(r)))
}

// address adds a host and its port.
func address(attrs []attribute.KeyValue, host, port attribute.Key, text string) []attribute.KeyValue {
	name, number, err := net.SplitHostPort(text)
	if err != nil {
		name = text
	}
	attrs = telemetry.Add(attrs, string(host), strings.Trim(name, "[]"))
	if n, err := strconv.Atoi(number); err == nil {
		attrs = append(attrs, port.Int(n))
	}
	return attrs
}

// responseAttributes are the attributes of what came of a request that have few values, for
// the duration too.
func responseAttributes(s *server.Served) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 16)
	attrs = telemetry.Add(attrs, string(semconv.HTTPRouteKey), routeOf(s.Route))
	if s.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(s.Status))
	}
	attrs = telemetry.Add(attrs, string(semconv.ErrorTypeKey), errorType(s))
	return telemetry.Add(attrs, "parlance.kind", s.Outcome.Kind.String())
}

// told are the attributes of what came that have many values.
func told(ctx context.Context, s *server.Served) []attribute.KeyValue {
	attrs := telemetry.Add(nil, "parlance.reason", string(s.Outcome.Reason))
	attrs = telemetry.Add(attrs, "parlance.code", s.Outcome.Code)
	return telemetry.Add(attrs, "parlance.request_id", activity.ID(ctx))
}

// errorType is the class of a failure of the server, "" where there is none: the
// status where that tells of it, else the kind.
func errorType(s *server.Served) string {
	switch {
	case s.Status >= 500 && !s.Cut:
		return strconv.Itoa(s.Status)
	case s.Outcome.Kind.ServerFault() || s.Cut:
		return s.Outcome.Kind.String()
	}
	return ""
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// protocolOf is 1.1, or 2 as HTTP/2 is called (network.protocol.version).
func protocolOf(r *http.Request) string {
	return strings.TrimSuffix(strconv.Itoa(r.ProtoMajor)+"."+strconv.Itoa(r.ProtoMinor), ".0")
}

// routeOf is the path of a pattern, which may have a method and a host before it:
// [METHOD ][HOST]/[PATH].
func routeOf(pattern string) string {
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return ""
}
