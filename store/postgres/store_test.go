package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

func TestTheStoreInPostgres(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	ctx := t.Context()

	t.Run("Many that open at once make the tables once", func(t *testing.T) {
		if _, err := race(8, func(int) (bool, error) {
			s, err := postgres.Open(ctx, pg.URL, postgres.WithSchema("many"), patient)
			if err == nil {
				err = s.Close()
			}
			return true, err
		}); err != nil {
			t.Error(err)
		}
		if once, all := pg.Exec("SELECT DISTINCT version FROM many.version"), pg.Exec("SELECT FROM many.version"); once != all || all == 0 {
			t.Errorf("%d versions, made %d times", once, all)
		}
	})
	t.Run("A lane goes with its last task, unless one is put meanwhile", func(t *testing.T) {
		s := open(t, pg, "lanes")
		put := func(ctx context.Context, id string) error {
			return s.Queue().Put(ctx, queue.Task{ID: id, Kind: "k", Lane: "l"})
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		count := func() int64 { return pg.Exec("SELECT FROM lanes.lane WHERE name = 'l'") }
		must(put(ctx, "a"))
		must(s.Keep(ctx))
		if n := count(); n != 1 {
			t.Errorf("%d lanes with a task", n)
		}
		pg.Exec("DELETE FROM lanes.task")
		must(s.Transact(ctx, func(ctx context.Context) error {
			if err := put(ctx, "b"); err != nil {
				return err
			}
			return s.Keep(context.WithoutCancel(t.Context()))
		}))
		if n := count(); n != 1 {
			t.Errorf("%d lanes after a put that was under way", n)
		}
		pg.Exec("DELETE FROM lanes.task")
		must(s.Keep(ctx))
		if n := count(); n != 0 {
			t.Errorf("%d lanes without a task", n)
		}
		must(put(ctx, "c"))
		if taken, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Hour, Wide: 8}); err != nil || len(taken) != 1 {
			t.Errorf("took %v, %v", taken, err)
		}
	})
	t.Run("A password is not told", func(t *testing.T) {
		_, err := postgres.Open(ctx, "postgres://u:secret@[bad")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
	})

	s := open(t, pg, "s")
	t.Run("A transaction is run again where the database asks for it, within bounds", func(t *testing.T) {
		for _, state := range []string{"40001", "40P01"} {
			raise := "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '" + state + "'; END $$"
			runs := 0
			if err := s.Transact(ctx, func(ctx context.Context) error {
				if runs++; runs == 3 {
					return nil
				}
				_, err := postgres.Tx(ctx).Exec(ctx, raise)
				return fmt.Errorf("wrapped: %w", err)
			}); runs != 3 || err != nil {
				t.Errorf("%s: %d runs, %v", state, runs, err)
			}
			runs = 0
			if err := s.Transact(ctx, func(ctx context.Context) error {
				runs++
				_, err := postgres.Tx(ctx).Exec(ctx, raise)
				return err
			}); runs != 10 || !errors.Is(err, parlance.ErrUnavailable) {
				t.Errorf("%s: %d runs, %v", state, runs, err)
			}
		}
	})
	t.Run("Two that wait in a circle are both done", func(t *testing.T) {
		pg.Exec("CREATE TABLE circle AS SELECT id, 0 AS n FROM generate_series(0, 1) AS id")
		if _, err := race(2, func(i int) (bool, error) {
			for range 20 {
				if err := s.Transact(ctx, func(ctx context.Context) error {
					for _, id := range []int{i, 1 - i} {
						if _, err := postgres.Tx(ctx).Exec(ctx, "UPDATE circle SET n = n+1 WHERE id = $1", id); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					return false, err
				}
			}
			return true, nil
		}); err != nil {
			t.Error(err)
		}
		if pg.Exec("SELECT FROM circle WHERE n = 40") != 2 {
			t.Error("something was done twice, or not at all")
		}
	})
	t.Run("What another transaction holds for too long is unavailable", func(t *testing.T) {
		quick, err := postgres.Open(ctx, pg.URL+"&lock_timeout=50", postgres.WithSchema("s"), patient)
		if err != nil {
			t.Fatal(err)
		}
		defer quick.Close()
		err = s.Transact(ctx, func(ctx context.Context) error {
			if _, err := s.Seats().Acquire(ctx, "held", "a", 2, time.Hour); err != nil {
				return err
			}
			is(t, quick, idempotency.Key{Key: "free"}, idempotency.Fresh)
			if _, err := s.Idempotency().Claim(ctx, idempotency.Key{Key: "held"}); err != nil {
				return err
			}
			is(t, quick, idempotency.Key{Key: "held"}, idempotency.InFlight)
			if _, err := quick.Seats().Acquire(t.Context(), "held", "b", 2, time.Hour); !errors.Is(err, parlance.ErrUnavailable) {
				t.Errorf("%v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("Tx is the innermost transaction, and nil without one", func(t *testing.T) {
		if postgres.Tx(ctx) != nil {
			t.Error("there is none")
		}
		err := s.Transact(ctx, func(ctx context.Context) error {
			outer := postgres.Tx(ctx)
			return s.Transact(ctx, func(ctx context.Context) error {
				if inner := postgres.Tx(ctx); inner == outer || inner.Conn() != outer.Conn() {
					t.Error("that of the savepoint is another, on the same connection")
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("What a failed statement ended is not committed", func(t *testing.T) {
		err := s.Transact(ctx, func(ctx context.Context) error {
			if _, err := s.Seats().Add(ctx, "swallowed", 1, 1); err != nil {
				return err
			}
			_, _ = postgres.Tx(ctx).Exec(ctx, "no SQL")
			return nil
		})
		if !errors.Is(err, pgx.ErrTxCommitRollback) {
			t.Errorf("%v", err)
		}
	})
	t.Run("A text may be any bytes, and of any length", func(t *testing.T) {
		for i, name := range []string{"\x00", `\x00`, `\`, `\\`, "\xff\xfe", "ä\x80", "", strings.Repeat("long", 5000)} {
			if got := postgres.Untext(postgres.Text(name)); got != name {
				t.Errorf("%q became %q", name, got)
			}
			k := idempotency.Key{Scope: name, Key: name, Activity: name}
			is(t, s, k, idempotency.Fresh)
			if err := s.Idempotency().Record(ctx, k, idempotency.Response{Status: 200}); err != nil {
				t.Error(err)
			}
			is(t, s, k, idempotency.Replay)
			if _, err := s.Limits().Take(ctx, name, limit.Rate{Quota: 1, Window: time.Hour}, 1); err != nil {
				t.Error(err)
			}
			r := &activity.Record{ID: fmt.Sprint(i), Route: name, Path: name, Start: time.Now()}
			if err := s.Activity().Add(ctx, r); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Activity().Prune(ctx, time.Time{}, 0); err != nil {
			t.Error(err)
		}
		if _, err := s.Activity().Find(ctx, "0"); err != nil {
			t.Error(err)
		}
	})
	t.Run("A program of version 3 works beside this one", func(t *testing.T) {
		s := open(t, pg, "beside")
		old := func(statement string) int64 {
			t.Helper()
			return pg.Exec(strings.ReplaceAll(statement, "parlance.", "beside."))
		}
		take := func(kind string) int64 {
			return old(`WITH next AS MATERIALIZED (
				SELECT seq FROM parlance.job
				WHERE NOT ended AND kind = ANY('{` + kind + `}') AND (lease IS NULL OR lease <= clock_timestamp())
				ORDER BY created NULLS FIRST, seq LIMIT 1 FOR UPDATE SKIP LOCKED
			), taken AS (
				UPDATE parlance.job AS j SET worker = 'old', lease = clock_timestamp() + interval '1 hour', attempt = attempt + 1
				FROM next WHERE j.seq = next.seq RETURNING j.*
			) SELECT id FROM taken`)
		}
		old(`INSERT INTO parlance.job (id, kind, input, owner, activity, created) VALUES ('theirs', 'k', '', '', '', now()) ON CONFLICT (id) DO NOTHING`)
		got, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Hour})
		if err != nil || len(got) != 1 || got[0].ID != "theirs" {
			t.Errorf("took %+v, %v", got, err)
		}
		if err := s.Queue().Put(ctx, queue.Task{ID: "ours", Kind: "k"}); err != nil {
			t.Fatal(err)
		}
		if n := take("k"); n != 1 {
			t.Errorf("it took %d of one", n)
		}
		if n := take("k"); n != 0 {
			t.Error("it took what this one has")
		}
		if n := old("UPDATE parlance.job SET lease = NULL, ended = true, outcome = 'null', result_at = now() WHERE id = 'ours' AND worker = 'old' AND lease IS NOT NULL AND NOT ended"); n != 1 {
			t.Error("it cannot end what it took")
		}
		if task, err := s.Queue().Task(ctx, "ours"); err != nil || task.Result == nil || task.Attempt != 1 {
			t.Errorf("%+v, %v", task, err)
		}
	})
	t.Run("What has ended is deleted", func(t *testing.T) {
		s := open(t, pg, "swept")
		old := time.Now().Add(-30 * 24 * time.Hour)
		past := idempotency.Key{Key: "past", Expires: old}
		for _, k := range []idempotency.Key{past, {Key: "kept"}, {Key: "held", Expires: old}, {Key: "held outside", Outside: true, Expires: old}} {
			is(t, s, k, idempotency.Fresh)
		}
		r := queue.Result{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}, At: old, Forget: 1}
		for _, err := range []error{
			s.Idempotency().Record(ctx, past, idempotency.Response{Status: 200}),
			s.Idempotency().Record(ctx, idempotency.Key{Key: "kept"}, idempotency.Response{Status: 200}),
			second(s.Seats().Acquire(ctx, "p", "h", 1, -time.Hour)),
			second(s.Seats().Acquire(ctx, "p", "kept", 1, time.Hour)),
			s.Queue().Put(ctx, queue.Task{ID: "past", Kind: "k", Created: old}),
			s.Queue().Put(ctx, queue.Task{ID: "kept", Kind: "other", Created: old}),
			second(s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Hour})),
			s.Queue().End(ctx, "past", "w", r, queue.Step{Record: []byte("{}")}),
			s.Tokens().PutToken(ctx, [32]byte{1}, auth.Token{Left: -48 * time.Hour}),
			s.Tokens().PutToken(ctx, [32]byte{2}, auth.Token{}),
			second(s.Limits().Take(ctx, "past", limit.Rate{Quota: 1, Window: 1}, 1)),
			second(s.Limits().Take(ctx, "kept", limit.Rate{Quota: 1, Window: time.Hour}, 1)),
			s.Keep(ctx),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for table, want := range map[string]int64{"key": 3, "seat": 1, "task": 1, "step": 0, "token": 1, "rate": 1} {
			if n := pg.Exec("SELECT FROM swept." + table); n != want {
				t.Errorf("%d rows of %s, want %d", n, table, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := open(t, pg, "swept").Keep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := pg.Exec("SELECT FROM swept.key"); n != 2 {
			t.Errorf("%d keys, want the one that was answered and the one whose effect is outside", n)
		}
	})
}
