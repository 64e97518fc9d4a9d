package telemetry_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/telemetry"
)

// A 200 that holds a failure of the server is an error in the trace.
func ExampleNew() {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans)) // here: the program's own

	d, err := catalog.Open("slack")
	if err != nil {
		panic(err)
	}
	api := server.New(d,
		server.WithObserver(telemetry.New(d, telemetry.WithTracerProvider(provider))),
		server.WithLogger(slog.New(slog.DiscardHandler)))
	mux := http.NewServeMux()
	mux.Handle("GET /channels/{id}", api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, parlance.ErrUnavailable
	}))
	w := httptest.NewRecorder()
	api.Wrap(mux).ServeHTTP(w, httptest.NewRequest("GET", "/channels/7?token=xoxb-1", nil))

	span := spans.Ended()[0]
	fmt.Println(w.Code, span.Name(), span.Status().Code, span.Status().Description)
	for _, a := range span.Attributes() {
		if a.Key == "url.query" || a.Key == "error.type" {
			fmt.Println(a.Key, a.Value.String())
		}
	}
	// Output:
	// 200 GET /channels/{id} Error unavailable
	// url.query token=REDACTED
	// error.type unavailable
}
