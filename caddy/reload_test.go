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

// TestLossesCodesAndWithheldRetriesAreTold asks for what each has, and looks into the metrics and
// the access log.
func TestLossesCodesAndWithheldRetriesAreTold(t *testing.T) {
	busy := serve(t, says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"))
	fields := serve(t, says(http.StatusUnprocessableEntity, jsonType, `{"message":"Submitted data was invalid","errors":{"url":["bad"]}}`))
	code := serve(t, says(http.StatusOK, jsonType, `{"ok":false,"error":"channel_not_found"}`))
	way := func(path, upstream, speaks string) string {
		return "handle " + path + " {\nreverse_proxy " + upstream + " {\ntransport parlance {\nspeaks " + speaks + "\n}\n}\n}\n"
	}
	s := load(t, "ADDRESS {\nlog\nhandle /metrics {\nmetrics\n}\nhandle {\nparlance plain {\nname things\n}\n"+
		way("/busy", busy.URL, "plain\nbudget 0 0")+way("/fields", fields.URL, "vms")+way("/code", code.URL, "slack")+"}\n}\n")
	for _, path := range []string{"/busy", "/fields", "/code"} {
		s.ask("GET", path, "")
	}
	_, text := s.ask("GET", "/metrics", "")
	for _, want := range []string{
		`parlance_retries_withheld_total{because="budget",speaks="plain"} 1`,
		`parlance_losses_total{attribute="fields`,
		`parlance_requests_total{act="stop",kind="not_found",route="things",speaks="slack",to="plain"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s:\n%s", want, text)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"code":"channel_not_found"`, `"held":"`, `"lost":"`} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the access log lacks %s", want)
		}
	}
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
