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
func Act(a parlance.Act) string { return actWords[a].does }

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

// Waits says when a decision acts; "" if it names no time.
func Waits(d parlance.Decision) string {
	switch n := len(d.Schedule); {
	case d.After > 0:
		return fill(after, "time", Period(d.After))
	case n > 0:
		var steps []string
		for _, s := range d.Schedule[:n-1] {
			steps = append(steps, fill(after, "time", Period(s)))
		}
		return strings.Join(append(steps, fill(every, "time", Period(d.Schedule[n-1]))), ", then ")
	case d.Backoff.Floor > 0:
		return fill(backoff, "floor", Period(d.Backoff.Floor), "cap", Period(d.Backoff.Cap))
	}
	return ""
}

// Unit is one of time, as people count it.
type Unit struct {
	Name string // in English, for one
	Of   time.Duration
}

// Units are the units of time in words, the longest first.
func Units() []Unit {
	return []Unit{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}, {"millisecond", time.Millisecond}}
}

// Period is a duration in words if it is a whole number of one unit, else rounded.
func Period(d time.Duration) string {
	for _, unit := range Units() {
		if d >= unit.Of && d%unit.Of == 0 && unit.Of >= time.Second {
			return plural(int(d/unit.Of), unit.Name)
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
