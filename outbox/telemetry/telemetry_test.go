package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/outbox/telemetry"
	"github.com/parlance-api/parlance/store/memory"
)

func TestEachTurnIsASpanThatIsLinkedToThePutting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, err := catalog.Open("http")
		if err != nil {
			t.Fatal(err)
		}
		var served atomic.Int64
		transport := memhttp.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if served.Add(1) == 1 {
				w.WriteHeader(503)
			}
		}))
		spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
		tracers := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
		watch := telemetry.New(telemetry.WithTracerProvider(tracers), telemetry.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
		store := memory.New(memory.WithClock(time.Now))
		box := outbox.New(store.Queue(), outbox.WithVendor("warehouse", d, client.WithBase(transport)), outbox.WithObserver(watch),
			outbox.WithPoll(time.Second), outbox.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		if err := watch.Watch(box.Reader); err != nil {
			t.Fatal(err)
		}

		ctx, putting := tracers.Tracer("program").Start(t.Context(), "save order")
		id, err := box.Put(ctx, outbox.Request{Vendor: "warehouse", Method: "PUT", URL: "http://warehouse/orders/1", Operation: "order"})
		if err != nil {
			t.Fatal(err)
		}
		putting.End()
		time.Sleep(90 * time.Second) // nobody delivers yet
		oldest := func(want map[string]float64) {
			t.Helper()
			if ages := gauge(t, reader, "parlance.outbox.oldest"); !maps.Equal(ages, want) {
				t.Errorf("the oldest are of %v s, want %v", ages, want)
			}
		}
		oldest(map[string]float64{"warehouse waiting": 90})

		ctx, stop := context.WithCancel(t.Context())
		var ran sync.WaitGroup
		ran.Go(func() { box.Run(ctx) })
		time.Sleep(time.Hour)
		stop()
		ran.Wait()
		oldest(map[string]float64{})
		ended := spans.Ended()[1:] // the first is that of the putting
		if len(ended) != 2 {
			t.Fatalf("%d spans of turns, want 2", len(ended))
		}
		for i, want := range []map[string]string{
			{"parlance.state": "waiting", "parlance.kind": "unavailable", "parlance.act": "retry", "parlance.attempt": "1"},
			{"parlance.state": "delivered", "parlance.kind": "success", "parlance.act": "done", "parlance.attempt": "2"},
		} {
			span := ended[i]
			got := words(span.Attributes())
			want["parlance.outbox.id"], want["parlance.vendor"], want["parlance.operation"] = id, "warehouse", "order"
			for key, value := range want {
				if got[key] != value {
					t.Errorf("turn %d: %s is %q, want %q", i+1, key, got[key], value)
				}
			}
			if links := span.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != putting.SpanContext().SpanID() {
				t.Errorf("turn %d is linked to %v", i+1, links)
			}
			if failed := span.Status().Code == codes.Error; failed != (i == 0) || span.Name() != "outbox warehouse order" {
				t.Errorf("turn %d is %q with %v", i+1, span.Name(), span.Status())
			}
		}
		turns := map[string]int64{}
		for _, p := range find(t, reader, "parlance.outbox.turns").(metricdata.Sum[int64]).DataPoints {
			of := words(p.Attributes.ToSlice())
			turns[strings.Join([]string{of["parlance.vendor"], of["parlance.state"], of["parlance.kind"], of["parlance.act"]}, " ")] += p.Value
		}
		if want := map[string]int64{"warehouse waiting unavailable retry": 1, "warehouse delivered success done": 1}; !maps.Equal(turns, want) {
			t.Errorf("turns %v, want %v", turns, want)
		}
		transport.CloseIdleConnections()
	})
}

func words(attrs []attribute.KeyValue) map[string]string {
	w := map[string]string{}
	for _, a := range attrs {
		w[string(a.Key)] = a.Value.String()
	}
	return w
}

// find is a metric by its name.
func find(t *testing.T, from *metric.ManualReader, name string) metricdata.Aggregation {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := from.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == name {
				return m.Data
			}
		}
	}
	return nil
}

// gauge is the value for each vendor and state.
func gauge(t *testing.T, from *metric.ManualReader, name string) map[string]float64 {
	t.Helper()
	by := map[string]float64{}
	if g, ok := find(t, from, name).(metricdata.Gauge[float64]); ok {
		for _, p := range g.DataPoints {
			of := words(p.Attributes.ToSlice())
			by[of["parlance.vendor"]+" "+of["parlance.state"]] = p.Value
		}
	}
	return by
}
