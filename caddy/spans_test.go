package caddyparlance_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/tracing"
)

// receiver takes spans over OTLP, as Caddy's directive tracing sends them.
type receiver struct {
	mu    sync.Mutex
	spans []*otlp.Span
}

// receive runs a receiver, and has the directive send to it.
func receive(t *testing.T) *receiver {
	t.Helper()
	got := new(receiver)
	u := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		sent := new(collector.ExportTraceServiceRequest)
		if err != nil || proto.Unmarshal(body, sent) != nil {
			t.Errorf("%s %s: not spans", r.Method, r.URL)
		}
		got.mu.Lock()
		defer got.mu.Unlock()
		for _, resource := range sent.GetResourceSpans() {
			for _, scope := range resource.GetScopeSpans() {
				got.spans = append(got.spans, scope.GetSpans()...)
			}
		}
	})
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", u.URL)
	return got
}

// told are the attributes of a span that are Parlance's, in the order in which they were set.
func told(s *otlp.Span) string {
	var told []string
	for _, a := range s.GetAttributes() {
		if name, ours := strings.CutPrefix(a.GetKey(), "parlance."); ours && name != "line" && name != "why" {
			value := a.GetValue().GetStringValue()
			if name == "attempts" {
				value = string(rune('0' + a.GetValue().GetIntValue()))
			}
			told = append(told, name+"="+value)
		}
	}
	return strings.Join(told, " ")
}

// TestTheAttemptsAreSpansBelowThatOfTracing has an upstream fail once, with and without a
// directive parlance. Each attempt is a child of Caddy's span and is handed on to the upstream,
// and Caddy's span has what the response means.
func TestTheAttemptsAreSpansBelowThatOfTracing(t *testing.T) {
	for name, translate := range map[string]string{"translated": "parlance problem", "untouched": ""} {
		t.Run(name, func(t *testing.T) {
			got := receive(t)
			var handedOn []string
			respond := inTurn(
				says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"),
				says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`),
			)
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				handedOn = append(handedOn, r.Header.Get("Traceparent"))
				respond(w, r)
			})
			s := load(t, `ADDRESS {
				tracing {
					span whole
				}
				`+translate+`
				reverse_proxy `+u.URL+` {
					transport parlance {
						speaks plain
					}
				}
			}`)
			s.ask("GET", "/things/7", "")
			if err := s.stop(); err != nil { // then the spans are sent
				t.Fatal(err)
			}
			var whole *otlp.Span
			var attempts []*otlp.Span
			for _, span := range got.spans {
				if span.GetName() == "whole" {
					whole = span
				} else {
					attempts = append(attempts, span)
				}
			}
			if whole == nil || len(attempts) != 2 || len(handedOn) != 2 {
				t.Fatalf("got %v and %d requests", got.spans, len(handedOn))
			}
			if text := told(whole); !strings.Contains(text, "dialect=plain kind=not_found") || !strings.Contains(text, "attempts=2") {
				t.Errorf("the span of Caddy says %s", text)
			}
			for i, kind := range []string{"kind=unavailable", "kind=not_found"} {
				a := attempts[i]
				if string(a.GetParentSpanId()) != string(whole.GetSpanId()) || string(a.GetTraceId()) != string(whole.GetTraceId()) {
					t.Errorf("attempt %d is not below the span of Caddy", i+1)
				}
				if text := told(a); !strings.Contains(text, kind) || !strings.Contains(text, "act=") {
					t.Errorf("attempt %d says %s", i+1, text)
				}
				if !strings.Contains(handedOn[i], hex.EncodeToString(a.GetSpanId())) {
					t.Errorf("attempt %d was handed on as %s", i+1, handedOn[i])
				}
			}
		})
	}
}
