package caddyparlance_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	caddyparlance "github.com/parlance-api/parlance/caddy"
)

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
	w := httptest.NewRecorder()
	route := caddyparlance.Admin{}.Routes()[0]
	if err := route.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, route.Pattern, nil)); err != nil {
		t.Fatal(err)
	}
	var got []caddyparlance.Loaded
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 2 || got[0].Name != "problem" || got[1].Name != "vms" || got[1].At.IsZero() {
		t.Errorf("got %s %v", w.Body, err)
	}
}
