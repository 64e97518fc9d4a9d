package server

import (
	"context"
	"errors"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/snapshot"
)

var (
	errNoStore     = errors.New("server: the Atomic has no store, and nothing was done; AtomicIn makes one that has")
	errWroteItself = errors.New("server: an Atomic wrote to the client before it was committed")
)

// atomic responds with a value that is made in a transaction. Under a key, the response
// is recorded in the same transaction. Nothing is sent before it is committed.
func (x *exchange) atomic(ctx context.Context, a Atomic) {
	c := core.ClaimOf(ctx)
	if a.store == nil {
		x.fail(errNoStore)
		return
	}
	store := a.store
	if c != nil {
		store = c.Store()
		if err := c.Enter(); err != nil {
			x.fail(err)
			return
		}
		defer c.Leave()
	}
	before := snapshot.Of(x.Header())
	s := scratches.Get().(*scratch) // Transact returns when fn has
	defer s.release()
	var (
		ran      bool
		response dialect.Encoded
		failure  error // of the handler's own, in the last run
	)
	err := store.Transact(ctx, func(ctx context.Context) error {
		if ran {
			before.Restore(x.Header()) // without that of a run before
		}
		ran = true
		if response, failure = x.attempt(ctx, s, a.run); failure != nil || c == nil {
			return failure
		}
		return c.Record(ctx, x, core.Response{Status: response.Status, Header: x.Header(), Body: response.Body}, x.outcome)
	})
	if failure != nil && !brokeUnder(failure, err) {
		err = failure
	} else {
		failure = nil
	}
	switch t, panicked := err.(*core.Panic); {
	case panicked:
		panic(t)
	case failure != nil:
		x.Respond(ctx, nil, failure)
	case err != nil: // the store's, and nothing was done
		before.Restore(x.Header())
		if e := new(parlance.Error); !errors.As(err, &e) {
			err = parlance.NewError(parlance.KindUnavailable, "").Because(err)
		}
		x.fail(err)
	default:
		if c != nil {
			c.Committed()
		}
		x.send(response)
	}
}

// brokeUnder reports whether a handler failed because the store cannot work: its error has
// no outcome of its own, and the store says that it is unavailable.
func brokeUnder(failure, store error) bool {
	return errors.Is(store, parlance.ErrUnavailable) && parlance.OutcomeOf(failure).Kind == parlance.KindInternal &&
		!errors.As(failure, new(*parlance.Error)) && !errors.As(failure, new(*core.Panic))
}

// attempt makes the value and its response. A panic becomes an error, because a store
// may run it on a goroutine on which a panic would end the process.
func (x *exchange) attempt(ctx context.Context, s *scratch, fn func(context.Context) (any, error)) (m dialect.Encoded, err error) {
	defer core.Catch(&err)
	value, err := fn(ctx)
	if err != nil {
		return m, err
	}
	if x.sent() {
		return m, errWroteItself
	}
	return x.compose(s, value)
}
