package client

import (
	"time"

	"github.com/parlance-api/parlance"
)

// Attempt is one sending of a request and what came of it.
type Attempt struct {
	Number   int               // from 1
	Start    time.Time         // when it was sent
	Took     time.Duration     // until its meaning was known
	Key      string            // the idempotency key that it was sent with; "" for none
	Hedged   bool              // it was sent twice, and this is the better response
	Outcome  parlance.Outcome  // Status is 0 where no response came
	Decision parlance.Decision // what the dialect says to do about it

	// Err is what kept a response or the whole of its body from coming, or a new
	// token from being had; nil where nothing did. It is for logs: its text is
	// that of the transport or of the caller's own Credential.
	Err error

	// Wait is how long after this attempt the next one is due. It was waited for
	// where Held is empty, and is what the caller may wait for himself otherwise.
	Wait time.Duration

	// Again is set where another attempt follows this one.
	Again bool

	// Held says, for people, why an act that repeats was not followed; "" where
	// it was, and where the act retries nothing.
	Held string
}
