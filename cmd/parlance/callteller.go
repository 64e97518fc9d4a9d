package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/say"
)

// teller tells of each attempt when it happens, and keeps them.
type teller struct {
	sheet
	quiet     bool // it only keeps them
	hidden    *secrets
	dialect   string // the name of it
	of        *dialect.Dialect
	keyHeader string // the dialect's header for an idempotency key, "" for none
	waiting   *countdown

	first request // the caller's own
	asked request // the one that was told last
	sent  []sending

	flying bool     // an attempt has begun and is not told yet
	tokens []string // requests for a token that are not told yet
}

var _ client.Observer = (*teller)(nil)

// request says which request it is, without what is secret in it.
type request struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Key    string `json:"idempotency_key,omitempty"`
}

// sending is one attempt. Unlike the client's, its number goes on over
// redirects and looks.
type sending struct {
	Number int `json:"number"`
	request
	Start    time.Time         `json:"time"`
	Took     float64           `json:"took"` // in seconds, as Wait
	Outcome  parlance.Outcome  `json:"outcome"`
	Decision parlance.Decision `json:"decision"`
	Wait     float64           `json:"wait,omitempty"`
	Again    bool              `json:"again,omitempty"`
	Held     string            `json:"held,omitempty"`
	Error    string            `json:"error,omitempty"`
}

func (a *app) newTeller(c *call, d *dialect.Dialect, hidden *secrets) *teller {
	return &teller{
		sheet: sheet{hidden.hiding(a.stderr), a.styleOf(a.stderr)},
		quiet: c.asJSON, hidden: hidden, dialect: d.Name(), of: d, keyHeader: d.IdempotencyHeader(), waiting: a.newCountdown(),
	}
}

// Before shows the request that is sent, if it differs from the last one.
func (t *teller) Before(ctx context.Context, req *http.Request, _ *client.Attempt) context.Context {
	t.waiting.end()
	r := request{Method: req.Method, URL: shownURL(req.URL)}
	if t.keyHeader != "" {
		r.Key = req.Header.Get(t.keyHeader)
	}
	if r != t.asked && !t.quiet {
		t.title("request", r.Method+" "+printable(r.URL))
		if r.Key != "" {
			t.row("key", t.keyHeader+": "+r.Key)
		}
	}
	if t.asked = r; len(t.sent) == 0 {
		t.first = r
	}
	t.flying = true
	t.waiting.begin(awaiting)
	return ctx
}

// After tells what came, and what follows.
func (t *teller) After(_ context.Context, _ *http.Request, a *client.Attempt) {
	t.waiting.end()
	s := sending{
		Number: len(t.sent) + 1, request: t.asked, Start: a.Start, Took: a.Took.Seconds(),
		Outcome: a.Outcome, Decision: a.Decision, Wait: a.Wait.Seconds(), Again: a.Again, Held: inWords(a.Held),
	}
	if a.Err != nil {
		s.Error = a.Err.Error()
	}
	t.sent, t.flying = append(t.sent, s), false
	if !t.quiet {
		t.attempt(&s, a.Took)
	}
	t.tellTokens()
	if a.Again {
		t.wait(a.Wait)
	}
}

func (t *teller) attempt(s *sending, took time.Duration) {
	o, d := &s.Outcome, &s.Decision
	text := moment(s.Start) + "  "
	if o.Status != 0 {
		text += strconv.Itoa(o.Status) + " "
	}
	text += t.kind(o.Kind, printable(meaning(o.Kind, o.Reason)))
	if o.Code != "" && o.Code != strconv.Itoa(o.Status) {
		text += ", code " + printable(o.Code)
	}
	t.title(fmt.Sprintf("attempt %d", s.Number), text+t.dim("  in "+say.Span(took)))
	if o.Status == 0 {
		t.row("what", transportWords[o.Reason])
	}
	t.row("error", s.Error)
	if s.Again { // that of the last one is told at the end
		t.row(d.Act.String(), d.Why+" ("+d.Line+")")
	}
	t.row("no retry", s.Held)
}

// wait tells of a wait that begins.
func (t *teller) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	if !t.quiet {
		t.row("waits", say.Span(d)+", until "+moment(time.Now().Add(d)))
	}
	t.waiting.begin(waiting(d))
}

// look tells of the wait before what was accepted is looked at again.
func (t *teller) look(so *client.Report, wait time.Duration) {
	if !t.quiet {
		t.row(so.Decision.Act.String(), so.Decision.Why+" ("+so.Decision.Line+")")
	}
	t.wait(wait)
}

// head tells the header of a request (>) or of a response (<).
func (t *teller) head(mark, first string, header http.Header) {
	t.waiting.end()
	fmt.Fprintf(t.w, "%s\n", t.dim("  "+mark+" "+printable(first)))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fmt.Fprintf(t.w, "%s\n", t.dim("  "+mark+" "+printable(name+": "+t.hidden.value(name, value))))
		}
	}
}

// heads tells the headers of what passes by.
type heads struct {
	base http.RoundTripper
	t    *teller
}

// RoundTrip hands it on.
func (h heads) RoundTrip(req *http.Request) (*http.Response, error) {
	h.t.head(">", req.Method+" "+shownURL(req.URL), req.Header)
	h.t.waiting.begin(awaiting)
	resp, err := h.base.RoundTrip(req)
	if err == nil && resp != nil {
		h.t.head("<", resp.Proto+" "+resp.Status, resp.Header)
	}
	return resp, err
}

// transportWords says in a sentence why no response came.
var transportWords = map[parlance.Reason]string{
	parlance.ReasonRefused:      "nothing listens there, or it cannot be reached; nothing was sent",
	parlance.ReasonDNS:          "there is no such host, or its name could not be looked up; nothing was sent",
	parlance.ReasonTLS:          "no secure connection (TLS) could be made; nothing was sent",
	parlance.ReasonUnroutable:   "this machine has no route there; nothing was sent",
	parlance.ReasonProxy:        "the proxy refused to connect; nothing was sent to the API",
	parlance.ReasonNotProcessed: "the server says that it did not look at the request; nothing was done",
	parlance.ReasonMalformed:    "what came is not a valid response; nobody knows whether anything was done",
	parlance.ReasonBody:         "the body could not be sent as it was stated",
	parlance.ReasonReset:        "the connection broke; nobody knows whether anything was done",
	parlance.ReasonDeadline:     "no response came in time; nobody knows whether anything was done",
	parlance.ReasonCanceled:     "it was interrupted; nobody knows whether anything was done",
}

// inWords puts into the command's words what the client says in Go's.
func inWords(held string) string {
	return strings.NewReplacer("not retried: ", "", "(WithMaxAttempts)", "(--max-attempts)", "(WithMaxWait)", "(--max-wait)", "the context ends", "--timeout ends", "the context ended during the wait", "the wait was ended", "Call.RetryUnsafe", "--retry-unsafe").Replace(held)
}

// moment is a time of day, with its day where that is not today.
func moment(t time.Time) string {
	t = t.Local()
	now := time.Now()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format(time.TimeOnly)
	}
	return t.Format("2 Jan 15:04:05")
}
