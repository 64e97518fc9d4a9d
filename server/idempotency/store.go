package idempotency

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/parlance-api/parlance/server"
)

// Store keeps idempotency keys and their responses. Its errors are logged, so they must
// not contain a key: anybody who knows a key could request its response. Record and
// Free get the Key exactly as it was claimed, with all of its fields; a store may use
// them to recognize its claim. The caller reuses the memory of the arguments after they
// return.
type Store interface {
	server.Transactor

	// Claim takes a key for the request that is about to be served, or returns the
	// key's state. A Fresh claim is held until Record or Free, or until its process is
	// gone. If the effect is inside the store, the key is then free again, since
	// nothing was committed. If the effect is outside, the key is Uncertain. Such a
	// claim is committed before Claim returns, so it is refused within a transaction.
	Claim(ctx context.Context, k Key) (Claim, error)

	// Record keeps the response of a claimed key. Within a transaction it is committed
	// with the effect; if that fails, the claim is still held. Outside of one, an error
	// gives the claim up: the key is then Uncertain if the effect is outside. If this
	// process has no claim, the error wraps ErrClaimLost. Outside a transaction, Record
	// and Free ignore that ctx was canceled: the outcome is known, even if the caller
	// has gone.
	Record(ctx context.Context, k Key, a Response) error

	// Free gives a claim back: nothing was done under it. A key without a claim is no
	// error. A recorded response stays, because a commit may have succeeded even though
	// its caller got an error.
	Free(ctx context.Context, k Key) error

	// Uncertain lists, for an operator, the keys whose effect outside may or may not
	// have happened, the oldest first. Settle ends one of them: with a response to
	// replay, or with nil to free it. If the key is not uncertain, the error wraps
	// parlance.ErrNotFound.
	Uncertain(ctx context.Context, limit int) ([]Key, error)
	Settle(ctx context.Context, k Key, a *Response) error
}

// Key is one use of an idempotency key.
type Key struct {
	Scope       string    // the owner of the key: two callers may use the same key
	Key         string    // as the caller sent it
	Fingerprint [32]byte  // of the request: another payload under the same key is a mismatch
	Outside     bool      // the effect is not in the store's transaction
	Claimed     time.Time // the time of the claim
	Expires     time.Time // when a completed key may be used again; zero is never
	Activity    string    // the id of the request that claimed it
}

// State is the state of a key.
type State uint8

// The states of a key.
const (
	Fresh     State = iota + 1 // it now belongs to this request
	InFlight                   // another request with it is in progress
	Replay                     // it is completed, and the response is given
	Mismatch                   // it was used for another request
	Uncertain                  // its process died during the request; the outcome is unknown
)

// Claim is the result of Store.Claim.
type Claim struct {
	State    State
	Response Response // if State is Replay
	Activity string   // if State is Replay, the id of the request that claimed the key
}

// Response is a response as it was sent.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	At     time.Time

	// NotKept reports that the body is missing because it was too long, or because the
	// response was cut off. Such a response cannot be replayed.
	NotKept bool
}

// ErrClaimLost reports that this process has no claim on a key: it never had one, or
// was taken for dead.
var ErrClaimLost = errors.New("idempotency: the claim of the idempotency key was lost")
