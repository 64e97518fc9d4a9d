package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
)

// Records are held back so long, or until so many or so many bytes of them wait;
// then whoever adds one writes them. What could not be written is held on.
const (
	holdRecords = 50 * time.Millisecond
	holdAgain   = time.Second // after PostgreSQL could not be reached
	maxRecords  = 1000
	maxHeld     = 4 << 20 // bytes
)

// records is the view of the activity.
type records struct {
	*Store
	turn sync.Mutex // of who writes

	mu    sync.Mutex
	held  map[string]row // by id: the last of each
	going map[string]row // that are just being written
	size  int            // bytes of those that are held
	armed bool           // a timer will write them
	err   error          // why those that were written last are held still
	lost  error          // why some were lost, until somebody was told
	last  bool           // no more are taken: the store closes
	over  bool           // nothing is written any more
}

// row is a record as it stands in its table.
type row struct {
	id, caller, route string
	started           pgtype.Timestamptz
	status            int
	kind, json        string
}

func (r *records) Add(ctx context.Context, a *activity.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	json, err := a.MarshalJSON()
	if err != nil {
		return err
	}
	w := row{text(a.ID), text(a.Caller), text(a.Route), at(a.Start), a.Status, "", string(json)}
	if a.Outcome.Kind != 0 {
		w.kind = a.Outcome.Kind.String()
	}
	if r.tx(ctx) != nil {
		if _, held := r.find(a.ID); held { // or it would be written over this one
			r.write()
		}
		return r.do(ctx, func(ctx context.Context, q querier) error { return r.insert(ctx, q, []row{w}) })
	}
	r.mu.Lock()
	if r.last {
		r.mu.Unlock()
		return errClosed
	}
	full := r.full()
	if full && r.err != nil { // it was tried just now
		defer r.mu.Unlock()
		return r.err
	}
	r.hold(a.ID, w)
	r.arm(holdRecords)
	full = r.full()
	r.mu.Unlock()
	if full {
		r.write()
	}
	return nil
}

// full reports that no more are held back. It is called under mu, as the next two.
func (r *records) full() bool { return len(r.held) >= maxRecords || r.size >= maxHeld }

func (r *records) hold(id string, w row) {
	if r.held == nil {
		r.held = map[string]row{}
	}
	r.size += len(w.json) - len(r.held[id].json)
	r.held[id] = w
}

// arm has what is held written in a while, unless it is to be already.
func (r *records) arm(wait time.Duration) {
	if !r.armed {
		r.armed = true
		time.AfterFunc(wait, r.write)
	}
}

// write writes what is held. They are of many callers, so that none of them can
// stop it.
func (r *records) write() {
	r.turn.Lock()
	defer r.turn.Unlock()
	r.mu.Lock()
	if r.over {
		r.mu.Unlock()
		return
	}
	r.going, r.held, r.size, r.armed = r.held, nil, 0, false
	going := r.going
	r.mu.Unlock()
	if len(going) == 0 {
		return
	}
	rows := make([]row, 0, len(going))
	for _, id := range slices.Sorted(maps.Keys(going)) { // two processes that have the same ids do not wait in a circle
		rows = append(rows, going[id])
	}
	err := r.aside(context.Background(), func(ctx context.Context, q querier) error { return r.insert(ctx, q, rows) })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.going, r.err = nil, nil
	switch {
	case errors.Is(err, parlance.ErrUnavailable):
		r.err = err
		for id, w := range going {
			if _, newer := r.held[id]; !newer {
				r.hold(id, w)
			}
		}
		r.arm(holdAgain)
	case err != nil: // it would be refused again
		r.lost = err
	}
}

// failed is why some are not in the table though they were to be written.
func (r *records) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := errors.Join(r.err, r.lost)
	r.lost = nil
	if err != nil {
		err = fmt.Errorf("postgres: activity records were not written: %w", err)
	}
	return err
}

func (r *records) insert(ctx context.Context, q querier, rows []row) error {
	var (
		started                        []pgtype.Timestamptz
		id, caller, route, kind, jsons []string
		status, size                   []int
	)
	for _, w := range rows {
		id, started, caller, route = append(id, w.id), append(started, w.started), append(caller, w.caller), append(route, w.route)
		status, kind, size, jsons = append(status, w.status), append(kind, w.kind), append(size, len(w.json)), append(jsons, w.json)
	}
	_, err := q.Exec(ctx, r.sql(`
		INSERT INTO parlance.activity (id, started, caller, route, status, kind, size, record)
		SELECT a, b, c, d, e, f, g, h::json
		FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[], $8::text[]) AS t (a, b, c, d, e, f, g, h)
		ON CONFLICT (id) DO UPDATE SET started = excluded.started, caller = excluded.caller, route = excluded.route,
			status = excluded.status, kind = excluded.kind, size = excluded.size, record = excluded.record`),
		id, started, caller, route, status, kind, size, jsons)
	return err
}

// find finds a record that is not in its table yet.
func (r *records) find(id string) (row, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w, held := r.held[id]; held {
		return w, true
	}
	w, going := r.going[id]
	return w, going
}

// Joins implements activity.Joiner.
func (r *records) Joins(ctx context.Context) bool { return r.tx(ctx) != nil }

func (r *records) Find(ctx context.Context, id string) (*activity.Record, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	if w, held := r.find(id); held {
		return parse([]byte(w.json))
	}
	var json []byte
	err := r.do(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRow(ctx, r.sql("SELECT record FROM parlance.activity WHERE id = $1"), text(id)).Scan(&json)
		if errors.Is(err, pgx.ErrNoRows) {
			err = fmt.Errorf("postgres: no activity %q: %w", id, parlance.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return parse(json)
}

// parse reads a record as it was written.
func parse(json []byte) (*activity.Record, error) {
	r := new(activity.Record)
	return r, r.UnmarshalJSON(json)
}

func (r *records) Prune(ctx context.Context, before time.Time, bytes int64) (deleted int64, err error) {
	if err := r.usable(ctx); err != nil {
		return 0, err
	}
	r.write()
	if err := r.failed(); err != nil {
		return 0, err
	}
	prune := func(statement string, args ...any) error {
		return r.do(ctx, func(ctx context.Context, q querier) error {
			tag, err := q.Exec(ctx, r.sql(statement), args...)
			if err == nil {
				deleted += tag.RowsAffected()
			}
			return err
		})
	}
	if !before.IsZero() {
		err = prune("DELETE FROM parlance.activity WHERE started < $1", at(before))
	}
	if err == nil && bytes > 0 {
		err = prune(`
			DELETE FROM parlance.activity a USING (
				SELECT id, sum(size) OVER (ORDER BY started DESC NULLS LAST, id) AS total FROM parlance.activity
			) AS s WHERE s.id = a.id AND s.total > $1`, bytes)
	}
	return deleted, err
}

// close writes what is held, for the last time.
func (r *records) close() error {
	r.mu.Lock()
	r.last = true
	r.mu.Unlock()
	r.write()
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	return r.failed()
}
