package demo

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/internal/say"
)

// meaning is a kind with its reason.
func meaning(o parlance.Outcome) string {
	if o.Reason == "" {
		return o.Kind.String()
	}
	return o.Kind.String() + "/" + string(o.Reason)
}

// did says what a client end did about each response.
func did(attempts []client.Attempt) string {
	var steps []string
	for i, a := range attempts {
		if i < len(attempts)-1 {
			steps = append(steps, repeated(a))
		} else if end := ended(a, i+1); end != "done" || i == 0 {
			steps = append(steps, end)
		}
	}
	return strings.Join(steps, ", ")
}

// retried says how a retry came about.
func repeated(a client.Attempt) string {
	switch d := a.Decision; {
	case d.Act == parlance.ActRefresh:
		return "renewed the token, retried"
	case d.After > 0 || len(d.Schedule) > 0:
		return "waited " + say.Brief(a.Wait) + ", retried"
	default: // a backoff is drawn by lot: its time is no promise
		return "waited, retried"
	}
}

// ended says what the client end did about the last of n responses.
func ended(a client.Attempt, n int) string {
	d := a.Decision
	switch d.Act {
	case parlance.ActDone:
		return "done"
	case parlance.ActInspect:
		if a.Outcome.Kind == parlance.KindPartial {
			return "told which failed"
		}
		return "told the user"
	case parlance.ActCorrect:
		if d.Scope == parlance.ScopeItems {
			return "handed back to correct what failed"
		}
		return "handed back to correct"
	case parlance.ActPoll:
		return "will look again"
	case parlance.ActEscalate:
		return "reports it with its id"
	case parlance.ActRetry, parlance.ActRefresh:
		switch {
		case !d.RetrySafe:
			return "did not retry: not safe"
		case len(d.Schedule) > 1 && d.After == 0:
			return fmt.Sprintf("handed back: again in %s, then every %s", say.Brief(a.Wait), say.Brief(d.Schedule[len(d.Schedule)-1]))
		case d.After > 0:
			return "handed back: again in " + say.Brief(a.Wait)
		case n == 1:
			return "gave up: its time is over"
		}
		return fmt.Sprintf("gave up after %d", n)
	}
	return "stopped"
}
