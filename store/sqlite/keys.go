package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/internal/wire"
)

type keys struct{ *Store }

func (s keys) Claim(ctx context.Context, k idempotency.Key) (idempotency.Claim, error) {
	t := s.within(ctx)
	if k.Outside && t != nil {
		return idempotency.Claim{}, errors.New("sqlite: claim a key with an outside effect before the transaction starts")
	}
	if err := s.usable(ctx); err != nil {
		return idempotency.Claim{}, err
	}
	mine, ok := s.claims.take(k)
	if !ok {
		// Who has it may only be looking, as we would, and find it answered; or has
		// answered, and is about to let go.
		found, err := s.look(ctx, k)
		switch {
		case err != nil:
			return idempotency.Claim{}, err
		case found.State == idempotency.Replay || found.State == idempotency.Mismatch:
			return found.Claim, nil
		case mine.key.Fingerprint != k.Fingerprint:
			return idempotency.Claim{State: idempotency.Mismatch}, nil
		}
		return idempotency.Claim{State: idempotency.InFlight}, nil
	}
	found, err := s.look(ctx, k)
	if mine.row = found.row; err == nil && found.State == idempotency.Fresh && k.Outside {
		query := mine.put()
		mine.row = true
		err = s.do(ctx, func(t *transaction) error { return put(t, query, k, nil) })
	}
	switch {
	case err != nil:
		s.claims.let(mine)
		return idempotency.Claim{}, err
	case found.State != idempotency.Fresh:
		s.claims.let(mine)
	case t != nil:
		t.onUndo(func() { s.claims.let(mine) })
	}
	return found.Claim, nil
}

// found is what has become of a key, and whether it has a row.
type found struct {
	idempotency.Claim
	row bool
}

// look says what has become of a key that nobody has a claim on.
func (s keys) look(ctx context.Context, k idempotency.Key) (f found, err error) {
	if !s.known.may(k) {
		f.State = idempotency.Fresh
		return f, nil
	}
	// Most are not there, and to read one column is less to prepare for than eight.
	if f.row, err = s.there(ctx, k); err != nil || !f.row {
		f.State = idempotency.Fresh
		return f, err
	}
	f.Claim, err = s.found(ctx, k)
	return f, err
}

func (s keys) there(ctx context.Context, k idempotency.Key) (bool, error) {
	var one int
	return s.row(ctx, "SELECT 1 FROM parlance_key WHERE scope = ? AND key = ?", []any{k.Scope, k.Key}, &one)
}

// found is look for a key that had a row just now.
func (s keys) found(ctx context.Context, k idempotency.Key) (idempotency.Claim, error) {
	var (
		fingerprint, header, body []byte
		answered                  bool
		expires, at               int64
		by                        string
		a                         idempotency.Response
	)
	known, err := s.row(ctx, "SELECT fingerprint, answered, expires, activity, answer_at, status, header, body, not_kept FROM parlance_key WHERE scope = ? AND key = ?",
		[]any{k.Scope, k.Key}, &fingerprint, &answered, &expires, &by, &at, &a.Status, &header, &body, &a.NotKept)
	switch {
	case err != nil:
		return idempotency.Claim{}, err
	case !known || answered && expires != 0 && expires <= s.clock().UnixNano():
		return idempotency.Claim{State: idempotency.Fresh}, nil
	case string(fingerprint) != string(k.Fingerprint[:]):
		return idempotency.Claim{State: idempotency.Mismatch}, nil
	case !answered:
		return idempotency.Claim{State: idempotency.Uncertain}, nil
	}
	if a.Header, err = wire.ParseHeader(header); err != nil {
		return idempotency.Claim{}, fmt.Errorf("sqlite: the header of a kept response: %w", err)
	}
	a.Body, a.At = body, wire.Time(at)
	return idempotency.Claim{State: idempotency.Replay, Response: a, Activity: by}, nil
}

const keyRow = " INTO parlance_key (scope, key, fingerprint, outside, claimed, expires, activity, answered, answer_at, status, header, body, not_kept) " +
	"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

// What takes less where there was no row of the key, and what does where there was.
// The first one fails where there is one after all, and nothing is done.
const (
	insertKey  = "INSERT" + keyRow
	replaceKey = "REPLACE" + keyRow
)

// put is what writes the row of the claimed key.
func (c *claim) put() string {
	if c.row {
		return replaceKey
	}
	return insertKey
}

// put writes the row of a key: answered, or under way where a is nil.
func put(t *transaction, query string, k idempotency.Key, a *idempotency.Response) error {
	answered := a != nil
	if !answered {
		a = &idempotency.Response{}
	}
	if s := t.writer.store; s.known.add(k) {
		s.learns.Go(func() { s.learn() })
	}
	var room [256]byte
	_, err := t.exec(query,
		k.Scope, k.Key, k.Fingerprint[:], k.Outside, wire.Nanos(k.Claimed), wire.Nanos(t.writer.store.at(k.Expires)), k.Activity,
		answered, wire.Nanos(a.At), a.Status, string(wire.Header(room[:0], a.Header)), a.Body, a.NotKept)
	return err
}

// Record keeps the response even if the caller has gone: the response is known, and the
// next request with the key needs it.
func (s keys) Record(ctx context.Context, k idempotency.Key, a idempotency.Response) error {
	return s.end(ctx, k, func(t *transaction, it *claim) error {
		if it == nil {
			return fmt.Errorf("sqlite: %w", idempotency.ErrClaimLost)
		}
		return put(t, it.put(), k, &a)
	})
}

// Free frees the key even if the caller has gone.
func (s keys) Free(ctx context.Context, k idempotency.Key) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	if s.within(ctx) == nil {
		if it := s.claims.of(k); it == nil || !it.key.Outside {
			if it != nil {
				s.claims.let(it) // there is nothing in the file
			}
			return nil
		}
	}
	return s.end(ctx, k, func(t *transaction, it *claim) error {
		if it == nil || !it.key.Outside {
			return nil
		}
		_, err := t.exec("DELETE FROM parlance_key WHERE scope = ? AND key = ? AND answered = 0", k.Scope, k.Key)
		return err
	})
}

// end runs what ends the claim on a key. Where that fails outside of a transaction
// the claim is let go of all the same: a row that is left says that it is uncertain.
func (s keys) end(ctx context.Context, k idempotency.Key, fn func(t *transaction, it *claim) error) error {
	within := s.within(ctx) != nil
	if !within {
		ctx = context.WithoutCancel(ctx)
	}
	held := s.claims.of(k)
	err := s.do(ctx, func(t *transaction) error {
		it := s.claims.of(k)
		if err := fn(t, it); err != nil {
			return err
		}
		if it != nil {
			s.claims.end(t, it)
		}
		return nil
	})
	if err != nil && !within && held != nil {
		s.claims.let(held)
	}
	return err
}

// Uncertain runs on the writer, so that no claim changes between its two reads.
func (s keys) Uncertain(ctx context.Context, limit int) (uncertain []idempotency.Key, err error) {
	err = s.do(ctx, func(t *transaction) error {
		uncertain = nil
		return t.each("SELECT scope, key, fingerprint, outside, claimed, expires, activity FROM parlance_key WHERE answered = 0 ORDER BY claimed, rowid",
			nil, func(scan func(to ...any) error) error {
				var k idempotency.Key
				var fingerprint []byte
				var claimed, expires int64
				if err := scan(&k.Scope, &k.Key, &fingerprint, &k.Outside, &claimed, &expires, &k.Activity); err != nil {
					return err
				}
				copy(k.Fingerprint[:], fingerprint)
				k.Claimed, k.Expires = wire.Time(claimed), wire.Time(expires)
				if len(uncertain) < limit && !s.claims.has(k) {
					uncertain = append(uncertain, k)
				}
				return nil
			})
	})
	return uncertain, err
}

func (s keys) Settle(ctx context.Context, k idempotency.Key, a *idempotency.Response) error {
	return s.do(ctx, func(t *transaction) error {
		var fingerprint []byte
		var claimed int64
		open, err := t.row("SELECT fingerprint, claimed, activity FROM parlance_key WHERE scope = ? AND key = ? AND answered = 0",
			[]any{k.Scope, k.Key}, &fingerprint, &claimed, &k.Activity)
		switch {
		case err != nil:
			return err
		case !open || s.claims.has(k):
			return fmt.Errorf("sqlite: the key is not uncertain: %w", parlance.ErrNotFound)
		case a == nil:
			_, err := t.exec("DELETE FROM parlance_key WHERE scope = ? AND key = ?", k.Scope, k.Key)
			return err
		}
		copy(k.Fingerprint[:], fingerprint) // as it was claimed, whatever the operator says of it
		k.Claimed, k.Outside = wire.Time(claimed), true
		return put(t, replaceKey, k, a)
	})
}
