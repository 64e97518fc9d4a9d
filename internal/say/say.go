// Package say has the words that people read for kinds, acts and times.
package say

import (
	"fmt"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// Kind says in a sentence what a kind means; "" for an unknown one.
func Kind(k parlance.Kind) string { return kindWords[k] }

// Act says in a sentence what a client does, without its subject; "" for an unknown one.
func Act(a parlance.Act) string { return actWords[a] }

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

// Waits says when a decision acts; "" if it names no time.
func Waits(d parlance.Decision) string {
	switch {
	case d.After > 0:
		return "after " + Period(d.After)
	case len(d.Schedule) == 1:
		return "every " + Period(d.Schedule[0])
	case len(d.Schedule) > 1:
		var steps []string
		for _, s := range d.Schedule[:len(d.Schedule)-1] {
			steps = append(steps, "after "+Period(s))
		}
		return strings.Join(steps, ", then ") + ", then every " + Period(d.Schedule[len(d.Schedule)-1])
	case d.Backoff.Floor > 0:
		return fmt.Sprintf("after %s, then up to twice as long each time, at most %s", Period(d.Backoff.Floor), Period(d.Backoff.Cap))
	}
	return ""
}

// Period is a duration in words if it is a whole number of one unit, else rounded.
func Period(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= unit.of && d%unit.of == 0 {
			return plural(int(d/unit.of), unit.name)
		}
	}
	return Span(d)
}

// Span is a duration as exactly as people care for.
func Span(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1ms"
	case d < time.Second:
		return Brief(d.Round(time.Millisecond))
	case d < 10*time.Second:
		return Brief(d.Round(100 * time.Millisecond))
	}
	return Brief(d.Round(time.Second))
}

// Brief is a duration without its zero parts: 5m, not 5m0s.
func Brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
