package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/disk"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

// within asks a service whose handler does some work in a transaction.
func within(t *testing.T, o outage, work func(ctx context.Context) error) (kind parlance.Kind, log string) {
	t.Helper()
	d, err := catalog.Open("problem")
	if err != nil {
		t.Fatal(err)
	}
	l := new(testlog.Log)
	s := server.New(d, server.WithLogger(slog.New(slog.NewTextHandler(l, nil))))
	h := httptest.NewServer(s.Wrap(idempotency.Middleware(o.store.Idempotency(), idempotency.Transactional())(
		s.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
			return server.AtomicIn(o.store)(func(ctx context.Context) (any, error) { return "done", work(ctx) }), nil
		}))))
	defer h.Close()
	// A key of its own: under that of an earlier request, a conflict would be replayed.
	_, kind, _, _ = ask(t, "problem", "POST", h.URL, rand.Text())
	return kind, l.String()
}

func TestAnErrorOfTheHandlersOwnSQLIsUnavailableIfTheStoreBreaksUnderIt(t *testing.T) {
	t.Parallel()
	// As many handlers do, it hides what the driver says.
	opaque := func(err error) error { return fmt.Errorf("the order could not be stored: %v", err) }
	for name, test := range map[string]func(t *testing.T) (outage, func(ctx context.Context) error){
		"the disk is full": func(t *testing.T) (outage, func(ctx context.Context) error) {
			d := disk.Small(t, 8<<20)
			o := onSQLite(t, filepath.Join(d.Folder, "store.db"))
			return o, func(ctx context.Context) error {
				for {
					if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO effect VALUES ('x', zeroblob(1000000))"); err != nil {
						return opaque(err)
					}
				}
			}
		},
		"PostgreSQL ends the session": func(t *testing.T) (outage, func(ctx context.Context) error) {
			o, _ := onPostgres(t, postgres.WithTimeout(time.Minute))
			return o, func(ctx context.Context) error {
				_, _ = postgres.Tx(ctx).Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
				return opaque(o.do(ctx, "x"))
			}
		},
		"PostgreSQL is gone": func(t *testing.T) (outage, func(ctx context.Context) error) {
			o, pg := onPostgres(t, postgres.WithTimeout(time.Minute))
			return o, func(ctx context.Context) error {
				if err := o.do(ctx, "x"); err != nil {
					return err
				}
				pg.Kill()
				return opaque(o.do(ctx, "y"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, work := test(t)
			if kind, log := within(t, o, work); kind != parlance.KindUnavailable || !strings.Contains(log, "the order could not be stored") {
				t.Errorf("got %v\n%s", kind, log)
			}
		})
	}
}

func TestAnErrorThatIsNotOfTheStoreIsNotTakenForAnOutageOfIt(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")} // by another service
	sqliteStore := onSQLite(t, filepath.Join(t.TempDir(), "store.db"))
	postgresStore, _ := onPostgres(t, postgres.WithTimeout(time.Minute))
	for name, o := range map[string]outage{"sqlite": sqliteStore, "postgres": postgresStore} {
		for want, err := range map[parlance.Kind]error{
			parlance.KindInternal: fmt.Errorf("the bank: %w", refused),
			parlance.KindConflict: parlance.NewError(parlance.KindConflict, "Not now"),
		} {
			if kind, log := within(t, o, func(context.Context) error { return err }); kind != want || strings.Contains(log, "cannot be reached") {
				t.Errorf("%s: got %v, want %v\n%s", name, kind, want, log)
			}
			if got := o.store.Transact(t.Context(), func(context.Context) error { return err }); got != err {
				t.Errorf("%s: Transact returns %v, not fn's %v", name, got, err)
			}
		}
	}
}
