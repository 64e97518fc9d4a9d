// Package queue keeps work until it has ended. A [Task] survives its process: any process
// that has the store can take it again when its lease has ended. Background work of a
// server (server/jobs) and requests that must arrive (outbox) stand in the same queue.
//
// The engines of room store implement [Store], and storetest holds what it says.
package queue

import (
	"context"
	"errors"
	"time"

	"github.com/parlance-api/parlance"
)

// ErrLeaseLost reports that the lease of a task had ended and another worker may have
// it, or that the task has ended.
var ErrLeaseLost = errors.New("queue: the lease of the task was lost")

// Store keeps tasks. Each method takes part in the transaction that its context carries.
// Every time is measured by the store's clock. It is safe for concurrent use.
//
// A worker's name is unique to one turn or to one goroutine, so that nobody else ends
// what it took. If a task does not exist, the error of a method that names it wraps
// parlance.ErrNotFound.
type Store interface {
	Reader

	// Transact runs fn in a transaction, as server.Transactor describes.
	Transact(ctx context.Context, fn func(ctx context.Context) error) error

	// Put adds a task: ID, Kind, Lane, Key, Input, Owner, Activity, Created, Due and
	// Deadline. The store sets the other fields. Within a transaction, the task exists
	// once that commits. If the ID is taken, the error wraps parlance.ErrConflict.
	Put(ctx context.Context, t Task) error

	// Take leases tasks that can be done now. None is an empty list.
	Take(ctx context.Context, o Order) ([]Task, error)

	// Keep renews a lease from now on, and notes how far the work is. It returns true
	// if somebody asked to stop the task. If another worker has the task, or it has
	// ended, the error wraps ErrLeaseLost.
	Keep(ctx context.Context, id, worker string, lease time.Duration, progress float64, note string) (stopping bool, err error)

	// Rest ends a turn: the task waits until it is taken again. If another worker has
	// the task, or it has ended, the error wraps ErrLeaseLost.
	Rest(ctx context.Context, id, worker string, r Rest, s Step) error

	// End ends a turn and the task with it. If another worker has the task, or it has
	// ended, the error wraps ErrLeaseLost.
	End(ctx context.Context, id, worker string, r Result, s Step) error

	// Cancel asks a task to stop. One that waits ends at once: failed, canceled, in the
	// state StateCanceled. If it has ended, Cancel does nothing and returns nil.
	Cancel(ctx context.Context, id string) error

	// Settle changes an ended task: a person decides what became of it. The result
	// replaces the one that it has. If it has not ended, the error wraps
	// parlance.ErrConflict.
	Settle(ctx context.Context, id string, r Result) error

	// Again makes a task wait that has ended, and makes one due that waits. If its deadline
	// is over, it gets as much time as it had at first. If a worker has
	// it, or its input was erased, the error wraps parlance.ErrConflict.
	Again(ctx context.Context, id string) error

	// Erase deletes the bodies of an ended task: its input, its data and its result's
	// body. If it has not ended, the error wraps parlance.ErrConflict.
	Erase(ctx context.Context, id string) error
}

// Reader reads tasks. If a task does not exist, the error of a method that names it wraps
// parlance.ErrNotFound.
type Reader interface {
	// Task finds a task.
	Task(ctx context.Context, id string) (Task, error)

	// Tasks lists tasks without their bodies, the youngest first.
	Tasks(ctx context.Context, f Filter) ([]Task, error)

	// Steps are the records that the turns of a task left, the oldest first.
	Steps(ctx context.Context, id string) ([]Record, error)

	// Lanes are the lanes of a kind, by name. Each tells the oldest task in each of these
	// states, which are as in Filter.
	Lanes(ctx context.Context, kind string, states ...string) ([]Lane, error)
}

// Order says what a worker takes.
type Order struct {
	Kinds  []string // only tasks of these kinds
	Worker string   // the worker's name
	Lease  time.Duration
	Most   int // how many tasks; 0 is one
	Wide   int // how many tasks of a lane are done at the same time; 0 is no bound

	// Except are the IDs of tasks that are left out: those that the process is still busy
	// with, although their leases may have ended while the store was away.
	Except []string
}

// Task is one piece of work.
type Task struct {
	ID       string
	Kind     string    // which worker can do it
	Lane     string    // tasks of a lane share a limit; "" is a lane too
	Key      string    // tasks of a kind with the same key are taken one after the other, in the order they were put; "" is no order
	Input    []byte    // what is to be done
	Owner    string    // server.Principal.ID of the caller that asked for it
	Activity string    // the request that asked for it
	Created  time.Time // by the clock of the process that put it
	Due      time.Time // when it can be taken next: while it is leased, when the lease ends; zero when it has ended
	Deadline time.Time // when it is taken, although its lane is shut or its turn has not come; zero for never

	Attempt  int       // how often it was taken
	Taken    time.Time // when it was taken last; zero for never
	Leased   bool      // a worker has it, or had it and never ended its turn
	Lost     bool      // the worker before this one never ended its turn
	Shut     int       // how often its lane was shut in a row when it was taken
	Held     bool      // it waits for another task of its key
	Progress float64   // from 0 to 1
	Note     string    // the current step, for people
	Data     []byte    // what a turn left for the next one
	Stopping bool      // somebody asked to stop
	Result   *Result   // nil while it has not ended
}

// StateCanceled is the state of a task that was canceled while it waited.
const StateCanceled = "canceled"

// Keep is how long a task is kept after its end if nobody says otherwise.
const Keep = 7 * 24 * time.Hour

// Canceled is the result of a task that was canceled while it waited.
func Canceled(at time.Time) Result {
	return Result{
		State:   StateCanceled,
		Outcome: parlance.Outcome{Kind: parlance.KindFailed, Reason: parlance.ReasonCanceled},
		At:      at, Forget: Keep,
	}
}

// Result is the end of a task.
type Result struct {
	State       string // how it ended, in the words of its kind
	Outcome     parlance.Outcome
	ContentType string
	Body        []byte
	Location    string // URL of the created resource, as in server.Reply
	At          time.Time

	// Data replaces what the task had, for a turn after it has been made to wait again; nil
	// keeps that. It is not read back here.
	Data []byte

	// Blocks keeps the other tasks of its key waiting, although it has ended.
	Blocks bool

	// Erase and Forget are how long after its end the bodies of a task are erased, and
	// the task is deleted. 0 is never. They are not read back.
	Erase, Forget time.Duration
}

// Rest is what a task waits for.
type Rest struct {
	After    time.Duration // until it can be taken again
	Data     []byte        // replaces what it had
	Progress float64
	Note     string
}

// Step is what a turn leaves besides.
type Step struct {
	Record []byte // JSON that is added to the story of the task; nil for none

	// Shut shuts the lane of the task, for all its tasks. Afterwards one of them is
	// taken as a probe.
	Shut time.Duration

	// Works says that what the lane stands for works. Each such word doubles how many
	// tasks of a lane that was shut are done at the same time, up to Order.Wide.
	Works bool
}

// Record is a step of a task's story.
type Record struct {
	Attempt int
	Text    []byte // JSON
}

// Recovered is the width from which a lane that was shut counts as any other.
const Recovered = 1024

// Lane is a limit that tasks share.
type Lane struct {
	Name  string
	Opens time.Time // shut until then; zero if it is not
	Shut  int       // how often in a row
	Width int       // how many tasks are done at the same time while it recovers; 0 is as many as the worker allows

	// Oldest is when the oldest task in a state was created, for each state that was asked
	// for; zero if none is in it.
	Oldest []time.Time
}

// Filter selects tasks. A zero field selects all.
type Filter struct {
	Kind   string
	Lane   string // the beginning of its name
	State  string // as of Result, or Waiting or Leased
	Before string // those that were put before the task of this ID: the next page
	Most   int    // 0 is 100
}

// The states of tasks that have not ended, for Filter.
const (
	Waiting = "waiting"
	Leased  = "leased"
)
