package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server/idempotency"
)

// What the file has is never taken for new, also while the filter is outgrown and
// made anew, and nearly all of what it has not is told without asking it.
func TestNoKeyIsForgotten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s.learns.Wait()
	s.known.again = 10
	const least, at, filters = 800, 8, 5
	key := func(i int) idempotency.Key {
		return idempotency.Key{Scope: "POST /cameras", Key: fmt.Sprint(i), Claimed: time.Now(), Expires: time.Now().Add(time.Hour)}
	}
	made := 0 // filters
	enough := func() bool {
		s.known.mu.Lock()
		defer s.known.mu.Unlock()
		return made >= filters
	}
	var next atomic.Int64 // key
	var all sync.WaitGroup
	for range at {
		all.Go(func() {
			for next.Load() < least || !enough() {
				i := int(next.Add(1) - 1)
				k := key(i)
				if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != idempotency.Fresh {
					t.Errorf("key %d: %v, %v", i, c.State, err)
				}
				if err := s.Transact(t.Context(), func(ctx context.Context) error {
					s.known.mu.Lock()
					if s.known.again > 10 {
						s.known.again = 10 // the next key wants another one
						made++
					}
					s.known.mu.Unlock()
					return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201, At: time.Now()})
				}); err != nil {
					t.Errorf("key %d: %v", i, err)
				}
				if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != idempotency.Replay {
					t.Errorf("key %d, answered before: %v, %v", i, c.State, err)
				}
			}
		})
	}
	all.Wait()
	keys := int(next.Load())
	for range 2 {
		s.learns.Wait()
		wrong := 0
		for i := range keys {
			if !s.known.may(key(i)) {
				t.Fatalf("key %d is forgotten", i)
			}
			if s.known.may(key(keys + i)) {
				wrong++
			}
		}
		if wrong > keys/20 {
			t.Errorf("%d of %d that nobody used are looked for", wrong, keys)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(path); err != nil { // and learns them from the file
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whatever the scope and the key are: the learning of them begins at the first.
func TestTheLeastKeyIsLearnedToo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	all := []idempotency.Key{{}, {Key: "a"}, {Scope: "a"}, {Scope: "a\x00", Key: "\xff"}}
	for i, want := range []idempotency.State{idempotency.Fresh, idempotency.Replay} {
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s.learns.Wait()
		for _, k := range all {
			if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != want {
				t.Errorf("%q %q at opening %d: %v, %v", k.Scope, k.Key, i, c.State, err)
				continue
			}
			if want == idempotency.Fresh {
				if err := s.Idempotency().Record(t.Context(), k, idempotency.Response{Status: 201, At: time.Now()}); err != nil {
					t.Error(err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A filter that was outgrown and could not be made anew is wanted again, but not by
// each key that is written.
func TestAFilterThatCouldNotBeMadeIsTriedAgain(t *testing.T) {
	t.Parallel()
	s, err := Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.learns.Wait()
	exec := func(query string) {
		t.Helper()
		if err := s.Transact(t.Context(), func(ctx context.Context) error {
			_, err := Tx(ctx).ExecContext(ctx, query)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	exec("INSERT INTO parlance_key (scope, key, fingerprint, outside, claimed, expires, activity, answered, answer_at, status, header) VALUES (x'00', '', '', 0, 0, 0, '', 1, 0, 200, '{}')")
	s.known.again = 0
	first := s.known.filter
	for i := range 4 {
		k := idempotency.Key{Key: fmt.Sprint(i)}
		if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != idempotency.Fresh {
			t.Fatal(c.State, err)
		}
		if err := s.Idempotency().Record(t.Context(), k, idempotency.Response{Status: 201, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		s.learns.Wait()
		switch i {
		case 0:
			if s.known.filter != first {
				t.Fatal("a key that is no text was learned")
			}
			exec("DELETE FROM parlance_key WHERE scope = x'00'")
		case 1:
			if s.known.filter != first {
				t.Fatal("all keys are read for each one that is written")
			}
			s.known.added += knownLeast // as if so many had come
		}
	}
	if s.known.filter == first || s.known.again != knownLeast {
		t.Error("the filter was not made again")
	}
}

// A key that another process wrote, which nothing here has heard of, is not done again:
// neither what is outside nor what is in a transaction.
func TestAKeyThatAnotherProcessWroteIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	for _, outside := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "store.db")
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		s.learns.Wait() // of none
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		now := time.Now()
		key := func(name string) idempotency.Key {
			return idempotency.Key{Scope: "POST /orders", Key: name, Outside: outside, Claimed: now, Expires: now.Add(time.Hour)}
		}
		keep := func(k idempotency.Key) error {
			return s.Transact(t.Context(), func(ctx context.Context) error {
				return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 202, At: now})
			})
		}
		for _, name := range []string{"first", "second"} {
			if _, err := db.Exec(`INSERT INTO parlance_key (scope, key, fingerprint, outside, claimed, expires, activity, answered, answer_at, status, header, body)
				VALUES ('POST /orders', ?, ?, 1, 1, ?, '', 1, 1, 201, '{}', '')`, name, make([]byte, 32), now.Add(time.Hour).UnixNano()); err != nil {
				t.Fatal(err)
			}
			if c, err := s.Idempotency().Claim(t.Context(), key(name)); err == nil && c.State == idempotency.Fresh {
				if outside {
					t.Error("what is outside may be done again")
				}
				if err := keep(key(name)); err == nil {
					t.Error("what is inside was done again")
				}
				if err := s.Idempotency().Free(t.Context(), key(name)); err != nil {
					t.Error(err)
				}
			}
			if c, err := s.Idempotency().Claim(t.Context(), key(name)); err != nil || c.State != idempotency.Replay || c.Response.Status != 201 {
				t.Errorf("outside %t: %v, %v, and not what was answered", outside, c, err)
			}
			k := key(name + ", ours")
			if c, err := s.Idempotency().Claim(t.Context(), k); err != nil || c.State != idempotency.Fresh {
				t.Fatal(c.State, err)
			}
			if err := keep(k); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAStoreIsClosedWhileItLearnsItsKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Transact(t.Context(), func(ctx context.Context) error {
		_, err := Tx(ctx).ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50000)
			INSERT INTO parlance_key (scope, key, fingerprint, outside, claimed, expires, activity, answered, answer_at, status, header)
			SELECT 'POST /orders', i, '', 0, 0, 0, '', 1, 0, 201, '{}' FROM n`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
