package vision

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/bulk"
)

// line is one record of an order.
type line struct {
	Product  string
	Quantity int
}

// order takes what is in stock of one line and puts the rest on back order.
func (s *Service) order(_ context.Context, r bulk.Record) (parlance.Item, error) {
	var l line
	if err := r.Decode(&l); err != nil {
		return parlance.Item{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stock, known := s.stock[l.Product]
	if !known {
		return parlance.Item{}, parlance.NewError(parlance.KindInvalid, "Product %s does not exist", l.Product)
	}
	taken := min(stock, l.Quantity)
	s.stock[l.Product] -= taken
	short := l.Quantity - taken
	o := parlance.Outcome{Kind: parlance.KindSuccess, Detail: "Sales order processed"}
	if short > 0 {
		o.Kind, o.Status = parlance.KindNoted, http.StatusCreated
		o.Detail = fmt.Sprintf("Sales order processed, %d of %s on back order", short, l.Product)
	}
	if taken == 0 {
		o.Status = http.StatusAccepted
	}
	return parlance.Item{Outcome: o}, nil
}

// backOrdered is what an order came to: 201 if some of it is on back order, 202 if
// all of it is. The RES of each line says how much; the note, how many lines it is.
func backOrdered(lines iter.Seq[parlance.Item]) parlance.Outcome {
	o := parlance.Outcome{Kind: parlance.KindNoted, Status: http.StatusAccepted}
	all, short := 0, 0
	for l := range lines {
		all++
		if l.Outcome.Kind == parlance.KindNoted {
			short++
		}
		if l.Outcome.Status != http.StatusAccepted {
			o.Status = http.StatusCreated
		}
	}
	if short == 0 {
		return parlance.Outcome{}
	}
	o.Notes = []string{fmt.Sprintf("Lines on back order, in part or whole: %d of %d", short, all)}
	return o
}
