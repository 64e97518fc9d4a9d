package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server"
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
	s.known.room = 10
	const keys, at = 800, 8
	key := func(i int) server.Key {
		return server.Key{Scope: "POST /cameras", Key: fmt.Sprint(i), Claimed: time.Now(), Expires: time.Now().Add(time.Hour)}
	}
	made := 0 // filters
	var all sync.WaitGroup
	for g := range at {
		all.Go(func() {
			for i := g; i < keys; i += at {
				k := key(i)
				if c, err := s.Keys().Claim(t.Context(), k); err != nil || c.State != server.Fresh {
					t.Errorf("key %d: %v, %v", i, c.State, err)
				}
				if err := s.Transact(t.Context(), func(ctx context.Context) error {
					s.known.mu.Lock()
					if s.known.room > 10 {
						s.known.room = 10 // the next key wants another one
						made++
					}
					s.known.mu.Unlock()
					return s.Keys().Record(ctx, k, server.Answer{Status: 201, At: time.Now()})
				}); err != nil {
					t.Errorf("key %d: %v", i, err)
				}
				if c, err := s.Keys().Claim(t.Context(), k); err != nil || c.State != server.Replay {
					t.Errorf("key %d, answered before: %v, %v", i, c.State, err)
				}
			}
		})
	}
	all.Wait()
	if made < 5 {
		t.Errorf("%d filters were made while keys came", made)
	}
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

func TestAStoreIsClosedWhileItLearnsItsKeys(t *testing.T) {
	t.Parallel()
	for range 20 {
		s, err := Open(filepath.Join(t.TempDir(), "store.db"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
