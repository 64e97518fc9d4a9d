package peers

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/postgres/pgtest"
	"github.com/parlance-api/parlance/store/sqlite"
)

// callers is how many put, and how many deliver, at the same time.
const callers = 64

// order is the body of a request.
var order = []byte(`{"order": 4711, "camera": "7", "state": "created", "lines": [{"id": 1, "count": 2}, {"id": 2, "count": 1}]}`)

// peer is a queue of requests that are to be sent to a URL.
type peer struct {
	put func(ctx context.Context, url string) error
	run func(ctx context.Context) // delivers until ctx ends
}

// peers are those that are measured. Each makes durable what it has put. river-tuned and
// asynq-everysec are the same with other settings: River fetches every 100 ms unless it is
// told otherwise, and Redis writes to its disk once a second.
var peers = []struct {
	name string
	open func(b testing.TB) peer
}{
	{"parlance-sqlite", func(b testing.TB) peer { return parlanceOn(b, openSQLite(b)) }},
	{"river-sqlite", func(b testing.TB) peer { return riverOnSQLite(b, 0) }},
	{"river-sqlite-tuned", func(b testing.TB) peer { return riverOnSQLite(b, 5*time.Millisecond) }},
	{"parlance-postgres", func(b testing.TB) peer { return parlanceOn(b, openPostgres(b, startPostgres(b).URL)) }},
	{"river-postgres", func(b testing.TB) peer { return riverOnPostgres(b, 0) }},
	{"river-postgres-tuned", func(b testing.TB) peer { return riverOnPostgres(b, 5*time.Millisecond) }},
	{"asynq", func(b testing.TB) peer { return asynqOn(b, "always") }},
	{"asynq-everysec", func(b testing.TB) peer { return asynqOn(b, "everysec") }},
}

// BenchmarkPut puts requests, for 64 callers at once.
func BenchmarkPut(b *testing.B) {
	for _, p := range peers {
		b.Run("by="+p.name, func(b *testing.B) {
			q := p.open(b)
			b.ReportAllocs()
			b.ResetTimer()
			putAll(b, q, "http://127.0.0.1:1/orders", b.N)
			b.StopTimer()
		})
	}
}

// BenchmarkDeliver has a worker process deliver to a fast vendor on loopback, at most 64 at the
// same time. The time of a request is that from the start of the worker to the last request.
func BenchmarkDeliver(b *testing.B) {
	for _, p := range peers {
		b.Run("by="+p.name, func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			all := make(chan struct{})
			vendor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(http.StatusOK)
				if left.Add(-1) == 0 {
					close(all)
				}
			}))
			defer vendor.Close()
			q := p.open(b)
			putAll(b, q, vendor.URL+"/orders", b.N)
			ctx, stop := context.WithCancel(b.Context())
			var running sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			running.Go(func() { q.run(ctx) })
			<-all
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
			stop()
			running.Wait()
		})
	}
}

// putAll puts n requests.
func putAll(b *testing.B, q peer, url string, n int) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for next.Add(1) <= int64(n) {
				if err := q.put(b.Context(), url); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// sender keeps as many connections as there are deliveries, as the outbox does.
func sender() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = callers
	return t
}

// send is what a worker of River and Asynq does.
func send(ctx context.Context, c *http.Client, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

var quiet = slog.New(slog.DiscardHandler)

// startPostgres is a PostgreSQL that keeps what it says, with room for 64.
func startPostgres(b testing.TB) *pgtest.Server {
	pg := pgtest.Start(b)
	pg.Exec("ALTER SYSTEM SET fsync = on")
	pg.Exec("SELECT pg_reload_conf()")
	return pg
}

// The outbox.

func openSQLite(b testing.TB) *sqlite.Store {
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func openPostgres(b testing.TB, url string) *postgres.Store {
	s, err := postgres.Open(b.Context(), url+"&pool_max_conns=64", postgres.WithTimeout(time.Minute))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func parlanceOn(b testing.TB, s store.Store) peer {
	d, err := catalog.Open("stripe") // which has a header for idempotency keys
	if err != nil {
		b.Fatal(err)
	}
	box := outbox.New(s.Queue(), outbox.WithVendor("vendor", d), outbox.WithLogger(quiet), outbox.WithWorkers(callers), outbox.WithWidth(callers))
	return peer{
		put: func(ctx context.Context, url string) error {
			_, err := box.Put(ctx, outbox.Request{Vendor: "vendor", URL: url, Body: order})
			return err
		},
		run: box.Run,
	}
}

// River.

type post struct {
	URL  string `json:"url"`
	Body []byte `json:"body"`
}

func (post) Kind() string { return "post" }

type poster struct {
	river.WorkerDefaults[post]
	client *http.Client
}

func (p *poster) Work(ctx context.Context, job *river.Job[post]) error {
	return send(ctx, p.client, job.Args.URL, job.Args.Body)
}

// settings are those of River. every is how often it fetches at most; 0 is its default.
func settings(every time.Duration) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &poster{client: &http.Client{Transport: sender()}})
	return &river.Config{
		Logger: quiet, Workers: workers, FetchCooldown: every, FetchPollInterval: max(every, 0),
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: callers}},
	}
}

// works runs a client of River until ctx ends.
func works[T any](b testing.TB, c *river.Client[T]) func(ctx context.Context) {
	return func(ctx context.Context) {
		if err := c.Start(context.WithoutCancel(ctx)); err != nil {
			b.Error(err)
			return
		}
		<-ctx.Done()
		if err := c.Stop(context.WithoutCancel(ctx)); err != nil {
			b.Error(err)
		}
	}
}

func riverPool(b testing.TB, url string) *pgxpool.Pool {
	pool, err := pgxpool.New(b.Context(), url+"&pool_max_conns=64")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet})
	if err == nil {
		_, err = m.Migrate(b.Context(), rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	return pool
}

func riverOnPostgres(b testing.TB, every time.Duration) peer {
	c, err := river.NewClient(riverpgxv5.New(riverPool(b, startPostgres(b).URL)), settings(every))
	if err != nil {
		b.Fatal(err)
	}
	return peer{
		put: func(ctx context.Context, url string) error {
			_, err := c.Insert(ctx, post{url, order}, nil)
			return err
		},
		run: works[pgx.Tx](b, c),
	}
}

// riverFile is a database for River as its driver asks for: one connection. It keeps what it
// says, as the store of the library does.
func riverFile(b testing.TB) *sql.DB {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "river.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet})
	if err == nil {
		_, err = m.Migrate(b.Context(), rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	return db
}

func riverOnSQLite(b testing.TB, every time.Duration) peer {
	c, err := river.NewClient(riversqlite.New(riverFile(b)), settings(every))
	if err != nil {
		b.Fatal(err)
	}
	return peer{
		put: func(ctx context.Context, url string) error {
			_, err := c.Insert(ctx, post{url, order}, nil)
			return err
		},
		run: works[*sql.Tx](b, c),
	}
}

// Asynq.

// asynqOn has a Redis of its own, which writes to its disk as often as fsync says.
func asynqOn(b testing.TB, fsync string) peer {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		b.Skip(err)
	}
	dir := b.TempDir()
	socket := filepath.Join(dir, "redis.sock")
	server := exec.Command(program, "--port", "0", "--unixsocket", socket, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", fsync)
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	at := asynq.RedisClientOpt{Network: "unix", Addr: socket, PoolSize: callers}
	c := asynq.NewClient(at)
	b.Cleanup(func() { c.Close() })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for c.Ping() != nil {
		<-tick.C
	}
	sends := &http.Client{Transport: sender()}
	return peer{
		put: func(ctx context.Context, url string) error {
			_, err := c.EnqueueContext(ctx, asynq.NewTaskWithHeaders("post", order, map[string]string{"url": url}))
			return err
		},
		run: func(ctx context.Context) {
			s := asynq.NewServer(at, asynq.Config{Concurrency: callers, Logger: silent{}, LogLevel: asynq.FatalLevel})
			err := s.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
				return send(ctx, sends, t.Headers()["url"], t.Payload())
			}))
			if err != nil {
				b.Error(err)
				return
			}
			<-ctx.Done()
			s.Shutdown()
		},
	}
}

// silent is a logger of Asynq.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}
