package idempotency_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// ends observes how requests end.
type ends chan *server.Served

func (e ends) Before(ctx context.Context, _ *http.Request) context.Context { return ctx }

func (e ends) After(_ context.Context, _ *http.Request, s *server.Served) { e <- s }

// TestACallerWhoLeavesInHisBodyMayRepeat lets a caller leave while he sends the body of a
// request with a key. The key is free, so that a retry is carried out.
func TestACallerWhoLeavesInHisBodyMayRepeat(t *testing.T) {
	t.Parallel()
	keys, end := servertest.NewKeys(), make(ends, 2)
	var runs atomic.Int32
	s, _ := servertest.New(t, "problem", server.WithObserver(end))
	l := servertest.Listen(t, s.Wrap(idempotency.Middleware(keys)(s.Handle(counting(&runs)))))
	c, err := net.Dial("tcp", l.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "POST /orders HTTP/1.1\r\nHost: shop\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\nhalf of it"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-end; got.Status != 499 || got.Outcome.Kind != parlance.KindFailed || got.Outcome.Reason != parlance.ReasonCanceled || len(keys.Claimed) != 0 {
		t.Errorf("observed %d, %+v; claimed %v", got.Status, got.Outcome, keys.Claimed)
	}
	if a := servertest.Post(t, l, "/orders", "the whole of it", "Idempotency-Key", "k"); a.Status != http.StatusCreated || replayed(a) || runs.Load() != 1 {
		t.Errorf("the retry got %d %s after %d runs", a.Status, a.Body, runs.Load())
	}
}
