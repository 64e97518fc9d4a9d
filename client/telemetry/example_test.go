package telemetry_test

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/telemetry"
)

// A 200 that holds a failure is an error in the trace, and its URL has no token.
func ExampleNew() {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans)) // here: the program's own

	d, err := catalog.Open("slack")
	if err != nil {
		panic(err)
	}
	c := &http.Client{Transport: client.New(d,
		client.WithBase(base{status: 200, body: `{"ok":false,"error":"channel_not_found"}`}),
		client.WithObserver(telemetry.New(d, telemetry.WithTracerProvider(provider))),
	)}
	ctx := client.WithCall(context.Background(), client.Call{Operation: "read channel"})
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://slack.test/api/conversations.info?token=xoxb-1", nil)
	resp, err := c.Do(req)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()

	span := spans.Ended()[0]
	fmt.Println(span.Name(), span.Status().Code, span.Status().Description)
	for _, a := range span.Attributes() {
		if a.Key == "url.full" || a.Key == "parlance.code" {
			fmt.Println(a.Key, a.Value.String())
		}
	}
	// Output:
	// GET read channel Error not_found
	// url.full https://slack.test/api/conversations.info?token=REDACTED
	// parlance.code channel_not_found
}
