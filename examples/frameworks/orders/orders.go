// Package orders is the work of the three services: a list of orders in memory. It knows no
// framework and no dialect. Its failures are outcomes.
package orders

import (
	"strconv"
	"sync"

	"github.com/parlance-api/parlance"
)

// Order is what a customer wants.
type Order struct {
	ID      string `json:"id"`
	Product string `json:"product"`
	Count   int    `json:"count"`
}

// MaxCount is how many pieces there are of each product.
const MaxCount = 100

// Book holds orders. The zero value is empty. It is safe for concurrent use.
type Book struct {
	mu  sync.Mutex
	all []Order
}

// Get is the order with an ID. The error is a [parlance.Error] of the kind not_found.
func (b *Book) Get(id string) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.all {
		if o.ID == id {
			return o, nil
		}
	}
	return Order{}, parlance.NewError(parlance.KindNotFound, "There is no order %q", id)
}

// List is the first orders, at most limit of them.
func (b *Book) List(limit int) []Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Order{}, b.all[:min(max(limit, 0), len(b.all))]...)
}

// Add takes an order and gives it an ID. The error is a [parlance.Error] of the kind
// invalid, which names the field, if the count exceeds the stock.
func (b *Book) Add(o Order) (Order, error) {
	if o.Count < 1 || o.Count > MaxCount {
		return Order{}, parlance.NewError(parlance.KindInvalid, "The order cannot be taken").
			WithFields(parlance.Field{Path: "count", Message: "must be from 1 to " + strconv.Itoa(MaxCount)})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	o.ID = strconv.Itoa(len(b.all) + 1)
	b.all = append(b.all, o)
	return o, nil
}
