package vision

import (
	"context"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/bulk"
)

// manufacture handles one record of ManufactureComplete; what it came to says
// nothing about the others.
func (s *Service) manufacture(ctx context.Context, r bulk.Record) (parlance.Item, error) {
	var m struct{ DocRef, Customer, SiteCode string }
	if err := r.Decode(&m); err != nil {
		return parlance.Item{}, err
	}
	item := parlance.Item{ID: m.DocRef, Outcome: parlance.Outcome{Detail: "Manufacture complete processed"}}
	caller, _ := server.PrincipalOf(ctx)
	if !slices.Contains(sites[m.Customer], m.SiteCode) {
		return item, parlance.NewError(parlance.KindInvalid,
			"Validation failure occurred on line: %d Customer Code: %s and site code: %s does not exist.", r.Line, m.Customer, m.SiteCode)
	}
	if err := permit(caller, m.Customer); err != nil {
		return item, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done[m.DocRef] {
		return item, parlance.NewError(parlance.KindInvalid, "Record already exists")
	}
	s.done[m.DocRef] = true
	return item, nil
}
