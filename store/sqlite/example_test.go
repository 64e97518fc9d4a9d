package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/sqlite"
)

// Open a store in one file, with a table of your own beside those of the store.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := sqlite.Open(filepath.Join(dir, "api.db"), sqlite.WithBusyTimeout(time.Second))
	if err != nil {
		panic(err)
	}
	defer s.Close()
	ctx := context.Background()
	err = s.Transact(ctx, func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, sku TEXT)")
		return err
	})
	if err != nil {
		panic(err)
	}

	_, err = s.Activity().Find(ctx, "a62d1412") // the views of the store: Activity, Idempotency, Jobs, …
	fmt.Println("no record yet:", errors.Is(err, parlance.ErrNotFound))
	var orders int
	if err := s.Reader().QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&orders); err != nil {
		panic(err)
	}
	fmt.Println("orders:", orders)
	// Output:
	// no record yet: true
	// orders: 0
}

// A transaction happens as a whole or not at all.
func ExampleStore_Transact() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := sqlite.Open(filepath.Join(dir, "api.db"))
	if err != nil {
		panic(err)
	}
	defer s.Close()
	run := func(statement string, then error) error {
		return s.Transact(context.Background(), func(ctx context.Context) error {
			if _, err := sqlite.Tx(ctx).ExecContext(ctx, statement); err != nil {
				return err
			}
			return then // an error undoes the statement
		})
	}
	if err := run("CREATE TABLE stock (sku TEXT PRIMARY KEY, n INTEGER)", nil); err != nil {
		panic(err)
	}
	fmt.Println(run("INSERT INTO stock VALUES ('pear', 3)", nil))
	fmt.Println(run("UPDATE stock SET n = n-1", errors.New("the card was declined")))

	var left int
	if err := s.Reader().QueryRow("SELECT n FROM stock").Scan(&left); err != nil {
		panic(err)
	}
	fmt.Println("pears left:", left)
	// Output:
	// <nil>
	// the card was declined
	// pears left: 3
}

// Look a request up while a server uses the file.
func ExampleOpenReadOnly() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "api.db")
	s, err := sqlite.Open(file)
	if err != nil {
		panic(err)
	}
	defer s.Close()
	ctx := context.Background()
	err = s.Transact(ctx, func(ctx context.Context) error { // committed at once, so that the other one sees it
		return s.Activity().Add(ctx, &activity.Record{ID: "a62d1412", Method: "POST", Path: "/orders", Status: 409})
	})
	if err != nil {
		panic(err)
	}

	look, err := sqlite.OpenReadOnly(file)
	if err != nil {
		panic(err)
	}
	defer look.Close()
	record, err := look.Find(ctx, "a62d1412")
	if err != nil {
		panic(err)
	}
	fmt.Println(record.Method, record.Path, record.Status)
	// Output: POST /orders 409
}
