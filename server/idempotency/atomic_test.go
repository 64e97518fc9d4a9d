package idempotency_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

// ledger is a Transactor over a number: what is added is there where it commits.
type ledger struct {
	sum   int
	runs  int   // of the function, for each Transact; 0 is 1
	fault error // of the commit
}

type ledgerTx struct{}

func (l *ledger) Transact(ctx context.Context, fn func(context.Context) error) error {
	for range max(l.runs-1, 0) {
		lost := 0
		_ = fn(context.WithValue(ctx, ledgerTx{}, &lost))
	}
	sum, failed := l.sum, make(chan error)
	go func() { failed <- fn(context.WithValue(ctx, ledgerTx{}, &sum)) }() // as a store with one writer does
	err := <-failed
	if err == nil {
		err = l.fault
	}
	if err == nil {
		l.sum = sum
	}
	return err
}

func add(ctx context.Context, n int) { *ctx.Value(ledgerTx{}).(*int) += n }

func TestAnAtomicIsCommittedBeforeItsResponseAndUndoneWithIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ledger ledger
		fn     func(http.ResponseWriter, context.Context) (any, error)
		status int
		sum    int
		log    string
	}{
		"a value is committed": {
			fn:     func(_ http.ResponseWriter, ctx context.Context) (any, error) { return server.Created("/7", 1), nil },
			status: 201, sum: 1,
		},
		"a run that the store repeats counts once": {
			ledger: ledger{runs: 3},
			fn:     func(http.ResponseWriter, context.Context) (any, error) { return 1, nil },
			status: 200, sum: 1,
		},
		"an error undoes it": {
			fn:     func(http.ResponseWriter, context.Context) (any, error) { return nil, parlance.ErrNotFound },
			status: 404, log: "not_found",
		},
		"a value that cannot be written undoes it": {
			fn:     func(http.ResponseWriter, context.Context) (any, error) { return func() {}, nil },
			status: 500, log: "cannot be written",
		},
		"a panic undoes it, on whatever goroutine": {
			fn:     func(http.ResponseWriter, context.Context) (any, error) { panic("a bug") },
			status: 500, log: "atomic_test.go",
		},
		"a commit that fails is no fault of the client's": {
			ledger: ledger{fault: errors.New("disk full")},
			fn:     func(http.ResponseWriter, context.Context) (any, error) { return server.Created("/7", 1), nil },
			status: 503, log: "disk full",
		},
		"a store may say what its failure is": {
			ledger: ledger{fault: parlance.NewError(parlance.KindConflict, "somebody else was first")},
			fn:     func(http.ResponseWriter, context.Context) (any, error) { return 1, nil },
			status: 409, log: "somebody else",
		},
		"a failure that is said as a value is committed": {
			fn: func(http.ResponseWriter, context.Context) (any, error) {
				return server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindFailed}}, nil
			},
			status: 402, sum: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bank := c.ledger
			s, log := servertest.New(t, "problem")
			a := servertest.Ask(t, s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
				return server.AtomicIn(&bank)(func(ctx context.Context) (any, error) {
					add(ctx, 1)
					w.Header().Add("Run", "x")
					return c.fn(w, ctx)
				}), nil
			}), "POST", "/")
			if a.Status != c.status || bank.sum != c.sum || !strings.Contains(log.String(), c.log) {
				t.Errorf("sum %d, got %+v, log %s", bank.sum, a, log)
			}
			if n := len(a.Header.Values("Run")); n > 1 || a.Status == 503 && a.Header.Get("Location") != "" {
				t.Errorf("headers of another run: %v", a.Header)
			}
		})
	}
}

func TestAnAtomicThatWritesByItselfIsUndoneAndTheConnectionCut(t *testing.T) {
	t.Parallel()
	var bank ledger
	s, _ := servertest.New(t, "problem")
	_, err := servertest.Try(t, servertest.Listen(t, s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
		return server.AtomicIn(&bank)(func(ctx context.Context) (any, error) {
			add(ctx, 1)
			_, err := w.Write([]byte("a,b"))
			return nil, errors.Join(err, http.NewResponseController(w).Flush())
		}), nil
	})), "POST", "/")
	if err == nil || bank.sum != 0 {
		t.Errorf("sum %d, %v", bank.sum, err)
	}
}

// listenAtomic listens with an Atomic behind Middleware.
func listenAtomic(t *testing.T, store idempotency.Store, fn func(context.Context) (any, error)) (*httptest.Server, *servertest.Log) {
	t.Helper()
	return keyed(t, "problem", store, servertest.Returns(server.AtomicIn(store)(fn), nil), idempotency.Transactional())
}

func TestUnderAKeyTheResponseIsCommittedWithTheEffect(t *testing.T) {
	t.Parallel()
	store, runs := servertest.NewKeys(), 0
	l, _ := listenAtomic(t, store, func(ctx context.Context) (any, error) {
		runs++
		return server.Created("/orders/7", map[string]int{"id": 7}), nil
	})
	store.Fail("Transact", errors.New("disk full"))
	if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Status != 503 {
		t.Errorf("a commit that failed: %+v", a)
	}
	store.Fail("Transact", nil)
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	if first.Status != 201 || replayed(first) || runs != 2 {
		t.Errorf("%d runs: a key whose commit failed is not free: %+v", runs, first)
	}
	if !replayed(again) || again.Body != first.Body || again.Header.Get("Location") != "/orders/7" {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
}

func TestAResponseThatCannotBeRecordedUndoesTheEffectInside(t *testing.T) {
	t.Parallel()
	store := servertest.NewKeys()
	l, _ := listenAtomic(t, store, func(ctx context.Context) (any, error) { return 1, nil })
	store.Fail("Record", errors.New("disk full"))
	if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Status != 503 {
		t.Errorf("got %+v", a)
	}
	store.Fail("Record", nil)
	if a := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k"); a.Status != 200 || replayed(a) {
		t.Errorf("got %+v", a)
	}
}

func TestACommitThatCameThroughThoughItFailedIsReplayed(t *testing.T) {
	t.Parallel()
	store := &deaf{Keys: servertest.NewKeys()}
	runs := 0
	l, _ := listenAtomic(t, store, func(ctx context.Context) (any, error) {
		runs++
		return 1, nil
	})
	first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
	if first.Status != 503 || again.Status != 200 || !replayed(again) || runs != 1 {
		t.Errorf("%d runs, first %+v\nagain %+v", runs, first, again)
	}
}

// deaf commits and does not hear of it, as over a connection that breaks.
type deaf struct{ *servertest.Keys }

func (s *deaf) Transact(ctx context.Context, fn func(context.Context) error) error {
	return errors.Join(s.Keys.Transact(ctx, fn), errors.New("connection reset"))
}

func TestFailuresOfAnAtomicUnderAKeyAreKeptOrFreeIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fn   func(context.Context) (any, error)
		kept bool
	}{
		"invalid": {func(context.Context) (any, error) { return nil, parlance.ErrInvalid }, false},
		"failed":  {func(context.Context) (any, error) { return nil, parlance.ErrFailed }, true},
		"a panic": {func(context.Context) (any, error) { panic("a bug") }, false},
		"invalid, said as a value and so committed": {func(context.Context) (any, error) {
			return server.Reply{Outcome: parlance.Outcome{Kind: parlance.KindInvalid}}, nil
		}, true},
	} {
		l, _ := listenAtomic(t, servertest.NewKeys(), c.fn)
		first := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
		again := servertest.Post(t, l, "/", "{}", "Idempotency-Key", "k")
		if again.Status != first.Status || replayed(again) != c.kept {
			t.Errorf("%s: first %+v\nagain %+v", name, first, again)
		}
	}
}

func TestUnderIdempotentARequestWithoutAKeyIsAtomicToo(t *testing.T) {
	t.Parallel()
	runs := 0
	l, _ := listenAtomic(t, servertest.NewKeys(), func(context.Context) (any, error) {
		runs++
		return runs, nil
	})
	servertest.Post(t, l, "/", "{}")
	if a := servertest.Post(t, l, "/", "{}"); a.Body != "2" {
		t.Errorf("got %+v", a)
	}
}
