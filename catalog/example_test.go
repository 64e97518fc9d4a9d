package catalog_test

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
)

// Open the dialect of an API by its name.
func ExampleOpen() {
	stripe, err := catalog.Open("stripe")
	if err != nil {
		panic(err)
	}
	fmt.Println(stripe.Name(), "-", stripe.Title())
	fmt.Println(stripe.IdempotencyHeader())

	_, err = catalog.Open("strype")
	fmt.Println(errors.Is(err, catalog.ErrUnknown), err)
	// Output:
	// stripe - Stripe API
	// Idempotency-Key
	// true no such dialect: "strype"
}

// Find out which API a response came from.
func ExampleDetect() {
	guesses := catalog.Detect(dialect.Request{}, dialect.Response{
		Status: 402,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"error":{"type":"card_error","code":"card_declined","decline_code":"generic_decline","message":"Your card was declined."}}`),
	})
	for _, g := range guesses[:1] {
		fmt.Println(g.Name, g.Confidence > 0.5, g.Why[0])
	}
	// Output: stripe true the code card_declined, which it lists
}
