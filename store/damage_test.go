package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/sqlite"
)

// A file that is damaged is refused when it is opened, or where that is not seen
// then, what stands in the damaged part is unavailable. The operator is told what to
// do in either case.
func TestADamagedFileIsToldAndNothingOfItIsMadeUp(t *testing.T) {
	t.Parallel()
	const keys = 200
	path := filepath.Join(t.TempDir(), "store.db")
	log := new(testlog.Log)
	serve := func(t *testing.T, s *sqlite.Store, name string) string {
		d, err := catalog.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		api := server.New(d, server.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
		mux := http.NewServeMux()
		mux.Handle("POST /{id}", idempotency.Middleware(s.Idempotency(), idempotency.Required(), idempotency.Transactional())(
			api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				return server.AtomicIn(s)(func(context.Context) (any, error) {
					return "it is " + r.PathValue("id") + strings.Repeat("!", 500), nil
				}), nil
			})))
		h := httptest.NewServer(api.Wrap(mux))
		t.Cleanup(h.Close)
		return h.URL
	}
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, s, "vms")
	said := map[string]string{}
	for i := range keys {
		id := fmt.Sprint(i)
		status, _, body, _ := ask(t, "vms", "POST", url+"/"+id, id)
		if said[id] = body; status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	spoil := func(b []byte) {
		for i := range b {
			b[i] = byte(random.Uint32())
		}
	}
	noticed := 0
	for sentence, damage := range map[string]func(b []byte) []byte{
		"its beginning is gone":     func(b []byte) []byte { spoil(b[:100]); return b },
		"its first page is gone":    func(b []byte) []byte { spoil(b[100:4096]); return b },
		"its middle is gone":        func(b []byte) []byte { spoil(b[len(b)/4 : len(b)*3/4]); return b },
		"all but its first is gone": func(b []byte) []byte { spoil(b[4096:]); return b },
		"it is cut off":             func(b []byte) []byte { return b[:len(b)/2] },
		"it is empty pages":         func(b []byte) []byte { clear(b[4096:]); return b },
	} {
		for _, name := range []string{"vms", "vision"} {
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, damage(append([]byte(nil), whole...)), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(path)
			if err != nil {
				if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, "restore it from a backup") {
					t.Errorf("%s: opened: %v", sentence, err)
				}
				noticed++
				continue
			}
			url := serve(t, s, name)
			failed := 0
			for id, before := range said {
				status, kind, body, header := ask(t, name, "POST", url+"/"+id, id)
				switch {
				case status == 503 && kind == parlance.KindUnavailable && !insides.MatchString(body):
					failed++
				case status == 200 && body == before && header.Get(idempotency.ReplayedHeader) == "true":
				default:
					t.Errorf("%s, in %s: %s is answered %d %v %.80s (replayed %q), and was %.20s", sentence, name, id, status, kind, body, header.Get(idempotency.ReplayedHeader), before)
				}
			}
			if failed > 0 && strings.Contains(log.String(), "restore it from a backup") {
				noticed++
			}
			s.Close()
		}
	}
	if noticed != 12 {
		t.Errorf("the operator was told of %d of 12 damaged files", noticed)
	}
}
