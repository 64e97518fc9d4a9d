package idempotency_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/memory"
)

// An order is made once, however often it is sent: the effect, the key and the
// response are one commit, and the response is given again.
func ExampleMiddleware() {
	store, orders := memory.New().Idempotency(), 0 // a program takes store/sqlite, and orders are a table of it
	problem, err := catalog.Open("problem")
	if err != nil {
		panic(err)
	}
	api := server.New(problem)
	atomic := server.AtomicIn(store)
	order := api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		return atomic(func(context.Context) (any, error) {
			orders++
			return server.Created(fmt.Sprint("/orders/", orders), string(body)), nil
		}), nil
	})
	h := api.Wrap(idempotency.Middleware(store, idempotency.Required(), idempotency.Transactional())(order))

	for _, sent := range []struct{ key, body string }{{"1f3a", "a pear"}, {"1f3a", "a pear"}, {"1f3a", "a plum"}, {"", "a plum"}} {
		r := httptest.NewRequest("POST", "/orders", strings.NewReader(sent.body))
		if sent.key != "" {
			r.Header.Set("Idempotency-Key", sent.key)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var problem struct{ Reason string }
		_ = json.Unmarshal(w.Body.Bytes(), &problem)
		fmt.Println(w.Code, cmp.Or(problem.Reason, w.Header().Get("Location")), w.Header().Get(idempotency.ReplayedHeader) == "true")
	}
	fmt.Println("orders:", orders)
	// Output:
	// 201 /orders/1 false
	// 201 /orders/1 true
	// 422 idempotency_mismatch false
	// 400 idempotency_key_missing false
	// orders: 1
}
