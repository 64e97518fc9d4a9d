package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// hasty is problem for callers who have no time.
const hasty = `
dialect: hasty
extends: problem
codes:
  500: {kind: internal, retry: {backoff: 1ms..2ms}}
idempotency: {header: Idempotency-Key}
`

// Both ends keep their word over a real socket: a fault that undid all that was
// done is mended by a retry under the same key; one whose effect nobody knows is
// said once more, and then not asked for again.
func TestAFaultUnderAKeyIsMendedByARetryOrFinal(t *testing.T) {
	t.Parallel()
	d, err := dialect.Compile("hasty.yaml", []byte(hasty), catalog.Find(""))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options  []idempotency.Option
		runs     int32
		effects  int
		statuses []int
		act      parlance.Act
		why      string
	}{
		"inside":  {[]idempotency.Option{idempotency.Transactional()}, 3, 1, []int{500, 500, 201}, parlance.ActDone, ""},
		"outside": {nil, 1, 0, []int{500, 500}, parlance.ActStop, "replays its earlier response to this idempotency key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := sqlite.Open(filepath.Join(t.TempDir(), "store.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			if err := store.Transact(t.Context(), func(ctx context.Context) error {
				_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE stock (n INTEGER)")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var runs atomic.Int32
			api := server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
			l := servertest.Listen(t, api.Wrap(idempotency.Middleware(store.Idempotency(), c.options...)(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
				return server.AtomicIn(store)(func(ctx context.Context) (any, error) {
					if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO stock VALUES (1)"); err != nil {
						return nil, err
					}
					if n := runs.Add(1); n < 3 {
						return nil, errors.New("a fault that passes")
					}
					return server.Created("/orders/7", 7), nil
				}), nil
			}))))
			resp, err := (&http.Client{Transport: client.New(d, client.WithBase(l.Client().Transport))}).Post(l.URL+"/orders", "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			report, _ := client.ReportOf(resp)
			var statuses []int
			for _, a := range report.Attempts {
				statuses = append(statuses, a.Outcome.Status)
			}
			if runs.Load() != c.runs || !slices.Equal(statuses, c.statuses) || report.Decision.Act != c.act || !strings.Contains(report.Decision.Why, c.why) {
				t.Errorf("%d runs, statuses %v, and now %v: %s", runs.Load(), statuses, report.Decision.Act, report.Decision.Why)
			}
			var effects int
			if err := store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM stock").Scan(&effects); err != nil || effects != c.effects {
				t.Errorf("%d effects, %v", effects, err)
			}
			// Another who asks under the same key is told the same.
			again := servertest.Post(t, l, "/orders", "{}", "Idempotency-Key", resp.Request.Header.Get("Idempotency-Key"))
			if !replayed(again) || again.Status != c.statuses[len(c.statuses)-1] || runs.Load() != c.runs {
				t.Errorf("again %s, %d runs", fmt.Sprint(again), runs.Load())
			}
		})
	}
}
