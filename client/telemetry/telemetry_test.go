package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/telemetry"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/memhttp"
)

// recorded is an Observer and what it recorded.
type recorded struct {
	*telemetry.Observer
	spans   *tracetest.SpanRecorder
	metrics *metric.ManualReader
}

func record(d *dialect.Dialect, opts ...telemetry.Option) *recorded {
	r := &recorded{spans: tracetest.NewSpanRecorder(), metrics: metric.NewManualReader()}
	r.Observer = telemetry.New(d, append([]telemetry.Option{
		telemetry.WithTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(r.spans))),
		telemetry.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(r.metrics))),
		telemetry.WithPropagators(propagation.TraceContext{}),
	}, opts...)...)
	return r
}

// ended are the spans' attributes as text, oldest first.
func (r *recorded) ended() (all []map[string]string) {
	for _, span := range r.spans.Ended() {
		all = append(all, words(span.Attributes()))
	}
	return all
}

func words(attrs []attribute.KeyValue) map[string]string {
	w := map[string]string{}
	for _, a := range attrs {
		w[string(a.Key)] = a.Value.String()
	}
	return w
}

func (r *recorded) durations(t *testing.T) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.metrics.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if len(all.ScopeMetrics) != 1 || len(all.ScopeMetrics[0].Metrics) != 1 {
		t.Fatalf("the metrics are %+v", all.ScopeMetrics)
	}
	m := all.ScopeMetrics[0].Metrics[0]
	if m.Name != "http.client.request.duration" || m.Unit != "s" || all.ScopeMetrics[0].Scope.SchemaURL != telemetry.SchemaURL {
		t.Errorf("the metric is %s in %s by %s", m.Name, m.Unit, all.ScopeMetrics[0].Scope.SchemaURL)
	}
	return m.Data.(metricdata.Histogram[float64]).DataPoints
}

var open = catalogtest.Open

// base responds with a status and a body, or not at all.
type base struct {
	status int
	body   string
	err    error
}

func (b base) RoundTrip(req *http.Request) (*http.Response, error) {
	if b.err != nil {
		return nil, b.err
	}
	return &http.Response{
		StatusCode: b.status, Request: req,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(b.body)),
	}, nil
}

func TestASpanSaysWhatTheAttemptCameTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		dialect string
		base    base
		method  string
		status  codes.Code
		said    string
		want    map[string]string // "" where there is none
	}{
		{"a success", "http", base{status: 200}, "GET", codes.Unset, "",
			map[string]string{"http.request.method": "GET", "http.response.status_code": "200", "error.type": "", "parlance.kind": "success", "parlance.act": "done"}},
		{"a failure", "vms", base{status: 404, body: `{"message":"no such camera"}`}, "GET", codes.Error, "",
			map[string]string{"http.response.status_code": "404", "error.type": "404", "parlance.kind": "not_found", "parlance.dialect": "vms", "parlance.act": "stop"}},
		{"a failure inside of a success", "slack", base{status: 200, body: `{"ok":false,"error":"channel_not_found"}`}, "GET", codes.Error, "not_found",
			map[string]string{"http.response.status_code": "200", "error.type": "not_found", "parlance.code": "channel_not_found"}},
		{"no response", "http", base{err: errors.New("reset by 10.0.0.1")}, "GET", codes.Error, "reset",
			map[string]string{"http.response.status_code": "", "error.type": "reset", "parlance.kind": "unavailable", "parlance.reason": "reset"}},
		{"no response in time", "http", base{err: context.DeadlineExceeded}, "GET", codes.Error, "deadline",
			map[string]string{"error.type": "deadline", "parlance.kind": "timeout"}},
		{"a method of somebody's own", "http", base{status: 200}, "BREW", codes.Unset, "",
			map[string]string{"http.request.method": "_OTHER", "http.request.method_original": "BREW"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, c.dialect)
			r := record(d)
			hc := &http.Client{Transport: client.New(d, client.WithBase(c.base), client.WithObserver(r), client.WithMaxAttempts(1))}
			req, _ := http.NewRequestWithContext(client.WithCall(t.Context(), client.Call{Operation: "see"}), c.method, "https://api.test/things", nil)
			if resp, err := hc.Do(req); err == nil {
				resp.Body.Close()
			}
			span := r.spans.Ended()[0]
			got := words(span.Attributes())
			c.want["server.address"], c.want["server.port"], c.want["url.full"] = "api.test", "443", "https://api.test/things"
			c.want["parlance.operation"] = "see"
			for key, want := range c.want {
				if got[key] != want {
					t.Errorf("%s is %q, not %q", key, got[key], want)
				}
			}
			if span.SpanKind() != api.SpanKindClient || span.Status().Code != c.status || span.Status().Description != c.said {
				t.Errorf("a span of kind %v and status %+v", span.SpanKind(), span.Status())
			}
			name := c.method + " see"
			if c.method == "BREW" {
				name = "HTTP see"
			}
			if span.Name() != name {
				t.Errorf("the span is called %q, not %q", span.Name(), name)
			}
		})
	}
}

// streaming responds with a stream under 200.
type streaming string

func (b streaming) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Request: req, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: io.NopCloser(strings.NewReader(string(b))),
	}, nil
}

func TestAStreamThatFailsHalfwayIsAnErrorInSpanAndMetric(t *testing.T) {
	t.Parallel()
	const (
		content = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n"
		failure = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
		end     = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	)
	for _, c := range []struct{ name, body, kind, error string }{
		{"to its end", content + end, "success", ""},
		{"failed", content + failure, "unavailable", "unavailable"},
		{"cut off", content, "unavailable", "unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t, "anthropic")
			r := record(d)
			hc := &http.Client{Transport: client.New(d, client.WithBase(streaming(c.body)), client.WithObserver(r))}
			resp, err := hc.Post("https://api.test/v1/messages", "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(r.spans.Ended()); n > 0 {
				t.Errorf("%d spans ended before the stream did", n)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			span := r.ended()[0]
			if span["parlance.kind"] != c.kind || span["error.type"] != c.error || span["http.response.status_code"] != "200" {
				t.Errorf("the span says %v", span)
			}
			points := r.durations(t)
			if len(points) != 1 {
				t.Fatalf("%d series", len(points))
			}
			if got := words(points[0].Attributes.ToSlice()); got["error.type"] != c.error || points[0].Count != 1 {
				t.Errorf("the metric says %v, %d times", got, points[0].Count)
			}
		})
	}
}

func TestEachAttemptIsASpanThatTheServerIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var parents []string
		server := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(30 * time.Millisecond)
			if parents = append(parents, r.Header.Get("Traceparent")); len(parents) == 1 {
				w.Header().Set("Retry-After", "2")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		d := open(t, "http")
		r := record(d)
		hc := &http.Client{Transport: client.New(d, client.WithBase(server), client.WithObserver(r), client.WithObserver(another{}))}
		ctx, above := trace.NewTracerProvider().Tracer("caller").Start(t.Context(), "above")
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://api.test:8080/things", nil)
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()

		spans := r.spans.Ended()
		if len(spans) != 2 || len(parents) != 2 {
			t.Fatalf("%d spans of %d attempts", len(spans), len(parents))
		}
		for i, span := range spans {
			at := span.SpanContext()
			if want := fmt.Sprintf("00-%s-%s-01", at.TraceID(), at.SpanID()); parents[i] != want {
				t.Errorf("the server was told %q, not %q", parents[i], want)
			}
			if span.Parent().SpanID() != above.SpanContext().SpanID() {
				t.Errorf("attempt %d is not below the caller's span", i+1)
			}
			if took := span.EndTime().Sub(span.StartTime()); took != 30*time.Millisecond {
				t.Errorf("attempt %d took %v: a wait is no part of it", i+1, took)
			}
		}
		if all := r.ended(); all[0]["http.request.resend_count"] != "" || all[1]["http.request.resend_count"] != "1" || all[0]["server.port"] != "8080" {
			t.Errorf("the attributes are %v", all)
		}
		if req.Header.Get("Traceparent") != "" {
			t.Error("the caller's request was altered")
		}

		points := r.durations(t)
		if len(points) != 2 {
			t.Fatalf("%d series", len(points))
		}
		for _, p := range points {
			if p.Count != 1 || p.Sum != 0.03 || len(p.Bounds) != 14 || p.Bounds[0] != 0.005 {
				t.Errorf("%d durations, in all %v s, by the bounds %v", p.Count, p.Sum, p.Bounds)
			}
		}
	})
}

// another is an observer that begins a span of its own and forgets it.
type another struct{}

func (another) Before(ctx context.Context, _ *http.Request, _ *client.Attempt) context.Context {
	ctx, _ = trace.NewTracerProvider().Tracer("another").Start(ctx, "another's")
	return ctx
}

func (another) After(context.Context, *http.Request, *client.Attempt) {}

func TestTheMetricHasFewSeries(t *testing.T) {
	t.Parallel()
	d := open(t, "vms")
	r := record(d)
	hc := &http.Client{Transport: client.New(d, client.WithBase(base{status: 404, body: `{"message":"no"}`}), client.WithObserver(r))}
	for i := range 50 {
		resp, err := hc.Get(fmt.Sprintf("http://api.test/cameras/%d?q=%d", i, i))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	points := r.durations(t)
	if len(points) != 1 || points[0].Count != 50 {
		t.Fatalf("%d series of 50 requests", len(points))
	}
	want := map[string]string{
		"http.request.method": "GET", "server.address": "api.test", "server.port": "80",
		"http.response.status_code": "404", "error.type": "404", "parlance.kind": "not_found", "parlance.dialect": "vms",
	}
	if got := words(points[0].Attributes.ToSlice()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the attributes are %v, not %v", got, want)
	}
}

func TestNoSecretIsRecorded(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	d := open(t, "vbapi")
	r := record(d)
	login := client.NewLogin(func(context.Context) (client.Grant, error) { return client.Grant{Token: secret}, nil }, nil)
	for _, b := range []base{
		{status: 200}, {status: 401, body: `{"detail":"hunter2"}`}, {err: errors.New("dial: hunter2")}, {status: 500, body: secret},
	} {
		hc := &http.Client{Transport: client.New(d, client.WithBase(b), client.WithObserver(r), client.WithCredential(login), client.WithMaxAttempts(1))}
		for _, url := range []string{
			"https://api.test/things?token=hunter2&page=1", "https://user:hunter2@api.test/things", "https://hunter2@api.test/?hunter2", "https://api.test/#hunter2",
		} {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(secret))
			req.Header.Set("Idempotency-Key", secret)
			req.Header.Set("Cookie", secret)
			if resp, err := hc.Do(req); err == nil {
				resp.Body.Close()
			}
		}
	}
	spans := r.spans.Ended()
	if len(spans) < 16 {
		t.Fatalf("%d spans", len(spans))
	}
	for _, span := range spans {
		if all := fmt.Sprint(span.Name(), span.Attributes(), span.Status(), span.Events(), span.Links()); strings.Contains(all, secret) {
			t.Errorf("a secret stands in %s", all)
		}
	}
	for _, p := range r.durations(t) {
		if all := fmt.Sprint(p.Attributes.ToSlice()); strings.Contains(all, secret) {
			t.Errorf("a secret stands in %s", all)
		}
	}
}

func TestAVendorsCodeIsNoLongerThanACode(t *testing.T) {
	t.Parallel()
	d := open(t, "slack")
	r := record(d)
	body := `{"ok":false,"error":"` + strings.Repeat("ä", 1000) + `"}`
	hc := &http.Client{Transport: client.New(d, client.WithBase(base{status: 200, body: body}), client.WithObserver(r))}
	resp, err := hc.Get("https://api.test/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if code := r.ended()[0]["parlance.code"]; code != strings.Repeat("ä", 128) {
		t.Errorf("the code has %d bytes", len(code))
	}
}

func TestWhoSetsNothingGetsWhatTheProgramSet(t *testing.T) {
	t.Parallel()
	d := open(t, "http")
	hc := &http.Client{Transport: client.New(d, client.WithBase(base{status: 200}), client.WithObserver(telemetry.New(nil)))}
	resp, err := hc.Get("https://api.test/") // the globals do nothing here
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestASecretInAPathIsWrittenAsTheProgramSays(t *testing.T) {
	t.Parallel()
	d := open(t, "http")
	r := record(d, telemetry.WithURL(func(u *url.URL) string { return u.Scheme + "://" + u.Host + "/bot…" }))
	hc := &http.Client{Transport: client.New(d, client.WithBase(base{status: 200}), client.WithObserver(r))}
	resp, err := hc.Get("https://api.test/bot123:secret/send")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := r.ended()[0]; got["url.full"] != "https://api.test/bot…" || strings.Contains(fmt.Sprint(got), "secret") {
		t.Errorf("the span has %v", got)
	}
}
