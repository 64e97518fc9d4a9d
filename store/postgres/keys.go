package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/internal/wire"
)

type keys struct{ *Store }

// The claim that this process made for one request, and none other: the number of
// the process is not enough, since it may have claimed the key again after another
// had taken it.
const ours = " WHERE id = $1 AND owner = ANY($2) AND claimed IS NOT DISTINCT FROM $3 AND activity = $4 AND NOT answered"

func (s keys) ours(k idempotency.Key) []any {
	return []any{hash(k.Scope, k.Key), s.presence.ours(), at(k.Claimed), text(k.Activity)}
}

func (s keys) Claim(ctx context.Context, k idempotency.Key) (c idempotency.Claim, err error) {
	within := s.tx(ctx) != nil
	if k.Outside && within {
		return c, errors.New("postgres: claim a key with an outside effect before the transaction starts")
	}
	owner, err := s.presence.identity(ctx)
	if err != nil {
		return c, explain(ctx, err, true)
	}
	sent, ticket := false, rand.Int64()
	err = s.do(ctx, func(ctx context.Context, q querier) (err error) {
		sent = true
		c, err = s.claim(ctx, q, owner, ticket, k)
		return err
	})
	if refused := new(pgconn.PgError); errors.As(err, &refused) && refused.Code == "55P03" && !within {
		return idempotency.Claim{State: idempotency.InFlight}, nil // a transaction that takes its time has it
	}
	if err != nil && sent && !within {
		s.owe(ctx, debt{key: k, ticket: ticket, free: true}) // it may have come through unheard, and nobody serves it
	}
	return c, err
}

func (s keys) claim(ctx context.Context, q querier, owner, ticket int64, k idempotency.Key) (c idempotency.Claim, err error) {
	id := hash(k.Scope, k.Key)
	args := []any{id, text(k.Scope), text(k.Key), k.Fingerprint[:], k.Outside, at(k.Claimed), left(k.Expires), text(k.Activity), owner, ticket}
	insert := `
		INSERT INTO parlance.key (id, scope, key, fingerprint, outside, claimed, expires, activity, owner, ticket)
		SELECT $1, $2, $3, $4, $5, $6, clock_timestamp() + $7::interval, $8, $9, $10`
	if !k.Outside && s.tx(ctx) == nil {
		// It need not be on the disk: where PostgreSQL dies and it is lost, so is the
		// claim, and what is done under it is not committed.
		insert += ` WHERE set_config('synchronous_commit', 'off', true) <> ''`
	}
	insert = s.sql(insert + " ON CONFLICT (id) DO NOTHING")
	for {
		// It waits for a transaction that has the key and is not committed yet.
		tag, err := q.Exec(ctx, insert, args...)
		if err != nil {
			return c, err
		}
		if tag.RowsAffected() == 1 {
			return idempotency.Claim{State: idempotency.Fresh}, nil
		}
		e, err := s.find(ctx, q, id)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			continue // it was freed meanwhile
		case err != nil:
			return c, err
		case e.answered && e.expired, !e.answered && !e.alive && !e.outside:
			tag, err := q.Exec(ctx, s.sql(`
				UPDATE parlance.key SET fingerprint = $4, outside = $5, claimed = $6, expires = clock_timestamp() + $7::interval, activity = $8, owner = $9, ticket = $10,
					scope = $2, key = $3, answered = false, answer_at = NULL, status = NULL, header = NULL, body = NULL
				WHERE id = $1 AND xmin = $11`), append(args, e.version)...)
			if err != nil {
				return c, err
			}
			if tag.RowsAffected() == 0 {
				continue // another was faster
			}
			return idempotency.Claim{State: idempotency.Fresh}, nil
		case [32]byte(e.fingerprint) != k.Fingerprint:
			c.State = idempotency.Mismatch
		case e.answered:
			c.State = idempotency.Replay
			c.Activity = untext(e.activity)
			c.Response, err = e.response()
		case e.alive:
			c.State = idempotency.InFlight
		default:
			c.State = idempotency.Uncertain
		}
		return c, err
	}
}

// entry is a key as it stands in its table.
type entry struct {
	fingerprint                       []byte
	outside, answered, expired, alive bool
	at                                pgtype.Timestamptz
	status                            *int
	header, body                      []byte
	notKept                           bool
	activity                          string
	version                           uint32 // of the row: it changes with each change
}

// find finds a key. A claim that it sees was committed under a lock that was held,
// so that one whose lock is not held now is a dead one's.
func (s keys) find(ctx context.Context, q querier, id []byte) (e entry, err error) {
	err = q.QueryRow(ctx, s.sql(`
		SELECT fingerprint, outside, answered, coalesce(expires <= clock_timestamp(), false),
			CASE WHEN answered THEN false ELSE EXISTS (SELECT FROM parlance.instance i WHERE i.id = k.owner) END,
			answer_at, status, header, body, not_kept, activity, xmin
		FROM parlance.key k WHERE id = $1`), id).
		Scan(&e.fingerprint, &e.outside, &e.answered, &e.expired, &e.alive, &e.at, &e.status, &e.header, &e.body, &e.notKept, &e.activity, &e.version)
	return e, err
}

func (e *entry) response() (a idempotency.Response, err error) {
	a = idempotency.Response{Status: *e.status, Body: e.body, At: when(e.at), NotKept: e.notKept}
	a.Header, err = wire.ParseHeader(e.header)
	return a, err
}

// lasting is ctx for what became of a request, which is known though its caller
// has gone. A transaction is the caller's, and ends with him.
func (s keys) lasting(ctx context.Context) context.Context {
	if s.tx(ctx) != nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

func (s keys) Record(ctx context.Context, k idempotency.Key, a idempotency.Response) error {
	recorded := false
	ctx = s.lasting(ctx)
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		tag, err := q.Exec(ctx, s.sql("UPDATE parlance.key SET answered = true, answer_at = $5, status = $6, header = $7, body = $8, not_kept = $9"+ours),
			append(s.ours(k), at(a.At), a.Status, wire.Header(nil, a.Header), a.Body, a.NotKept)...)
		recorded = tag.RowsAffected() == 1
		return err
	})
	switch {
	case err != nil && s.tx(ctx) == nil:
		s.owe(ctx, debt{key: k})
	case err == nil && !recorded:
		err = fmt.Errorf("postgres: %w", idempotency.ErrClaimLost)
	}
	return err
}

func (s keys) Free(ctx context.Context, k idempotency.Key) error {
	ctx = s.lasting(ctx)
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		_, err := q.Exec(ctx, s.sql("DELETE FROM parlance.key"+ours), s.ours(k)...)
		return err
	})
	if err != nil && s.tx(ctx) == nil {
		s.owe(ctx, debt{key: k, free: true})
	}
	return err
}

func (s keys) Uncertain(ctx context.Context, limit int) (found []idempotency.Key, err error) {
	err = s.do(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.Query(ctx, s.sql(`
			SELECT scope, key, fingerprint, claimed, expires, activity FROM parlance.key k
			WHERE open AND NOT EXISTS (SELECT FROM parlance.instance i WHERE i.id = k.owner)
			ORDER BY claimed, id LIMIT $1`), limit)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (idempotency.Key, error) {
			var scope, key, activity string
			var fingerprint []byte
			var claimed, expires pgtype.Timestamptz
			err := row.Scan(&scope, &key, &fingerprint, &claimed, &expires, &activity)
			return idempotency.Key{
				Scope: untext(scope), Key: untext(key), Fingerprint: [32]byte(fingerprint), Outside: true,
				Claimed: when(claimed), Expires: when(expires), Activity: untext(activity),
			}, err
		})
		return err
	})
	return found, err
}

func (s keys) Settle(ctx context.Context, k idempotency.Key, a *idempotency.Response) error {
	id := hash(k.Scope, k.Key)
	settled := false
	err := s.do(ctx, func(ctx context.Context, q querier) error {
		e, err := s.find(ctx, q, id)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && (e.answered || e.alive || !e.outside) {
			return nil
		}
		if err != nil {
			return err
		}
		statement, args := "DELETE FROM parlance.key", []any{id, e.version}
		if a != nil {
			statement = "UPDATE parlance.key SET answered = true, answer_at = $3, status = $4, header = $5, body = $6, not_kept = $7"
			args = append(args, at(a.At), a.Status, wire.Header(nil, a.Header), a.Body, a.NotKept)
		}
		tag, err := q.Exec(ctx, s.sql(statement+" WHERE id = $1 AND xmin = $2"), args...)
		settled = tag.RowsAffected() == 1
		return err
	})
	if err == nil && !settled {
		err = fmt.Errorf("postgres: the key is not uncertain: %w", parlance.ErrNotFound)
	}
	return err
}
