package servertest

import (
	"context"
	"errors"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/bulk"
)

// Order is a record of the tests, and says itself what is to become of it.
type Order struct {
	Ref  string `xml:"DocRef"`
	Want string `xml:"Want"`
}

// Take handles an Order as it says itself.
func Take(_ context.Context, r bulk.Record) (item parlance.Item, err error) {
	var o Order
	if err := r.Decode(&o); err != nil {
		return item, err
	}
	item.ID = o.Ref
	switch o.Want {
	case "panic":
		panic("secret of " + o.Ref)
	case "bad":
		return item, parlance.NewError(parlance.KindInvalid, "bad <%s>", o.Ref)
	case "lost":
		return item, errors.New("a secret of the database")
	case "gone":
		return item, parlance.NewError(parlance.KindNotFound, "no such order")
	}
	item.Outcome.Detail = "taken"
	return item, nil
}
