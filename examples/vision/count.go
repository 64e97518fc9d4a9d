package vision

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
)

// Count begins or ends a count of the stock. While it goes on, what is told of
// the stock is of before it.
func (s *Service) Count(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counting = on
}

const counting = "The stock is being counted: quantities are those of before the count"

// count tells whether a count goes on.
func (s *Service) count(http.ResponseWriter, *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.counting {
		return nil, nil
	}
	return server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindNoted, Code: "120", Detail: counting}}, nil
}

// counted books what was found of one product.
func (s *Service) counted(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
	var found line
	if err := r.Decode(&found); err != nil {
		return item, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	booked, known := s.stock[found.Product]
	if !known {
		return item, parlance.NewError(parlance.KindInvalid, "Product %s does not exist", found.Product)
	}
	s.stock[found.Product] = found.Quantity
	if found.Quantity != booked {
		item.Outcome.Kind = parlance.KindNoted
	}
	return item, nil
}

// endCount ends a count of which all was booked: 204 if nothing was otherwise than it
// had been booked; 205 if something was, for what the caller shows of the stock is
// wrong by now.
func (s *Service) endCount(found iter.Seq[parlance.Item]) parlance.Outcome {
	s.Count(false)
	all, other := 0, 0
	for f := range found {
		all++
		if f.Outcome.Kind == parlance.KindNoted {
			other++
		}
	}
	if other == 0 {
		return parlance.Outcome{Kind: parlance.KindNoted, Status: http.StatusNoContent,
			Notes: []string{"The count has ended. The stock is as it was booked"}}
	}
	return parlance.Outcome{Kind: parlance.KindNoted, Status: http.StatusResetContent,
		Notes: []string{fmt.Sprintf("The count has ended. Quantities that were corrected: %d of %d. Look at the stock again", other, all)}}
}
