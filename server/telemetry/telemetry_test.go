package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
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

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/telemetry"
	"github.com/parlance-api/parlance/store/memory"
)

func open(t testing.TB, name string) *dialect.Dialect {
	t.Helper()
	d, err := catalog.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// recording is an Observer, and what it told.
type recording struct {
	*telemetry.Observer
	spans  *tracetest.SpanRecorder
	reader metric.Reader
}

func record(d *dialect.Dialect, opts ...telemetry.Option) recording {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	return recording{telemetry.New(d, append([]telemetry.Option{
		telemetry.WithTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans))),
		telemetry.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))),
		telemetry.WithPropagators(propagation.TraceContext{}),
	}, opts...)...), spans, reader}
}

// wrap is a handler that is observed.
func (r recording) wrap(d *dialect.Dialect, h http.Handler, options ...server.Option) http.Handler {
	return server.New(d, append(options, server.WithObserver(r), server.WithLogger(slog.New(slog.DiscardHandler)))...).Wrap(h)
}

func (r recording) durations(t testing.TB) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	data, ok := r.metric(t, "http.server.request.duration", "s").(metricdata.Histogram[float64])
	if !ok {
		t.Fatal("no durations")
	}
	return data.DataPoints
}

// active are how many requests are under way, by their attributes.
func (r recording) active(t testing.TB) map[string]int64 {
	t.Helper()
	data, ok := r.metric(t, "http.server.active_requests", "{request}").(metricdata.Sum[int64])
	if !ok || data.IsMonotonic {
		t.Fatal("no count of requests")
	}
	all := map[string]int64{}
	for _, p := range data.DataPoints {
		all[fmt.Sprint(words(p.Attributes.ToSlice()))] = p.Value
	}
	return all
}

func (r recording) metric(t testing.TB, name, unit string) metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(context.Background(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		if scope.Scope.SchemaURL != telemetry.SchemaURL {
			t.Errorf("the schema is %q", scope.Scope.SchemaURL)
		}
		for _, m := range scope.Metrics {
			if m.Name == name && m.Unit == unit {
				return m.Data
			}
		}
	}
	return nil
}

func words(attrs []attribute.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range attrs {
		all[string(a.Key)] = a.Value.String()
	}
	return all
}

// send sends a request and reads what comes.
func send(t testing.TB, rt http.RoundTripper, req *http.Request) {
	t.Helper()
	if resp, err := rt.RoundTrip(req); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

func returns(err error) server.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) (any, error) { return nil, err }
}

func TestASpanTellsWhatTheRequestCameTo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialect string
		method  string
		handler func(s *server.Server) http.Handler
		status  codes.Code
		said    string
		want    map[string]string // "" is that it is not there
	}{
		"a success": {"vms", "GET", handle(nil), codes.Unset, "", map[string]string{
			"http.response.status_code": "204", "error.type": "", "parlance.kind": "empty", "parlance.dialect": "vms", "http.request.method": "GET",
		}},
		"a fault of the caller": {"vms", "GET", handle(parlance.NewError(parlance.KindInvalid, "no").WithReason(parlance.ReasonFields)), codes.Unset, "", map[string]string{
			"http.response.status_code": "422", "error.type": "", "parlance.kind": "invalid", "parlance.reason": "fields",
		}},
		"a fault of the server": {"vms", "GET", handle(errors.New("secret")), codes.Error, "", map[string]string{
			"http.response.status_code": "500", "error.type": "500", "parlance.kind": "internal",
		}},
		"a panic": {"vms", "GET", plain(func(http.ResponseWriter, *http.Request) { panic("secret") }), codes.Error, "", map[string]string{
			"http.response.status_code": "500", "error.type": "500", "parlance.kind": "internal",
		}},
		"a fault in a 200": {"slack", "GET", handle(errors.New("secret")), codes.Error, "internal", map[string]string{
			"http.response.status_code": "200", "error.type": "internal", "parlance.kind": "internal",
		}},
		"a fault of the caller in a 200": {"slack", "GET", handle(parlance.ErrNotFound), codes.Unset, "", map[string]string{
			"http.response.status_code": "200", "error.type": "", "parlance.kind": "not_found",
		}},
		"a response that breaks off": {"vms", "GET", plain(func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}), codes.Error, "internal", map[string]string{
			"http.response.status_code": "200", "error.type": "internal", "parlance.kind": "internal", "parlance.reason": "reset",
		}},
		"a connection that is taken over": {"vms", "GET", plain(func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
		}), codes.Unset, "", map[string]string{"http.response.status_code": "", "error.type": "", "parlance.kind": "success"}},
		"a method of one's own": {"vms", "BREW", handle(nil), codes.Unset, "", map[string]string{
			"http.request.method": "_OTHER", "http.request.method_original": "BREW",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, c.dialect)
				r := record(d)
				mux := http.NewServeMux()
				mux.Handle("api.test/cameras/{id}", c.handler(server.New(d)))
				rt := memhttp.Serve(t, r.wrap(d, mux, server.WithTrustedID("X-Id")))
				req, _ := http.NewRequest(c.method, "http://api.test:8080/cameras/7?page=2&sig=hunter2", nil)
				req.Header.Set("X-Id", "id-1")
				req.Header.Set("User-Agent", "test/1")
				send(t, rt, req)
				synctest.Wait()
				span := r.spans.Ended()[0]
				got := words(span.Attributes())
				for key, want := range map[string]string{
					"http.route": "/cameras/{id}", "url.path": "/cameras/7", "url.query": "page=REDACTED&sig=REDACTED", "url.scheme": "http",
					"server.address": "api.test", "server.port": "8080", "user_agent.original": "test/1", "network.protocol.version": "1.1",
					"parlance.request_id": "id-1",
				} {
					c.want[key] = want
				}
				for key, want := range c.want {
					if got[key] != want {
						t.Errorf("%s is %q, not %q", key, got[key], want)
					}
				}
				if span.SpanKind() != api.SpanKindServer || span.Status().Code != c.status || span.Status().Description != c.said {
					t.Errorf("a span of kind %v and status %+v", span.SpanKind(), span.Status())
				}
				method := c.method
				if method == "BREW" {
					method = "HTTP"
				}
				if want := method + " /cameras/{id}"; span.Name() != want {
					t.Errorf("the span is called %q, not %q", span.Name(), want)
				}
			})
		})
	}
}

// leaves is an Observer that knows when the caller may leave, and when all is told.
type leaves struct{ began, ended chan struct{} }

func (l leaves) Before(ctx context.Context, _ *http.Request) context.Context {
	close(l.began)
	return ctx
}

func (l leaves) After(context.Context, *http.Request, *server.Served) { close(l.ended) }

func TestACallerWhoLeftIsNoErrorInSpansAndMetrics(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(*server.Server) http.Handler{
		"before the response": func(s *server.Server) http.Handler {
			return s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		},
		"in the middle of it": plain(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}),
	} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, "vms")
			r, l := record(d), leaves{make(chan struct{}), make(chan struct{})}
			rt := memhttp.Serve(t, r.wrap(d, handler(server.New(d)), server.WithObserver(l)))
			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-l.began
				leave()
			}()
			req, _ := http.NewRequestWithContext(ctx, "GET", "http://api.test/cameras/7", nil)
			send(t, rt, req)
			<-l.ended
			synctest.Wait()
			for _, of := range []map[string]string{words(r.spans.Ended()[0].Attributes()), words(r.durations(t)[0].Attributes.ToSlice())} {
				if of["error.type"] != "" || of["http.response.status_code"] != "499" || of["parlance.kind"] != "failed" {
					t.Errorf("%s: got %v", name, of)
				}
			}
			if span := r.spans.Ended()[0]; span.Status().Code != codes.Unset || words(span.Attributes())["parlance.reason"] != "canceled" {
				t.Errorf("%s: the span has %+v, %v", name, span.Status(), span.Attributes())
			}
		})
	}
}

func handle(err error) func(*server.Server) http.Handler {
	return func(s *server.Server) http.Handler { return s.Handle(returns(err)) }
}

func plain(h http.HandlerFunc) func(*server.Server) http.Handler {
	return func(*server.Server) http.Handler { return h }
}

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "b7ad6b7169203331"
)

func TestTheCallersTraceGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		opts   []telemetry.Option
		below  bool
		linked bool
	}{
		"where it names one":              {"00-" + traceID + "-" + spanID + "-01", nil, true, false},
		"but not of a stranger":           {"00-" + traceID + "-" + spanID + "-01", []telemetry.Option{telemetry.WithPublicEndpoint()}, false, true},
		"and begins where it names none":  {"", nil, false, false},
		"and where it names none rightly": {"00-" + strings.ToUpper(traceID) + "-" + spanID + "-01", nil, false, false},
		"and of a stranger without one":   {"", []telemetry.Option{telemetry.WithPublicEndpoint()}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := open(t, "vms")
				r := record(d, c.opts...)
				store := memory.New().Activity()
				recorder := activity.NewRecorder(store)
				var within api.SpanContext
				var id string
				rt := memhttp.Serve(t, r.wrap(d, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
					time.Sleep(30 * time.Millisecond)
					within, id = api.SpanContextFromContext(req.Context()), activity.ID(req.Context())
				}), server.WithRecorder(recorder)))
				req, _ := http.NewRequest("GET", "http://api.test/", nil)
				if c.header != "" {
					req.Header.Set("Traceparent", c.header)
				}
				send(t, rt, req)
				synctest.Wait()
				span := r.spans.Ended()[0]
				at := span.SpanContext()
				if !within.Equal(at) {
					t.Error("the handler is not within the span")
				}
				if below := at.TraceID().String() == traceID && span.Parent().SpanID().String() == spanID; below != c.below {
					t.Errorf("the span is below the caller's: %v", below)
				}
				if linked := len(span.Links()) == 1 && span.Links()[0].SpanContext.TraceID().String() == traceID; linked != c.linked {
					t.Errorf("the links are %v", span.Links())
				}
				if took := span.EndTime().Sub(span.StartTime()); took != 30*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				if err := recorder.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if kept, err := store.Find(t.Context(), id); err != nil || kept.Trace != at.TraceID().String() {
					t.Errorf("the record's trace is %+v, %v", kept, err)
				}
			})
		})
	}
}

func TestTheMetricsHaveFewSeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vms")
		r := record(d)
		mux := http.NewServeMux()
		mux.Handle("GET /cameras/{id}", server.New(d).Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			time.Sleep(time.Second)
			return nil, parlance.ErrUnavailable
		}))
		rt := memhttp.Serve(t, r.wrap(d, mux))
		for i := range 20 {
			go func() {
				req, _ := http.NewRequest("GET", fmt.Sprintf("http://host%d.test/cameras/%d?q=%d", i, i, i), nil)
				req.Header.Set("User-Agent", fmt.Sprint(i))
				send(t, rt, req)
			}()
		}
		time.Sleep(500 * time.Millisecond)
		one := fmt.Sprint(map[string]string{"http.request.method": "GET", "url.scheme": "http", "parlance.dialect": "vms"})
		if got := r.active(t); len(got) != 1 || got[one] != 20 {
			t.Errorf("under way are %v", got)
		}
		time.Sleep(time.Second)
		if got := r.active(t); len(got) != 1 || got[one] != 0 {
			t.Errorf("under way are %v", got)
		}
		points := r.durations(t)
		if len(points) != 1 || points[0].Count != 20 || points[0].Sum != 20 || points[0].Bounds[0] != 0.005 {
			t.Fatalf("%d series: %+v", len(points), points)
		}
		want := map[string]string{
			"http.request.method": "GET", "url.scheme": "http", "http.route": "/cameras/{id}", "http.response.status_code": "503",
			"error.type": "503", "parlance.kind": "unavailable", "parlance.dialect": "vms",
		}
		if got := words(points[0].Attributes.ToSlice()); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the attributes are %v, not %v", got, want)
		}
	})
}

func TestNoSecretIsTold(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vbapi")
		r := record(d)
		rt := memhttp.Serve(t, r.wrap(d, server.New(d).Handle(func(_ http.ResponseWriter, req *http.Request) (any, error) {
			switch req.Method {
			case "PUT":
				return nil, parlance.NewError(parlance.KindUnavailable, "%s", secret).Because(errors.New(secret))
			case "POST":
				panic(secret)
			}
			return map[string]string{"token": secret}, nil
		})))
		for _, method := range []string{"GET", "PUT", "POST"} {
			for _, query := range []string{"token=hunter2&page=1", "hunter2", "a=b=hunter2", "=hunter2"} {
				req, _ := http.NewRequest(method, "http://api.test/things?"+query, strings.NewReader(secret))
				req.Header.Set("Idempotency-Key", secret)
				req.Header.Set("Cookie", "a="+secret)
				req.SetBasicAuth("me", secret)
				send(t, rt, req)
			}
		}
		synctest.Wait()
		spans := r.spans.Ended()
		if len(spans) != 12 {
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
	})
}

func TestWhatACallerChoosesIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "vms")
		r := record(d)
		rt := memhttp.Serve(t, r.wrap(d, http.NotFoundHandler()))
		req, _ := http.NewRequest("GET", "http://api.test/"+strings.Repeat("x", 1000)+"\xff", nil)
		req.Header.Set("User-Agent", strings.Repeat("ä", 1000))
		send(t, rt, req)
		synctest.Wait()
		for key, value := range words(r.spans.Ended()[0].Attributes()) {
			if len(value) > 256 {
				t.Errorf("%s has %d bytes", key, len(value))
			}
		}
		if name := r.spans.Ended()[0].Name(); name != "GET" {
			t.Errorf("the span is called %q", name)
		}
	})
}

func TestWhoSetsNothingGetsWhatTheProgramSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := server.New(open(t, "http"), server.WithObserver(telemetry.New(nil))) // the globals do nothing here
		rt := memhttp.Serve(t, s.Handle(returns(nil)))
		req, _ := http.NewRequest("GET", "http://api.test/", nil)
		send(t, rt, req)
	})
}
