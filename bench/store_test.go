package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// callers64 is how many requests are served at once.
const callers64 = 64

// What a keyed request writes: an effect of the program's own, and its key with the
// response.
const (
	effectTable  = "CREATE TABLE effect (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
	effectInsert = "INSERT INTO effect (name) VALUES (?)"
)

// camera is the response to a request.
type camera struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
}

var made = camera{7, "a camera", "created"}

// BenchmarkStore is a keyed request's part of a file on the disk, with 64 requests
// served at once: the key is looked for, and the effect, the key and the response are
// one durable commit. Beside it stands what one would write by hand for that: one
// goroutine that does the same for all callers that wait, and commits once (bare);
// and the least that there is to write, the same two rows with no look at what was
// there before (least).
func BenchmarkStore(b *testing.B) {
	b.Run("by=parlance", func(b *testing.B) {
		s := openStore(b)
		many(b, func(i int) error { return keep(s, i) })
	})
	for _, looks := range []bool{true, false} {
		name := map[bool]string{true: "by=bare", false: "by=least"}[looks]
		b.Run(name, func(b *testing.B) {
			g := openGroup(b, looks)
			response, _ := json.Marshal(made)
			many(b, func(i int) error {
				key := strconv.Itoa(i)
				_, err := g.do(key, sha256.Sum256([]byte(key)), response)
				return err
			})
		})
	}
}

// BenchmarkPosts is the same over HTTP: a POST with an Idempotency-Key, on 64
// connections that are kept alive. The one by hand does what it has to and no more: it
// reads the body, looks for the key, and responds with JSON, or with what was kept.
// With PostgreSQL the peer is pgbench, without HTTP: one transaction with the same two
// rows for each of 64 clients. There cpu-µs is the CPU time of a request in the processes
// beside PostgreSQL, and postgres-µs that in PostgreSQL. The same POST without a key and
// a store says what HTTP takes, at both ends.
func BenchmarkPosts(b *testing.B) {
	b.Run("by=parlance", func(b *testing.B) {
		s := openStore(b)
		posts(b, serve(b, s.Idempotency(), func(ctx context.Context, name string) error {
			_, err := sqlite.Tx(ctx).ExecContext(ctx, effectInsert, name)
			return err
		}))
	})
	b.Run("by=bare", func(b *testing.B) {
		g := openGroup(b, true)
		posts(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, "", 400)
				return
			}
			response, err := json.Marshal(made)
			if err == nil {
				response, err = g.do(r.Header.Get("Idempotency-Key"), sha256.Sum256(body), response)
			}
			if err != nil {
				http.Error(w, "", 500)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Location", "/cameras/7")
			w.WriteHeader(201)
			w.Write(response)
		}))
	})
	b.Run("by=parlance-postgres", func(b *testing.B) {
		pg := startPostgres(b)
		s, err := postgres.Open(b.Context(), pg.URL+"&pool_max_conns=64", postgres.WithTimeout(time.Minute)) // the machine may be busy
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		defer cpuOf(b, folderOf(b, pg))()
		posts(b, serve(b, s.Idempotency(), func(ctx context.Context, name string) error {
			_, err := postgres.Tx(ctx).Exec(ctx, "INSERT INTO effect (name) VALUES ($1)", name)
			return err
		}))
	})
	b.Run("by=parlance-no-store", func(b *testing.B) {
		defer cpuOf(b, "")()
		api := problemServer(b)
		posts(b, api.Wrap(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			if _, err := io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			return server.Created("/cameras/7", made), nil
		})))
	})
	b.Run("by=pgbench", func(b *testing.B) {
		program, err := exec.LookPath("pgbench")
		if all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench"); err != nil && len(all) > 0 { // where Debian has it
			program, err = all[0], nil
		}
		if err != nil {
			b.Skip(err)
		}
		pg := startPostgres(b)
		script := filepath.Join(b.TempDir(), "script.sql")
		if err := os.WriteFile(script, []byte(pgbenchScript), 0o600); err != nil {
			b.Fatal(err)
		}
		each := max(b.N/callers64, 1)
		report := cpuOf(b, folderOf(b, pg))
		out, err := exec.CommandContext(b.Context(), program, "-n", "-M", "prepared", "-c", strconv.Itoa(callers64), "-j", "2", "-t", strconv.Itoa(each), "-f", script, pg.URL).CombinedOutput()
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		report()
		_, after, _ := strings.Cut(string(out), "tps = ")
		tps, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		if err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		b.ReportMetric(1e9/tps, "ns/op")
	})
}

const pgbenchScript = `
\set id random(1, 9000000000000000000)
BEGIN;
INSERT INTO effect (name) VALUES (:id);
INSERT INTO answer VALUES ('caller POST /cameras', :id, '\x0102030405060708091011121314151617181920212223242526272829303132', now(), now(), '5c0d21c5-fb2a-4ccd-81f9-30fca07f6613', 201, '{"Location":["/cameras/7"]}', '{"id":7,"name":"a camera","state":"created"}');
COMMIT;
`

// startPostgres is a PostgreSQL that keeps what it says, with room for 64.
func startPostgres(b *testing.B) *pgtest.Server {
	pg := pgtest.Start(b)
	pg.Exec("ALTER SYSTEM SET fsync = on")
	pg.Exec("SELECT pg_reload_conf()")
	pg.Exec("CREATE TABLE effect (id bigserial PRIMARY KEY, name text NOT NULL)")
	pg.Exec("CREATE TABLE answer (scope text, key text, fingerprint bytea, claimed timestamptz, expires timestamptz, activity text, status integer, header json, body bytea, PRIMARY KEY (scope, key))")
	return pg
}

// problemServer is a server end that logs nothing.
func problemServer(b *testing.B) *server.Server {
	b.Helper()
	d, err := catalog.Open("problem")
	if err != nil {
		b.Fatal(err)
	}
	return server.New(d, server.WithLogger(slog.New(slog.DiscardHandler)))
}

// serve has one effect for each POST, and a response.
func serve(b *testing.B, keys idempotency.Store, effect func(ctx context.Context, name string) error) http.Handler {
	api := problemServer(b)
	return api.Wrap(idempotency.Middleware(keys, idempotency.Transactional())(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		name, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		return server.AtomicIn(keys)(func(ctx context.Context) (any, error) {
			if err := effect(ctx, string(name)); err != nil {
				return nil, err
			}
			return server.Created("/cameras/7", made), nil
		}), nil
	})))
}

// openStore is a store with a table of the program's own.
func openStore(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.Transact(b.Context(), func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, effectTable)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return s
}

// keep is what idempotency.Middleware and Atomic do with a store.
func keep(s *sqlite.Store, i int) error {
	ctx, name := context.Background(), strconv.Itoa(i)
	k := idempotency.Key{Scope: "caller POST /cameras", Key: name, Activity: "5c0d21c5-fb2a-4ccd-81f9-30fca07f6613", Claimed: time.Now()}
	if _, err := s.Idempotency().Claim(ctx, k); err != nil {
		return err
	}
	body, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return s.Transact(ctx, func(ctx context.Context) error {
		if _, err := sqlite.Tx(ctx).ExecContext(ctx, effectInsert, name); err != nil {
			return err
		}
		return s.Idempotency().Record(ctx, k, idempotency.Response{Status: 201, Header: http.Header{"Location": {"/cameras/7"}}, Body: body, At: time.Now()})
	})
}

// group is a group commit written by hand.
type group struct{ queue chan *member }

// member waits for its commit.
type member struct {
	key         string
	fingerprint [32]byte
	reply       []byte
	done        chan error
}

// do returns the response when it is on the disk, or was before.
func (g *group) do(key string, fingerprint [32]byte, response []byte) ([]byte, error) {
	m := &member{key, fingerprint, response, make(chan error, 1)}
	g.queue <- m
	err := <-m.done
	return m.reply, err
}

func openGroup(b *testing.B, looks bool) *group {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	for _, table := range []string{
		effectTable,
		"CREATE TABLE answer (scope TEXT, key TEXT, fingerprint BLOB, claimed INTEGER, expires INTEGER, activity TEXT, status INTEGER, header TEXT, body BLOB, PRIMARY KEY (scope, key))",
	} {
		if _, err := conn.ExecContext(ctx, table); err != nil {
			b.Fatal(err)
		}
	}
	prepare := func(query string) func(args ...any) error {
		stmt, err := conn.PrepareContext(ctx, query)
		if err != nil {
			b.Fatal(err)
		}
		return func(args ...any) error {
			_, err := stmt.ExecContext(ctx, args...)
			return err
		}
	}
	begin, commit, rollback := prepare("BEGIN IMMEDIATE"), prepare("COMMIT"), prepare("ROLLBACK")
	effect, key := prepare(effectInsert), prepare("INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
	known, err := conn.PrepareContext(ctx, "SELECT fingerprint, body FROM answer WHERE scope = ? AND key = ?")
	if err != nil {
		b.Fatal(err)
	}
	const scope, id, header = "caller POST /cameras", "5c0d21c5-fb2a-4ccd-81f9-30fca07f6613", `{"Location":["/cameras/7"]}`
	one := func(m *member) error {
		if looks {
			var fingerprint, body []byte
			switch err := known.QueryRowContext(ctx, scope, m.key).Scan(&fingerprint, &body); {
			case err == nil && string(fingerprint) != string(m.fingerprint[:]):
				return errors.New("mismatch")
			case err == nil:
				m.reply = body
				return nil
			case err != sql.ErrNoRows:
				return err
			}
		}
		if err := effect(m.key); err != nil {
			return err
		}
		now := time.Now().UnixNano()
		return key(scope, m.key, m.fingerprint[:], now, now, id, 201, header, m.reply)
	}
	g := &group{make(chan *member, callers64)}
	go func() {
		for first := range g.queue {
			all := []*member{first}
			err := begin()
			for waits := true; waits && err == nil; {
				if err = one(all[len(all)-1]); err != nil {
					break
				}
				select {
				case next := <-g.queue:
					all = append(all, next)
				default:
					waits = false
				}
			}
			if err == nil {
				err = commit()
			}
			if err != nil {
				_ = rollback()
			}
			for _, m := range all {
				m.done <- err
			}
		}
	}()
	b.Cleanup(func() { close(g.queue) })
	return g
}

// posts serves 64 callers who each post again and again.
func posts(b *testing.B, h http.Handler) {
	srv := httptest.NewServer(h)
	b.Cleanup(srv.Close)
	srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = callers64
	many(b, func(i int) error {
		r, err := http.NewRequest("POST", srv.URL+"/cameras", strings.NewReader(strconv.Itoa(i)))
		if err != nil {
			return err
		}
		r.Header["Idempotency-Key"] = []string{strconv.Itoa(i)}
		r.Header["Accept"] = []string{"application/json"}
		resp, err := srv.Client().Do(r)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 201 || len(body) == 0 {
			b.Errorf("status %d, %q, %v", resp.StatusCode, body, err)
		}
		return nil
	})
}

// many runs b.N times what 64 goroutines do at once, and tells how long 99 of 100
// took at most.
func many(b *testing.B, do func(i int) error) {
	var next atomic.Int64
	var all sync.WaitGroup
	took := make([]time.Duration, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for range callers64 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				start := time.Now()
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
				took[i-1] = time.Since(start)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
