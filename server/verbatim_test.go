package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/memory"
)

func TestAVerbatimResponseIsNotChanged(t *testing.T) {
	d, err := catalog.Open("vbapi")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		status     int
		kind, body string
	}{
		{http.StatusOK, "application/json", `{"a":1}`},
		{http.StatusOK, "", ""},
		{http.StatusNotFound, "text/plain; charset=utf-8", "404 page not found\n"},
		{http.StatusBadGateway, "application/json", `{"code":7}`},
	} {
		h := server.New(d).Wrap(server.Verbatim(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.kind != "" {
				w.Header().Set("Content-Type", tt.kind)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}
		}), nil))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("Content-Type") != tt.kind || len(w.Header()["parlance: report"]) > 0 {
			t.Errorf("got %d %v %q, want %d %q", w.Code, w.Header(), w.Body, tt.status, tt.body)
		}
	}
}

func TestTheMeaningOfAVerbatimResponseFreesAKey(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		means  func(*http.Request) (server.Meaning, bool)
		served int
	}{
		{"a rate limit", http.StatusTooManyRequests, nil, 2},
		{"a fault", http.StatusInternalServerError, nil, 1},
		{"unavailable", http.StatusServiceUnavailable, nil, 1},
		{"unavailable, and not sent", http.StatusServiceUnavailable, func(*http.Request) (server.Meaning, bool) {
			return server.Meaning{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable}, NoEffect: true}, true
		}, 2},
		{"a success", http.StatusOK, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := catalog.Open("problem")
			if err != nil {
				t.Fatal(err)
			}
			served := 0
			h := server.New(d).Wrap(idempotency.Middleware(memory.New().Idempotency())(server.Verbatim(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				served++
				w.WriteHeader(tt.status)
			}), tt.means)))
			for range 2 {
				r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader("{}"))
				r.Header.Set("Idempotency-Key", "k")
				w := httptest.NewRecorder()
				if h.ServeHTTP(w, r); w.Code != tt.status {
					t.Errorf("got %d, want %d", w.Code, tt.status)
				}
			}
			if served != tt.served {
				t.Errorf("served %d times, want %d", served, tt.served)
			}
		})
	}
}
