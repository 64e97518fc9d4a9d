package postgres

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance/server/idempotency"
)

// debt is what is still to be said of a claim since PostgreSQL could not be told:
// that it is free, or that nobody holds it any more.
type debt struct {
	key    idempotency.Key
	ticket int64 // of a claim that nobody heard of; 0 for one that the caller had
	free   bool
	since  time.Time
}

// debts are paid as soon as PostgreSQL is there again; there are as many as there
// were requests under way when it went. A process that dies before leaves its claims
// as any that dies.
type debts struct {
	mu  sync.Mutex
	all []debt
}

// owe tries to pay at once, whether the caller still waits or not.
func (s *Store) owe(ctx context.Context, d debt) {
	d.since = time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	defer cancel()
	s.debts.mu.Lock()
	s.debts.all = append(s.debts.all, d)
	s.debts.mu.Unlock()
	s.pay(ctx)
}

// pay pays what it can. A claim that is to be freed may not be there yet: its
// statement may still wait for a lock in a session that nobody listens to. So it is
// looked for until that must have ended.
func (s *Store) pay(ctx context.Context) {
	s.debts.mu.Lock()
	all := slices.Clone(s.debts.all)
	s.debts.mu.Unlock()
	for _, d := range all {
		paid := false
		err := s.aside(ctx, func(ctx context.Context, q querier) error {
			statement := "UPDATE parlance.key SET owner = NULL"
			if d.free {
				statement = "DELETE FROM parlance.key"
			}
			where, args := ours, keys{s}.ours(d.key)
			if d.ticket != 0 {
				where, args = " WHERE id = $1 AND ticket = $2 AND NOT answered", []any{hash(d.key.Scope, d.key.Key), d.ticket}
			}
			tag, err := q.Exec(ctx, s.sql(statement+where), args...)
			paid = tag.RowsAffected() > 0
			return err
		})
		if err != nil {
			return
		}
		if paid || !d.free || time.Since(d.since) > 5*s.timeout {
			s.debts.mu.Lock()
			s.debts.all = slices.DeleteFunc(s.debts.all, func(e debt) bool { return e == d })
			s.debts.mu.Unlock()
		}
	}
}
