package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/idempotency"
)

type keys struct{ *Store }

type keyID struct{ scope, key string }

// entry is a key that is claimed, or answered.
type entry struct {
	key    idempotency.Key
	answer *idempotency.Response // nil while it is claimed
}

// expired reports that the key may be used anew. One that is claimed never is.
func (e entry) expired(now time.Time) bool {
	return e.answer != nil && !e.key.Expires.IsZero() && !e.key.Expires.After(now)
}

func idOf(k idempotency.Key) keyID { return keyID{k.Scope, k.Key} }

func (s keys) Claim(ctx context.Context, k idempotency.Key) (c idempotency.Claim, err error) {
	if k.Outside && ctx.Value(s.Store) != nil {
		return c, errors.New("memory: claim a key with an outside effect before the transaction starts")
	}
	err = s.do(ctx, func(t *transaction, now time.Time) error {
		e, known := s.keys[idOf(k)]
		switch {
		case !known || e.expired(now):
			c.State = idempotency.Fresh
			set(t, s.keys, idOf(k), entry{key: k})
		case e.key.Fingerprint != k.Fingerprint:
			c.State = idempotency.Mismatch
		case e.answer == nil:
			c.State = idempotency.InFlight
		default:
			c = idempotency.Claim{State: idempotency.Replay, Response: clone(*e.answer), Activity: e.key.Activity}
		}
		return nil
	})
	return c, err
}

func (s keys) Record(ctx context.Context, k idempotency.Key, a idempotency.Response) error {
	return s.do(context.WithoutCancel(ctx), func(t *transaction, _ time.Time) error {
		if e, known := s.keys[idOf(k)]; !known || e.answer != nil {
			return fmt.Errorf("memory: %w", idempotency.ErrClaimLost)
		}
		a := clone(a)
		set(t, s.keys, idOf(k), entry{k, &a})
		return nil
	})
}

func (s keys) Free(ctx context.Context, k idempotency.Key) error {
	return s.do(context.WithoutCancel(ctx), func(t *transaction, _ time.Time) error {
		if e := s.keys[idOf(k)]; e.answer == nil {
			unset(t, s.keys, idOf(k))
		}
		return nil
	})
}

// Uncertain lists none: a process that dies takes the store with it.
func (s keys) Uncertain(ctx context.Context, limit int) ([]idempotency.Key, error) {
	return nil, s.do(ctx, func(*transaction, time.Time) error { return nil })
}

func (s keys) Settle(ctx context.Context, k idempotency.Key, a *idempotency.Response) error {
	return s.do(ctx, func(*transaction, time.Time) error {
		return fmt.Errorf("memory: the key is not uncertain: %w", parlance.ErrNotFound)
	})
}

// clone makes a response whose memory is nobody else's.
func clone(a idempotency.Response) idempotency.Response {
	a.Header, a.Body = a.Header.Clone(), bytes.Clone(a.Body)
	return a
}
