package idempotency

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/server"
)

// Store keeps idempotency keys and the responses that were given under them. Its
// errors are logged, so they do not tell a key: whoever knows one may ask for its
// response. Record and Free are given the Key exactly as it was claimed, all of its
// fields; a store may tell by them whose claim it is. The memory of what they are
// given is the caller's again when they return.
type Store interface {
	server.Transactor

	// Claim takes a key for the request that is about to be served, or says what
	// has become of it. A claim that is Fresh is held until Record or Free, or
	// until the process that took it is gone: then it is free again where the
	// effect is inside (for it was not committed), and Uncertain where it is
	// outside. A claim of an effect outside is committed before Claim returns, so it
	// is refused within a transaction.
	Claim(ctx context.Context, k Key) (Claim, error)

	// Record keeps the response of a key that was claimed. In a transaction it is
	// committed with the effect, and the claim is held on where that fails. An error
	// outside of one lets go of the claim: what happened then is Uncertain where the
	// effect is outside. It wraps ErrClaimLost where this process has no claim. That
	// ctx was cancelled keeps neither Record nor Free from it, outside of one: what
	// became of the request is known, though its caller has gone.
	Record(ctx context.Context, k Key, a Response) error

	// Free gives a claim back: nothing was done under it. A key without a claim is
	// no error, and a response that was recorded stays: a commit may have come
	// through whose caller was told that it failed.
	Free(ctx context.Context, k Key) error

	// Uncertain lists the keys whose effect outside nobody knows the fate of, the
	// oldest first, for an operator. Settle ends one of them: with a response to be
	// replayed, or with nil to free it. An error wraps parlance.ErrNotFound where it
	// is not uncertain.
	Uncertain(ctx context.Context, limit int) ([]Key, error)
	Settle(ctx context.Context, k Key, a *Response) error
}

// Key is one use of an idempotency key.
type Key struct {
	Scope       string    // whose key it is: two callers may use the same
	Key         string    // as the caller sent it
	Fingerprint [32]byte  // of what was asked: another payload under the same key is a mismatch
	Outside     bool      // the effect is not in the store's transaction
	Claimed     time.Time // when
	Expires     time.Time // when it may be used anew, once it was answered; zero for never
	Activity    string    // the id of the request that claimed it
}

// State is what has become of a key.
type State uint8

// The states.
const (
	Fresh     State = iota + 1 // it is ours now
	InFlight                   // another request is being served under it
	Replay                     // it was answered: here is the response
	Mismatch                   // it was used for something else
	Uncertain                  // it was under way when its process died: nobody knows
)

// Claim is what Claim found.
type Claim struct {
	State    State
	Response Response // of Replay
}

// Response is a response as it was given.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	At     time.Time
}

// ErrClaimLost is that this process has no claim on a key: it never had, or was
// taken for dead.
var ErrClaimLost = errors.New("idempotency: the claim of the idempotency key was lost")
