package idempotency_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/catalogtest"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/memory"
)

func TestAStreamThatFailedHalfwayIsReplayedAsItWas(t *testing.T) {
	t.Parallel()
	var log testlog.Log
	s := server.New(catalogtest.Open(t, "openai"), server.WithLogger(log.Logger()))
	var calls atomic.Int32
	h := s.Wrap(idempotency.Middleware(memory.New().Idempotency())(s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return server.Stream(func(_ context.Context, w *server.StreamWriter) error {
			if err := w.Send(server.Element{Data: map[string]any{"choices": []any{}}}); err != nil {
				return err
			}
			if calls.Add(1) == 1 {
				return parlance.ErrInternal
			}
			return nil
		}), nil
	})))
	socket := httptest.NewServer(h)
	defer socket.Close()
	first := ""
	for i := range 3 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", socket.URL+"/v1/chat/completions", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Idempotency-Key", "k")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if i == 0 {
			first = string(body)
		}
		if err != nil || !strings.Contains(first, "server_error") || string(body) != first {
			t.Errorf("response %d is %q, %v; want %q with the failure", i, body, err, first)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("the handler ran %d times, want once: what it did before the failure is not known", n)
	}
}
