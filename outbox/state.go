package outbox

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parlance-api/parlance/queue"
)

// State is how far a request has come.
type State string

// The states. The first two have not ended.
const (
	Waiting    State = "waiting"    // it waits until it is due
	Delivering State = "delivering" // a worker sends it
	Delivered  State = "delivered"  // the vendor did it
	Refused    State = "refused"    // the vendor said no: correct it or stop
	Uncertain  State = "uncertain"  // it is unknown if the vendor did it, so a person decides
	Dead       State = "dead"       // its deadline is over, and the vendor has not done it
	Canceled   State = "canceled"   // it was called off before it was sent, or while it waited
)

// states are all of them, in the order in which a request can be in them.
var states = []State{Waiting, Delivering, Delivered, Refused, Uncertain, Dead, Canceled}

// ParseState reads a state as its constant is written. An empty text is "", which selects
// all in a [Filter]. The error of any other text lists the states.
func ParseState(text string) (State, error) {
	if s := State(text); text == "" || slices.Contains(states, s) {
		return s, nil
	}
	known := strings.ReplaceAll(strings.Trim(fmt.Sprint(states), "[]"), " ", ", ")
	return "", fmt.Errorf("there is no state %.40q: the states are %s", text, known)
}

// Ended reports that nothing more happens by itself.
func (s State) Ended() bool { return s != Waiting && s != Delivering }

// stored is the state in the words of the queue.
func (s State) stored() string {
	if s == Delivering {
		return queue.Leased
	}
	return string(s)
}

// stateOf is the state of a task.
func stateOf(t queue.Task) State {
	switch {
	case t.Result != nil:
		return State(t.Result.State)
	case t.Leased:
		return Delivering
	}
	return Waiting
}
