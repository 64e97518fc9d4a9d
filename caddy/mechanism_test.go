package caddyparlance_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	caddyparlance "github.com/parlance-api/parlance/caddy"
)

// behind is a site with mechanisms before an upstream. With a dialect, the directive parlance
// is around both; without, the mechanisms stand alone.
func behind(dialect, mechanisms, upstream string) string {
	if dialect != "" {
		dialect = "parlance " + dialect
	}
	return "\nADDRESS {\n" + dialect + "\n" + mechanisms + "\nreverse_proxy " + upstream + " {\ntransport parlance {\nspeaks plain\nmax_attempts 1\n}\n}\n}"
}

// TestAMechanismStandsAlone has each of the mechanisms refuse a request before any upstream, in
// its own dialect and in that of the directive around it.
func TestAMechanismStandsAlone(t *testing.T) {
	document := filepath.Join(t.TempDir(), "api.yaml")
	if err := os.WriteFile(document, []byte("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /things:\n    post:\n      requestBody:\n        required: true\n        content:\n          application/json:\n            schema: {type: object, required: [name]}\n      responses: {'200': {description: ok}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file   string
		first  []string // fields of the first request
		second []string // of the one that is refused
		one    int      // the status of the first
		two    int      // of the refusal
	}{
		"a key that is missing": {"parlance_idempotency {\nrequired\n}", []string{"Idempotency-Key", "a"}, nil, http.StatusOK, http.StatusBadRequest},
		"a rate":                {"parlance_limit {\npolicy few 1 1h\n}", nil, nil, http.StatusOK, http.StatusTooManyRequests},
		"a rate by a header":    {"parlance_limit {\npolicy few 1 1h {header.X-Api-Key}\n}", []string{"X-Api-Key", "a"}, []string{"X-Api-Key", "a"}, http.StatusOK, http.StatusTooManyRequests},
		"seats":                 {"parlance_license {\nseats 1\nholder {header.X-User}\n}", []string{"X-User", "a"}, []string{"X-User", "b"}, http.StatusOK, http.StatusForbidden},
		"a schema":              {"parlance_validate {\ndocument " + document + "\n}", []string{"Content-Type", "application/json"}, []string{"Content-Type", "text/plain"}, http.StatusOK, http.StatusUnsupportedMediaType},
	} {
		for _, dialect := range []string{"", "problem", "vms"} {
			t.Run(name+" "+dialect, func(t *testing.T) {
				u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
				s := load(t, behind(dialect, tt.file, u.URL))
				if resp, body := s.ask("POST", "/things", `{"name":"a"}`, tt.first...); resp.StatusCode != tt.one || body != `{"id":7}` {
					t.Errorf("got %d %v %s", resp.StatusCode, resp.Header, body)
				}
				resp, body := s.ask("POST", "/things", `{"name":"a"}`, tt.second...)
				kind := "application/problem+json"
				if dialect == "vms" {
					kind = jsonType
				}
				if got := resp.Header.Get("Content-Type"); resp.StatusCode != tt.two && dialect != "vms" || got != kind || u.requests.Load() != 1 {
					t.Errorf("got %d %s %s, want %d", resp.StatusCode, got, body, tt.two)
				}
			})
		}
	}
}

// TestFailuresPassAMechanism has each kind of response behind all mechanisms together: it is as
// it is without them.
func TestFailuresPassAMechanism(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/refused":
			says(http.StatusUnprocessableEntity, jsonType, `{"message":"m","errors":{"url":["bad"]}}`)(w, r)
		case "/fault":
			says(http.StatusInternalServerError, jsonType, `{"message":"m"}`)(w, r)
		default:
			says(http.StatusOK, jsonType, `{"id":7}`)(w, r)
		}
	})
	gone := serve(t, says(http.StatusOK, jsonType, `{}`))
	gone.Close()
	all := "parlance_activity\nparlance_maintenance\nparlance_limit {\npolicy many 1000 1h\n}\nparlance_license {\nseats 9\nholder {remote_host}\n}\nparlance_idempotency\nparlance_outbox " + u.URL + " {\nspeaks plain\n}"
	rest := "handle /none {\nerror 404\n}\nhandle /said {\nrespond \"no\" 403\n}\nhandle /gone {\nreverse_proxy " + gone.URL + "\n}\nhandle {\nreverse_proxy " + u.URL + " {\ntransport parlance {\nspeaks plain\nmax_attempts 1\n}\n}\n}\n}"
	for _, dialect := range []string{"problem", "vms", "vbapi", "omilia"} {
		with := load(t, "\nADDRESS {\nparlance "+dialect+"\n"+all+"\n"+rest)
		type response struct {
			status     int
			kind, body string
		}
		got := map[string]response{}
		paths := []string{"/things", "/refused", "/fault", "/none", "/said", "/gone"}
		ask := func(s *server, path string) response {
			resp, body := s.ask("POST", path, "{}", "Idempotency-Key", path)
			for _, id := range []string{resp.Header.Get("X-Request-Id"), resp.Header.Get("Request-Id")} {
				if id != "" {
					body = strings.ReplaceAll(body, id, "ID")
				}
			}
			return response{resp.StatusCode, resp.Header.Get("Content-Type"), body}
		}
		for _, path := range paths {
			got[path] = ask(with, path)
		}
		without := load(t, "\nADDRESS {\nparlance "+dialect+"\n"+rest)
		for _, path := range paths {
			if want := ask(without, path); got[path].status != want.status || got[path].kind != want.kind || len(got[path].body) != len(want.body) {
				t.Errorf("%s %s: got %v, want %v", dialect, path, got[path], want)
			}
		}
	}
}

func TestAKeyMakesARequestSafe(t *testing.T) {
	for _, dialect := range []string{"", "problem", "vbapi"} {
		u := serve(t, inTurn(
			says(http.StatusTooManyRequests, jsonType, `{"message":"slow"}`),
			says(http.StatusCreated, jsonType, `{"id":7}`),
			says(http.StatusCreated, jsonType, `{"id":8}`)))
		s := load(t, behind(dialect, "parlance_idempotency", u.URL))
		s.ask("POST", "/orders", "{}", "Idempotency-Key", "k") // a rate limit proves that nothing was done
		first, one := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k")
		second, two := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k")
		if first.StatusCode != http.StatusCreated || second.StatusCode != http.StatusCreated || one != two || second.Header.Get("Idempotent-Replayed") != "true" || u.requests.Load() != 2 {
			t.Errorf("%s: got %d %s, then %d %s %v", dialect, first.StatusCode, one, second.StatusCode, two, second.Header)
		}
		if resp, body := s.ask("POST", "/orders", "{2}", "Idempotency-Key", "k"); resp.StatusCode < 400 {
			t.Errorf("%s: a key of another request: got %d %s", dialect, resp.StatusCode, body)
		}
	}
}

func TestAKeyAndALimitSurviveAReload(t *testing.T) {
	u := serve(t, inTurn(says(http.StatusCreated, jsonType, `{"id":7}`), says(http.StatusCreated, jsonType, `{"id":8}`)))
	file := behind("problem", "parlance_limit {\npolicy few 3 1h\n}\nparlance_idempotency", u.URL)
	s := load(t, file)
	_, one := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k")
	if err := s.reload(t.TempDir(), strings.Replace(file, "few 3", "few  3", 1)+"\n# changed"); err != nil {
		t.Fatal(err)
	}
	resp, two := s.ask("POST", "/orders", "{}", "Idempotency-Key", "k")
	if one != two || u.requests.Load() != 1 {
		t.Errorf("got %s after %s", two, one)
	}
	if left := resp.Header.Get("Ratelimit"); !strings.Contains(left, ";r=1;") {
		t.Errorf("got %s", left)
	}
}

func TestAStoreThatCannotBeOpenedIsToldWithItsLine(t *testing.T) {
	config, err := adapt("{\n\tparlance {\n\t\tstore /dev/null/no.db\n\t}\n}\nhttp://127.0.0.1:1 {\n\tparlance_idempotency\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, config); err == nil || !strings.Contains(err.Error(), "Caddyfile:3: the store /dev/null/no.db cannot be opened") {
		t.Errorf("got %v", err)
	}
	t.Setenv("STORE", "postgres://me:hunter2@127.0.0.1:1/none?connect_timeout=1")
	if config, err = adapt("{\n\tparlance {\n\t\tstore {env.STORE}\n\t}\n}\nhttp://127.0.0.1:1 {\n\tparlance_idempotency\n}\n"); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, config); err == nil || !strings.Contains(err.Error(), "Caddyfile:3: ") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestAStoreThatGoesAwayIsNoFaultOfTheCaller(t *testing.T) {
	u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
	for mechanism, want := range map[string]int{
		"parlance_idempotency":                                       http.StatusServiceUnavailable,
		"parlance_license {\nseats 1\nholder {remote_host}\n}":       http.StatusServiceUnavailable,
		"parlance_limit {\npolicy few 1 1h\n}":                       http.StatusOK,
		"parlance_limit {\npolicy few 1 1h\nclosed\n}":               http.StatusServiceUnavailable,
		"parlance_activity":                                          http.StatusOK,
		"parlance_outbox " + u.URL + " {\nspeaks plain\nalways /\n}": http.StatusServiceUnavailable,
	} {
		s := load(t, behind("problem", mechanism, u.URL))
		caddyparlance.CloseStores()
		if resp, body := s.ask("POST", "/things", "{}", "Idempotency-Key", "k"); resp.StatusCode != want {
			t.Errorf("%s: got %d %s, want %d", mechanism, resp.StatusCode, body, want)
		}
	}
}

func TestTheMaintenanceIsSwitched(t *testing.T) {
	u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
	file := behind("problem", "parlance_maintenance {\nopen /healthz\ndetail \"We move house.\"\n}", u.URL)
	s := load(t, file)
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	if got := admin(t, "PUT", "/parlance/maintenance/maintenance", `{"closed":true,"until":"`+until+`"}`); got.Code != http.StatusOK {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	closed := func(when string) {
		resp, body := s.ask("GET", "/things", "")
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "We move house.") {
			t.Errorf("%s: got %d %v %s", when, resp.StatusCode, resp.Header, body)
		}
		if resp, body := s.ask("GET", "/healthz", ""); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d %s for a path that is open", when, resp.StatusCode, body)
		}
	}
	closed("at once")
	if err := s.reload(t.TempDir(), file+"\n# changed"); err != nil {
		t.Fatal(err)
	}
	closed("after a reload")
	var states map[string]caddyparlance.Closed
	if got := admin(t, "GET", "/parlance/maintenance", ""); json.Unmarshal(got.Body.Bytes(), &states) != nil || !states["maintenance"].Closed {
		t.Errorf("got %s", got.Body)
	}
	admin(t, "PUT", "/parlance/maintenance/maintenance", `{"closed":false}`)
	if resp, body := s.ask("GET", "/things", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
}

func TestARecordHasEachAttempt(t *testing.T) {
	u := serve(t, inTurn(says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"), says(http.StatusNotFound, jsonType, `{"message":"gone"}`)))
	s := load(t, strings.Replace(behind("problem", "parlance_activity", u.URL), "max_attempts 1", "max_attempts 2", 1))
	resp, _ := s.ask("GET", "/things/7", "")
	id := resp.Header.Get("X-Request-Id")
	if err := s.reload(t.TempDir(), behind("problem", "parlance_idempotency", u.URL)); err != nil { // the recorder writes its last records
		t.Fatal(err)
	}
	got := admin(t, "GET", "/parlance/activity/"+id, "")
	if n := strings.Count(got.Body.String(), `"attempt":`); got.Code != http.StatusOK || n != 2 || !strings.Contains(got.Body.String(), `"status":404`) {
		t.Errorf("%s: got %d %s", id, got.Code, got.Body)
	}
	if got := admin(t, "GET", "/parlance/activity/none", ""); got.Code != http.StatusNotFound {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
}

func TestAnOutboxDeliversLater(t *testing.T) {
	for _, dialect := range []string{"", "problem"} {
		u := serve(t, inTurn(says(http.StatusServiceUnavailable, jsonType, `{"message":"busy"}`, "Retry-After", "0"), says(http.StatusOK, jsonType, `{"number":7}`)))
		s := load(t, behind(dialect, "parlance_outbox "+u.URL+" {\nspeaks plain\nvendor shop\nroute \"PUT /orders/\"\n}", u.URL))
		resp, body := s.ask("PUT", "/orders/7", "{}", "Prefer", "respond-async")
		place := resp.Header.Get("Location")
		if resp.StatusCode != http.StatusAccepted || place == "" {
			t.Fatalf("got %d %v %s", resp.StatusCode, resp.Header, body)
		}
		if resp, body = s.ask("GET", place, "", "Prefer", "wait=30"); resp.StatusCode != http.StatusOK || body != `{"number":7}` {
			t.Errorf("got %d %s", resp.StatusCode, body)
		}
		var list []struct{ ID, State string }
		got := admin(t, "GET", "/parlance/outbox?state=delivered", "")
		if err := json.Unmarshal(got.Body.Bytes(), &list); err != nil || len(list) != 1 || list[0].State != "delivered" {
			t.Fatalf("got %s", got.Body)
		}
		if got := admin(t, "GET", "/parlance/outbox/"+list[0].ID, ""); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"state":"delivered"`) {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
		for query, want := range map[string]int{
			"state=bogus": http.StatusBadRequest, "stat=waiting": http.StatusBadRequest, "most=0": http.StatusBadRequest, "most=many": http.StatusBadRequest,
			"before=none": http.StatusNotFound, "vendor=shop": http.StatusOK, "state=&most=1": http.StatusOK, "before=" + list[0].ID: http.StatusOK,
		} {
			if got := admin(t, "GET", "/parlance/outbox?"+query, ""); got.Code != want {
				t.Errorf("%s: got %d %s", query, got.Code, got.Body)
			}
		}
		before := u.requests.Load()
		if resp, body = s.ask("PUT", "/orders/7", "{}"); resp.StatusCode != http.StatusOK || u.requests.Load() != before+1 {
			t.Errorf("one that is not stored: got %d %s", resp.StatusCode, body)
		}
		if resp, _ = s.ask("PUT", "/orders/7", "{}", "Prefer", "respond-async", "Authorization", "Bearer abc"); resp.StatusCode != http.StatusOK {
			t.Errorf("one with a credential: got %d", resp.StatusCode)
		}
	}
}

func TestTheLogAndTheMetricsHaveARefusal(t *testing.T) {
	for _, dialect := range []string{"", "problem"} {
		u := serve(t, says(http.StatusOK, jsonType, `{"id":7}`))
		s := load(t, strings.Replace(behind(dialect, "metrics /metrics\nparlance_limit {\npolicy few 1 1h\n}", u.URL), "{\n", "{\nlog\n", 1))
		s.ask("POST", "/things", "{}")
		s.ask("POST", "/things", "{}")
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(s.log)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"kind":"rate_limited"`) {
			t.Errorf("%q: got %s", dialect, text)
		}
	}
}
