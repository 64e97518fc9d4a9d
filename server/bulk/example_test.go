package bulk_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server/bulk"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// Each record of a request is handled by itself, and the response says what became of
// each: here in the caller's own document.
func ExampleHandle() {
	api := servertest.Open("vision")
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
	api := servertest.Open("problem")
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
