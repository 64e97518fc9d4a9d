package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/parlance-api/parlance"
)

// Transactor is server.Transactor.
type Transactor interface {
	Transact(ctx context.Context, fn func(ctx context.Context) error) error
}

// Claim is the idempotency key that a request is served under, for an Atomic. The
// Atomic's effect is committed with the key and the response.
type Claim interface {
	// Store runs the Atomic.
	Store() Transactor

	// Transactional reports whether the handler makes all of its effects in an Atomic.
	Transactional() bool

	// Enter begins a transaction, and Leave ends it. Enter fails if the request has
	// its response already.
	Enter() error
	Leave()

	// Record keeps the response, within the transaction, and the record of the request
	// with it.
	Record(ctx context.Context, x Exchange, r Response, o *parlance.Outcome) error

	// Committed notes that the transaction was committed.
	Committed()
}

type claimKey struct{}

// WithClaim returns a context under which a request is served under a key.
func WithClaim(ctx context.Context, c Claim) context.Context {
	return context.WithValue(ctx, claimKey{}, c)
}

// ClaimOf is the Claim of the context, nil if there is none.
func ClaimOf(ctx context.Context) Claim {
	c, _ := ctx.Value(claimKey{}).(Claim)
	return c
}

// ClaimedInside reports whether the context's request is served under a key and makes
// all of its effects in an Atomic.
func ClaimedInside(ctx context.Context) bool {
	c := ClaimOf(ctx)
	return c != nil && c.Transactional()
}

// Panic is a panic that leaves a transaction. A store may run a transaction on a
// goroutine of its own, and a panic there would end the process.
type Panic struct {
	Cause any
	Stack []byte
}

// ErrExited is the cause if a function ended its goroutine instead of returning: by
// runtime.Goexit, as testing.T.FailNow does. There is no panic to recover then.
var ErrExited = errors.New("runtime.Goexit was called")

func (p *Panic) Error() string { return fmt.Sprint("panic: ", p.Cause) }

// Catch makes a panic of a deferring function its error, a *Panic.
func Catch(err *error) {
	if cause := recover(); cause != nil {
		*err = &Panic{cause, debug.Stack()}
	}
}
