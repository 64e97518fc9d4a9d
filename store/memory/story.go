package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
)

// story is the view of the activity records.
type story struct{ *Store }

// record is one as it is kept: written, so that its memory is nobody else's and
// its size is known.
type record struct {
	start time.Time
	json  []byte
}

func (s story) Add(ctx context.Context, r *activity.Record) error {
	json, err := r.MarshalJSON()
	if err != nil {
		return err
	}
	return s.do(ctx, func(t *transaction, _ time.Time) error {
		set(t, s.story, r.ID, record{r.Start, json})
		return nil
	})
}

// Joins implements activity.Joiner.
func (s story) Joins(ctx context.Context) bool { return ctx.Value(s.Store) != nil }

func (s story) Find(ctx context.Context, id string) (found *activity.Record, err error) {
	err = s.do(ctx, func(*transaction, time.Time) (err error) {
		r, known := s.story[id]
		if !known {
			return fmt.Errorf("memory: no activity %q: %w", id, parlance.ErrNotFound)
		}
		found = new(activity.Record)
		return found.UnmarshalJSON(r.json)
	})
	return found, err
}

func (s story) Prune(ctx context.Context, before time.Time, bytes int64) (deleted int64, err error) {
	err = s.do(ctx, func(t *transaction, _ time.Time) error {
		ids := make([]string, 0, len(s.story))
		for id := range s.story {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, func(a, b string) int { // the youngest first
			return cmp.Or(s.story[b].start.Compare(s.story[a].start), cmp.Compare(a, b))
		})
		var size int64
		for _, id := range ids {
			r := s.story[id]
			size += int64(len(r.json))
			if r.start.Before(before) || bytes > 0 && size > bytes {
				unset(t, s.story, id)
				deleted++
			}
		}
		return nil
	})
	return deleted, err
}
