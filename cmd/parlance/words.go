package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
)

// kindWords says in a sentence what each kind means.
var kindWords = map[parlance.Kind]string{
	parlance.KindSuccess:         "The request was handled as asked.",
	parlance.KindNoted:           "The request was handled, and the response says something to look at.",
	parlance.KindPartial:         "Some records failed. The others are done.",
	parlance.KindAccepted:        "The work goes on in the background and is not done yet.",
	parlance.KindEmpty:           "The request was handled, and there is nothing to return.",
	parlance.KindRedirected:      "The resource is at another address.",
	parlance.KindInvalid:         "The request is wrong and has to be corrected.",
	parlance.KindFailed:          "The request was valid, but it failed.",
	parlance.KindUnauthenticated: "The credentials are missing, wrong or expired.",
	parlance.KindForbidden:       "The caller is known but may not do this.",
	parlance.KindNotFound:        "There is no such resource or service.",
	parlance.KindConflict:        "Another request, or the state of the resource, is in the way.",
	parlance.KindRateLimited:     "Too many requests came in a short time.",
	parlance.KindQuota:           "A quota, a seat or a license is used up. Waiting alone does not help.",
	parlance.KindInternal:        "The server failed.",
	parlance.KindBadGateway:      "A server behind the server gave an invalid response.",
	parlance.KindUnavailable:     "The server is overloaded, in maintenance, or cannot be reached.",
	parlance.KindTimeout:         "The server, or one behind it, did not respond in time.",
}

// actWords says in a sentence what a client does, without its subject.
var actWords = map[parlance.Act]string{
	parlance.ActDone:     "has nothing more to do",
	parlance.ActInspect:  "counts the request as done, and shows its user what to look at",
	parlance.ActCorrect:  "corrects the request before it sends it again, and never sends it again unchanged",
	parlance.ActRefresh:  "gets a new credential and sends the request again, once",
	parlance.ActPoll:     "looks again later, at the address that the response names",
	parlance.ActRetry:    "sends the request again",
	parlance.ActEscalate: "reports it",
	parlance.ActStop:     "stops and shows the reason",
}

// classWords are what HTTP calls each class (RFC 9110, 15).
var classWords = map[string]string{
	"1xx": "Informational", "2xx": "Success", "3xx": "Redirection", "4xx": "Client errors", "5xx": "Server errors",
}

// meaning is a kind with its reason, as dialect files write it.
func meaning(k parlance.Kind, r parlance.Reason) string {
	if r == "" {
		return k.String()
	}
	return k.String() + "/" + string(r)
}

// reporting is to whom a failure is reported, and by which ID.
func reporting(support dialect.Support) string {
	return "to " + contact(support) + ", with the " + requestID(support)
}

// requestID is what the provider calls the ID of a request.
func requestID(support dialect.Support) string {
	return cmp.Or(support.ID, plainID)
}

// plainID is what it is called if the provider has no word of its own.
const plainID = "request ID"

// contact is whom to tell of a failure that persists.
func contact(support dialect.Support) string {
	if support.Contact == "" {
		return "the provider's support"
	}
	return support.Contact
}

// advice is what a client does, when, and what then. reset is set if the
// response may say when.
func advice(d parlance.Decision, reset bool, support dialect.Support) string {
	text := "A client " + actWords[d.Act]
	if d.Act == parlance.ActEscalate {
		text += " " + reporting(support)
	}
	if d.Scope == parlance.ScopeItems {
		text += ", for the records that failed"
	}
	switch when := waits(d); {
	case reset && when != "":
		text += " at the time that the response names, else " + when
	case reset:
		text += " at the time that the response names"
	case when != "":
		text += " " + when
	}
	text += "."
	switch {
	case d.Then == parlance.ActEscalate:
		text += " If that does not help, it reports it " + reporting(support) + "."
	case d.Then != 0:
		text += " If that does not help, it " + actWords[d.Then] + "."
	}
	return text
}

// waits says when a decision acts; "" if it names no time.
func waits(d parlance.Decision) string {
	switch {
	case d.After > 0:
		return "after " + period(d.After)
	case len(d.Schedule) == 1:
		return "every " + period(d.Schedule[0])
	case len(d.Schedule) > 1:
		var steps []string
		for _, s := range d.Schedule[:len(d.Schedule)-1] {
			steps = append(steps, "after "+period(s))
		}
		return strings.Join(steps, ", then ") + ", then every " + period(d.Schedule[len(d.Schedule)-1])
	case d.Backoff.Floor > 0:
		return fmt.Sprintf("after %s, then up to twice as long each time, at most %s", period(d.Backoff.Floor), period(d.Backoff.Cap))
	}
	return ""
}

// period is a duration in words if it is a whole number of one unit, else rounded.
func period(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= unit.of && d%unit.of == 0 {
			return plural(int(d/unit.of), unit.name)
		}
	}
	return span(d)
}
