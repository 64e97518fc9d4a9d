package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/queue"
)

// Delivery is a request and how far it has come.
type Delivery struct {
	ID       string    `json:"id"`
	State    State     `json:"state"`
	Request  Request   `json:"request"` // in a list without its body
	Limit    string    `json:"limit"`
	Created  time.Time `json:"created"`
	Due      time.Time `json:"due,omitzero"` // when the next attempt is due; zero if it has ended
	Deadline time.Time `json:"deadline,omitzero"`
	Attempt  int       `json:"attempt"`            // how many turns it had
	Activity string    `json:"activity,omitempty"` // the ID of the request during which it was put
	Held     bool      `json:"held,omitempty"`
	Why      string    `json:"why,omitempty"` // of the state, with the line of the dialect's page

	// Outcome is what the vendor's latest response meant, and Body, ContentType and Location
	// are that response, if the request has ended.
	Outcome     parlance.Outcome `json:"outcome,omitzero"`
	ContentType string           `json:"content_type,omitempty"`
	Body        []byte           `json:"body,omitempty"`
	Location    string           `json:"location,omitempty"`
	Ended       time.Time        `json:"ended,omitzero"`

	Doubt bool `json:"doubt,omitempty"` // an attempt may have had an effect, although nobody said so
}

// Step is one turn of a request's story.
type Step struct {
	Attempt int                   `json:"attempt"`
	At      time.Time             `json:"at"`
	Took    float64               `json:"took"`              // seconds
	Request string                `json:"request,omitempty"` // method and URL
	Polled  string                `json:"polled,omitempty"`  // the URL at which its result was looked for
	Outcome parlance.Outcome      `json:"outcome,omitzero"`
	Act     parlance.Act          `json:"act,omitempty"`
	State   State                 `json:"state,omitempty"` // how it ended; "" is that it waits
	After   float64               `json:"after,omitempty"` // seconds until the next turn
	Shut    bool                  `json:"shut,omitempty"`  // the other requests of the limit wait too
	Why     string                `json:"why"`
	Line    string                `json:"line,omitempty"`  // of the dialect file that decided
	Doubt   bool                  `json:"doubt,omitempty"` // an attempt may have had an effect, although nobody said so
	Report  *client.SupportReport `json:"report,omitempty"`
}

// step is the step of a turn.
func (x *turn) step(v verdict) Step {
	return Step{
		Attempt: x.task.Attempt, At: x.began, Took: time.Since(x.began).Seconds(),
		Request: activity.CleanText(x.request.Method + " " + x.request.URL), Polled: activity.CleanText(x.before.Poll), Outcome: x.result.Outcome,
		State: v.state, After: v.after.Seconds(), Shut: v.shut > 0, Why: v.why, Act: x.act, Line: x.line, Doubt: v.Doubt, Report: x.told,
	}
}

// record is the step as it is stored.
func (s Step) record() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		text, _ = json.Marshal(Step{Attempt: s.Attempt, At: s.At, Why: "the step cannot be written: " + err.Error()})
	}
	return text
}

// Reader reads what stands in an outbox, such as for a support desk. An [Outbox] is one too.
// It is safe for concurrent use.
type Reader struct{ from queue.Reader }

// NewReader makes a Reader of a queue.
func NewReader(from queue.Reader) *Reader { return &Reader{from} }

// Find is a request with all that is known of it. An unknown ID is parlance.ErrNotFound.
func (b *Reader) Find(ctx context.Context, id string) (Delivery, error) {
	t, err := b.task(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	d := deliveryOf(t)
	if d.State.Ended() {
		story, err := b.Story(ctx, id)
		if err != nil {
			return d, err
		}
		if d.Why = d.Outcome.Detail; len(story) > 0 && story[len(story)-1].State == d.State {
			d.Why, d.Doubt = story[len(story)-1].Why, story[len(story)-1].Doubt
		}
	}
	return d, nil
}

// task is a task of the outbox.
func (b *Reader) task(ctx context.Context, id string) (queue.Task, error) {
	t, err := b.from.Task(ctx, id)
	if err == nil && t.Kind != Kind {
		err = fmt.Errorf("outbox: no request %q: %w", id, parlance.ErrNotFound)
	}
	return t, err
}

func deliveryOf(t queue.Task) Delivery {
	d := Delivery{
		ID: t.ID, State: stateOf(t), Limit: t.Lane, Created: t.Created, Due: t.Due, Deadline: t.Deadline, Attempt: t.Attempt, Activity: t.Activity, Held: t.Held, Why: t.Note,
	}
	// What was erased, or is of another version, is shown without.
	_ = json.Unmarshal(t.Input, &d.Request)
	d.Request.ID, d.Request.Owner = t.ID, t.Owner
	d.Request.Vendor = cmp.Or(d.Request.Vendor, strings.SplitN(t.Lane, " ", 2)[0])
	var p progress
	_ = json.Unmarshal(t.Data, &p)
	d.Doubt = p.Doubt
	if r := t.Result; r != nil {
		d.Outcome, d.ContentType, d.Body, d.Location, d.Ended = r.Outcome, r.ContentType, r.Body, r.Location, r.At
	}
	return d
}

// Story is what each turn of a request did, the oldest first.
func (b *Reader) Story(ctx context.Context, id string) (story []Step, err error) {
	if _, err := b.task(ctx, id); err != nil {
		return nil, err
	}
	records, err := b.from.Steps(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		var s Step
		if err := json.Unmarshal(r.Text, &s); err != nil {
			return nil, fmt.Errorf("outbox: step %d of request %q: %w", r.Attempt, id, err)
		}
		story = append(story, s)
	}
	return story, nil
}

// Filter selects requests. A zero field selects all.
type Filter struct {
	State  State
	Vendor string
	Before string // those that were put before the request of this ID: the next page
	Most   int    // 0 is 100
}

// List lists requests without their bodies, the youngest first.
func (b *Reader) List(ctx context.Context, f Filter) (list []Delivery, err error) {
	q := queue.Filter{Kind: Kind, State: f.State.stored(), Before: f.Before, Most: f.Most}
	if f.Vendor != "" {
		q.Lane = f.Vendor + " "
	}
	tasks, err := b.from.Tasks(ctx, q)
	for _, t := range tasks {
		list = append(list, deliveryOf(t))
	}
	return list, err
}

// Limits are the limits that requests share, with how long they are shut, and the oldest
// request in each of these states.
func (b *Reader) Limits(ctx context.Context, states ...State) ([]queue.Lane, error) {
	var of []string
	for _, s := range states {
		of = append(of, s.stored())
	}
	return b.from.Lanes(ctx, Kind, of...)
}
