package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/store/sqlite"
)

// ofVersion is a file as a program of an earlier version of the tables left it.
func ofVersion(t *testing.T, version int) (path string, exec func(statement string, args ...any)) {
	t.Helper()
	path = file(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	exec = func(statement string, args ...any) {
		t.Helper()
		if _, err := db.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE TABLE parlance_schema (version INTEGER NOT NULL)")
	for v := range version {
		text, err := os.ReadFile(fmt.Sprintf("schema/%03d.sql", v+1))
		if err != nil {
			t.Fatal(err)
		}
		exec(string(text))
		exec("INSERT INTO parlance_schema VALUES (?)", v+1)
	}
	return path, exec
}

// TestWhatAnOlderProgramPutIsDoneByThisOne with a long input, which stands in its task there.
func TestWhatAnOlderProgramPutIsDoneByThisOne(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path, exec := ofVersion(t, 5)
	long := bytes.Repeat([]byte("long "), 20_000)
	exec("INSERT INTO parlance_lane (kind, name) VALUES ('k', 'l')")
	exec("INSERT INTO parlance_task (id, kind, lane, key, input, owner, activity, created, due, deadline, held) VALUES ('theirs', 'k', 'l', '', ?, '', '', 1, 1, 0, 0)", long)

	r, err := sqlite.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if list, err := r.Queue().Tasks(ctx, queue.Filter{}); err != nil || len(list) != 1 {
		t.Errorf("%d tasks, %v", len(list), err)
	}
	_, err = r.Queue().Task(ctx, "theirs")
	says(t, err, "have version 5, and this program reads version", "the older one")

	q := open(t, path).Queue()
	if err := q.Put(ctx, queue.Task{ID: "ours", Kind: "k", Lane: "l", Input: long}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := q.Take(ctx, queue.Order{Kinds: []string{"k"}, Worker: "w", Lease: time.Hour})
		if err != nil || len(got) != 1 || !bytes.Equal(got[0].Input, long) {
			t.Fatalf("took %d, %v", len(got), err)
		}
		if err := q.End(ctx, got[0].ID, "w", queue.Result{State: "done"}, queue.Step{}); err != nil {
			t.Error(err)
		}
	}
	if got, err := r.Queue().Task(ctx, "theirs"); err != nil || got.Result == nil || !bytes.Equal(got.Input, long) {
		t.Errorf("%+v, %v", got.Result, err)
	}
	if err := q.Erase(ctx, "theirs"); err != nil {
		t.Error(err)
	}
}

func TestAFileOfANewerProgramIsNotRead(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	if err := s.Transact(t.Context(), func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO parlance_schema VALUES (1000)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.OpenReadOnly(path)
	says(t, err, path, "version 1000", "run a newer program")
	s.Close()
	_, err = sqlite.Open(path)
	says(t, err, path, "version 1000", "run a newer program")
}
