package say

import (
	"strings"

	"github.com/parlance-api/parlance"
)

// actWords says what a client does, without its subject, and what to do, in a sentence.
var actWords = map[parlance.Act]struct{ does, do string }{
	parlance.ActDone:     {"has nothing more to do", "The request is done."},
	parlance.ActInspect:  {"counts the request as done, and shows its user what to look at", "The request is done. Show the user what the response says."},
	parlance.ActCorrect:  {"corrects the request before it sends it again, and never sends it again unchanged", "Correct the request before you send it again."},
	parlance.ActRefresh:  {"gets a new credential and sends the request again, once", "Get a new credential, and send the request again once."},
	parlance.ActPoll:     {"looks again later, at the address that the response names", "Look again later, at the address that the response names."},
	parlance.ActRetry:    {"sends the request again", "Send the request again."},
	parlance.ActEscalate: {"reports it", "Report it to {contact}, with the {id}."},
	parlance.ActStop:     {"stops and shows the reason", "Stop, and show the reason."},
}

// The times of a decision, inside a sentence.
const (
	after   = "after {time}"
	every   = "every {time}"
	backoff = "after {floor}, then up to twice as long each time, at most {cap}"
)

// Texts are the words for kinds, acts, times and units that a page in English has, by the
// keys of its other languages. The map belongs to the caller.
func Texts() map[string]string {
	texts := map[string]string{
		"time.after":      sentence(after),
		"time.every":      sentence(every),
		"time.after.part": after,
		"time.every.part": every,
		"time.backoff":    sentence(backoff) + " Draw each wait at random.",
	}
	for k, text := range kindWords {
		texts["kind."+k.String()] = text
	}
	for a, text := range actWords {
		texts["act."+a.String()] = text.do
	}
	for _, u := range Units() {
		texts["unit."+u.Name+".one"] = "{n} " + u.Name
		texts["unit."+u.Name+".other"] = "{n} " + u.Name + "s"
	}
	return texts
}

// sentence makes a sentence of words that stand inside of one.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

// fill puts values into the holes of a text.
func fill(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i]+"}", pairs[i+1])
	}
	return text
}
