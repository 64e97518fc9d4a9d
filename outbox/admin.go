package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
)

// Cancel calls a request off. One that a worker is just sending ends after that attempt,
// if it would be sent again otherwise. If it has ended, Cancel does nothing.
func (b *Outbox) Cancel(ctx context.Context, id string) error {
	if _, err := b.task(ctx, id); err != nil {
		return err
	}
	return b.store.Cancel(ctx, id)
}

// Retry makes a request due that waits, and delivers one again that has ended. The caller
// knows that this is right: an uncertain one may be done twice. One that a worker sends, or
// whose body was erased, is parlance.ErrConflict.
func (b *Outbox) Retry(ctx context.Context, id string) error {
	if _, err := b.task(ctx, id); err != nil {
		return err
	}
	if err := b.store.Again(ctx, id); err != nil {
		return err
	}
	b.loop.Wake()
	return nil
}

// Resolve says what became of a request that has ended, such as an uncertain one: the state
// is Delivered, Refused or Canceled, and why is kept.
func (b *Outbox) Resolve(ctx context.Context, id string, state State, why string) error {
	t, err := b.task(ctx, id)
	if err != nil {
		return err
	}
	if state != Delivered && state != Refused && state != Canceled {
		return &parlance.Error{Outcome: parlance.Outcome{Kind: parlance.KindInvalid, Detail: "outbox: a request is resolved as delivered, refused or canceled"}}
	}
	if t.Result == nil {
		return fmt.Errorf("outbox: request %q has not ended: %w", id, parlance.ErrConflict)
	}
	r := *t.Result
	r.State, r.At, r.Blocks, r.Erase, r.Forget = string(state), time.Now(), false, b.erase, b.keep
	r.Outcome = parlance.Outcome{Kind: resolved[state], Detail: why}
	if err := b.store.Settle(ctx, id, r); err != nil {
		return err
	}
	b.loop.Wake()
	return nil
}

var resolved = map[State]parlance.Kind{Delivered: parlance.KindSuccess, Refused: parlance.KindFailed, Canceled: parlance.KindFailed}

// Erase deletes the bodies of a request that has ended. One that has not is
// parlance.ErrConflict.
func (b *Outbox) Erase(ctx context.Context, id string) error {
	if _, err := b.task(ctx, id); err != nil {
		return err
	}
	return b.store.Erase(ctx, id)
}
