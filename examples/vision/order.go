package vision

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// order takes what is in stock and puts the rest on back order. What the whole
// came to hangs on all of its records, so they are answered together, in the
// caller's own document.
func (s *Service) order(_ http.ResponseWriter, r *http.Request) (any, error) {
	document, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var orders struct {
		Records []line `xml:"SO"`
	}
	if err := xml.Unmarshal(document, &orders); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	items := make([]parlance.Item, len(orders.Records))
	shipped, notes := 0, []string(nil)
	for i, l := range orders.Records {
		taken, outcome := s.take(l)
		shipped += taken
		items[i] = parlance.Item{Index: i, Outcome: outcome}
		if outcome.Kind == parlance.Success && taken < l.Quantity {
			notes = append(notes, outcome.Detail)
		}
	}
	reply := server.Bulk(document, items...)
	if reply.Outcome.Kind == parlance.Success && len(notes) > 0 {
		reply.Outcome.Kind, reply.Outcome.Notes, reply.Outcome.Status = parlance.Noted, notes, http.StatusCreated
		if shipped == 0 {
			reply.Outcome.Status = http.StatusAccepted
		}
	}
	return reply, nil
}

// line is one record of an order.
type line struct {
	Product  string
	Quantity int
}

// take takes what there is of a line out of the stock.
func (s *Service) take(l line) (taken int, o parlance.Outcome) {
	stock, known := s.stock[l.Product]
	if !known {
		return 0, parlance.Outcome{Kind: parlance.Invalid, Detail: fmt.Sprintf("Product %s does not exist", l.Product)}
	}
	taken = min(stock, l.Quantity)
	s.stock[l.Product] -= taken
	o = parlance.Outcome{Kind: parlance.Success, Detail: "Sales order processed"}
	if short := l.Quantity - taken; short > 0 {
		o.Detail = fmt.Sprintf("Sales order processed, %d of %s on back order", short, l.Product)
	}
	return taken, o
}
