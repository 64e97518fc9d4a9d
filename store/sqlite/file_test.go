package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/disk"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/sqlite"
	"github.com/parlance-api/parlance/store/storetest"
)

func file(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") }

func open(t *testing.T, path string, options ...sqlite.Option) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// says expects an error whose text has each of these in it.
func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func TestOneProcessOwnsTheFile(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	_, err := sqlite.Open(path)
	says(t, err, path, fmt.Sprint("process ", os.Getpid()), "one process owns the file", "a file of its own")
	link := filepath.Join(t.TempDir(), "link.db")
	if os.Symlink(path, link) == nil { // not every system lets everybody
		_, err := sqlite.Open(link)
		says(t, err, "one process owns the file")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestOfManyThatOpenAFileOneHasIt(t *testing.T) {
	t.Parallel()
	path := file(t)
	var won atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s, err := sqlite.Open(path)
			if err != nil {
				says(t, err, "one process owns the file")
				return
			}
			t.Cleanup(func() { s.Close() })
			won.Add(1)
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d have it", won.Load())
	}
}

func TestAFileThatCannotBeOpenedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	damaged := file(t)
	if err := os.WriteFile(damaged, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(damaged)
	says(t, err, damaged, "restore it from a backup")
	if !errors.Is(err, parlance.ErrUnavailable) {
		t.Errorf("%v is not unavailable", err)
	}

	_, err = sqlite.Open(filepath.Join(t.TempDir(), "no", "such.db"))
	says(t, err, "no such")
	for _, path := range []string{"", ":memory:", "file:x.db"} {
		_, err = sqlite.Open(path)
		says(t, err, "the path of a file")
	}
}

func TestAFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := file(t)
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("mode %v", mode)
	}
}

func TestAFullDiskIsToldAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, file(t))
	pages := func(most int) {
		t.Helper()
		if err := s.Transact(t.Context(), func(ctx context.Context) error {
			var got int
			return sqlite.Tx(ctx).QueryRowContext(ctx, fmt.Sprint("PRAGMA max_page_count = ", most)).Scan(&got)
		}); err != nil {
			t.Fatal(err)
		}
	}
	key := func(i int) idempotency.Key { return idempotency.Key{Scope: "s", Key: fmt.Sprint(i)} }
	pages(120)
	var kept [64]atomic.Bool
	var all sync.WaitGroup
	for i := range kept {
		all.Go(func() {
			if c, err := s.Idempotency().Claim(t.Context(), key(i)); err != nil || c.State != idempotency.Fresh {
				t.Errorf("claim of %d: %+v, %v", i, c, err)
			}
			err := s.Idempotency().Record(t.Context(), key(i), idempotency.Response{Status: 200, Body: make([]byte, 10_000)})
			kept[i].Store(err == nil)
			if err != nil {
				says(t, err, "free some space")
				if !errors.Is(err, parlance.ErrUnavailable) {
					t.Errorf("%v is not unavailable", err)
				}
			}
		})
	}
	all.Wait()
	if err := s.Activity().Add(t.Context(), &activity.Record{ID: "a"}); err != nil {
		t.Error(err)
	}
	s.Transact(t.Context(), func(context.Context) error { return nil })
	pages(1_000_000)
	n := 0
	for i := range kept {
		want := idempotency.Fresh // a claim whose answer could not be kept is free: the effect was inside
		if kept[i].Load() {
			want = idempotency.Replay
			n++
		}
		if c, err := s.Idempotency().Claim(t.Context(), key(i)); err != nil || c.State != want {
			t.Errorf("claim of %d: state %d, want %d, %v", i, c.State, want, err)
		}
	}
	if n == 0 || n == len(kept) {
		t.Errorf("%d of %d were kept", n, len(kept))
	}
	if _, err := s.Activity().Find(t.Context(), "a"); err != nil {
		t.Error(err)
	}
}

func TestAFileThatAnotherProcessWritesToIsUnavailable(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path, sqlite.WithBusyTimeout(time.Millisecond))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	k := idempotency.Key{Scope: "s", Key: "k", Outside: true}
	_, err = s.Idempotency().Claim(t.Context(), k)
	says(t, err, "another process keeps writing")
	if !errors.Is(err, parlance.ErrUnavailable) {
		t.Errorf("%v is not unavailable", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != idempotency.Fresh {
		t.Errorf("claim: %+v, %v", c, err)
	}
}

func TestWhatHasEndedIsDeleted(t *testing.T) {
	t.Parallel()
	var clock storetest.Clock
	s := open(t, file(t), sqlite.WithClock(clock.Now))
	soon := clock.Now().Add(time.Hour)
	ctx := t.Context()
	if err := s.Transact(ctx, func(ctx context.Context) error {
		for i := range 2500 { // more than are deleted at once
			k := idempotency.Key{Scope: "s", Key: fmt.Sprint(i), Expires: soon}
			if _, err := s.Idempotency().Claim(ctx, k); err != nil {
				return err
			}
			if _, err := s.Seats().Acquire(ctx, k.Key, "h", 1, time.Hour); err != nil {
				return err
			}
			if err := s.Idempotency().Record(ctx, k, idempotency.Response{Status: 204}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []idempotency.Key{
		{Key: "served", Outside: true, Expires: soon}, {Key: "kept"},
	} {
		if _, err := s.Idempotency().Claim(ctx, k); err != nil {
			t.Fatal(err)
		}
		if !k.Outside {
			if err := s.Idempotency().Record(ctx, k, idempotency.Response{Status: 204}); err != nil {
				t.Fatal(err)
			}
		}
	}
	clock.Pass(2 * time.Hour)
	for range 3 {
		if err := s.Transact(ctx, func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for table, want := range map[string]int{"parlance_key": 2, "parlance_seat": 0} {
		var n int
		if err := s.Reader().QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows in %s, want %d; %v", n, table, want, err)
		}
	}
}

// TestMain is also the process that TestWhatWasAcknowledgedSurvivesAKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv("PARLANCE_TEST_VICTIM"); path != "" {
		victim(path)
	}
	os.Exit(m.Run())
}

// victim does keyed work until it is killed, and says what was acknowledged.
func victim(path string) {
	s, err := sqlite.Open(path)
	if err != nil {
		fmt.Println("open", err)
		os.Exit(1)
	}
	ctx := context.Background()
	s.Transact(ctx, func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE effect (n INTEGER PRIMARY KEY)")
		return err
	})
	if _, err := s.Idempotency().Claim(ctx, idempotency.Key{Scope: "s", Key: "outside", Outside: true}); err != nil {
		fmt.Println("claim", err)
		os.Exit(1)
	}
	var next atomic.Int64
	for range 16 {
		go func() {
			for {
				n := next.Add(1)
				k := idempotency.Key{Scope: "s", Key: fmt.Sprint(n)}
				if c, err := s.Idempotency().Claim(ctx, k); err != nil || c.State != idempotency.Fresh {
					fmt.Println("claim", c.State, err)
				}
				if err := s.Transact(ctx, func(ctx context.Context) error {
					if _, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO effect VALUES (?)", n); err != nil {
						return err
					}
					return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201})
				}); err != nil {
					fmt.Println("transact", err)
				}
				fmt.Println("done", n)
			}
		}()
	}
	select {}
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	path := file(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "PARLANCE_TEST_VICTIM="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := map[int64]bool{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n int64
		if _, err := fmt.Sscanf(lines.Text(), "done %d", &n); err != nil {
			t.Error(lines.Text())
			continue
		}
		done[n] = true
		if len(done) == 300 {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(done) < 300 {
		t.Fatalf("%d were done", len(done))
	}

	s := open(t, path)
	effects := map[int64]bool{}
	rows, err := s.Reader().QueryContext(t.Context(), "SELECT n FROM effect")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	most := int64(0)
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		effects[n] = true
		most = max(most, n)
	}
	for n := range most + 16 {
		c, err := s.Idempotency().Claim(t.Context(), idempotency.Key{Scope: "s", Key: fmt.Sprint(n)})
		if err != nil {
			t.Fatal(err)
		}
		if kept := c.State == idempotency.Replay; kept != effects[n] || done[n] && !kept {
			t.Errorf("%d: acknowledged %v, effect %v, answer %v", n, done[n], effects[n], kept)
		}
	}
	if c, err := s.Idempotency().Claim(t.Context(), idempotency.Key{Scope: "s", Key: "outside", Outside: true}); err != nil || c.State != idempotency.Uncertain {
		t.Errorf("the claim outside: %+v, %v", c, err)
	}
}

// Version 2 of the tables marked a response whose body is missing in its header.
func TestAResponseThatAnEarlierVersionDidNotKeepIsNotReplayed(t *testing.T) {
	t.Parallel()
	path, exec := ofVersion(t, 2)
	for key, header := range map[string]string{"long": `{"parlance: not kept":[""]}`, "short": `{"Location":["/orders/7"]}`} {
		exec("INSERT INTO parlance_key (scope, key, fingerprint, outside, claimed, expires, activity, answered, answer_at, status, header, body) " +
			"VALUES ('', '" + key + "', zeroblob(32), 1, 1, 0, 'id-1', 1, 1, 201, '" + header + "', '')")
	}
	s := open(t, path)
	for key, notKept := range map[string]bool{"long": true, "short": false} {
		c, err := s.Idempotency().Claim(t.Context(), idempotency.Key{Key: key, Outside: true})
		if err != nil || c.State != idempotency.Replay || c.Activity != "id-1" || c.Response.NotKept != notKept {
			t.Errorf("%s: got %+v, %v, want a response of id-1, not kept %t", key, c, err, notKept)
		}
	}
}

func TestAHardLinkToAnOpenFileIsTheSameFile(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Link(path, link); err != nil {
		t.Skip("this system has no hard links here: ", err)
	}
	for range 2 { // the first one must not have loosened anything
		_, err := sqlite.Open(link)
		says(t, err, link, fmt.Sprint("process ", os.Getpid()), "one process owns the file", "by another name")
	}
	if _, err := s.Idempotency().Claim(t.Context(), idempotency.Key{Key: "k"}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, link)
}

func TestAHardLinkToAFileOfAnotherProcessIsTheSameFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("other systems lock by name")
	}
	path := file(t)
	link := filepath.Join(t.TempDir(), "link.db")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "PARLANCE_TEST_VICTIM="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() { // it works on the file
		t.Fatal("the other process did nothing")
	}
	if err := os.Link(path, link); err != nil {
		t.Skip("this system has no hard links here: ", err)
	}
	_, err = sqlite.Open(link)
	says(t, err, "another process has it open by another name", "one process owns the file")
	child.Process.Kill()
	child.Wait()
	open(t, link)
}

func TestAFileThatIsOpenedOnAFullDiskSaysSo(t *testing.T) {
	t.Parallel()
	for name, exists := range map[string]bool{"a new file": false, "an old file": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := disk.Small(t, 8<<20)
			path := filepath.Join(d.Folder, "store.db")
			if exists {
				if err := open(t, path).Close(); err != nil {
					t.Fatal(err)
				}
			}
			d.Fill()
			for left := int64(0); left < 1<<20; left += 8 << 10 { // until there is room enough
				s, err := sqlite.Open(path)
				if err == nil {
					if err := s.Close(); err != nil {
						says(t, err, "free some space")
					}
					return
				}
				says(t, err, path, "the disk is full: free some space")
				if !errors.Is(err, parlance.ErrUnavailable) {
					t.Errorf("%v is no outage", err)
				}
				d.Spare(8 << 10)
			}
			t.Error("it does not open with 1 MiB")
		})
	}
}
