package activity_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/testlog"
)

// shelf is a store that takes its time, or fails.
type shelf struct {
	activity.Store

	mu     sync.Mutex
	slow   time.Duration
	err    error
	ids    []string
	pruned []string
	prunes time.Duration // how long it takes
	old    int64         // how many it deletes then
}

func (s *shelf) Add(ctx context.Context, r *activity.Record) error {
	select {
	case <-time.After(s.slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.ids = append(s.ids, r.ID)
	}
	return s.err
}

func (s *shelf) written() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprint(s.ids)
}

func (s *shelf) Prune(_ context.Context, before time.Time, bytes int64) (int64, error) {
	time.Sleep(s.prunes) // virtual
	s.mu.Lock()
	defer s.mu.Unlock()
	age := "everything"
	if !before.IsZero() {
		age = time.Since(before).String()
	}
	s.pruned = append(s.pruned, fmt.Sprint(age, " ", bytes))
	return s.old, nil
}

func TestAStoreThatLooksLongForNothingIsLeftInPeaceMostOfTheTime(t *testing.T) {
	t.Parallel()
	for _, old := range []int64{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{prunes: 90 * time.Second, old: old}
			r := activity.NewRecorder(s)
			time.Sleep(4*time.Hour + time.Second)
			synctest.Wait()
			r.Close(t.Context())
			// Each takes 90 s, and where it finds nothing 75 min of rest follow.
			if got := len(s.pruned); old == 0 && got > 5 || old > 0 && got < 100 {
				t.Errorf("where it deletes %d it was pruned %d times in 4 hours", old, got)
			}
		})
	}
}

// loud is a logger and what it wrote.
func loud() (*slog.Logger, *testlog.Log) {
	w := new(testlog.Log)
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: noTime})), w
}

func TestRecordsAreWrittenInTheBackgroundInTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{slow: time.Second}
		r := activity.NewRecorder(s)
		start := time.Now()
		for i := range 5 {
			r.Add(&activity.Record{ID: fmt.Sprint(i)})
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("a request waited for %v", took)
		}
		if err := r.Close(t.Context()); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("closed after %v, %v", time.Since(start), err)
		}
		if got := fmt.Sprint(s.ids); got != "[0 1 2 3 4]" {
			t.Errorf("written: %s", got)
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestManyRequestsWakeTheWriterOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := new(shelf)
		r := activity.NewRecorder(s)
		defer r.Close(t.Context())
		for i := range 2 {
			r.Add(&activity.Record{ID: fmt.Sprint("a", i)})
			time.Sleep(9 * time.Millisecond)
			synctest.Wait()
			if got := s.written(); got != "[]" {
				t.Errorf("%s are written at once", got)
			}
		}
		time.Sleep(2 * time.Millisecond)
		synctest.Wait()
		if got := s.written(); got != "[a0 a1]" {
			t.Errorf("written after 20 ms: %s", got)
		}
	})
}

func TestWhatTheStoreIsTooSlowForIsDroppedAndSaidOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, said := loud()
		r := activity.NewRecorder(&shelf{slow: time.Hour}, activity.WithLogger(log))
		for i := range 25_000 {
			r.Add(&activity.Record{ID: fmt.Sprint(i)})
		}
		if said.String() != "" {
			t.Errorf("said at once: %s", said)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		var lost int
		if fmt.Sscanf(lines[0][strings.Index(lines[0], "lost="):], "lost=%d", &lost); len(lines) != 1 || lost < 5_000 || lost > 15_000 {
			t.Errorf("said: %s", said)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestLargeRecordsAreDroppedSooner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, said := loud()
		s := &shelf{slow: time.Millisecond}
		r := activity.NewRecorder(s, activity.WithLogger(log))
		for range 100 {
			r.Add(&activity.Record{Request: make([]byte, 1<<20)})
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.ids) < 31 || len(s.ids) > 63 || !strings.Contains(said.String(), fmt.Sprint("lost=", 100-len(s.ids))) {
			t.Errorf("%d of 100 MiB are written; said: %s", len(s.ids), said)
		}
	})
}

func TestAStoreThatFailsEndsNoRequestAndIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, said := loud()
		s := &shelf{err: errors.New("disk full")}
		r := activity.NewRecorder(s, activity.WithLogger(log))
		for range 7 {
			r.Add(&activity.Record{})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := said.String(); got != "level=ERROR msg=\"the activity store fails\" lost=7 error=\"disk full\"\n" {
			t.Errorf("said: %s", got)
		}
		s.mu.Lock()
		s.err = nil
		s.mu.Unlock()
		r.Add(&activity.Record{ID: "then"})
		r.Close(t.Context())
		if got := fmt.Sprint(s.ids); got != "[then]" {
			t.Errorf("written: %s", got)
		}
	})
}

func TestWhatIsOldIsDeletedOnceAMinute(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []activity.Option
		want    string
	}{
		"by itself":       {nil, "[720h0m0s 4294967296 720h0m0s 4294967296 720h0m0s 4294967296]"},
		"as it is set":    {[]activity.Option{activity.WithRetention(time.Hour, 1000)}, "[1h0m0s 1000 1h0m0s 1000 1h0m0s 1000]"},
		"by size alone":   {[]activity.Option{activity.WithRetention(0, 1000)}, "[everything 1000 everything 1000 everything 1000]"},
		"where it is not": {[]activity.Option{activity.WithRetention(0, 0)}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := new(shelf)
				r := activity.NewRecorder(s, c.options...)
				time.Sleep(3*time.Minute + time.Second)
				synctest.Wait()
				r.Close(t.Context())
				if got := fmt.Sprint(s.pruned); got != c.want {
					t.Errorf("pruned %s", got)
				}
			})
		})
	}
}

func TestWhatComesAfterCloseIsLostAndSaidOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, said := loud()
		s := new(shelf)
		r := activity.NewRecorder(s, activity.WithLogger(log))
		r.Close(t.Context())
		for i := range 3 {
			r.Add(&activity.Record{ID: fmt.Sprint(i)})
		}
		if got := said.String(); got != "level=ERROR msg=\"activity records are lost: their recorder is closed\" activity_id=0\n" {
			t.Errorf("said: %s", got)
		}
		if got := s.written(); got != "[]" {
			t.Errorf("written: %s, want nothing", got)
		}
	})
}

// A busy service keeps a part of its successes, and everything that somebody may ask about.
func TestOfManySuccessesAFewAreKeptAndOfFailuresAll(t *testing.T) {
	t.Parallel()
	const requests, n = 2000, 10
	kept := func(sample int, serve func(ctx context.Context, logger *slog.Logger) parlance.Outcome) map[string]bool {
		var s shelf
		r := activity.NewRecorder(&s, activity.WithSampling(sample))
		logger := slog.New(activity.NewHandler(slog.DiscardHandler))
		for i := range requests {
			ctx, c := r.Begin(t.Context(), activity.Record{ID: fmt.Sprint("request-", i)})
			o := serve(ctx, logger)
			c.End(func(r *activity.Record) { r.Outcome = o })
		}
		if err := r.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, id := range s.ids {
			ids[id] = true
		}
		return ids
	}
	success := func(kind parlance.Kind) func(context.Context, *slog.Logger) parlance.Outcome {
		return func(context.Context, *slog.Logger) parlance.Outcome { return parlance.Outcome{Kind: kind} }
	}
	few := kept(n, success(parlance.KindSuccess))
	if got := len(few); got < requests/n/2 || got > 2*requests/n {
		t.Errorf("%d of %d successes are kept, want about one of %d", got, requests, n)
	}
	if again := kept(n, success(parlance.KindEmpty)); !maps.Equal(again, few) {
		t.Error("another service keeps other requests")
	}
	for _, sample := range []int{-1, 0, 1} {
		if got := len(kept(sample, success(parlance.KindSuccess))); got != requests {
			t.Errorf("one of %d: %d are kept, want all", sample, got)
		}
	}
	for name, serve := range map[string]func(context.Context, *slog.Logger) parlance.Outcome{
		"a failure":         success(parlance.KindConflict),
		"a partial success": success(parlance.KindPartial),
		"a noted success":   success(parlance.KindNoted),
		"no meaning":        success(0),
		"a warning": func(ctx context.Context, logger *slog.Logger) parlance.Outcome {
			logger.WarnContext(ctx, "the disk is nearly full")
			return parlance.Outcome{Kind: parlance.KindSuccess}
		},
		"a call that failed once": func(ctx context.Context, _ *slog.Logger) parlance.Outcome {
			activity.AddCall(ctx, activity.Call{Outcome: parlance.Outcome{Kind: parlance.KindUnavailable}})
			activity.AddCall(ctx, activity.Call{Outcome: parlance.Outcome{Kind: parlance.KindSuccess}})
			return parlance.Outcome{Kind: parlance.KindSuccess}
		},
	} {
		if got := len(kept(n, serve)); got != requests {
			t.Errorf("%s: %d are kept, want all %d", name, got, requests)
		}
	}
}
