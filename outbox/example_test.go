package outbox_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store/sqlite"
)

// An order and the word to the vendor are one commit. The vendor gets the word, whatever
// happens to this process.
func Example() {
	vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
	}))
	defer vendor.Close()
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "shop.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	d, err := catalog.Open("vision")
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())

	box := outbox.New(db.Queue(),
		outbox.WithVendor("warehouse", d, client.WithBasic("shop", os.Getenv("WAREHOUSE_PASSWORD"))),
		outbox.WithEnd(func(ctx context.Context, d outbox.Delivery) error {
			fmt.Println(d.State, d.Request.URL[len(vendor.URL):], "in", d.Attempt, "attempt")
			stop()
			return nil
		}))

	err = db.Transact(ctx, func(ctx context.Context) error {
		tx := sqlite.Tx(ctx)
		if _, err := tx.ExecContext(ctx, "CREATE TABLE orders (id TEXT)"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ('4711')"); err != nil {
			return err
		}
		_, err := box.Put(ctx, outbox.Request{Vendor: "warehouse", URL: vendor.URL + "/orders", Body: []byte("<ORDER>4711</ORDER>"),
			RetryUnsafe: "the warehouse refuses a second document with the same number"})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	box.Run(ctx)
	// Output:
	// delivered /orders in 1 attempt
}
