package postgres_test

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

func TestEachFirstStatementIsInItsTransaction(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	s := open(t, pg, "s")
	pg.Exec("CREATE TABLE effect (n bigint)")
	const insert = "INSERT INTO effect VALUES ($1)"
	statements := map[string]func(ctx context.Context, tx pgx.Tx) error{
		"Exec": func(ctx context.Context, tx pgx.Tx) error { return second(tx.Exec(ctx, insert, 1)) },
		"Exec of two statements": func(ctx context.Context, tx pgx.Tx) error {
			return second(tx.Exec(ctx, "SELECT 1; INSERT INTO effect VALUES (1)"))
		},
		"Exec with an option": func(ctx context.Context, tx pgx.Tx) error {
			return second(tx.Exec(ctx, insert, pgx.QueryExecModeExec, 1))
		},
		"Exec with named arguments": func(ctx context.Context, tx pgx.Tx) error {
			return second(tx.Exec(ctx, "INSERT INTO effect VALUES (@n)", pgx.NamedArgs{"n": 1}))
		},
		"QueryRow": func(ctx context.Context, tx pgx.Tx) error {
			var n int
			return tx.QueryRow(ctx, insert+" RETURNING n", 1).Scan(&n)
		},
		"Query": func(ctx context.Context, tx pgx.Tx) error {
			rows, err := tx.Query(ctx, insert, 1)
			rows.Close()
			return errors.Join(err, rows.Err())
		},
		"SendBatch": func(ctx context.Context, tx pgx.Tx) error {
			var b pgx.Batch
			b.Queue(insert, 1)
			return tx.SendBatch(ctx, &b).Close()
		},
		"CopyFrom": func(ctx context.Context, tx pgx.Tx) error {
			return second(tx.CopyFrom(ctx, pgx.Identifier{"effect"}, []string{"n"}, pgx.CopyFromRows([][]any{{1}})))
		},
		"Begin": func(ctx context.Context, tx pgx.Tx) error {
			return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return second(tx.Exec(ctx, insert, 1)) })
		},
		"Prepare": func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Prepare(ctx, "a name", insert); err != nil {
				return err
			}
			return errors.Join(second(tx.Exec(ctx, "a name", 1)), tx.Conn().Deallocate(ctx, "a name"))
		},
		"LargeObjects": func(ctx context.Context, tx pgx.Tx) error {
			objects := tx.LargeObjects()
			id, err := objects.Create(ctx, 0)
			return errors.Join(err, objects.Unlink(ctx, id), second(tx.Exec(ctx, insert, 1)))
		},
		"Conn": func(ctx context.Context, tx pgx.Tx) error { return second(tx.Conn().Exec(ctx, insert, 1)) },
	}
	undone := errors.New("on purpose")
	for name, statement := range statements {
		t.Run(name, func(t *testing.T) {
			pg.Exec("DELETE FROM effect")
			for _, want := range []error{undone, nil} {
				err := s.Transact(t.Context(), func(ctx context.Context) error {
					return errors.Join(statement(ctx, postgres.Tx(ctx)), want)
				})
				if !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			}
			if n := pg.Exec("SELECT FROM effect"); n != 1 {
				t.Errorf("%d rows, want that of the transaction that was committed", n)
			}
		})
	}
	for name, bad := range map[string]string{"is no SQL": "no SQL $1", "fails": "INSERT INTO effect VALUES (1 / $1)"} {
		t.Run("Nothing is committed after one that "+name, func(t *testing.T) {
			pg.Exec("DELETE FROM effect")
			err := s.Transact(t.Context(), func(ctx context.Context) error {
				if _, err := postgres.Tx(ctx).Exec(ctx, bad, 0); err == nil {
					t.Error("it did not fail")
				}
				_, _ = postgres.Tx(ctx).Exec(ctx, insert, 1)
				return nil
			})
			if n := pg.Exec("SELECT FROM effect"); n != 0 || !errors.Is(err, pgx.ErrTxCommitRollback) {
				t.Errorf("%d rows, %v", n, err)
			}
		})
	}
	t.Run("One whose connection is gone begins on another", func(t *testing.T) {
		pg.Exec("DELETE FROM effect")
		pg.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parlance'")
		if err := s.Transact(t.Context(), func(ctx context.Context) error {
			return second(postgres.Tx(ctx).Exec(ctx, insert, 1))
		}); err != nil {
			t.Error(err)
		}
		if n := pg.Exec("SELECT FROM effect"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("Nothing begins after the end", func(t *testing.T) {
		var late pgx.Tx
		_ = s.Transact(t.Context(), func(ctx context.Context) error {
			late = postgres.Tx(ctx)
			return undone
		})
		if _, err := late.Exec(t.Context(), insert, 1); !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("%v", err)
		}
	})
}

// A row that changes nothing that an index has stays on its page, and no index is written.
func TestRecordingAResponseChangesNoIndex(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	open(t, pg, "s")
	c, err := pgx.Connect(t.Context(), pg.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	rows, err := c.Query(t.Context(), "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 's.key'::regclass")
	if err != nil {
		t.Fatal(err)
	}
	indexes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(indexes) != 3 {
		t.Fatalf("%q, %v", indexes, err)
	}
	changed := regexp.MustCompile(`\b(answered|answer_at|status|header|body|not_kept)\b`)
	for _, index := range indexes {
		if changed.MatchString(index) {
			t.Errorf("a response changes %s", index)
		}
	}
}
