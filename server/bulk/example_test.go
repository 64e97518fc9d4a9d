package bulk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
)

// Each record of a request is handled by itself, and the response says what became of
// each: here in the caller's own document.
func ExampleHandle() {
	vision, err := catalog.Open("vision")
	if err != nil {
		panic(err)
	}
	api := server.New(vision)
	orders := bulk.Handle(api, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
		var order struct {
			DocRef   string
			Quantity int
		}
		if err := r.Decode(&order); err != nil {
			return parlance.Item{}, err
		}
		item := parlance.Item{ID: order.DocRef}
		if order.Quantity <= 0 {
			return item, parlance.NewError(parlance.KindInvalid, "The quantity must be more than 0")
		}
		item.Outcome.Detail = "Order taken"
		return item, nil
	})

	w := httptest.NewRecorder()
	orders.ServeHTTP(w, httptest.NewRequest("POST", "/service/Orders", strings.NewReader(
		`<ORDERS><SO><DocRef>A1</DocRef><Quantity>3</Quantity></SO><SO><DocRef>A2</DocRef></SO></ORDERS>`)))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 207 <ORDERS><SO><DocRef>A1</DocRef><Quantity>3</Quantity><RES><Code>200</Code><Message>Order taken</Message></RES></SO><SO><DocRef>A2</DocRef><RES><Code>400</Code><Message>The quantity must be more than 0</Message></RES></SO></ORDERS>
}

// Some records at the same time, from a list that is a member of an object.
func ExampleWorkers() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	users := bulk.Handle(api, func(ctx context.Context, r bulk.Record) (parlance.Item, error) {
		if string(r.Raw) == `"eve"` {
			return parlance.Item{}, parlance.ErrForbidden
		}
		return parlance.Item{}, nil
	}, bulk.Member("users"), bulk.Workers(8), bulk.MaxRecords(1000))

	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/users", strings.NewReader(`{"users":["ann","eve"]}`))
	users.ServeHTTP(w, r.WithContext(activity.WithID(r.Context(), "a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd")))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 207 {"status":207,"kind":"partial","request_id":"a62d1412-9fe9-4ac0-9dc7-3a3e35d202fd","items":[{"index":0,"kind":"success"},{"index":1,"kind":"forbidden"}]}
}

// A request without a failed record gets a summary: here a note of how many were taken.
func ExampleSummary() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	take := func(context.Context, bulk.Record) (parlance.Item, error) { return parlance.Item{}, nil }
	count := func(records iter.Seq[parlance.Item]) parlance.Outcome {
		n := 0
		for range records {
			n++
		}
		return parlance.Outcome{Kind: parlance.KindNoted, Notes: []string{fmt.Sprint(n, " users were taken")}}
	}
	users := bulk.Handle(api, take, bulk.Summary(count))
	fmt.Println(post(users, `["ann","bob"]`))
	// Output:
	// 207 {"status":207,"kind":"noted","request_id":"a62d1412","items":[{"index":0,"kind":"success"},{"index":1,"kind":"success"}],"notes":["2 users were taken"]}
}

// A record has its own ID, even if its handler cannot read it or panics.
func ExampleID() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	take := func(_ context.Context, r bulk.Record) (parlance.Item, error) {
		var order struct{ Quantity int }
		return parlance.Item{}, r.Decode(&order)
	}
	name := func(r bulk.Record) string {
		var order struct{ Ref string }
		if json.Unmarshal(r.Raw, &order) != nil {
			return ""
		}
		return order.Ref
	}
	orders := bulk.Handle(api, take, bulk.ID(name))
	fmt.Println(post(orders, `[{"Ref":"A1","Quantity":3},{"Ref":"A2","Quantity":"three"}]`))
	// Output:
	// 207 {"status":207,"kind":"partial","request_id":"a62d1412","items":[{"index":0,"id":"A1","kind":"success"},{"index":1,"id":"A2","kind":"invalid","detail":"Quantity must not be a string"}]}
}

// A client that sends its whole request before it reads gets the response at the end.
// Until then the response is kept: here up to 64 KiB of it in memory, and more in a file.
func ExampleBuffered() {
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	take := func(_ context.Context, r bulk.Record) (parlance.Item, error) {
		if r.Index == 1 {
			return parlance.Item{}, parlance.ErrConflict
		}
		return parlance.Item{}, nil
	}
	users := bulk.Handle(api, take, bulk.Buffered(), bulk.Spool(os.TempDir(), 64<<10))
	fmt.Println(post(users, `["ann","bob"]`))
	// Output:
	// 207 {"status":207,"kind":"partial","request_id":"a62d1412","items":[{"index":0,"kind":"success"},{"index":1,"kind":"conflict"}]}
}

// Keep a long response in a directory of your own until its head is sent. The file is
// removed afterwards.
func ExampleSpool() {
	dir, err := os.MkdirTemp("", "spool")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	take := func(context.Context, bulk.Record) (parlance.Item, error) { return parlance.Item{}, nil }
	users := bulk.Handle(api, take, bulk.Spool(dir, 1<<10)) // up to 1 KiB stays in memory
	body := post(users, "["+strings.Repeat(`"ann",`, 999)+`"bob"]`)
	left, err := os.ReadDir(dir)
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Count(body, `"index"`), "records, files left:", len(left))
	// Output:
	// 1000 records, files left: 0
}

// post sends a request with an ID, and returns the status and the body of the response.
func post(h http.Handler, body string) string {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	h.ServeHTTP(w, r.WithContext(activity.WithID(r.Context(), "a62d1412")))
	return fmt.Sprint(w.Code, " ", w.Body)
}
