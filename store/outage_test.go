package store_test

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/disk"
	"github.com/parlance-api/parlance/internal/testlog"
	_ "github.com/parlance-api/parlance/internal/testnet" // for the transport that all share
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/jobs"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// outage is an engine that can do its work no more, for a while.
type outage struct {
	store store.Store
	do    func(ctx context.Context, id string) error // an effect, in the transaction of the context
	done  func(t *testing.T) []string                // all effects, sorted
	begin func()
	end   func()
	says  string // to the operator, in the log
}

func TestWhileAnEngineCannotWorkItsServiceSaysSoAndLosesNothing(t *testing.T) {
	t.Parallel()
	for sentence, make := range map[string]func(t *testing.T) outage{
		"The disk is full":                     fullDisk,
		"Another process has locked the file":  lockedFile,
		"PostgreSQL is gone and comes back":    postgresGone,
		"PostgreSQL stands still and moves on": postgresSilent,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			make(t).test(t)
		})
	}
}

func onSQLite(t *testing.T, path string, options ...sqlite.Option) outage {
	t.Helper()
	s, err := sqlite.Open(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	o := outage{
		store: s,
		do: func(ctx context.Context, id string) error {
			_, err := sqlite.Tx(ctx).ExecContext(ctx, "INSERT INTO effect VALUES (?, zeroblob(20000))", id)
			return err
		},
		done: func(t *testing.T) (all []string) {
			var list string
			if err := s.Reader().QueryRowContext(t.Context(), "SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM effect ORDER BY id)").Scan(&list); err != nil {
				t.Fatal(err)
			}
			return strings.Split(list, ",")
		},
	}
	if err := s.Transact(t.Context(), func(ctx context.Context) error {
		_, err := sqlite.Tx(ctx).ExecContext(ctx, "CREATE TABLE effect (id TEXT, more BLOB)") // nothing keeps it from being there twice
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return o
}

func fullDisk(t *testing.T) outage {
	d := disk.Small(t, 8<<20)
	o := onSQLite(t, filepath.Join(d.Folder, "store.db"))
	o.begin, o.end, o.says = d.Fill, d.Free, "free some space"
	return o
}

func lockedFile(t *testing.T) outage {
	path := filepath.Join(t.TempDir(), "store.db")
	o := onSQLite(t, path, sqlite.WithBusyTimeout(10*time.Millisecond))
	// It waits for what the store still writes.
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(300000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string) func() {
		return func() {
			if _, err := other.ExecContext(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	}
	o.begin, o.end, o.says = exec("BEGIN IMMEDIATE"), exec("ROLLBACK"), "another process keeps writing"
	t.Cleanup(func() { other.Close() })
	return o
}

func onPostgres(t *testing.T, options ...postgres.Option) (outage, *pgtest.Server) {
	t.Helper()
	pg := pgtest.Start(t)
	s, err := postgres.Open(t.Context(), pg.URL+"&pool_max_conns=8", options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	pg.Exec("CREATE TABLE effect (id text)")
	return outage{
		store: s,
		do: func(ctx context.Context, id string) error {
			_, err := postgres.Tx(ctx).Exec(ctx, "INSERT INTO effect VALUES ($1)", id)
			return err
		},
		done: func(t *testing.T) (all []string) {
			if err := s.Transact(t.Context(), func(ctx context.Context) error {
				rows, err := postgres.Tx(ctx).Query(ctx, "SELECT id FROM effect ORDER BY id COLLATE \"C\"")
				if err != nil {
					return err
				}
				all, err = pgx.CollectRows(rows, pgx.RowTo[string])
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return all
		},
	}, pg
}

func postgresGone(t *testing.T) outage {
	o, pg := onPostgres(t, postgres.WithTimeout(time.Minute))
	o.begin, o.end, o.says = pg.Kill, pg.Restart, "postgres"
	return o
}

func postgresSilent(t *testing.T) outage {
	o, pg := onPostgres(t, postgres.WithTimeout(5*time.Second)) // enough for a machine that is busy
	o.begin, o.end, o.says = pg.Freeze, pg.Thaw, "postgres"
	return o
}

// insides are words that no client is to see.
var insides = regexp.MustCompile(`(?i)sqlite|postgres|pgx|SQL|disk|lock|socket|/tmp|\.db\b|goroutine|dial|timeout:|space`)

func (o outage) test(t *testing.T) {
	log := new(testlog.Log)
	logger := slog.New(slog.NewTextHandler(log, nil))
	recorder := activity.NewRecorder(o.store.Activity(), activity.WithLogger(logger))
	t.Cleanup(func() { recorder.Close(context.Background()) })
	var mu sync.Mutex
	outside := map[string]int{}

	urls := map[string]string{}
	for _, name := range []string{"vms", "vision", "problem"} {
		d, err := catalog.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s := server.New(d, server.WithLogger(logger), server.WithRecorder(recorder))
		mux := http.NewServeMux()
		mux.Handle("POST /inside/{id}", idempotency.Middleware(o.store.Idempotency(), idempotency.Required(), idempotency.Transactional())(
			s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				return server.AtomicIn(o.store)(func(ctx context.Context) (any, error) { return "done", o.do(ctx, r.PathValue("id")) }), nil
			})))
		mux.Handle("POST /outside/{id}", idempotency.Middleware(o.store.Idempotency(), idempotency.Required())(
			s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
				mu.Lock()
				defer mu.Unlock()
				outside[r.PathValue("id")]++
				return "done", nil
			})))
		jobs := jobs.New(s, o.store.Queue(), jobs.Kind("job", func(context.Context, jobs.Job) (any, error) { return "done", nil }))
		mux.Handle("POST /job/{id}", jobs.AsyncHandler("job"))
		mux.Handle("GET /jobs/", jobs.Watch())
		seats := license.Seats{Store: o.store.Seats(), Pool: "p", Count: 100}
		mux.Handle("POST /seat/{id}", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			return "sits", seats.Acquire(r.Context(), r.PathValue("id"))
		}))
		mux.Handle("POST /token/{id}", s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			_, err := auth.GiveToken(r.Context(), o.store.Tokens(), server.Principal{ID: "a"}, time.Hour)
			return "given", err
		}))
		mux.Handle("GET /free", s.Handle(func(http.ResponseWriter, *http.Request) (any, error) { return "free", nil }))
		h := httptest.NewServer(s.Wrap(mux))
		t.Cleanup(h.Close)
		urls[name] = h.URL
	}
	names := slices.Sorted(maps.Keys(urls))
	paths := []string{"/inside/", "/outside/", "/job/", "/seat/", "/token/"}
	post := func(name, path, id string) (int, parlance.Kind, string, http.Header) {
		t.Helper()
		return ask(t, name, "POST", urls[name]+path+id, path+id)
	}

	for _, name := range names {
		for _, path := range paths {
			if status, _, body, _ := post(name, path, "before-"+name); status >= 300 {
				t.Fatalf("%s, %s before: %d %s", name, path, status, body)
			}
		}
	}
	o.begin()
	var all sync.WaitGroup
	for _, name := range names {
		for _, path := range paths {
			all.Go(func() {
				status, kind, body, _ := post(name, path, "during-"+name)
				if status != 503 || kind != parlance.KindUnavailable || insides.MatchString(body) {
					t.Errorf("%s, %s: %d %v %s", name, path, status, kind, body)
				}
			})
		}
		all.Go(func() {
			if status, _, body, _ := ask(t, name, "GET", urls[name]+"/free", ""); status != 200 {
				t.Errorf("%s, what needs no engine: %d %s", name, status, body)
			}
		})
	}
	all.Wait()
	o.end()
	if !strings.Contains(log.String(), o.says) {
		t.Errorf("the operator is not told %q: %s", o.says, log)
	}

	// Whoever retries it is served, once; and what was acknowledged is replayed.
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // lest it hangs
	defer cancel()
	var want []string
	for _, name := range names {
		for _, when := range []string{"before-", "during-"} {
			want = append(want, when+name)
			for _, path := range paths {
				status, _, body, header := post(name, path, when+name)
				for status >= 300 && soon.Err() == nil { // until a session that was cut off is seen to be
					status, _, body, header = post(name, path, when+name)
				}
				replayed := header.Get(idempotency.ReplayedHeader) == "true"
				if keyed := path == "/inside/" || path == "/outside/"; status >= 300 || keyed && replayed != (when == "before-") {
					t.Errorf("%s, %s%s afterwards: %d %s, replayed %v", name, path, when, status, body, replayed)
				}
				if path == "/job/" {
					if status, _, body, _ := ask(t, name, "GET", urls[name]+header.Get("Location"), ""); status != 202 {
						t.Errorf("%s, a job that was accepted: %d %s", name, status, body)
					}
				}
			}
			if outside[when+name] != 1 {
				t.Errorf("%s was done outside %d times", when+name, outside[when+name])
			}
		}
	}
	slices.Sort(want)
	if got := o.done(t); !slices.Equal(got, want) {
		t.Errorf("inside was done %v, want %v", got, want)
	}
	// The recorder goes on, too.
	_, _, _, header := ask(t, "problem", "GET", urls["problem"]+"/free", "")
	for id := header.Get(server.RequestIDHeader); ; {
		if _, err := o.store.Activity().Find(t.Context(), id); err == nil {
			break
		} else if id == "" || t.Context().Err() != nil {
			t.Fatalf("no record of %q: %v", id, err)
		}
	}
}

// ask sends a request, and says what its response means in the dialect.
func ask(t *testing.T, name, method, url, key string) (int, parlance.Kind, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Error(err)
		return 0, 0, "", nil
	}
	r.Header.Set("Accept", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, 0, "", nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	d, err := catalog.Open(name)
	if err != nil {
		t.Error(err)
		return 0, 0, "", nil
	}
	o := d.Decode(dialect.Request{}, dialect.Response{Status: res.StatusCode, Header: dialect.HeaderMap(res.Header), Body: body}).Outcome
	return res.StatusCode, o.Kind, string(body), res.Header
}
