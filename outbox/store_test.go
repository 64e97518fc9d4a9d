package outbox_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/internal/disk"
	"github.com/parlance-api/parlance/internal/testlog"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// tally is a vendor that counts the bodies that it got.
type tally struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

func newTally(t *testing.T, meanwhile func()) *tally {
	t.Helper()
	v := &tally{got: map[string]int{}}
	v.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		v.mu.Lock()
		v.got[string(h[:min(len(h), 20)])+" "+strconv.Itoa(len(h))]++
		v.mu.Unlock()
		meanwhile()
	}))
	t.Cleanup(v.Close)
	return v
}

// boxOn is an outbox on a store, whose vendor knows no idempotency keys.
func boxOn(t *testing.T, db store.Store, options ...outbox.Option) *outbox.Outbox {
	t.Helper()
	d, err := catalog.Open("http")
	if err != nil {
		t.Fatal(err)
	}
	return outbox.New(db.Queue(), append([]outbox.Option{outbox.WithVendor("vendor", d), outbox.WithLogger(slog.New(slog.DiscardHandler))}, options...)...)
}

// deliverAll runs an outbox until none of its requests waits, and returns all of them.
func deliverAll(t *testing.T, box *outbox.Outbox) []outbox.Delivery {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { box.Run(ctx) })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		list, err := box.List(ctx, outbox.Filter{Most: 1000})
		left := err != nil
		for _, d := range list {
			left = left || !d.State.Ended()
		}
		if !left {
			stop()
			ran.Wait()
			return list
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			stop()
			t.Fatal("it waits still")
		}
	}
}

func onFile(t *testing.T, folder string) *sqlite.Store {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(folder, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOnAFullDiskARequestIsRefusedWhole(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		d := disk.Small(t, 8<<20)
		db := onFile(t, d.Folder)
		onAFullDisk(t, d, db, func(ctx context.Context, statement string) error {
			_, err := sqlite.Tx(ctx).ExecContext(ctx, statement)
			return err
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		d := disk.Small(t, 16<<20)
		pg := pgtest.Start(t)
		pg.Tablespace(d.Folder)
		db, err := postgres.Open(t.Context(), pg.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		onAFullDisk(t, d, db, func(ctx context.Context, statement string) error {
			_, err := postgres.Tx(ctx).Exec(ctx, statement)
			return err
		})
	})
}

// onAFullDisk puts requests with a row of the program, while the disk of the store fills. exec
// is a statement of the program.
func onAFullDisk(t *testing.T, d *disk.Disk, db store.Store, exec func(ctx context.Context, statement string) error) {
	v := newTally(t, func() {})
	box := boxOn(t, db)
	if err := db.Transact(t.Context(), func(ctx context.Context) error { return exec(ctx, "CREATE TABLE shop (id TEXT UNIQUE)") }); err != nil {
		t.Fatal(err)
	}
	row := func(i int) string { return fmt.Sprintf("INSERT INTO shop VALUES ('%d')", i) }
	put := func(i int) error {
		return db.Transact(t.Context(), func(ctx context.Context) error {
			if err := exec(ctx, row(i)); err != nil {
				return err
			}
			body := fmt.Appendf(nil, "%020d", i)
			for len(body) < 20_000 { // which cannot be compressed
				body = append(body, rand.Text()...)
			}
			_, err := box.Put(ctx, outbox.Request{Vendor: "vendor", URL: v.URL, Body: body})
			return err
		})
	}
	kept := 0
	for i := range 20 {
		if i == 5 {
			d.Fill()
		}
		switch err := put(i); {
		case err == nil:
			kept++
		case !errors.Is(err, parlance.ErrUnavailable):
			t.Errorf("request %d: %v", i, err)
		}
	}
	if kept < 5 || kept == 20 {
		t.Errorf("%d of 20 were kept", kept)
	}
	d.Free()
	list := deliverAll(t, box)
	rows := 0
	for i := range 20 { // a row that exists cannot be added
		if db.Transact(t.Context(), func(ctx context.Context) error { return exec(ctx, row(i)) }) != nil {
			rows++
		}
	}
	if len(list) != kept || rows != kept || len(v.got) != kept {
		t.Errorf("%d requests, %d rows of the program, and the vendor got %d; %d were acknowledged", len(list), rows, len(v.got), kept)
	}
}

func TestALongBodyIsRefusedOrKeptAsSet(t *testing.T) {
	t.Parallel()
	v := newTally(t, func() {})
	db := onFile(t, t.TempDir())
	body := make([]byte, 100<<20)
	r := outbox.Request{Vendor: "vendor", URL: v.URL, Body: body}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := boxOn(t, db).Put(t.Context(), r)
	runtime.ReadMemStats(&after)
	if refused, ok := errors.AsType[*parlance.Error](err); !ok || refused.Outcome.Reason != parlance.ReasonRequestTooLarge {
		t.Errorf("by default it is not refused: %v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 50<<20 { // other tests run meanwhile
		t.Errorf("the refusal took %d MB", n>>20)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var state outbox.State
	r.Body = body[:11<<20] // more than the default
	box := boxOn(t, db, outbox.WithMaxBody(len(r.Body)), outbox.WithEnd(func(_ context.Context, d outbox.Delivery) error {
		state = d.State
		stop()
		return nil
	}))
	if _, err := box.Put(ctx, r); err != nil {
		t.Fatal(err)
	}
	box.Run(ctx)
	if state != outbox.Delivered || v.got[string(body[:20])+" "+strconv.Itoa(len(r.Body))] != 1 {
		t.Errorf("it is %q", state)
	}
}

// TestWhilePostgreSQLIsAwayNoResultIsLost holds that the result of an attempt waits for the
// store, for longer than the lease, and that nobody takes the request meanwhile.
func TestWhilePostgreSQLIsAwayNoResultIsLost(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	db, err := postgres.Open(t.Context(), pg.URL, postgres.WithTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	away := make(chan struct{})
	v := newTally(t, func() { <-away })
	log := new(testlog.Log)
	box := boxOn(t, db, outbox.WithLease(300*time.Millisecond), outbox.WithLogger(log.Logger()))
	for i := range 20 {
		if _, err := box.Put(t.Context(), outbox.Request{Vendor: "vendor", URL: v.URL, Body: fmt.Appendf(nil, "%020d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		until := func(done func() bool) {
			for !done() && t.Context().Err() == nil {
				<-tick.C
			}
		}
		until(func() bool { v.mu.Lock(); defer v.mu.Unlock(); return len(v.got) >= 8 })
		pg.Kill()
		close(away)
		until(func() bool {
			return strings.Count(log.String(), "what came of an attempt cannot be stored yet") >= 16 && strings.Count(log.String(), "cannot be renewed yet") >= 16
		})
		pg.Restart()
	}()
	for _, d := range deliverAll(t, box) {
		if d.State != outbox.Delivered {
			t.Errorf("%s is %s: %s", d.ID, d.State, d.Why)
		}
	}
	for body, n := range v.got {
		if n != 1 {
			t.Errorf("%s arrived %d times", body, n)
		}
	}
	if len(v.got) != 20 {
		t.Errorf("%d of 20 arrived", len(v.got))
	}
}
