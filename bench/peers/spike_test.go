package peers

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/parlance-api/parlance/store/postgres"
	"github.com/parlance-api/parlance/store/sqlite"
)

// What River would take over of the queue, and what it cannot, for docs/design/outbox.md.

func TestRiverTakesPartInATransactionOfTheStoreOnPostgreSQL(t *testing.T) {
	pg := startPostgres(t)
	pool := riverPool(t, pg.URL)
	c, err := river.NewClient(riverpgxv5.New(pool), settings(0))
	if err != nil {
		t.Fatal(err)
	}
	s := openPostgres(t, pg.URL)
	undone := errors.New("undone")
	for _, want := range []error{undone, nil} {
		err := s.Transact(t.Context(), func(ctx context.Context) error {
			if _, err := c.InsertTx(ctx, postgres.Tx(ctx), post{}, nil); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		var jobs int
		if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs); err != nil {
			t.Fatal(err)
		}
		if committed := want == nil; (jobs == 1) != committed {
			t.Errorf("%d jobs after a transaction that ended with %v", jobs, want)
		}
	}
}

// The driver of SQLite wants a *sql.Tx of its own connection. The store has one connection that
// writes, and commits many callers at once.
func TestRiverTakesNoPartInATransactionOfTheStoreOnSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(100)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	m, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet})
	if err == nil {
		_, err = m.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := river.NewClient(riversqlite.New(db), settings(0))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Transact(t.Context(), func(ctx context.Context) error {
		_, err := c.Insert(ctx, post{}, nil)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("got %v, want that the database is locked", err)
	}
}

type snoozed struct {
	At time.Time `json:"at"` // when it is due, after it was snoozed
}

func (snoozed) Kind() string { return "snoozed" }

type snoozer struct {
	river.WorkerDefaults[snoozed]
	late chan time.Duration
}

func (w *snoozer) Work(_ context.Context, job *river.Job[snoozed]) error {
	if left := time.Until(job.Args.At); left > 0 {
		return river.JobSnooze(left)
	}
	if job.Attempt != 1 {
		return errors.New("a snooze counts as an attempt")
	}
	w.late <- time.Since(job.Args.At)
	return nil
}

// River snoozes a job to any time, and does not count it as an attempt. How late it is then is
// FetchPollInterval, 1 s by default.
func TestRiverSnoozesAJobToAnyTime(t *testing.T) {
	w := &snoozer{late: make(chan time.Duration, 100)}
	config := settings(0)
	river.AddWorker(config.Workers, w)
	c, err := river.NewClient(riverpgxv5.New(riverPool(t, startPostgres(t).URL)), config)
	if err != nil {
		t.Fatal(err)
	}
	const jobs = 20
	start := time.Now().Add(2 * time.Second)
	for i := range jobs {
		if _, err := c.Insert(t.Context(), snoozed{start.Add(time.Duration(i) * 230 * time.Millisecond)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		works[pgx.Tx](t, c)(ctx)
	}()
	var late []time.Duration
	for range jobs {
		late = append(late, <-w.late)
	}
	stop()
	<-ended
	slices.Sort(late)
	t.Logf("late: median %v, most %v", late[jobs/2].Round(time.Millisecond), late[jobs-1].Round(time.Millisecond))
}

// A lease is not renewed. A job of a dead process is found by its age alone, which must be more
// than the longest job takes: an hour by default.
func TestRiverRescuesNoJobBeforeTheTimeThatAnyMayTake(t *testing.T) {
	config := settings(0)
	config.JobTimeout, config.RescueStuckJobsAfter = time.Minute, 30*time.Second
	if _, err := river.NewClient(riverpgxv5.New(riverPool(t, startPostgres(t).URL)), config); err == nil {
		t.Error("a job is rescued while it may still be done")
	}
}
