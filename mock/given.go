package mock

import (
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/mock/scenario"
)

// Given is a response that a Mock gave.
type Given struct {
	At      time.Time        // when the request arrived
	Took    time.Duration    // until the response was written
	Method  string           // of the request
	Path    string           // of the request, without a wish in it
	Status  int              // 0 if no response was sent
	Outcome parlance.Outcome // what the response says, except the Losses
	Losses  []parlance.Loss  // what was wished and the dialect cannot carry
	Fault   scenario.Fault   // what broke the response on its way; then Outcome is that of the whole one
	Why     string           // what chose it: "Prefer: code=402", "no wish"
}
