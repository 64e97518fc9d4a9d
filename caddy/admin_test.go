package caddyparlance_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	caddyparlance "github.com/parlance-api/parlance/caddy"
)

// admin sends a request to the routes of the admin API.
func admin(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	for _, route := range (caddyparlance.Admin{}).Routes() {
		mux.HandleFunc(route.Pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := route.Handler.ServeHTTP(w, r); err != nil {
				var e caddy.APIError
				if !errors.As(err, &e) {
					t.Error(err)
				}
				http.Error(w, e.Error(), e.HTTPStatus)
			}
		})
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestTheAdminAPIListsTheDialectsThatAreLoaded(t *testing.T) {
	load(t, `
ADDRESS {
	parlance problem
	reverse_proxy http://127.0.0.1:1 {
		transport parlance {
			speaks vms
		}
	}
}`)
	w := admin(t, http.MethodGet, "/parlance/dialects", "")
	var got []caddyparlance.Loaded
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 2 || got[0].Name != "problem" || got[1].Name != "vms" || got[1].At.IsZero() {
		t.Errorf("got %s %v", w.Body, err)
	}
}

func TestTheAdminAPIRefusesWhatItDoesNotKnow(t *testing.T) {
	load(t, "\nADDRESS {\nparlance_maintenance\nrespond ok\n}")
	for _, tt := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/parlance/dialects", "", http.StatusMethodNotAllowed},
		{"DELETE", "/parlance/maintenance/maintenance", "", http.StatusMethodNotAllowed},
		{"PUT", "/parlance/maintenance/other", "{}", http.StatusNotFound},
		{"PUT", "/parlance/maintenance/maintenance", `{"close":true}`, http.StatusBadRequest},
		{"GET", "/parlance/activity/1", "", http.StatusNotFound},
		{"GET", "/parlance/outbox", "", http.StatusNotFound},
		{"GET", "/parlance/outbox/1", "", http.StatusNotFound},
	} {
		if got := admin(t, tt.method, tt.path, tt.body); got.Code != tt.want {
			t.Errorf("%s %s: got %d %s, want %d", tt.method, tt.path, got.Code, got.Body, tt.want)
		}
	}
}
