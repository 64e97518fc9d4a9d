package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
)

// fullRecord is a record with every attribute set.
func fullRecord(at time.Time) *activity.Record {
	return &activity.Record{
		ID: "full", Trace: strings.Repeat("0af7", 8), Start: at, Took: 1234567 * time.Nanosecond,
		Method: "POST", Route: "POST /orders/{id}", Path: "/orders/7", Caller: "ann", Status: 422,
		Outcome: parlance.Outcome{
			Kind: parlance.KindInvalid, Reason: parlance.ReasonFields, Code: "4711", RequestID: "full",
			Fields: []parlance.Field{{Path: "items.0.price", Message: "must be <positive>"}},
		},
		Request: []byte("{}\x00\xff"), Response: []byte("no"),
		Calls: []activity.Call{
			{
				Start: at.Add(time.Millisecond), Took: time.Second, Dialect: "plain", Method: "GET", Host: "h", Path: "/p",
				Attempt: 1, Outcome: parlance.Outcome{Kind: parlance.KindUnavailable, RetryAfter: time.Second}, Act: parlance.ActRetry, Why: "it says so",
			},
			{Start: at.Add(time.Second), Attempt: 2},
		},
		Lines: []activity.Line{
			{Time: at.Add(time.Microsecond), Level: slog.LevelWarn, Message: "a\nb", Attrs: []string{"n=1", "s=<x>"}},
			{Time: at, Level: slog.LevelDebug - 1},
		},
		Dropped: 3,
	}
}

// same expects to find the record as it was added.
func (s *scene) same(want *activity.Record) {
	s.Helper()
	got, err := s.Activity().Find(s.ctx, want.ID)
	s.must(err)
	if !reflect.DeepEqual(got, want) {
		s.Errorf("found\n%+v\nwant\n%+v", got, want)
	}
}

// kept expects that of the records 0 to 9 those are kept.
func (s *scene) kept(want ...string) {
	s.Helper()
	for i := range 10 {
		id := fmt.Sprint(i)
		is := false
		for _, w := range want {
			is = is || w == id
		}
		if s.found(s.ctx, id) != is {
			s.Errorf("%s is kept: %v, want %v", id, !is, is)
		}
	}
}

// prune expects how many records are pruned.
func (s *scene) prune(before time.Time, bytes int64, want int64) {
	s.Helper()
	n, err := s.Activity().Prune(s.ctx, before, bytes)
	s.must(err)
	if n != want {
		s.Errorf("%d pruned, want %d", n, want)
	}
}

func story(t *testing.T, e Engine) {
	adding(t, e)
	pruning(t, e)
}

func adding(t *testing.T, e Engine) {
	each(t, e, "A record is found as it was added, at once", func(s *scene) {
		if s.found(s.ctx, "full") {
			s.Error("found before it was added")
		}
		full := fullRecord(s.clock.Now())
		s.must(s.Activity().Add(s.ctx, full))
		s.same(full)
		bare := &activity.Record{ID: "bare", Start: s.in(0)}
		s.must(s.Activity().Add(s.ctx, bare))
		s.same(bare)
		if s.found(s.ctx, "") {
			s.Error("found by no id")
		}
	})
	each(t, e, "The store has memory of its own", func(s *scene) {
		r := fullRecord(s.clock.Now())
		s.must(s.Activity().Add(s.ctx, r))
		r.Lines[0].Attrs[0], r.Request[0], r.Calls[0].Why = "x", 'x', "x"
		s.same(fullRecord(s.clock.Now()))
	})
	each(t, e, "The last of an id is kept", func(s *scene) {
		r := fullRecord(s.clock.Now())
		for _, status := range []int{200, 500, 404} {
			r.Status = status
			s.must(s.Activity().Add(s.ctx, r))
			s.same(r)
			s.prune(time.Time{}, 0, 0) // what was held back is kept now
			s.same(r)
		}
	})
	each(t, e, "It joins the transactions of its own store", func(s *scene) {
		joins := func(ctx context.Context) bool { return s.Activity().(activity.Joiner).Joins(ctx) }
		if joins(s.ctx) {
			s.Error("joins where there is none")
		}
		other := e.Open(s.T, s.clock)
		s.must(other.Transact(s.ctx, func(ctx context.Context) error {
			if joins(ctx) {
				s.Error("joins that of another store")
			}
			return nil
		}))
		s.transact(func(ctx context.Context) error {
			if !joins(ctx) {
				s.Error("does not join its own")
			}
			return nil
		})
	})
	each(t, e, "Many at once add", func(s *scene) {
		s.race(func(i int) (bool, error) {
			return true, s.Activity().Add(s.ctx, &activity.Record{ID: fmt.Sprint(i), Start: s.in(0)})
		})
		for i := range racers {
			if !s.found(s.ctx, fmt.Sprint(i)) {
				s.Errorf("%d is lost", i)
			}
		}
	})
}

func pruning(t *testing.T, e Engine) {
	each(t, e, "What is old is pruned, then the oldest of what is too much", func(s *scene) {
		for i := range 10 {
			s.must(s.Activity().Add(s.ctx, &activity.Record{
				ID: fmt.Sprint(i), Start: s.ago(i + 1), Request: make([]byte, 10_000),
			}))
		}
		s.prune(time.Time{}, 0, 0)
		s.kept("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		s.prune(s.ago(8), 0, 2)
		s.kept("0", "1", "2", "3", "4", "5", "6", "7")
		s.prune(time.Time{}, 1<<30, 0)
		n, err := s.Activity().Prune(s.ctx, s.ago(7), 60_000)
		s.must(err)
		if n < 2 || n > 5 || !s.found(s.ctx, "0") || !s.found(s.ctx, "2") || s.found(s.ctx, "6") {
			s.Errorf("%d pruned down to 60 kB of records of more than 10 kB each", n)
		}
		s.prune(s.in(1), 1, 8-n)
		s.kept()
	})
	each(t, e, "More than fits into one statement is pruned", func(s *scene) {
		for i := range 2500 {
			s.must(s.Activity().Add(s.ctx, &activity.Record{ID: fmt.Sprint("m", i), Start: s.ago(i + 1)}))
		}
		s.prune(s.in(0), 0, 2500)
	})
}
