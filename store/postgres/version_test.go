package postgres_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
)

// TestAProgramOfAnEarlierVersionWorksBesideThisOne has the tables as their migrations up to version
// 6 made them, with the statements of a program of that version before and after this one opens them.
func TestAProgramOfAnEarlierVersionWorksBesideThisOne(t *testing.T) {
	t.Parallel()
	pg, ctx := pgtest.Start(t), t.Context()
	old := func(statement string) int64 {
		t.Helper()
		return pg.Exec(strings.ReplaceAll(statement, "parlance.", "six."))
	}
	old("CREATE SCHEMA six; CREATE TABLE parlance.version (version integer NOT NULL)")
	migrate := func(from, to int) {
		t.Helper()
		for v := from; v <= to; v++ {
			text, err := os.ReadFile(fmt.Sprintf("schema/%d.sql", v))
			if err != nil {
				t.Fatal(err)
			}
			old(string(text))
			old(fmt.Sprintf("INSERT INTO parlance.version VALUES (%d)", v))
		}
	}
	put := func(id, lane string) {
		t.Helper()
		if n := old("INSERT INTO parlance.task (id, kind, lane, key, input, owner, activity, created, due, deadline, held) VALUES ('" + id + "', 'k', '" + lane +
			"', '', 'input', '', '', now(), greatest(now(), clock_timestamp()), NULL, false) ON CONFLICT (id) DO NOTHING"); n != 1 {
			t.Errorf("it put %d", n)
		}
	}
	takes := func(want int64) {
		t.Helper()
		if n := old("SELECT id FROM parlance.take_tasks('{k}', 'old', interval '1 hour', 5, 8)"); n != want {
			t.Errorf("it took %d, want %d", n, want)
		}
	}
	ends := func(id string) {
		t.Helper()
		if n := old("UPDATE parlance.task SET worker = '', due = NULL, held = false, ended = true, state = 'done', outcome = 'null', result_at = now(), forget = NULL WHERE id = '" +
			id + "' AND worker = 'old' AND worker <> '' AND NOT ended"); n != 1 {
			t.Errorf("it ended %d of %s", n, id)
		}
	}

	migrate(1, 3)
	reader, err := postgres.OpenReadOnly(pg.URL, postgres.WithSchema("six"))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Queue().Tasks(ctx, queue.Filter{}); err == nil || !strings.Contains(err.Error(), "have version 3, and this program reads version") {
		t.Errorf("tables that are too old: %v", err)
	}
	migrate(4, 6)
	put("under way", "l")
	takes(1)
	put("waits", "l")

	s := open(t, pg, "six")
	mine := func(want string) {
		t.Helper()
		got, err := s.Queue().Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "new", Lease: time.Hour, Most: 5, Wide: 8})
		if err != nil || len(got) != 1 || got[0].ID != want {
			t.Fatalf("took %+v, %v, want %s", got, err, want)
		}
		if err := s.Queue().End(ctx, want, "new", queue.Result{State: "done"}, queue.Step{}); err != nil {
			t.Error(err)
		}
	}
	mine("waits")
	ends("under way")
	if err := s.Queue().Put(ctx, queue.Task{ID: "ours", Kind: "k", Lane: "l"}); err != nil {
		t.Fatal(err)
	}
	takes(1)
	takes(0)
	ends("ours")
	old("DELETE FROM parlance.task")
	if err := s.Keep(ctx); err != nil {
		t.Fatal(err)
	}
	put("in a lane that was gone", "l")
	mine("in a lane that was gone")
	old("INSERT INTO parlance.version VALUES (99)")
	if _, err := postgres.Open(ctx, pg.URL, postgres.WithSchema("six"), patient); err == nil || !strings.Contains(err.Error(), "its tables have version 99, and this program supports up to 7: run a newer program") {
		t.Errorf("the tables of a newer program: %v", err)
	}
	reader, err = postgres.OpenReadOnly(pg.URL, postgres.WithSchema("six"))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Queue().Tasks(ctx, queue.Filter{}); err == nil || !strings.Contains(err.Error(), "its tables have version 99, and this program supports up to 7: run a newer program") {
		t.Errorf("a look at the tables of a newer program: %v", err)
	}
}
