package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/say"
)

// called is all that is said of a call.
type called struct {
	Spoken   string    `json:"dialect"`
	Request  request   `json:"request"`
	Attempts []sending `json:"attempts"` // never null
	decoded
	Pending  *pending              `json:"pending,omitempty"`  // it was followed, and has not ended
	Error    string                `json:"error,omitempty"`    // what kept the call from its end, in words
	Support  *client.SupportReport `json:"support,omitempty"`  // where it is due or asked for
	Response *finalResponse        `json:"response,omitempty"` // nil if none came
	Location string                `json:"location,omitempty"` // where a redirect points, without its query

	where      *url.URL // the same
	challenges []string // what the response says of credentials: WWW-Authenticate
}

// pending is work that was accepted and has not ended.
type pending struct {
	Where string  `json:"where,omitempty"`
	After float64 `json:"after,omitempty"` // in seconds
	Why   string  `json:"why"`
}

// finalResponse is the last response. Of headers that are secret there is the name.
type finalResponse struct {
	Status  int    `json:"status"`
	Headers pairs  `json:"headers"`
	Body    string `json:"body,omitempty"`        // where it is text
	Bytes   []byte `json:"body_base64,omitempty"` // where it is not
}

// good reports that there is nothing left to see to.
func (r *called) good() bool {
	return r.Outcome.Kind.Good() && r.Decision.Act != parlance.ActStop && r.Pending == nil && r.Error == ""
}

// finish writes what came, and says what it means.
func (a *app) finish(ctx context.Context, c *call, t *teller, out io.WriteCloser, resp *http.Response, err error) error {
	r := t.called(c, resp, err)
	var likely *detection
	if r.Response != nil {
		if c.guess && r.Outcome.Kind.Failing() {
			likely = likelyDialect(resp)
		}
		if err := r.deliver(c, t, out, resp); err != nil {
			return &mistake{message: err.Error(), hint: "-o FILE writes it to a file", cause: err}
		}
	}
	switch ctx.Err() {
	case context.Canceled:
		r.Error = "interrupted"
	case context.DeadlineExceeded:
		r.Error = fmt.Sprintf("--timeout %s is over", say.Brief(c.timeout))
	}
	if r.Pending != nil && r.Error != "" {
		r.Pending.Why, r.Error = r.Error, ""
	}
	if c.asJSON {
		if err := a.writeJSONTo(t.hidden.hiding(a.stdout), r); err != nil {
			return err
		}
	} else {
		t.sum(c, r, likely)
	}
	if !r.good() {
		return errFindings
	}
	return nil
}

// called is what is known when no more is sent: of a response, or of an error
// that has one with it or not.
func (t *teller) called(c *call, resp *http.Response, err error) *called {
	r := &called{Spoken: t.dialect, Request: t.first, Attempts: append([]sending{}, t.sent...)}
	r.Diagnostics = []parlance.Diagnostic{}
	var last []client.Attempt
	var support client.SupportReport
	if report, ok := client.ReportOf(resp); ok {
		r.Outcome, r.Decision, last, support = report.Outcome, report.Decision, report.Attempts, report.SupportReport()
		r.Diagnostics = append(r.Diagnostics, report.Diagnostics...)
		r.Response = &finalResponse{Status: resp.StatusCode, Headers: pairsOf(resp.Header, t.hidden)}
		r.challenges = resp.Header["Www-Authenticate"]
		if r.where = location(resp); r.Outcome.Kind == parlance.KindRedirected && r.where != nil {
			r.Location = shownURL(r.where)
		}
	}
	var failed *client.Error
	var left *client.PendingError
	switch {
	case err == nil:
	case errors.As(err, &left):
		r.Pending = &pending{left.Where, left.After.Seconds(), left.Err.Error()}
	case errors.As(err, &failed):
		r.Outcome, r.Decision, last, support = failed.Outcome, failed.Decision, failed.Attempts, failed.SupportReport()
		r.Response = nil
	case errors.Is(err, errRedirects):
		r.Error, r.Response = errRedirects.Error(), nil // its body is closed
	default: // its text has a URL in it
		r.Error, r.Response = "the redirect cannot be followed: its Location is no URL", nil
	}
	if n := len(r.Attempts); n > 0 && len(last) > 0 { // what happened during the wait came after it was told
		a := &last[len(last)-1]
		r.Attempts[n-1].Again, r.Attempts[n-1].Held = a.Again, inWords(a.Held)
	}
	if c.report || r.Decision.Act == parlance.ActEscalate || c.asJSON && r.Decision.Then == parlance.ActEscalate {
		r.Support = &support
	}
	r.of, r.method = t.of, t.asked.Method
	return r
}

// deliver writes the body, or puts it into the result. What broke it off is the
// result's error; the error returned is that of writing.
func (r *called) deliver(c *call, t *teller, out io.WriteCloser, resp *http.Response) error {
	var err error
	if c.asJSON && c.output == "" {
		var body []byte
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxInput+1))
		if len(body) > maxInput {
			err = fmt.Errorf("it is %w; -o FILE saves it", errTooLong)
			body = body[:maxInput]
		}
		if utf8.Valid(body) {
			r.Response.Body = string(body)
		} else {
			r.Response.Bytes = body
		}
	} else {
		head := ""
		if c.include && !c.asJSON {
			head = headOf(resp, t.hidden)
		}
		err = writeBody(out, resp, head)
	}
	if full := (*unwritten)(nil); errors.As(err, &full) {
		return err
	}
	if err != nil && r.Outcome.Kind.Good() { // else it is told already
		r.Error = "the body broke off: " + err.Error()
	}
	return nil
}

// likelyDialect is the dialect of the catalog in which a response probably is;
// nil for none. The body is there to be read again.
func likelyDialect(resp *http.Response) *detection {
	const enough, likely = 64 << 10, 0.5
	read, _ := httpdialect.Peek(resp, enough) // its error comes again
	asked := exchange{Method: resp.Request.Method, Path: resp.Request.URL.Path, Header: fields(resp.Request.Header)}
	found := detect(asked, read)
	if found.Dialect == undetected || found.Confidence < likely {
		return nil
	}
	return found
}

// sum says what all of it came to, and what is next.
func (t *teller) sum(c *call, r *called, likely *detection) {
	fmt.Fprintln(t.w) // apart from the attempts, and from a body that has no end of line
	if r.Outcome.Kind != 0 {
		t.decoded(r.decoded)
	}
	if likely != nil {
		t.title("dialect", fmt.Sprintf("this looks like a response of %s (confidence: %.2f)", t.bold(likely.Dialect), likely.Confidence))
		t.row("hint", "--dialect "+likely.Dialect+" reads it so")
	}
	if r.Error != "" {
		t.title("error", t.red(printable(r.Error)))
	}
	if p := r.Pending; p != nil {
		t.title("pending", t.yellow(printable(p.Why)))
		if p.After > 0 {
			t.row("look again", "in "+say.Brief(seconds(p.After)))
		}
		if u, err := url.Parse(p.Where); err == nil && p.Where != "" {
			t.row("where", shownURL(u))
		}
	}
	if n := len(r.Attempts); n > 0 {
		t.advise(t.next(c, r, &r.Attempts[n-1]))
	} else if r.Outcome.Kind != 0 {
		t.advise(t.next(c, r, &sending{}))
	}
	if r.Support != nil {
		t.title("report", "for "+contact(t.of.Support())+"; nothing secret is in it")
		fmt.Fprintf(t.w, "\n%s", printable(r.Support.String()))
	}
}

// advise writes what is next, wrapped.
func (t *teller) advise(text string) {
	label := "next"
	for _, line := range wrap(printable(text), proseWidth-labelWidth) {
		fmt.Fprintf(t.w, "%s%s\n", t.bold(column(label)), line)
		label = ""
	}
}

// seconds is a number of them, which was a duration before.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
