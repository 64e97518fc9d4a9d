// Package postgres is a store in PostgreSQL, for any number of processes that work as
// one.
//
//	db, err := postgres.Open(ctx, "postgres://app@localhost/app")
//	…
//	defer db.Close()
//
// The tables are in a schema of their own, in the database of a program's own tables,
// so that both can be changed in one transaction:
//
//	err := db.Transact(ctx, func(ctx context.Context) error {
//		_, err := postgres.Tx(ctx).Exec(ctx, "UPDATE stock SET n = n-1 WHERE sku = $1", sku)
//		return err
//	})
//
// Once Transact has returned, its changes are on the disk of PostgreSQL, as far as its
// settings (fsync, synchronous_commit) ensure that. All times are by PostgreSQL's
// clock, so the clocks of the machines may differ.
//
// # When a process dies
//
// A process holds a session advisory lock on a number of its own, on a connection that
// does nothing else. A claim of a key has that number. If no session holds the lock,
// the process is gone. The session of a killed process ends at once. If a whole machine
// stops responding, its session ends when PostgreSQL notices, after about half a
// minute.
//
// A process may lose that connection and live. It then takes a new number. Its claims
// under the old number count as those of a dead process: another process may take a key
// whose effect is inside. A key whose effect is outside is Uncertain.
//
// Nothing is done twice because of this. A response is recorded only if the claim is
// still the same and was made by this process, under any of its numbers. This is
// checked in the transaction of the effect, so only one effect inside is committed. The
// late response of an effect outside, if it comes, settles the Uncertain key.
//
// It connects to PostgreSQL directly or through a pooler of sessions. A pooler of
// transactions would lend the lock to other clients.
package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
)

// Store is a store.Store in PostgreSQL. All Stores with the same schema of the same
// database are one store, in one process or many.
type Store struct {
	schema  string
	timeout time.Duration

	pool *pgxpool.Pool // for transactions, and for what may take part in one
	side *pgxpool.Pool // for what never does: a transaction that waits for it must not wait for itself

	presence presence
	debts    debts
	limits   limits
	records  records

	closing sync.Once
	closed  atomic.Bool
	stop    context.CancelFunc // of the keeper
	stopped chan struct{}
}

var _ store.Store = (*Store)(nil)

// Option is a setting of [Open].
type Option interface{ apply(*Store) }

type option func(*Store)

func (o option) apply(s *Store) { o(s) }

// WithSchema names the schema of the tables; the default is "parlance". If it is
// missing, it is created.
func WithSchema(name string) Option { return option(func(s *Store) { s.schema = name }) }

// WithTimeout sets how long a method waits for a connection, and a statement for the
// locks of another transaction; the default is 3 s. After that the method fails with an
// error that wraps parlance.ErrUnavailable.
func WithTimeout(d time.Duration) Option { return option(func(s *Store) { s.timeout = d }) }

// Open opens the store at a URL (postgres://…, or a DSN of libpq) and makes the tables.
// PostgreSQL 12 or later is required. Many processes may open it at once. ctx bounds
// the opening only. If the database cannot be reached, the error wraps
// parlance.ErrUnavailable.
//
// The URL may have pool_max_conns and the other settings of pgxpool. Besides those
// connections, the store opens one that proves that the process lives, and up to four
// for limits and activity. A setting of PostgreSQL in the URL (lock_timeout, …)
// overrides the store's own. One of these ends a transaction that is idle for a minute,
// with its session.
func Open(ctx context.Context, url string, options ...Option) (*Store, error) {
	s := &Store{schema: "parlance", timeout: 3 * time.Second, stopped: make(chan struct{})}
	for _, o := range options {
		o.apply(s)
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres: the URL cannot be read: %w", err)
	}
	s.configure(config.ConnConfig)
	aside := config.Copy()
	aside.MaxConns, aside.MinConns, aside.MinIdleConns = min(4, config.MaxConns), 0, 0
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if s.side, err = pgxpool.NewWithConfig(ctx, aside); err != nil {
		s.pool.Close()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s.presence = presence{connect: config.ConnConfig.Copy(), timeout: s.timeout, turn: make(chan struct{}, 1)}
	s.limits.Store, s.limits.known = s, map[limitKey]*lease{}
	s.records.Store = s
	err = s.again(ctx, func() error {
		return s.on(ctx, s.pool, func(c *pgx.Conn) error { return s.migrate(ctx, c) })
	})
	if err == nil {
		_, err = s.presence.identity(ctx)
		err = explain(ctx, err, false)
	}
	if err != nil {
		s.presence.close()
		s.pool.Close()
		s.side.Close()
		return nil, fmt.Errorf("postgres: opening: %w", err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.keep(life)
	return s, nil
}

// configure sets what the connections need unless the URL says otherwise.
func (s *Store) configure(c *pgx.ConnConfig) {
	for name, value := range map[string]string{
		"application_name": "parlance",
		"lock_timeout":     strconv.FormatInt(max(s.timeout.Milliseconds(), 1), 10),
		// A process that stands still in a transaction must not hold its rows forever.
		"idle_in_transaction_session_timeout": "60s",
		// A machine that fell silent is gone after about half a minute.
		"tcp_keepalives_idle":     "10",
		"tcp_keepalives_interval": "5",
		"tcp_keepalives_count":    "4",
	} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	// Of several statements each must see what was committed while the one before
	// it waited for a lock.
	c.RuntimeParams["default_transaction_isolation"] = "read committed"
	if c.ConnectTimeout == 0 || c.ConnectTimeout > s.timeout {
		c.ConnectTimeout = s.timeout
	}
}

// The views.

func (s *Store) Idempotency() idempotency.Store { return keys{s} }
func (s *Store) Limits() limit.Store            { return &s.limits }
func (s *Store) Seats() license.Store           { return seats{s} }
func (s *Store) Queue() queue.Store             { return tasks{s, taskReader{s.do, s.sql}} }
func (s *Store) Tokens() auth.TokenStore        { return tokens{s} }
func (s *Store) Activity() activity.Store       { return &s.records }

// Close waits for the work in progress, writes the records that were held back and
// closes the connections. If it returns an error, those records were lost.
func (s *Store) Close() (err error) {
	s.closing.Do(func() {
		s.closed.Store(true)
		s.stop()
		<-s.stopped
		s.pool.Close()
		err = s.records.close()
		s.side.Close()
		s.presence.close()
	})
	return err
}

// sql is a statement for the schema that was chosen.
func (s *Store) sql(statement string) string {
	if s.schema == "parlance" {
		return statement
	}
	return strings.ReplaceAll(statement, "parlance.", s.quoted()+".")
}

func (s *Store) quoted() string { return quote(s.schema) }
