package caddyparlance_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// TestAReloadFailsNoRequestThatCaddyHasAccepted reloads every 200 ms under load: 10 times, or as
// often as RELOADS says. A connection that still waits in the socket of the old configuration is
// reset, as in any Caddy, so that one is sent again.
func TestAReloadFailsNoRequestThatCaddyHasAccepted(t *testing.T) {
	reloads := 10
	if text := os.Getenv("RELOADS"); text != "" {
		var err error
		if reloads, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
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
	parlance_activity
	parlance_limit {
		policy many 1000000000 1s
	}
	reverse_proxy ` + u.URL + ` {
		transport parlance {
			speaks plain
		}
	}
}`
	s := load(t, site)
	var (
		stop        atomic.Bool
		sent, again atomic.Int64
		asking      sync.WaitGroup
	)
	for _, want := range []struct {
		path   string
		status int
	}{{"/things", http.StatusOK}, {"/things/7", http.StatusNotFound}} {
		asking.Go(func() {
			for !stop.Load() {
				got := <-s.get(want.path)
				if got.err != nil {
					again.Add(1)
					got = <-s.get(want.path)
				}
				if sent.Add(1); got.err != nil || got.status != want.status {
					t.Errorf("%s: got %+v", want.path, got)
					return
				}
			}
		})
	}
	dir, tick := t.TempDir(), time.NewTicker(200*time.Millisecond)
	defer tick.Stop()
	for n := 0; n < reloads && !t.Failed(); n++ {
		<-tick.C
		config, err := s.adapted(dir, strings.Replace(site, "speaks plain", "speaks plain\nmax_attempts "+strconv.Itoa(1+n%3), 1))
		if err == nil {
			err = caddy.Load(config, true)
		}
		if err != nil {
			t.Error(err)
		}
	}
	stop.Store(true)
	asking.Wait()
	t.Logf("%d requests during %d reloads, %d of them sent again", sent.Load(), reloads, again.Load())
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
