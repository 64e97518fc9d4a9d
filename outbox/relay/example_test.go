package relay_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/outbox/relay"
	"github.com/parlance-api/parlance/store/sqlite"
)

// A shop takes orders at once, and tells the warehouse when that has time. Its callers speak
// the dialect omilia, the warehouse speaks vision.
func Example() {
	warehouse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer warehouse.Close()
	dir, err := os.MkdirTemp("", "relay")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "shop.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	vision, err := catalog.Open("vision")
	if err != nil {
		log.Fatal(err)
	}
	omilia, err := catalog.Open("omilia")
	if err != nil {
		log.Fatal(err)
	}

	box := outbox.New(db.Queue(), outbox.WithVendor("warehouse", vision))
	front := relay.New(box, omilia)
	mux := http.NewServeMux()
	mux.Handle("POST /orders", front.Handler(func(r *http.Request) (outbox.Request, error) {
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
		return outbox.Request{Vendor: "warehouse", URL: warehouse.URL + "/orders", Body: body}, err
	}, nil))
	mux.Handle("/requests/", front.Watch())
	shop := httptest.NewServer(mux)
	defer shop.Close()

	resp, err := http.Post(shop.URL+"/orders", "application/xml", strings.NewReader("<ORDER>4711</ORDER>"))
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go box.Run(ctx)
	watch, err := http.NewRequest("GET", shop.URL+resp.Header.Get("Location"), nil)
	if err != nil {
		log.Fatal(err)
	}
	watch.Header.Set("Prefer", "wait=20")
	if resp, err = http.DefaultClient.Do(watch); err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// 202 Accepted
	// 200 OK
}
