package caddyparlance_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestAReloadFailsNoRequestThatCaddyHasAccepted reloads under load. A connection that still waits
// in the socket of the old configuration is reset, as in any Caddy, so that one is sent again.
func TestAReloadFailsNoRequestThatCaddyHasAccepted(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/things/7" {
			says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`)(w, r)
			return
		}
		says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
	})
	site := `
ADDRESS {
	parlance problem
	reverse_proxy ` + u.URL + ` {
		transport parlance {
			speaks plain
		}
	}
}`
	s := load(t, site)
	var (
		stop   atomic.Bool
		sent   atomic.Int64
		asking sync.WaitGroup
	)
	for _, want := range []struct {
		path   string
		status int
	}{{"/things", http.StatusOK}, {"/things/7", http.StatusNotFound}} {
		asking.Go(func() {
			for !stop.Load() {
				resp, body := s.tryAsk(want.path)
				if sent.Add(1); resp == nil || resp.StatusCode != want.status {
					t.Errorf("%s: got %v %s", want.path, resp, body)
					return
				}
			}
		})
	}
	for n := range 10 {
		for before := sent.Load(); sent.Load() < before+20 && !t.Failed(); {
			s.tryAsk("/things") // so that each configuration serves some
		}
		if err := s.reload(t.TempDir(), strings.Replace(site, "speaks plain", "speaks plain\nmax_attempts "+string(rune('1'+n%3)), 1)); err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	asking.Wait()
	t.Logf("%d requests during 10 reloads", sent.Load())
}

func TestTheMetricsAreInCaddysRegistry(t *testing.T) {
	u := serve(t, inTurn(says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"), says(http.StatusNotFound, jsonType, `{"message":"no"}`)))
	s := load(t, `
ADDRESS {
	handle /metrics {
		metrics
	}
	handle {
		parlance problem {
			name things
		}
		reverse_proxy `+u.URL+` {
			transport parlance {
				speaks plain
			}
		}
	}
}`)
	s.ask("GET", "/things/7", "")
	_, text := s.ask("GET", "/metrics", "")
	for _, want := range []string{
		`parlance_requests_total{act="stop",kind="not_found",route="things",speaks="plain",to="problem"} 1`,
		`parlance_attempts_total{kind="unavailable",retry="no",speaks="plain"} 1`,
		`parlance_attempts_total{kind="not_found",retry="yes",speaks="plain"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "parlance_") {
				t.Log(line)
			}
		}
	}
}
