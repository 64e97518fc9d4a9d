// Package sqlite is a store in one SQLite file, for one process, with nothing to
// install.
//
//	db, err := sqlite.Open("app.db")
//	…
//	defer db.Close()
//
// Once Transact has returned, its changes are on the disk. Concurrent callers share one
// commit, so that many cost little more than one. The tables are named parlance_…; a
// program's own tables may be in the same file and the same transactions:
//
//	err := db.Transact(ctx, func(ctx context.Context) error {
//		_, err := sqlite.Tx(ctx).ExecContext(ctx, "UPDATE stock SET n = n-1 WHERE sku = ?", sku)
//		return err
//	})
//
// Rate limits are kept in memory: their counts are lost when the process ends.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	driver "modernc.org/sqlite"

	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/queue"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/license"
	"github.com/parlance-api/parlance/server/limit"
	"github.com/parlance-api/parlance/store"
	"github.com/parlance-api/parlance/store/internal/clock"
	"github.com/parlance-api/parlance/store/internal/rate"
)

// Store is a store.Store in a file.
type Store struct {
	clock       func() time.Time
	busyTimeout time.Duration // with another process that writes

	lock    *os.File
	readers *sql.DB
	read    links
	writer  *writer
	limits  *rate.Limits
	claims  claims
	records records
	known   known
	learns  sync.WaitGroup

	close func() error
}

var _ store.Store = (*Store)(nil)

// Option is a setting of [Open].
type Option interface{ apply(*Store) }

type option func(*Store)

func (o option) apply(s *Store) { o(s) }

// WithClock sets the source of the time. The default is the time of Open plus the time
// that has passed since. Setting the system clock while the file is open therefore ends
// nothing early. It is called concurrently.
func WithClock(now func() time.Time) Option { return option(func(s *Store) { s.clock = now }) }

// WithBusyTimeout sets how long a write waits for another process that writes to the
// file, such as an operator's tool; the default is 5 s. After that, writes are
// unavailable.
func WithBusyTimeout(d time.Duration) Option { return option(func(s *Store) { s.busyTimeout = d }) }

// Open opens a file, or makes a new one that only its owner may read. It is an error if
// another process has the file open, if the file is damaged, if the disk is full, or if a
// newer program made it. Each error says what to do.
//
// One file is one store, even if it has several names: a symbolic link is followed. A hard
// link is recognized within a process, and on Linux in another one too. Make none: after a crash,
// SQLite finds the last commits only under the name by which they were made.
func Open(path string, options ...Option) (*Store, error) {
	s := &Store{clock: clock.Steady(), busyTimeout: 5 * time.Second}
	for _, o := range options {
		o.apply(s)
	}
	if err := s.open(path); err != nil {
		return nil, fmt.Errorf("sqlite: opening %s: %w", path, explainOpening(path, err))
	}
	return s, nil
}

func (s *Store) open(path string) (err error) {
	if path == "" || strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:") {
		return errors.New("give the path of a file; for a store in memory use store/memory")
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // one file has one lock, by whatever name it is opened
	}
	ctx := context.Background()
	var opened closers
	defer func() {
		if err != nil {
			_ = opened.close()
		}
	}()
	if s.lock, err = lock(path); err != nil {
		return err
	}
	opened.add(func() error { return unlockFile(s.lock) })
	if err := create(path); err != nil {
		return err
	}
	mine, err := ownFile(path)
	if err != nil {
		return err
	}
	opened.add(mine.release)
	if err := s.openWriter(ctx, path, &opened); err != nil {
		return err
	}
	if err := s.openReaders(ctx, path, &opened); err != nil {
		return err
	}
	s.limits = rate.NewLimits(s.clock, s.usable)
	s.claims.held = map[keyID]*claim{}
	go s.writer.loop()
	s.known.making = true
	s.learns.Go(func() { s.learn() })

	s.close = sync.OnceValue(func() error {
		s.records.refuse()
		close(s.writer.closing)
		<-s.writer.ended
		s.learns.Wait()
		return opened.close()
	})
	return nil
}

// closers close what was opened, the last one first.
type closers []func() error

func (c *closers) add(closer func() error) { *c = append(*c, closer) }

func (c closers) close() (all error) {
	for _, closer := range slices.Backward(c) {
		all = errors.Join(all, closer())
	}
	return all
}

// create makes the file if there is none. It does so before SQLite has it: on some
// systems to close a file ends all locks on it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	return nil
}

// openWriter opens the one connection that writes, and brings the file up to date.
func (s *Store) openWriter(ctx context.Context, path string, opened *closers) error {
	db, err := sql.Open("sqlite", address(path, s.busyTimeout, "synchronous(FULL)", "fullfsync(1)", "journal_mode(WAL)", "journal_size_limit(67108864)"))
	if err != nil {
		return err
	}
	opened.add(db.Close)
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	writing := &link{conn: conn}
	opened.add(writing.close)
	theirs := &statements{conn: conn}
	opened.add(theirs.close)
	if err := migrate(ctx, conn); err != nil {
		return err
	}
	s.writer = &writer{
		store:   s,
		conn:    conn,
		write:   writing,
		theirs:  theirs,
		queue:   make(chan *call),
		wake:    make(chan struct{}, 1),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
		lanes:   map[[2]string]bool{},
		took:    batchLong, // until it is known
	}
	return conn.Raw(func(c any) error {
		c.(driver.HookRegisterer).RegisterCommitHook(s.writer.mayCommit)
		c.(driver.HookRegisterer).RegisterRollbackHook(s.writer.wasRolledBack)
		return nil
	})
}

// openReaders opens the connections that only read.
func (s *Store) openReaders(ctx context.Context, path string, opened *closers) (err error) {
	many := max(4, runtime.GOMAXPROCS(0))
	reading := func(most int) (*sql.DB, error) {
		db, err := sql.Open("sqlite", address(path, s.busyTimeout, "query_only(1)"))
		if err == nil {
			db.SetMaxOpenConns(most)
			db.SetMaxIdleConns(many)
			opened.add(db.Close)
		}
		return db, err
	}
	if s.readers, err = reading(many); err != nil {
		return err
	}
	if s.read.db, err = reading(many + 1); err != nil { // one is to learn the keys by
		return err
	}
	opened.add(s.read.close)
	for range many {
		one, err := s.read.another(ctx)
		if err != nil {
			return err
		}
		s.read.all = append(s.read.all, one)
	}
	return nil
}

// at is a caller's time on our clock, which its own may have left: what counts is how
// long it is until then.
func (s *Store) at(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	now := s.clock()
	return now.Add(t.Sub(now))
}

// address is the file for the driver, with pragmas for each connection to it.
func address(path string, patient time.Duration, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter comes first
	}
	pragmas = append([]string{fmt.Sprintf("busy_timeout(%d)", patient.Milliseconds()), "foreign_keys(1)"}, pragmas...)
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}

// Close waits for the transaction in progress, writes the activity records that were
// held back, and refuses all later calls. A second Close does nothing, and returns the
// result of the first.
func (s *Store) Close() error { return s.close() }

// Reader is a pool of connections that read committed data, even while others write.
// They cannot write. Close closes them.
func (s *Store) Reader() *sql.DB { return s.readers }

// The views.

func (s *Store) Idempotency() idempotency.Store { return keys{s} }
func (s *Store) Limits() limit.Store            { return s.limits }
func (s *Store) Seats() license.Store           { return seats{s} }
func (s *Store) Queue() queue.Store {
	return tasks{s, taskReader{s.each, func() time.Time { return s.clock() }}}
}
func (s *Store) Tokens() auth.TokenStore  { return tokens{s} }
func (s *Store) Activity() activity.Store { return story{s} }
