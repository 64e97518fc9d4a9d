package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/store/postgres"
)

// Open a store, with a table of your own in the same database. The password comes from
// PGPASSWORD or ~/.pgpass.
func ExampleOpen() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, "postgres://app@localhost/app", postgres.WithSchema("parlance"), postgres.WithTimeout(5*time.Second))
	if err != nil {
		panic(err)
	}
	defer db.Close()
	err = db.Transact(ctx, func(ctx context.Context) error {
		_, err := postgres.Tx(ctx).Exec(ctx, "CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, n int CHECK (n >= 0))")
		return err
	})
	if err != nil {
		panic(err)
	}

	_, err = db.Activity().Find(ctx, "a62d1412") // the views of the store: Activity, Idempotency, Jobs, …
	fmt.Println("no record yet:", errors.Is(err, parlance.ErrNotFound))
}

// A transaction happens as a whole or not at all: here an order and the stock that it
// takes.
func ExampleStore_Transact() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	defer db.Close()
	err = db.Transact(ctx, func(ctx context.Context) error {
		tx := postgres.Tx(ctx)
		tag, err := tx.Exec(ctx, "UPDATE stock SET n = n-1 WHERE sku = $1 AND n > 0", "pear")
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return parlance.NewError(parlance.KindConflict, "There are no pears left.") // undoes all of it
		}
		_, err = tx.Exec(ctx, "INSERT INTO orders (sku) VALUES ($1)", "pear")
		return err
	})
	if errors.Is(err, parlance.ErrConflict) {
		fmt.Println(err)
	}
}

// Look a request up by its ID, with the right to read only.
func ExampleOpenReadOnly() {
	ctx := context.Background()
	look, err := postgres.OpenReadOnly("postgres://support@localhost/app")
	if err != nil {
		panic(err)
	}
	defer look.Close()
	record, err := look.Find(ctx, "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")
	if err != nil {
		panic(err)
	}
	fmt.Println(record.Method, record.Path, record.Status)
}
