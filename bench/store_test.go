package bench

import (
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/store/sqlite"
)

// callers64 is how many requests are served at once.
const callers64 = 64

// BenchmarkStore is a keyed request's part of a file on the disk: its key is
// claimed and its answer kept, durably, with 64 requests served at once. Beside it
// stands the least that SQLite could do for them: one INSERT each of the same key
// and answer, 64 to a commit, and nobody who waits (batched), or one to a commit (each).
func BenchmarkStore(b *testing.B) {
	body := []byte(`{"id":7,"name":"a camera","state":"created"}`)
	b.Run("by=parlance", func(b *testing.B) {
		s, err := sqlite.Open(filepath.Join(b.TempDir(), "store.db"))
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		b.ReportAllocs()
		many(b, func(i int) error {
			k := server.Key{Scope: "caller POST /cameras", Key: strconv.Itoa(i), Activity: "a"}
			return s.Transact(context.Background(), func(ctx context.Context) error {
				if _, err := s.Keys().Claim(ctx, k); err != nil {
					return err
				}
				return s.Keys().Record(ctx, k, server.Answer{Status: 201, Body: body})
			})
		})
	})
	b.Run("by=parlance-claim-first", func(b *testing.B) {
		s, err := sqlite.Open(filepath.Join(b.TempDir(), "store.db"))
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		b.ReportAllocs()
		many(b, func(i int) error {
			k := server.Key{Scope: "caller POST /cameras", Key: strconv.Itoa(i), Activity: "a"}
			if _, err := s.Keys().Claim(context.Background(), k); err != nil {
				return err
			}
			return s.Transact(context.Background(), func(ctx context.Context) error {
				return s.Keys().Record(ctx, k, server.Answer{Status: 201, Body: body})
			})
		})
	})
	for _, bare := range []struct {
		name string
		each int
	}{{"by=sqlite-batched", callers64}, {"by=sqlite-each", 1}} {
		b.Run(bare.name, func(b *testing.B) {
			db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			ctx := context.Background()
			conn, err := db.Conn(ctx)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.ExecContext(ctx, "CREATE TABLE answer (scope TEXT, key TEXT, fingerprint BLOB, status INTEGER, body BLOB, PRIMARY KEY (scope, key))"); err != nil {
				b.Fatal(err)
			}
			prepared := map[string]*sql.Stmt{}
			for _, query := range []string{"BEGIN IMMEDIATE", "INSERT INTO answer VALUES (?, ?, ?, ?, ?)", "COMMIT"} {
				if prepared[query[:5]], err = conn.PrepareContext(ctx, query); err != nil {
					b.Fatal(err)
				}
			}
			exec := func(name string, args ...any) {
				if _, err := prepared[name].ExecContext(ctx, args...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			fingerprint := make([]byte, 32)
			for i := 0; b.Loop(); i++ {
				if i%bare.each == 0 {
					exec("BEGIN")
				}
				exec("INSER", "caller POST /cameras", strconv.Itoa(i), fingerprint, 201, body)
				if i%bare.each == bare.each-1 {
					exec("COMMI")
				}
			}
		})
	}
}

// many runs b.N times what 64 goroutines do at once.
func many(b *testing.B, do func(i int) error) {
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers64 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}
