package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store/memory"
	"github.com/parlance-api/parlance/store/sqlite"
)

// A whole API: handlers return a value or an error, and the dialect does the rest.
func ExampleNew() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	api := server.New(plain, quiet)
	mux := http.NewServeMux()
	mux.Handle("GET /products/{id}", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		if id := r.PathValue("id"); id != "1" {
			return nil, parlance.NewError(parlance.KindNotFound, "There is no product %s.", id)
		}
		return map[string]string{"name": "Pear"}, nil
	}))
	srv := httptest.NewServer(api.Wrap(mux)) // in production: http.ListenAndServe(addr, api.Wrap(mux))
	defer srv.Close()

	fmt.Println(get(srv.URL + "/products/1"))
	fmt.Println(get(srv.URL + "/products/2"))
	fmt.Println(get(srv.URL + "/produce"))
	// Output:
	// 200 {"name":"Pear"}
	// 404 {"message":"There is no product 2."}
	// 404 {"message":"There is no resource at GET /produce."}
}

// Keep a record of each request, with what was logged and a chosen part of the
// body. It is found by the request ID that the client got.
func ExampleWithRecorder() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	store := memory.New().Activity() // in production: sqlite.Open(file), then Activity()
	recorder := activity.NewRecorder(store)
	logger := slog.New(activity.NewHandler(slog.DiscardHandler)) // in production: the program's own handler
	api := server.New(plain, server.WithLogger(logger), server.WithRecorder(recorder, server.KeepRequest("/sku")))
	srv := httptest.NewServer(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		if _, err := io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		logger.InfoContext(r.Context(), "stock is low", "left", 0)
		return nil, parlance.NewError(parlance.KindConflict, "There are no pears.")
	}))

	res, err := http.Post(srv.URL+"/orders", "application/json", strings.NewReader(`{"sku":"pear","card":"4242"}`))
	if err != nil {
		panic(err)
	}
	res.Body.Close()
	srv.Close()
	ctx := context.Background()
	if err := recorder.Close(ctx); err != nil { // after the server, so that nothing is lost
		panic(err)
	}
	record, err := store.Find(ctx, res.Header.Get(server.RequestIDHeader))
	if err != nil {
		panic(err)
	}
	fmt.Println(record.Method, record.Path, record.Status, record.Outcome.Kind)
	fmt.Println(string(record.Request))
	fmt.Println(record.Lines[0].Message, record.Lines[0].Attrs)
	// Output:
	// POST /orders 400 conflict
	// {"/sku":"pear"}
	// stock is low [left=0]
}

// requests is an Observer that prints what each request came to.
type requests struct{}

func (requests) Before(ctx context.Context, _ *http.Request) context.Context { return ctx }

func (requests) After(_ context.Context, r *http.Request, s *server.Served) {
	fmt.Println(r.Method, r.URL.Path, s.Status, s.Outcome.Kind)
}

// An observer sees the end of each request: for metrics, or a log of your own.
func ExampleWithObserver() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	api := server.New(plain, quiet, server.WithObserver(requests{}))
	srv := httptest.NewServer(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, parlance.ErrForbidden
	}))
	get(srv.URL + "/bills")
	srv.Close()
	// Output: GET /bills 403 forbidden
}

// The client gets a safe text. The cause goes to the log, under the request ID.
func ExampleWithLogger() {
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.LevelKey || a.Key == "cause" || a.Key == "error" {
			return a
		}
		return slog.Attr{} // the time and the ID differ each time
	}}))
	api := server.New(plain, server.WithLogger(logger))
	srv := httptest.NewServer(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return nil, errors.New("disk /dev/sdb is full")
	}))
	said := get(srv.URL + "/orders")
	srv.Close()
	fmt.Println(said)
	// Output:
	// level=ERROR error="disk /dev/sdb is full"
	// 500 {"message":"The request could not be handled. The cause is in the server's log under the request ID."}
}

// A handler's effect is one transaction: an error undoes it.
func ExampleAtomicIn() {
	dir, err := os.MkdirTemp("", "orders")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(filepath.Join(dir, "api.db"))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	err = store.Transact(context.Background(), func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE orders (sku TEXT)")
		return err
	})
	if err != nil {
		panic(err)
	}
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	api := server.New(plain, quiet)
	atomic := server.AtomicIn(store)
	srv := httptest.NewServer(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		sku := r.URL.Query().Get("sku")
		return atomic(func(ctx context.Context) (any, error) {
			if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO orders VALUES (?)", sku); err != nil {
				return nil, err
			}
			if sku != "pear" {
				return nil, parlance.NewError(parlance.KindConflict, "There is no %s left.", sku)
			}
			return "ordered", nil
		}), nil
	}))
	defer srv.Close()

	fmt.Println(get(srv.URL + "/orders?sku=pear"))
	fmt.Println(get(srv.URL + "/orders?sku=plum"))
	var orders int
	if err := store.Reader().QueryRow("SELECT count(*) FROM orders").Scan(&orders); err != nil {
		panic(err)
	}
	fmt.Println("orders:", orders)
	// Output:
	// 200 "ordered"
	// 400 {"message":"There is no plum left."}
	// orders: 1
}

// A middleware of your own refuses in the dialect.
func ExampleWriteError() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms, quiet)
	weekdays := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("day") == "sunday" {
				server.WriteError(w, r, parlance.NewError(parlance.KindForbidden, "There is no delivery on Sundays."))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	srv := httptest.NewServer(api.Wrap(weekdays(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return "on its way", nil
	}))))
	defer srv.Close()

	fmt.Println(get(srv.URL + "/deliveries?day=monday"))
	fmt.Println(get(srv.URL + "/deliveries?day=sunday"))
	// Output:
	// 200 "on its way"
	// 403 {"message":"","errors":{"error":["There is no delivery on Sundays."]}}
}

// Replace the text with which a middleware refuses.
func ExampleWithError() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms, quiet)
	keys := server.WithError(auth.Authenticate(auth.APIKey("X-Api-Key", auth.APIKeys{})),
		parlance.Outcome{Detail: "Get a key at https://acme.test/keys."})
	srv := httptest.NewServer(api.Wrap(keys(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return "here", nil
	}))))
	defer srv.Close()

	fmt.Println(get(srv.URL + "/cameras"))
	// Output: 401 {"message":"","errors":{"error":["Get a key at https://acme.test/keys."]}}
}

// Calls to other services appear in the record of the request that they are made for.
func ExampleRecordCalls() {
	bank := httptest.NewServer(http.NotFoundHandler())
	defer bank.Close()
	plain, err := catalog.Open("plain")
	if err != nil {
		panic(err)
	}
	store := memory.New().Activity()
	recorder := activity.NewRecorder(store)
	api := server.New(plain, quiet, server.WithRecorder(recorder))
	c := &http.Client{Transport: server.RecordCalls(nil)}
	srv := httptest.NewServer(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, bank.URL+"/accounts/7", nil)
		if err != nil {
			return nil, err
		}
		res, err := c.Do(req)
		if err != nil {
			return nil, server.Upstream(err)
		}
		defer res.Body.Close()
		return "the account is closed", nil
	}))
	res, err := http.Get(srv.URL + "/balance")
	if err != nil {
		panic(err)
	}
	res.Body.Close()
	srv.Close()
	ctx := context.Background()
	if err := recorder.Close(ctx); err != nil {
		panic(err)
	}
	record, err := store.Find(ctx, res.Header.Get(server.RequestIDHeader))
	if err != nil {
		panic(err)
	}
	for _, call := range record.Calls {
		fmt.Println(call.Method, call.Path, call.Outcome.Status, call.Outcome.Kind)
	}
	// Output: GET /accounts/7 404 not_found
}

// quiet keeps the log out of the output of an Example.
var quiet = server.WithLogger(slog.New(slog.DiscardHandler))

// get asks a server, and returns the status and the body.
func get(url string) string {
	res, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(res.StatusCode, " ", string(body))
}
