package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/store/internal/wire"
)

// story is the view of the activity records.
type story struct{ *Store }

// Add holds a record back for up to 100 ms, so that it can share the commit of other
// writes. Within a transaction it is part of that. If too many are held back, because
// the disk is slow or full, Add waits for the commit itself.
func (s story) Add(ctx context.Context, r *activity.Record) error {
	json, err := r.MarshalJSON()
	if err != nil {
		return err
	}
	row := &record{r.ID, wire.Nanos(r.Start), r.Caller, r.Route, r.Status, r.Outcome.Kind.String(), string(json)}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.within(ctx) == nil && s.records.hold(row, s.writer.wake) {
		return nil
	}
	return s.do(ctx, row.put)
}

// Joins implements activity.Joiner.
func (s story) Joins(ctx context.Context) bool { return s.within(ctx) != nil }

func (s story) Find(ctx context.Context, id string) (*activity.Record, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	json := s.records.find(id)
	within := s.within(ctx) != nil
	if json == "" || within { // what is held back is younger than what is kept, but not than what this one did
		var kept string
		found, err := s.row(ctx, "SELECT record FROM parlance_activity WHERE id = ?", []any{id}, &kept)
		if err != nil {
			return nil, err
		}
		if found {
			json = kept
		}
	}
	if json == "" {
		return nil, fmt.Errorf("sqlite: no activity %q: %w", id, parlance.ErrNotFound)
	}
	return parse(id, json)
}

// parse reads a record as it was written.
func parse(id, json string) (*activity.Record, error) {
	r := new(activity.Record)
	if err := r.UnmarshalJSON([]byte(json)); err != nil {
		return nil, fmt.Errorf("sqlite: activity %q: %w", id, err)
	}
	return r, nil
}

// pruneMost is how many records are deleted at once, so that nobody waits long: each
// has a page of its own in the index of the ids, which of ten million records is in no
// cache, so that it may take a millisecond.
const pruneMost = 100

// Prune deletes a limited number in each transaction. The file keeps its size, and its
// free space is used again.
func (s story) Prune(ctx context.Context, before time.Time, bytes int64) (deleted int64, err error) {
	for n := int64(pruneMost); n == pruneMost; deleted += n {
		if n, _, err = s.prune(ctx, "SELECT id FROM parlance_activity WHERE start < ? LIMIT ?", wire.Nanos(before), pruneMost); err != nil {
			return deleted, err
		}
	}
	var size int64
	if bytes <= 0 {
		return deleted, nil
	}
	if _, err := s.row(ctx, "SELECT coalesce(sum(size), 0) FROM parlance_activity", nil, &size); err != nil {
		return deleted, err
	}
	for size > bytes {
		n, freed, err := s.prune(ctx, "SELECT id FROM ("+
			"SELECT id, sum(size) OVER (ORDER BY start, id) - size AS older FROM (SELECT id, start, size FROM parlance_activity ORDER BY start, id LIMIT ?2)"+
			") WHERE older < ?1", size-bytes, pruneMost)
		deleted += n
		size -= freed
		if err != nil || n == 0 {
			return deleted, err
		}
	}
	return deleted, nil
}

// prune deletes what a query finds, and says how many and how many bytes.
func (s story) prune(ctx context.Context, query string, args ...any) (n, freed int64, err error) {
	err = s.do(ctx, func(t *transaction) error {
		n, freed = 0, 0
		return t.each("DELETE FROM parlance_activity WHERE id IN ("+query+") RETURNING size", args, func(scan func(to ...any) error) error {
			var size int64
			err := scan(&size)
			n, freed = n+1, freed+size
			return err
		})
	})
	return n, freed, err
}
