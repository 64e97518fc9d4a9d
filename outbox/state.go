package outbox

import "github.com/parlance-api/parlance/queue"

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
