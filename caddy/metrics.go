package caddyparlance

import (
	"context"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
)

// metrics are the counters of a configuration, in Caddy's registry. No label has a value that
// a caller chooses.
type metrics struct {
	requests *prometheus.CounterVec
	attempts *prometheus.CounterVec
	refused  *prometheus.CounterVec
	losses   *prometheus.CounterVec
}

func newMetrics(registry *prometheus.Registry) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "parlance", Name: name, Help: help}, labels)
		registry.MustRegister(c)
		return c
	}
	return &metrics{
		requests: counter("requests_total", "Requests by route, dialects, and what the response means.", "route", "speaks", "to", "kind", "act"),
		attempts: counter("attempts_total", "Attempts at upstreams. Those after the first one of a request are retries.", "speaks", "kind", "retry"),
		refused:  counter("retries_withheld_total", "Retries that were not made although the dialect asks for one.", "speaks", "because"),
		losses:   counter("losses_total", "Attributes that a translation could not carry.", "route", "to", "attribute"),
	}
}

// observer counts the attempts at the upstreams of a dialect.
func (m *metrics) observer(speaks string) client.Observer {
	return client.ObserverFunc(func(_ context.Context, _ *http.Request, a *client.Attempt) {
		retry := "no"
		if a.Number > 1 {
			retry = "yes"
		}
		m.attempts.WithLabelValues(speaks, kindOf(a.Outcome.Kind), retry).Inc()
		if a.Held != "" && a.Decision.Act == parlance.ActRetry {
			m.refused.WithLabelValues(speaks, because(a.Held)).Inc()
		}
	})
}

// because is why a retry was not made, in one word.
func because(held string) string {
	for _, known := range [...][2]string{{"WithBudget", "budget"}, {"WithMaxWait", "wait"}, {"GetBody", "body"}, {"WithMaxUnreachable", "unreachable"}, {"WithMaxAttempts", "attempts"}, {"context", "deadline"}} {
		if strings.Contains(held, known[0]) {
			return known[1]
		}
	}
	return "other"
}

func kindOf(k parlance.Kind) string {
	if k == 0 {
		return "none"
	}
	return k.String()
}

// tell counts a response, and adds what it means to Caddy's access log and span.
func (a *App) tell(ctx context.Context, route, to string, s gateway.Story) {
	act := ""
	if s.Act != 0 {
		act = s.Act.String()
	}
	a.metrics.requests.WithLabelValues(route, s.Speaks, to, kindOf(s.Kind), act).Inc()
	for _, l := range s.Lost {
		attribute, _, _ := strings.Cut(l.Attribute, "[") // that of one field is that of all
		a.metrics.losses.WithLabelValues(route, to, attribute).Inc()
	}
	if s.Kind != 0 {
		annotate(ctx, s)
	}
	if extra, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok && s.Kind != 0 {
		extra.Set(zap.Object("parlance", logged(s)))
	}
}

// logged is a Story in the access log.
type logged gateway.Story

// MarshalLogObject writes the fields that have a value.
func (s logged) MarshalLogObject(e zapcore.ObjectEncoder) error {
	add := func(name, value string) {
		if value != "" {
			e.AddString(name, value)
		}
	}
	add("speaks", s.Speaks)
	add("kind", s.Kind.String())
	add("reason", string(s.Reason))
	add("code", s.Code)
	if s.Act != 0 {
		add("act", s.Act.String())
	}
	e.AddInt("attempts", s.Attempts)
	add("held", s.Held)
	add("request_id", s.RequestID)
	add("upstream_request_id", s.Upstream)
	if len(s.Lost) > 0 {
		names := make([]string, len(s.Lost))
		for i, l := range s.Lost {
			names[i] = l.Attribute
		}
		add("lost", strings.Join(names, ", "))
	}
	if s.Err != nil {
		add("error", s.Err.Error())
	}
	return nil
}
