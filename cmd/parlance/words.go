package main

import (
	"fmt"
	"strings"

	"github.com/parlance-api/parlance"
)

// kindWords says in a sentence what each kind means.
var kindWords = map[parlance.Kind]string{
	parlance.Success:         "handled as asked",
	parlance.Noted:           "handled, with something to look at",
	parlance.Partial:         "some records failed, the others are done",
	parlance.Accepted:        "taken on; the work goes on in the background and is not done yet",
	parlance.Empty:           "handled, and there is nothing to show",
	parlance.Redirected:      "the answer is elsewhere",
	parlance.Invalid:         "the request is at fault and can be corrected",
	parlance.Failed:          "the request was understood and valid, yet it failed",
	parlance.Unauthenticated: "the credentials are missing, wrong or expired",
	parlance.Forbidden:       "the caller is known, and may not do this",
	parlance.NotFound:        "there is no such resource or service",
	parlance.Conflict:        "the state of the resource, or another request, is in the way",
	parlance.RateLimited:     "too many requests in too short a time",
	parlance.Quota:           "a cap, a seat or a licence is used up; waiting alone does not help",
	parlance.Internal:        "the server's own fault",
	parlance.BadGateway:      "a server behind the server answered wrongly",
	parlance.Unavailable:     "overloaded, in maintenance, or not reached",
	parlance.Timeout:         "no answer in time, from the server or from one behind it",
}

// actWords says in a sentence what a client does.
var actWords = map[parlance.Act]string{
	parlance.Done:     "nothing more: it is done",
	parlance.Inspect:  "counts it as done, and tells the user what to look at",
	parlance.Correct:  "corrects the request and sends that; never the same again",
	parlance.Refresh:  "gets a new credential, then repeats the request",
	parlance.Poll:     "looks again later, where the answer points",
	parlance.Retry:    "repeats the request",
	parlance.Escalate: "reports it to the provider's support, with the request id",
	parlance.Stop:     "gives up and shows the reason",
}

// meaning is a kind with its reason, as dialect files write it.
func meaning(k parlance.Kind, r parlance.Reason) string {
	if r == "" {
		return k.String()
	}
	return k.String() + "/" + string(r)
}

// waits says when a decision acts; "" where it names no time.
func waits(d parlance.Decision) string {
	switch {
	case d.After > 0:
		return "after " + brief(d.After)
	case len(d.Schedule) == 1:
		return "every " + brief(d.Schedule[0])
	case len(d.Schedule) > 1:
		var steps []string
		for _, s := range d.Schedule[:len(d.Schedule)-1] {
			steps = append(steps, "after "+brief(s))
		}
		return strings.Join(steps, ", then ") + ", then every " + brief(d.Schedule[len(d.Schedule)-1])
	case d.Backoff.Floor > 0:
		return fmt.Sprintf("after %s, then up to twice as long each time, at most %s", brief(d.Backoff.Floor), brief(d.Backoff.Cap))
	}
	return ""
}
