package golden

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// Did says in a sentence what the client end did about each answer, and what it
// leaves to its caller.
func Did(r *client.Report) string {
	var all []string
	for _, a := range r.Attempts {
		all = append(all, one(a))
	}
	for i, item := range r.Outcome.Items {
		if r.Outcome.Kind != parlance.Partial || !item.Outcome.Kind.Failing() {
			continue
		}
		switch what := fmt.Sprintf("record %d", item.Index+1); r.ItemDecision(i).Act {
		case parlance.Correct:
			all = append(all, "has "+what+" corrected")
		case parlance.Escalate:
			all = append(all, "reports "+what+" to support")
		default:
			all = append(all, "gives up "+what)
		}
	}
	return strings.Join(all, ", ")
}

func one(a client.Attempt) string {
	d := a.Decision
	switch d.Act {
	case parlance.Done:
		return "is done"
	case parlance.Inspect:
		return "is done and tells the user"
	case parlance.Correct:
		if d.Scope == parlance.ScopeItems {
			return "has the failed records corrected"
		}
		return "has it corrected"
	case parlance.Escalate:
		return "reports it to support with its id"
	case parlance.Poll:
		return "looks again later"
	case parlance.Refresh:
		if a.Again {
			return "gets a new token and repeats"
		}
		return "needs a new token"
	case parlance.Retry:
		return retried(a)
	}
	return "stops"
}

// retried is what became of a retry that was advised.
func retried(a client.Attempt) string {
	switch d := a.Decision; {
	case a.Again && len(d.Schedule) > 0:
		return fmt.Sprintf("repeats after %v", a.Wait)
	case a.Again && d.After > 0:
		return fmt.Sprintf("repeats when it was told to, after %v", d.After)
	case a.Again:
		return "waits and repeats"
	case !d.RepeatSafe:
		return "must not repeat"
	case len(d.Schedule) > 0:
		return fmt.Sprintf("leaves it to its caller to repeat after %v", a.Wait)
	}
	return "gives up"
}
