package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/sqlite"
)

// stocked is a store with a table of the caller's.
func stocked(t *testing.T) *sqlite.Store {
	t.Helper()
	s := open(t, file(t))
	if err := s.Transact(t.Context(), func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE stock (n INTEGER PRIMARY KEY)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// stock counts the rows that are committed.
func stock(t *testing.T, s *sqlite.Store) (n int) {
	t.Helper()
	if err := s.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM stock").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestACallersOwnSQLIsInTheTransaction(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	failed := errors.New("failed")
	for i, want := range []error{nil, failed} {
		if err := s.Transact(t.Context(), func(ctx context.Context) error {
			if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO stock VALUES (?)", i); err != nil {
				return err
			}
			if _, err := s.Seats().Add(ctx, "cap", 1, 10); err != nil {
				return err
			}
			var n int
			if err := sqlite.Tx(ctx).QueryRowContext(ctx, "SELECT count(*) FROM stock").Scan(&n); err != nil || n != i+1 {
				t.Errorf("%d in stock, %v", n, err)
			}
			return want
		}); err != want {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	if n := stock(t, s); n != 1 {
		t.Errorf("%d in stock", n)
	}
	if _, err := s.Reader().ExecContext(t.Context(), "DELETE FROM stock"); err == nil {
		t.Error("a reader wrote")
	}
}

func TestWhatEndsTheTransactionHarmsNoOther(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"COMMIT", "ROLLBACK", "END", "RELEASE parlance", "COMMIT; INSERT INTO stock VALUES (1000)",
		"INSERT OR ROLLBACK INTO stock VALUES (-1)", "PRAGMA nonsense; ROLLBACK; BEGIN",
	} {
		t.Run(evil, func(t *testing.T) {
			t.Parallel()
			s := stocked(t)
			if err := s.Transact(t.Context(), func(ctx context.Context) error {
				_, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO stock VALUES (-1)")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for i := range 30 {
				all.Go(func() {
					defer func() {
						if p := recover(); (p != nil) != (i%10 == 7) {
							t.Errorf("panic of %d: %v", i, p)
						}
					}()
					err := s.Transact(t.Context(), func(ctx context.Context) error {
						tx := sqlite.Tx(ctx)
						if _, err := tx.ExecContext(ctx, "INSERT INTO stock VALUES (?)", i); err != nil {
							return err
						}
						if i%10 != 5 && i%10 != 7 {
							return nil
						}
						tx.ExecContext(ctx, evil) // and never mind what it says
						if i%10 == 7 {
							panic("on purpose")
						}
						tx.ExecContext(ctx, "INSERT INTO stock VALUES (?)", 100+i)
						s.Seats().Add(ctx, "cap", 1, 10)
						return nil
					})
					if (err != nil) != (i%10 == 5) {
						t.Errorf("error of %d: %v", i, err)
					}
				})
			}
			all.Wait()
			if n := stock(t, s); n != 1+24 {
				t.Errorf("%d in stock, want 25", n)
			}
			if fits, err := s.Seats().Add(t.Context(), "cap", 10, 10); !fits || err != nil {
				t.Errorf("something was counted: %v", err)
			}
		})
	}
}

func TestWhatIsLeftOpenIsClosed(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	for i := range 3 {
		if err := s.Transact(t.Context(), func(ctx context.Context) error {
			tx := sqlite.Tx(ctx)
			for j := range 4 {
				if _, err := tx.ExecContext(ctx, "INSERT INTO stock VALUES (?)", 10*i+j); err != nil {
					return err
				}
			}
			rows, err := tx.QueryContext(ctx, "SELECT n FROM stock")
			if err != nil || !rows.Next() {
				t.Errorf("no rows: %v", err)
			}
			tx.QueryRowContext(ctx, "SELECT n FROM stock")
			if err := s.Transact(ctx, func(context.Context) error { return errors.New("undone") }); err == nil {
				t.Error("it was done")
			}
			if !rows.Next() {
				t.Errorf("closed by a transaction within: %v", rows.Err())
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	if n := stock(t, s); n != 12 {
		t.Errorf("%d in stock", n)
	}
}

func TestATransactionIsGoodWithinTransactOnly(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Tx outside of Transact did not panic")
			}
		}()
		sqlite.Tx(t.Context())
	}()
	var kept context.Context
	if err := s.Transact(t.Context(), func(ctx context.Context) error {
		kept = ctx
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	tx := sqlite.Tx(kept)
	_, err := tx.ExecContext(kept, "INSERT INTO stock VALUES (1)")
	says(t, err, "has ended")
	_, err = tx.QueryContext(kept, "SELECT n FROM stock")
	says(t, err, "has ended")
	if err := tx.QueryRowContext(kept, "SELECT 1").Scan(new(int)); err == nil {
		t.Error("a row after the end")
	}
	_, err = s.Seats().Acquire(kept, "p", "h", 1, time.Hour)
	says(t, err, "has ended")
	_, err = s.Seats().InUse(kept, "p")
	says(t, err, "has ended")
}

func TestTwoStoresHaveEachTheirTransaction(t *testing.T) {
	t.Parallel()
	a, b := stocked(t), stocked(t)
	failed := errors.New("failed")
	if err := a.Transact(t.Context(), func(ctx context.Context) error {
		if err := b.Transact(ctx, func(ctx context.Context) error {
			if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO stock VALUES (1)"); err != nil {
				return err
			}
			_, err := a.Seats().Add(ctx, "cap", 1, 1)
			return err
		}); err != nil {
			return err
		}
		return failed
	}); err != failed {
		t.Error(err)
	}
	if stock(t, a) != 0 || stock(t, b) != 1 {
		t.Errorf("%d and %d in stock", stock(t, a), stock(t, b))
	}
	if fits, err := a.Seats().Add(t.Context(), "cap", 1, 1); !fits || err != nil {
		t.Errorf("counted in what failed: %v", err)
	}
}

func TestActivityGoesWithTheNextCommit(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	for i := range 5000 { // more than are held back
		if err := s.Activity().Add(t.Context(), &activity.Record{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Transact(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM parlance_activity").Scan(&n); err != nil || n != 5000 {
		t.Errorf("%d are kept, %v", n, err)
	}
}

// A caller that runs to its end in fn, as a test that fails does, leaves the
// writer to others.
func TestAGoroutineThatEndsInATransactionHarmsNoOther(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Transact(context.Background(), func(ctx context.Context) error {
			sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO stock VALUES (1)")
			runtime.Goexit()
			return nil
		})
	}()
	<-ended
	if err := s.Transact(t.Context(), func(context.Context) error { return nil }); err != nil || stock(t, s) != 0 {
		t.Errorf("%d in stock, %v", stock(t, s), err)
	}
}
