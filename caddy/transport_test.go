package caddyparlance_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheGatewaySendsItsOwnCredentialsFromTheEnvironmentAndFiles(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte("open sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PARLANCE_TEST_KEY", "k-17")
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		_, _ = io.WriteString(w, r.Header.Get("X-Key")+" "+password)
	})
	s := load(t, `
ADDRESS {
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
			api_key X-Key {env.PARLANCE_TEST_KEY}
			basic gateway {file.`+secret+`}
		}
	}
}`)
	if _, body := s.ask("GET", "/", ""); body != "k-17 open sesame" {
		t.Errorf("got %q", body)
	}
	log, err := os.ReadFile(s.log)
	if err != nil || strings.Contains(string(log), "k-17") || strings.Contains(string(log), "open sesame") {
		t.Errorf("a secret is in the log, or there is none: %v", err)
	}
}

func TestAnEmptySecretIsRefusedAtTheStart(t *testing.T) {
	config, err := adapt("http://127.0.0.1:1 {\n\treverse_proxy http://127.0.0.1:2 {\n\t\ttransport parlance {\n\t\t\tspeaks plain\n\t\t\tapi_key X-Key {env.PARLANCE_TEST_NONE}\n\t\t}\n\t}\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, config); err == nil || !strings.Contains(err.Error(), "api_key X-Key") {
		t.Errorf("got %v", err)
	}
}

func TestATokenIsRenewedOnceItHasExpired(t *testing.T) {
	tokens := serve(t, inTurn(says(http.StatusOK, jsonType, `{"access_token":"old"}`), says(http.StatusOK, jsonType, `{"access_token":"new"}`)))
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			says(http.StatusUnauthorized, "application/xml", "<RES><Code>401</Code><Message>expired</Message></RES>")(w, r)
			return
		}
		says(http.StatusOK, jsonType, `{}`)(w, r)
	})
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks vision
			oauth `+tokens.URL+`/token {
				client gateway s3cret
			}
		}
	}
}`)
	if resp, body := s.ask("GET", "/orders", ""); resp.StatusCode != http.StatusOK || tokens.requests.Load() != 2 {
		t.Errorf("got %d %s with %d tokens", resp.StatusCode, body, tokens.requests.Load())
	}
}

// TestNoSecretOfOAuthIsInTheLog has the endpoint give a token, refuse the client with its secret
// in the text, respond with something else, and not respond. The log has all of its levels, and
// the access log.
func TestNoSecretOfOAuthIsInTheLog(t *testing.T) {
	t.Setenv("CLIENT_SECRET", "s3cret")
	for name, endpoint := range map[string]http.HandlerFunc{
		"a token":       says(http.StatusOK, jsonType, `{"access_token":"t0ken","refresh_token":"r3fresh"}`),
		"a refusal":     says(http.StatusUnauthorized, jsonType, `{"error":"invalid_client","error_description":"s3cret is not the secret"}`),
		"no JSON":       says(http.StatusOK, "text/html", `<p>s3cret t0ken</p>`),
		"a failure":     says(http.StatusServiceUnavailable, jsonType, `{"message":"s3cret"}`, "Retry-After", "0"),
		"no connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan string, 100)
			tokens := serve(t, func(w http.ResponseWriter, r *http.Request) {
				id, secret, _ := r.BasicAuth()
				if id == "" {
					id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
				}
				select {
				case asked <- id + " " + secret:
				default:
				}
				endpoint(w, r)
			})
			u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
			oauth := func(id string) string { // two clients, which share no token
				return "oauth " + tokens.URL + "/token {\nclient " + id + " {env.CLIENT_SECRET}\nrefresh r3fresh\n}"
			}
			s := load(t, `ADDRESS {
				log
				parlance problem
				parlance_activity
				parlance_outbox `+u.URL+` {
					speaks vision
					vendor shop
					route "PUT /orders/"
					`+oauth("outbox")+`
				}
				reverse_proxy `+u.URL+` {
					transport parlance {
						speaks vision
						max_wait 1ms
						`+oauth("gateway")+`
					}
				}
			}`)
			_, body := s.ask("GET", "/orders", "")
			resp, stored := s.ask("PUT", "/orders/7", "{}", "Prefer", "respond-async")
			if resp.StatusCode != http.StatusAccepted {
				t.Fatalf("the outbox: got %d %s", resp.StatusCode, stored)
			}
			for want := map[string]bool{"gateway s3cret": true, "outbox s3cret": true}; len(want) > 0; {
				delete(want, <-asked)
			}
			_, status := s.ask("GET", resp.Header.Get("Location"), "")
			list := admin(t, "GET", "/parlance/outbox", "").Body.String()
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(s.log)
			if err != nil || !strings.Contains(string(log), `"uri":"/orders"`) {
				t.Errorf("the log: %v %s", err, log)
			}
			for place, text := range map[string]string{"the log": string(log), "a response": body + stored + status, "the admin API": list} {
				for _, secret := range []string{"s3cret", "t0ken", "r3fresh"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s has %s: %s", place, secret, text)
					}
				}
			}
		})
	}
}

// TestHealthChecksCountWhatTheDialectCallsAFailureOfTheServer holds for a failure under 200, and
// for a mistake of a caller.
func TestHealthChecksCountWhatTheDialectCallsAFailureOfTheServer(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    http.HandlerFunc
		want int // of the second request
	}{
		{"a failure of the server under 200", says(http.StatusOK, "application/xml", "<RES><Code>150</Code><Message>m</Message></RES>"), http.StatusServiceUnavailable},
		{"a mistake of the caller", says(http.StatusBadRequest, "application/xml", "<RES><Code>400</Code><Message>m</Message></RES>"), http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := serve(t, tt.h)
			s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		fail_duration 1m
		max_fails 1
		unhealthy_status 5xx
		transport parlance {
			speaks vision
			max_attempts 1
		}
	}
}`)
			first, _ := s.ask("POST", "/service/Orders", "<a/>")
			if resp, body := s.ask("POST", "/service/Orders", "<a/>"); resp.StatusCode != tt.want {
				t.Errorf("after a %d: got %d %s", first.StatusCode, resp.StatusCode, body)
			}
		})
	}
}

func TestTheProxyTriesAnotherUpstreamIfOneIsDown(t *testing.T) {
	u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
	// Each site has another upstream that is gone: Caddy keeps the failures of one for a moment.
	site := func(budget string) string {
		gone := serve(t, says(http.StatusOK, jsonType, `{}`))
		gone.Close()
		return `
ADDRESS {
	parlance problem
	reverse_proxy ` + gone.URL + ` ` + u.URL + ` {
		lb_policy first
		lb_retries 2
		fail_duration 1m
		transport parlance {
			speaks plain
			` + budget + `
		}
	}
}`
	}
	s := load(t, site(""))
	if log, err := os.ReadFile(s.log); err != nil || !strings.Contains(string(log), "it shares the budget of the transport parlance") {
		t.Errorf("the start does not say that the budget is shared: %v %s", err, log)
	}
	if resp, body := s.ask("POST", "/things", "{}"); resp.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	s = load(t, site("budget 0 0"))
	if resp, body := s.ask("POST", "/things", "{}"); resp.StatusCode < 500 || u.requests.Load() != 1 {
		t.Errorf("without a budget: got %d %s", resp.StatusCode, body)
	}
}

// TestTheProxyChoosesTheUpstream has Caddy find upstreams itself, and spare one that fails its own
// health checks.
func TestTheProxyChoosesTheUpstream(t *testing.T) {
	ill := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			says(http.StatusInternalServerError, jsonType, `{"message":"ill"}`)(w, r)
			return
		}
		says(http.StatusNotFound, jsonType, `{"message":"of the ill one"}`)(w, r)
	})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			says(http.StatusOK, jsonType, `{}`)(w, r)
			return
		}
		says(http.StatusNotFound, jsonType, `{"message":"of the sound one"}`)(w, r)
	})
	transport := "transport parlance {\nspeaks plain\n}\n}\n"
	host, port, _ := strings.Cut(strings.TrimPrefix(u.URL, "http://"), ":")
	s := load(t, "ADDRESS {\nparlance problem\nhandle /found {\nreverse_proxy {\ndynamic a "+host+" "+port+"\n"+transport+"}\n"+
		"handle {\nreverse_proxy "+ill.URL+" "+u.URL+" {\nlb_policy first\nhealth_uri /health\nhealth_interval 10ms\n"+transport+"}\n}\n")
	problemIn(t, s, "GET", "/found", http.StatusNotFound, `"detail":"of the sound one"`)
	until(t, "the ill one is spared", func() bool {
		_, body := s.ask("GET", "/things", "")
		return strings.Contains(body, `"detail":"of the sound one"`)
	})
}

func TestABreakerSparesAnUpstreamThatIsDown(t *testing.T) {
	u := serve(t, says(http.StatusInternalServerError, jsonType, `{"message":"no"}`))
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
			max_attempts 1
			breaker 2 1m
		}
	}
}`)
	for range 2 {
		s.ask("POST", "/things", "{}")
	}
	resp, body := s.ask("POST", "/things", "{}")
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || u.requests.Load() != 2 {
		t.Errorf("got %d %v %s after %d requests", resp.StatusCode, resp.Header, body, u.requests.Load())
	}
}

func TestAStreamPassesAsItComes(t *testing.T) {
	goOn := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		<-goOn
		_, _ = io.WriteString(w, "data: two\n\n")
	})
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
		}
	}
}`)
	resp, err := http.Get(s.url("/events"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); line != "data: one\n" {
		t.Errorf("got %q %v", line, err)
	}
	close(goOn)
	if rest, _ := io.ReadAll(lines); string(rest) != "\ndata: two\n\n" {
		t.Errorf("got %q", rest)
	}
}

func TestAProtocolIsSwitched(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString(line)
		_ = rw.Flush()
	})
	s := load(t, `
ADDRESS {
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks plain
		}
	}
}`)
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url("/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	both := resp.Body.(io.ReadWriteCloser)
	defer both.Close()
	_, _ = io.WriteString(both, "hello\n")
	if line, err := bufio.NewReader(both).ReadString('\n'); line != "hello\n" {
		t.Errorf("got %q %v", line, err)
	}
}

func TestTheAccessLogSaysWhatAResponseMeans(t *testing.T) {
	u := serve(t, says(http.StatusUnprocessableEntity, jsonType, `{"message":"Submitted data was invalid","errors":{"url":["bad"]}}`))
	s := load(t, `
ADDRESS {
	log
	parlance plain {
		loss_header Parlance-Lost
	}
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks vms
		}
	}
}`)
	resp, _ := s.ask("POST", "/api/v1/items", "{}")
	if lost := resp.Header.Get("Parlance-Lost"); !strings.Contains(lost, "fields") {
		t.Errorf("the header says that %q was lost", lost)
	}
	if err := s.stop(); err != nil { // then the log is written
		t.Fatal(err)
	}
	f, err := os.Open(s.log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line struct {
			Msg      string
			Parlance struct {
				Speaks, Kind, Act, Lost string
				Attempts                int
				ID                      string `json:"request_id"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Msg != "handled request" {
			continue
		}
		p := line.Parlance
		if p.Speaks != "vms" || p.Kind != "invalid" || p.Act != "correct" || p.Attempts != 1 || p.ID == "" || !strings.Contains(p.Lost, "fields") {
			t.Errorf("got %s", lines.Bytes())
		}
		return
	}
	t.Error("the access log has no line")
}

// TestAHedgedRequestWins has the first of two requests wait until it is given up.
func TestAHedgedRequestWins(t *testing.T) {
	given := make(chan struct{})
	u := serve(t, inTurn(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(given)
	}, says(http.StatusNotFound, "application/xml", "<RES><Code>404</Code><Message>no order 7</Message></RES>")))
	s := load(t, `
ADDRESS {
	log
	parlance problem
	reverse_proxy `+u.URL+` {
		transport parlance {
			speaks vision
			hedge 1ms
		}
	}
}`)
	resp, body := s.ask("GET", "/orders/7", "")
	<-given
	if resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "no order 7") || u.requests.Load() != 2 {
		t.Errorf("after %d requests: got %d %s", u.requests.Load(), resp.StatusCode, body)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.log)
	if err != nil || !strings.Contains(string(log), `"attempts":1`) {
		t.Errorf("the two requests are one attempt in the log: %v %s", err, log)
	}
}
