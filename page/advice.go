package page

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
)

// adviser says in words what a client does about the responses of an API.
type adviser struct {
	*words
	support dialect.Support
	key     string // the header field of idempotency keys, "" for none
	every   time.Duration
}

func (w *words) adviserOf(d *dialect.Dialect) adviser {
	return adviser{w, d.Support(), d.IdempotencyHeader(), d.Polling().Every}
}

// contact is whom to tell of a failure.
func (a adviser) contact() string { return cmp.Or(line(a.support.Contact), a.say("support.unnamed")) }

// id is what the provider calls the ID of a request.
func (a adviser) id() string { return cmp.Or(line(a.support.ID), a.say("support.id")) }

// act is what to do.
func (a adviser) act(p *parlance.Decision) string {
	text := a.say("act."+p.Act.String(), "contact", a.contact(), "id", a.id())
	if p.Scope == parlance.ScopeItems {
		text += " " + a.say("act.items")
	}
	return text
}

// when is the time at which to do it.
func (a adviser) when(e *authoring.Entry) string {
	p := &e.Decision
	switch p.Act {
	case parlance.ActDone:
		return a.say("time.done")
	case parlance.ActCorrect:
		return a.say("time.corrected")
	case parlance.ActPoll:
		if w := cmp.Or(a.wait(p), a.polling()); w != "" {
			return w + " " + a.say("time.retryafter")
		}
		return a.say("time.poll") + " " + a.say("time.retryafter")
	case parlance.ActRetry:
		wait := cmp.Or(a.wait(p), a.say("time.open"))
		if e.Reset && a.wait(p) != "" {
			return a.say("time.reset.else", "time", wait)
		}
		if e.Reset {
			return a.say("time.reset")
		}
		return wait + " " + a.say("time.retryafter")
	}
	if w := a.wait(p); w != "" {
		return w
	}
	return a.say("time.now")
}

// polling is the wait between two looks at the work of an accepted request.
func (a adviser) polling() string {
	if a.every <= 0 {
		return ""
	}
	return a.say("time.every", "time", a.period(a.every))
}

// wait is the time that a decision names, "" for none.
func (a adviser) wait(p *parlance.Decision) string {
	switch n := len(p.Schedule); {
	case p.After > 0:
		return a.say("time.after", "time", a.period(p.After))
	case n == 1:
		return a.say("time.every", "time", a.period(p.Schedule[0]))
	case n > 1:
		var steps []string
		for _, s := range p.Schedule[:n-1] {
			steps = append(steps, a.say("time.after.part", "time", a.period(s)))
		}
		steps = append(steps, a.say("time.every.part", "time", a.period(p.Schedule[n-1])))
		return a.say("time.schedule", "steps", a.join("join.then", steps))
	case p.Backoff.Floor > 0:
		return a.say("time.backoff", "floor", a.period(p.Backoff.Floor), "cap", a.period(p.Backoff.Cap))
	}
	return ""
}

// shortWhen is the time in a few words, for a table.
func (a adviser) shortWhen(e *authoring.Entry) string {
	switch p := &e.Decision; {
	case e.Reset:
		return a.say("short.time.reset")
	case len(p.Schedule) > 1:
		var all []string
		for _, s := range p.Schedule {
			all = append(all, a.period(s))
		}
		return a.join("join.then", all)
	case len(p.Schedule) == 1:
		return a.say("short.time.every", "time", a.period(p.Schedule[0]))
	case p.After > 0:
		return a.period(p.After)
	case p.Backoff.Floor > 0:
		return a.say("short.time.backoff", "floor", a.period(p.Backoff.Floor), "cap", a.period(p.Backoff.Cap))
	case p.Act == parlance.ActRefresh:
		return a.say("short.time.now")
	}
	return ""
}

// retry says which requests may be sent again.
func (a adviser) retry(p *parlance.Decision) string {
	switch p.Act {
	case parlance.ActDone:
		return a.say("retry.none")
	case parlance.ActInspect:
		if p.Scope == parlance.ScopeItems {
			return a.say("retry.items")
		}
		return a.say("retry.none")
	case parlance.ActCorrect:
		return a.say("retry.unchanged")
	case parlance.ActPoll:
		return a.say("retry.poll")
	case parlance.ActStop, parlance.ActEscalate:
		return a.say("retry.never")
	}
	if p.RetrySafe {
		return a.say("retry.safe")
	}
	if a.key != "" {
		return a.say("retry.idempotent") + " " + a.say("retry.key", "key", a.key)
	}
	return a.say("retry.idempotent") + " " + a.say("retry.nokey")
}

// defaultAfter is how many scheduled retries fail before support is told, if the file says
// nothing.
const defaultAfter = 2

// then is what follows if the act does not help, "" if the source does not say.
func (a adviser) then(p *parlance.Decision) string {
	switch p.Then {
	case 0:
		return ""
	case parlance.ActEscalate:
		n := cmp.Or(a.support.After, defaultAfter)
		if len(p.Schedule) == 0 {
			return a.act(&parlance.Decision{Act: p.Then})
		}
		key := "support.after.many"
		if n == 1 {
			key = "support.after.one"
		}
		return a.say(key, "contact", a.contact(), "id", a.id(), "n", strconv.Itoa(n))
	}
	return a.act(&parlance.Decision{Act: p.Then})
}

// conditions are those of a row in words, "" for none.
func (w *words) conditions(all []authoring.Condition) string {
	var parts []string
	for _, c := range all {
		var alternatives []string
		for _, terms := range c.Any {
			var words []string
			for _, t := range terms {
				words = append(words, w.term(t))
			}
			alternatives = append(alternatives, w.join("join.and", words))
		}
		parts = append(parts, w.join("join.else", alternatives))
	}
	return line(w.join("join.and", parts))
}

// term is one term of a condition in words.
func (w *words) term(t authoring.Term) string {
	key := "when." + t.Word
	switch t.Word {
	case "request", "response":
		return w.say(key, "field", strings.TrimSuffix(t.Name+": "+t.Value, ": "))
	case "response.not":
		return w.say(key, "field", t.Name)
	case "text":
		var all []string
		for _, text := range t.Texts {
			all = append(all, w.say("when."+text.Word, "text", strconv.Quote(text.Value)))
		}
		return w.say(key, "list", w.join("join.or", all))
	case "member", "member.not":
		return w.say(key, "member", t.Name, "list", w.join("join.or", t.Args))
	case "has":
		return w.say(key, "member", w.join("join.or", t.Args))
	case "form":
		return w.say(key, "name", strconv.Quote(t.Name))
	}
	return w.say(key, "list", w.join("join.or", t.Args))
}
