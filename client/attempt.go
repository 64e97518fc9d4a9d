package client

import (
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// Attempt is one sending of a request, and its result.
type Attempt struct {
	Number   int               // from 1
	Start    time.Time         // when the attempt was sent
	Took     time.Duration     // until the meaning of the response was known
	Key      string            // the idempotency key that was sent; "" for none
	Hedged   bool              // a second request was sent as well, and this is the better response
	Common   dialect.Common    // the form that the texts were read by, if they fit no shape of the dialect
	Outcome  parlance.Outcome  // its Status is 0 if no response came
	Decision parlance.Decision // what the dialect says to do about it

	// Err is the error of the transport, of reading the body, or of getting a new
	// token; nil for none. It is for logs: its text comes from the transport or
	// from the caller's own Credential.
	Err error

	// Wait is how long after this attempt the next one is due. If Held is empty,
	// the Transport waited so long. Otherwise the caller may wait and retry.
	Wait time.Duration

	// Again is set if another attempt follows this one.
	Again bool

	// Held says, for people, why the Transport did not retry although the
	// Decision says so. It is "" if it did, or if the act retries nothing.
	Held string
}
