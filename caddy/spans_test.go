package caddyparlance_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
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
	came  chan struct{} // has one value if spans came
}

// wait returns the spans once n have come.
func (r *receiver) wait(n int) []*otlp.Span {
	for range r.came {
		r.mu.Lock()
		spans := slices.Clone(r.spans)
		r.mu.Unlock()
		if len(spans) >= n {
			return spans
		}
	}
	return nil
}

// receive runs a receiver, and has the directive send to it.
func receive(t *testing.T) *receiver {
	t.Helper()
	got := &receiver{came: make(chan struct{}, 1)}
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
		select {
		case got.came <- struct{}{}:
		default:
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

// TestTheTurnsOfTheOutboxAreSpans stores a request under a span of Caddy. Its delivery is a trace
// of its own with a link to that span, and the attempt in it is handed on to the upstream.
func TestTheTurnsOfTheOutboxAreSpans(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1") // what has ended is sent at once
	got := receive(t)
	handedOn := make(chan string, 2)
	respond := inTurn(
		says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"),
		says(http.StatusOK, jsonType, `{"number":7}`),
	)
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		handedOn <- r.Header.Get("Traceparent")
		respond(w, r)
	})
	s := load(t, `ADDRESS {
		tracing {
			span whole
		}
		parlance_outbox `+u.URL+` {
			speaks plain
			vendor shop
			route "PUT /orders/"
		}
	}`)
	if resp, body := s.ask("PUT", "/orders/7", "{}", "Prefer", "respond-async"); resp.StatusCode != http.StatusAccepted {
		t.Fatalf("got %d %s", resp.StatusCode, body)
	}
	var stored *otlp.Span
	var turns []*otlp.Span
	attempts := map[string]*otlp.Span{} // by the span around it
	for _, span := range got.wait(5) {
		switch {
		case span.GetName() == "whole":
			stored = span
		case strings.HasPrefix(span.GetName(), "outbox shop"):
			turns = append(turns, span)
		default:
			attempts[string(span.GetParentSpanId())] = span
		}
	}
	if stored == nil || len(turns) != 2 || len(attempts) != 2 {
		t.Fatalf("got %v", got.spans)
	}
	for i, kind := range []string{"kind=unavailable", "kind=success"} {
		turn := turns[i]
		if links := turn.GetLinks(); len(turn.GetParentSpanId()) > 0 || len(links) != 1 || string(links[0].GetSpanId()) != string(stored.GetSpanId()) {
			t.Errorf("turn %d is not linked to the span of Caddy: %v", i+1, turn)
		}
		a := attempts[string(turn.GetSpanId())]
		if a == nil {
			t.Errorf("turn %d has no attempt", i+1)
			continue
		}
		if text := told(a); !strings.Contains(text, "dialect=plain") || !strings.Contains(text, kind) {
			t.Errorf("attempt %d says %s", i+1, text)
		}
		if text := <-handedOn; !strings.Contains(text, hex.EncodeToString(a.GetSpanId())) {
			t.Errorf("attempt %d was handed on as %s", i+1, text)
		}
	}
}

// TestAReloadAndARequestThatIsNotSampledKeepTheSpansRight sends requests that are sampled and not,
// before and after a reload. Those that are not sampled make no span, and the upstream gets their
// trace as it came.
func TestAReloadAndARequestThatIsNotSampledKeepTheSpansRight(t *testing.T) {
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "1")
	got := receive(t)
	var handedOn []string
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		handedOn = append(handedOn, r.Header.Get("Traceparent"))
		says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
	})
	site := func(name string) string {
		return `ADDRESS {
			tracing {
				span ` + name + `
			}
			parlance problem
			reverse_proxy ` + u.URL + ` {
				transport parlance {
					speaks plain
				}
			}
		}`
	}
	s := load(t, site("before"))
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e47%s-00f067aa0ba902b7-%s"
	ask := func(number, sampled string) {
		if resp, body := s.ask("GET", "/things/7", "", "Traceparent", fmt.Sprintf(trace, number, sampled)); resp.StatusCode != http.StatusOK {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
	}
	ask("01", "00")
	ask("02", "01")
	if err := s.reload(t.TempDir(), site("after")); err != nil {
		t.Fatal(err)
	}
	ask("03", "00")
	ask("04", "01")
	spans := got.wait(4)
	around := map[string]*otlp.Span{} // those of Caddy, by their name
	for _, span := range spans {
		if span.GetName() == "before" || span.GetName() == "after" {
			around[span.GetName()] = span
		}
	}
	if len(spans) != 4 || len(around) != 2 || len(handedOn) != 4 {
		t.Fatalf("got %v", spans)
	}
	for _, span := range spans {
		number := map[byte]string{2: "before", 4: "after"}[span.GetTraceId()[15]]
		if of := around[number]; of == nil || span != of && string(span.GetParentSpanId()) != string(of.GetSpanId()) {
			t.Errorf("%v is not below the span of Caddy", span)
		}
	}
	for i, text := range handedOn {
		if want := fmt.Sprintf("e47%02d-", i+1); !strings.Contains(text, want) || strings.HasSuffix(text, "-01") != (i%2 == 1) {
			t.Errorf("request %d was handed on as %s", i+1, text)
		}
	}
}
