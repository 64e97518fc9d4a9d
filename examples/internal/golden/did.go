package golden

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// Did says in a sentence what the client end did about each response, and what it
// leaves to its caller.
func Did(r *client.Report) string {
	var all []string
	for _, a := range r.Attempts {
		all = append(all, one(a))
	}
	for i, item := range r.Outcome.Items {
		if r.Outcome.Kind != parlance.KindPartial || !item.Outcome.Kind.Failing() {
			continue
		}
		switch what := fmt.Sprintf("record %d", item.Index+1); r.ItemDecision(i).Act {
		case parlance.ActCorrect:
			all = append(all, "has "+what+" corrected")
		case parlance.ActEscalate:
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
	case parlance.ActDone:
		return "is done"
	case parlance.ActInspect:
		return "is done and tells the user"
	case parlance.ActCorrect:
		if d.Scope == parlance.ScopeItems {
			return "has the failed records corrected"
		}
		return "has it corrected"
	case parlance.ActEscalate:
		return "reports it to support with its id"
	case parlance.ActPoll:
		return "looks again later"
	case parlance.ActRefresh:
		if a.Again {
			return "gets a new token and retries"
		}
		return "needs a new token"
	case parlance.ActRetry:
		return retried(a)
	}
	return "stops"
}

// retried is what became of a retry that was advised.
func retried(a client.Attempt) string {
	switch d := a.Decision; {
	case a.Again && len(d.Schedule) > 0:
		return fmt.Sprintf("retries after %v", a.Wait)
	case a.Again && d.After > 0:
		return fmt.Sprintf("retries when it was told to, after %v", d.After)
	case a.Again:
		return "waits and retries"
	case !d.RetrySafe:
		return "must not retry"
	case len(d.Schedule) > 0:
		return fmt.Sprintf("leaves it to its caller to retry after %v", a.Wait)
	}
	return "gives up"
}
