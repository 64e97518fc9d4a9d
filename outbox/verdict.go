package outbox

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/queue"
)

// progress is what a turn leaves for the next one.
type progress struct {
	Failed   int    `json:"failed,omitempty"`   // attempts that failed in a row
	Doubt    bool   `json:"doubt,omitempty"`    // an attempt may have had an effect
	Reported bool   `json:"reported,omitempty"` // support was told
	Poll     string `json:"poll,omitempty"`     // the vendor has accepted it; this is where to look
	Result   bool   `json:"result,omitempty"`   // that is the place of the result itself, not of its state
	Left     []int  `json:"left,omitempty"`     // the records that are left, of those that failed; nil is all
	Round    int    `json:"round,omitempty"`    // how often the records that are left became fewer: each body has a key of its own
	Refused  []int  `json:"refused,omitempty"`  // the records that the vendor refused
}

// attempt is what came of one attempt.
type attempt struct {
	outcome  parlance.Outcome
	decision parlance.Decision
	unsent   bool   // nothing of it reached the vendor
	poll     string // where to look, if it was accepted
	result   string // where the result is, if the work has ended
	left     []int  // the records to send again, if it was partial
	refused  []int  // the records of this attempt that failed and are not to be sent again
	lumped   bool   // it was partial, and was put as one body
	unknown  error  // it was partial, and this is why nobody knows which records failed
}

// verdict is what follows from an attempt: an end, or a wait.
type verdict struct {
	state  State // "" is that it waits
	after  time.Duration
	shut   time.Duration // how long all requests of the limit wait
	works  bool          // the vendor works
	report bool          // support is to be told
	why    string
	progress
}

// The waits of failures for which neither the response nor the page states one.
var (
	usual     = parlance.Backoff{Floor: time.Second, Cap: 30 * time.Minute}
	escalated = parlance.Backoff{Floor: 5 * time.Minute, Cap: time.Hour}
	denied    = parlance.Backoff{Floor: 10 * time.Second, Cap: 30 * time.Minute}
)

// judge decides what follows from an attempt.
func judge(a attempt, p progress, t queue.Task, r Request) verdict {
	v := verdict{progress: p, why: a.decision.Why}
	o, d := a.outcome, a.decision
	v.works = works(o)
	v.Doubt = v.Doubt || o.Kind.ServerFault() && !a.unsent && p.Poll == ""
	switch {
	case o.Kind == parlance.KindPartial:
		return v.items(a, t)
	case o.Kind == parlance.KindRedirected && o.Status != http.StatusSeeOther: // that one says that it was done (RFC 9110, 15.4.4)
		v.why = "the vendor has another address for it"
		return v.end(Refused)
	case o.Kind == parlance.KindUnauthenticated || d.Act == parlance.ActRefresh:
		// The request is not at fault, and the next one would fare no better.
		v.Failed++
		v.wait(parlance.Decision{After: d.After, Backoff: denied}, t)
		v.shut = v.after
		v.why = "the vendor does not accept the credential: " + d.Why
		return v
	}
	switch d.Act {
	case parlance.ActDone, parlance.ActInspect:
		return v.found(a)
	case parlance.ActPoll:
		return v.look(a)
	case parlance.ActRetry, parlance.ActEscalate:
		return v.again(a, t, r.RetryUnsafe)
	}
	return v.refused(a, p, r)
}

// refused is that the vendor says no: to the request, or to a repeat of what was done already.
func (v verdict) refused(a attempt, p progress, r Request) verdict {
	o, d := a.outcome, a.decision
	if p.Poll != "" && o.Kind == parlance.KindNotFound {
		v.why = "the vendor accepted the request and no longer knows its result: " + d.Why
		return v.end(Uncertain)
	}
	if v.Doubt && p.Poll == "" && second(r.Method, o) {
		v.why = "an attempt before this one may have done it, and the vendor refuses a second one: look there, and resolve it; " + d.Why
		return v.end(Uncertain)
	}
	return v.end(Refused)
}

// second reports that a refusal is what a request gets that was done before: it exists already,
// or is gone already.
func second(method string, o parlance.Outcome) bool {
	gone := method == http.MethodDelete && o.Kind == parlance.KindNotFound
	return gone || o.Kind == parlance.KindConflict || o.Status == http.StatusPreconditionFailed
}

// spend pays for the retry that a verdict asks for. If too many requests of the limit failed and
// too few succeeded, the limit is shut: one request after the other probes it.
func (x *turn) spend(v verdict) verdict {
	switch {
	case x.budget == nil:
	case v.works:
		x.budget.Earn(x.task.Lane)
	case v.state == "" && v.shut == 0 && v.Failed > x.before.Failed && !x.budget.Spend(x.task.Lane):
		v.shut = parlance.Decision{Backoff: usual}.Delay(x.task.Shut+1, chance(x.task))
		v.why += "; too many requests of its limit failed, so all of them wait"
	}
	return v
}

// found is that the work has ended. Its result may have another address.
func (v verdict) found(a attempt) verdict {
	if a.result == "" || v.Result {
		return v.done()
	}
	v.Failed, v.Poll, v.Result = 0, a.result, true
	v.why = "the work has ended, and its result has another address"
	return v
}

// look is that the vendor accepted the request, and its result comes later.
func (v verdict) look(a attempt) verdict {
	if a.poll == "" {
		v.why = "the vendor accepted the request and does not say where its result will be"
		return v.end(Uncertain)
	}
	v.Failed, v.Poll, v.after = 0, a.poll, cmp.Or(a.decision.After, a.decision.Backoff.Floor, pollEvery)
	return v
}

// works reports that a response shows that the vendor works.
func works(o parlance.Outcome) bool {
	switch o.Kind {
	case parlance.KindRateLimited, parlance.KindQuota, parlance.KindUnauthenticated:
		return false
	}
	return o.Status != 0 && !o.Kind.ServerFault()
}

// pollEvery is the wait between two looks for which nobody states one.
const pollEvery = 10 * time.Second

// again is that the page says to repeat the request.
func (v verdict) again(a attempt, t queue.Task, repeat string) verdict {
	d := a.decision
	if d.Act == parlance.ActEscalate && !a.outcome.Kind.ServerFault() {
		v.report = !v.Reported
		return v.end(Refused)
	}
	v.Failed++
	exhausted := d.Act == parlance.ActEscalate || d.Then == parlance.ActEscalate && v.Failed >= max(len(d.Schedule), 1)
	v.report = exhausted && !v.Reported
	v.Reported = v.Reported || exhausted
	polling := v.Poll != ""
	if !d.RetrySafe && repeat == "" && !polling && !a.unsent {
		return v.end(Uncertain)
	}
	if d.Act == parlance.ActEscalate {
		d.Backoff = escalated
	}
	v.wait(d, t)
	switch a.outcome.Kind {
	case parlance.KindRateLimited, parlance.KindQuota, parlance.KindUnavailable, parlance.KindTimeout, parlance.KindBadGateway:
		v.shut = v.after
	}
	if !d.RetrySafe && repeat != "" {
		v.why += "; it is repeated because " + repeat
	}
	return v
}

// items is that some records failed.
func (v verdict) items(a attempt, t queue.Task) verdict {
	switch {
	case a.lumped:
		v.why = "some of its records failed, and were put as one body: " + a.decision.Why
		return v.end(Refused)
	case a.unknown != nil:
		v.why = a.unknown.Error()
		return v.end(Uncertain)
	}
	v.Refused = append(v.Refused, a.refused...)
	v.Left = a.left
	if len(a.left) == 0 {
		return v.done()
	}
	v.Failed++
	v.Round++
	v.wait(a.decision, t)
	v.why = fmt.Sprintf("%d records are delivered again: %s", len(a.left), a.decision.Why)
	return v
}

// wait sets when the request is due. A limit that was shut several times in a row waits
// longer, whichever of its requests is the probe.
func (v *verdict) wait(d parlance.Decision, t queue.Task) {
	if d.After == 0 && len(d.Schedule) == 0 && d.Backoff.Floor == 0 {
		d.Backoff = usual
	}
	v.after = d.Delay(max(v.Failed, t.Shut+1), chance(t))
}

// chance draws what a wait has of chance from the ID and the attempt. So what happened can
// happen again in the same way.
func chance(t queue.Task) func() float64 {
	h := fnv.New64a()
	io.WriteString(h, t.ID)
	return rand.New(rand.NewPCG(h.Sum64(), uint64(t.Attempt))).Float64
}

// done is that nothing is left to be delivered.
func (v verdict) done() verdict {
	if n := len(v.Refused); n > 0 {
		v.why = fmt.Sprintf("%d records were refused; all others were delivered", n)
		return v.end(Refused)
	}
	return v.end(Delivered)
}

func (v verdict) end(s State) verdict {
	v.state = s
	v.Doubt = s == Uncertain || v.Doubt && s != Delivered
	return v
}

// repeatable says why a request may be sent again although nobody knows what became of the
// attempt before; "" if it may not.
func (b *Outbox) repeatable(v *vendor, r Request) string {
	u, err := http.NewRequest(r.Method, r.URL, nil)
	switch {
	case err != nil:
		return ""
	case r.RetryUnsafe != "":
		return r.RetryUnsafe
	case r.Key != "" && v.dialect.IdempotencyHeader() != "":
		return "it has an idempotency key"
	case v.dialect.Idempotent(v.requestOf(u, r)):
		return "its method, or its operation in the dialect, can be repeated"
	}
	return ""
}
