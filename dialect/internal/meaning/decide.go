package meaning

import (
	"fmt"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Decide is Decide into an empty Decision. r is the row of the outcome if it is
// known. The Retry-After may not have been read from the response yet.
func (d *Table) Decide(p *parlance.Decision, req *wire.Request, o *parlance.Outcome, r *spec.Row, tried []parlance.Act, response *wire.Arrival) {
	if r == nil {
		r = d.RowOf(o, req)
	}
	d.Plan(p, o, r, response)
	p.RetrySafe = d.RetrySafe(o, r, req)
	if len(tried) > 0 {
		d.again(p, tried)
	}
	switch {
	case o.Kind == parlance.KindPartial, len(o.Items) > 0 && o.Kind.Failing() && o.Status < 400:
		d.decideItems(p, o, req)
	case len(o.Items) > 0 && p.Act == parlance.ActCorrect:
		p.Scope = parlance.ScopeItems
	}
	if p.Act == parlance.ActRetry && p.Scope == parlance.ScopeRequest && !p.RetrySafe {
		d.unsafe(p, o, req)
	}
}

// again changes a Decision by the earlier attempts. A second refusal after a refresh is
// final. A failure that persists after the scheduled retries gets the next act.
func (d *Table) again(p *parlance.Decision, tried []parlance.Act) {
	refreshed, retried := 0, 0
	for _, a := range tried {
		switch a {
		case parlance.ActRefresh:
			refreshed++
		case parlance.ActRetry:
			retried++
		}
	}
	switch {
	case p.Act == parlance.ActRefresh && refreshed > 0:
		p.Act, p.Scope, p.Why = parlance.ActStop, "", "the new credential was refused, too; check the login"
	case p.Act == parlance.ActRetry && p.Then != 0 && retried >= d.patience():
		// The time is kept: the provider's page may go on retrying after the report.
		p.Act, p.Then, p.Scope, p.Why = p.Then, 0, "", fmt.Sprintf("it still failed after the scheduled retries (%d)", retried)
	}
}

// unsafe says why a retry could have its effect twice, or allows the retry if the caller
// does.
func (d *Table) unsafe(p *parlance.Decision, o *parlance.Outcome, req *wire.Request) {
	theirs := o.Status >= 400 && o.Status <= 499
	if req.RetryUnsafe && !theirs {
		p.RetrySafe = true
		p.Why += "; the caller allows a retry that may do it twice"
		return
	}
	p.Why += "; a " + req.Method + " is retried only with an idempotency key"
	if d.Service.Idempotency == "" {
		p.Why += " (this API has none)"
	}
	if theirs {
		p.Why += " or if the dialect marks the operation"
		return
	}
	p.Why += ", if the dialect marks the operation, or if the caller allows it"
}

// patience is how many scheduled retries fail before the next act follows.
func (d *Table) patience() int {
	if d.Service.Support.After > 0 {
		return d.Service.Support.After
	}
	return 2
}

// RowOf finds the row that an outcome came from, or would have come from: by
// its code, its status, or its kind, but only one that means the same.
func (d *Table) RowOf(o *parlance.Outcome, req *wire.Request) *spec.Row {
	if r := d.rowAsRead(o, req); r != nil {
		return r
	}
	for i := range o.Items {
		// What all records came to is told by the first of them.
		if it := &o.Items[i].Outcome; o.Kind.Failing() && it.Kind == o.Kind && it.Reason == o.Reason {
			return d.RowOf(it, req)
		}
	}
	if o.Status != 0 {
		// The body said something else than the status: no row speaks of it.
		return &spec.Row{Kind: o.Kind, Reason: o.Reason, Line: d.StatusRow(o.Status, req).Line}
	}
	if r := d.OwnRow(o, req); r != nil {
		return r
	}
	if r := d.byBareKind(o, req); r != nil {
		return r
	}
	return &spec.Row{Kind: o.Kind, Reason: o.Reason, Line: "http.yaml:1"}
}

// rowAsRead is the row by which a response with the code, status or form of the Outcome is
// read, if it has the same meaning; else nil.
func (d *Table) rowAsRead(o *parlance.Outcome, req *wire.Request) *spec.Row {
	for _, code := range [...]string{o.Code, o.Family} {
		if code == "" {
			continue
		}
		if r := d.formed(d.Codes.Exact[code], o, req); r != nil {
			return r
		}
		if r := d.CodeRow(code, "", req); means(r, o) {
			return r
		}
	}
	var ofStatus *spec.Row
	if o.Status != 0 {
		if d.Codes.ByForm {
			if r := d.formed(d.Codes.Status[o.Status], o, req); r != nil {
				return r
			}
		}
		if ofStatus = d.StatusRow(o.Status, req); means(ofStatus, o) && d.Owns(ofStatus) {
			return ofStatus
		}
	}
	for _, name := range d.Names {
		if r := d.NameRow(name, req); means(r, o) {
			return r
		}
	}
	if means(ofStatus, o) {
		return ofStatus // what is built in comes behind all that the file says
	}
	return nil
}

// means reports that a row has the meaning of the Outcome.
func means(r *spec.Row, o *parlance.Outcome) bool {
	return r != nil && r.Kind == o.Kind && r.Reason == o.Reason
}

// formed is the first row with the same meaning that asks for a form, which the Outcome
// does not hold.
func (d *Table) formed(rows []*spec.Row, o *parlance.Outcome, req *wire.Request) *spec.Row {
	if !d.Codes.ByForm {
		return nil
	}
	for _, r := range rows {
		if means(r, o) && r.Is != "" && r.Applies(req, spec.AnyForm) {
			return r
		}
	}
	return nil
}

// byBareKind is a row of the same kind, of the file or else of http. If the transport
// failed, there is no response, so only the backoff of a row without a reason is used. A
// schedule, and the handling of maintenance, apply to errors that the API itself sends.
func (d *Table) byBareKind(o *parlance.Outcome, req *wire.Request) *spec.Row {
	silent := transportWords[o.Reason] != ""
	for _, r := range d.Rows {
		if r.Kind == o.Kind && r.Applies(req, spec.AnyForm) && !(silent && (len(r.Retry.Schedule) > 0 || r.Reason != "")) {
			return r
		}
	}
	if d.Base != nil {
		return d.Base.byBareKind(o, req)
	}
	return nil
}

// acts are the acts of kinds, unless a row has its own.
var acts = [256]parlance.Act{
	parlance.KindSuccess: parlance.ActDone, parlance.KindRedirected: parlance.ActDone, parlance.KindEmpty: parlance.ActDone,
	parlance.KindNoted: parlance.ActInspect, parlance.KindPartial: parlance.ActInspect, parlance.KindAccepted: parlance.ActPoll,
	parlance.KindInvalid: parlance.ActCorrect,
	parlance.KindFailed:  parlance.ActStop, parlance.KindForbidden: parlance.ActStop, parlance.KindNotFound: parlance.ActStop,
	parlance.KindConflict: parlance.ActStop, parlance.KindQuota: parlance.ActStop, parlance.KindUnauthenticated: parlance.ActStop,
	parlance.KindRateLimited: parlance.ActRetry, parlance.KindInternal: parlance.ActRetry, parlance.KindBadGateway: parlance.ActRetry,
	parlance.KindUnavailable: parlance.ActRetry, parlance.KindTimeout: parlance.ActRetry,
}

// transportWords are the reasons of a decision if there is no response.
var transportWords = map[parlance.Reason]string{
	parlance.ReasonRefused:      "the connection was refused: nothing was sent",
	parlance.ReasonDNS:          "the name could not be resolved: nothing was sent",
	parlance.ReasonTLS:          "the TLS handshake failed: nothing was sent",
	parlance.ReasonUnroutable:   "this machine has no route to the address: nothing was sent",
	parlance.ReasonProxy:        "the proxy refused to connect: nothing was sent to the server",
	parlance.ReasonNotProcessed: "the server did not process the request (HTTP/2)",
	parlance.ReasonMalformed:    "the response is not valid HTTP: what was done is unknown",
	parlance.ReasonBody:         "the body of the request could not be sent as stated",
	parlance.ReasonReset:        "the connection broke: what was done is unknown",
	parlance.ReasonDeadline:     "no response in time: what was done is unknown",
	parlance.ReasonCanceled:     "the caller gave up",
	parlance.ReasonNotSent:      "our own end did not send it",
}

// transportActs are the acts if there is no response and a retry is useless.
var transportActs = map[parlance.Reason]parlance.Act{
	parlance.ReasonTLS: parlance.ActStop, parlance.ReasonUnroutable: parlance.ActStop, parlance.ReasonProxy: parlance.ActStop,
	parlance.ReasonMalformed: parlance.ActStop, parlance.ReasonCanceled: parlance.ActStop, parlance.ReasonBody: parlance.ActCorrect,
}

// keyWords say how to handle a conflict over an idempotency key.
var keyWords = map[parlance.Reason]string{
	parlance.ReasonInFlight: "wait, then send the same request with the same idempotency key",
	parlance.ReasonMismatch: "the idempotency key was used for another request; take a new key for a new request only",
}

// Plan makes an empty Decision the act of a row on the first response, with its
// times. If response is not nil, it is asked for Retry-After if that is needed.
func (d *Table) Plan(p *parlance.Decision, o *parlance.Outcome, r *spec.Row, response *wire.Arrival) {
	p.Act, p.Why, p.Line, p.Then = rowAct(o, r), rowWords(o, r), r.Line, r.Retry.Then
	if o.Retryable != 0 {
		heed(p, o)
	}
	if act := transportActs[o.Reason]; act != 0 && o.Status == 0 {
		p.Act, p.Then = act, 0
	}
	if response != nil && (p.Act == parlance.ActRetry || p.Act == parlance.ActPoll) {
		d.ReadRetryAfter(o, response)
	}
	switch p.Act {
	case parlance.ActRetry:
		p.Scope = parlance.ScopeRequest
		d.times(p, o, r)
	case parlance.ActPoll:
		// Retry-After beside a 202 says when to look (RFC 9110, 10.2.3).
		p.After = max(o.RetryAfter, r.Retry.After)
	case parlance.ActRefresh, parlance.ActCorrect:
		p.Scope = parlance.ScopeRequest
	}
}

// heed changes the act if the response itself advises for or against a retry.
func heed(p *parlance.Decision, o *parlance.Outcome) {
	again := p.Act == parlance.ActRetry || p.Act == parlance.ActRefresh || p.Act == parlance.ActPoll
	switch {
	case o.Retryable == parlance.AdviceStop && p.Act == parlance.ActRetry:
		p.Act, p.Then, p.Why = parlance.ActStop, 0, "the response says not to retry: "+p.Why
	case o.Retryable == parlance.AdviceRetry && !again && !o.Kind.Good():
		p.Act, p.Why = parlance.ActRetry, "the response says to retry: "+p.Why
	}
}

// rowAct is the act of a row: the one that it names, else the usual one of the kind.
func rowAct(o *parlance.Outcome, r *spec.Row) parlance.Act {
	usual := acts[o.Kind]
	switch {
	case r.Kind != o.Kind: // a row that only lends its line
	case r.Do != 0:
		return r.Do
	case r.Retry.Act != 0 && (r.Retry.Act != parlance.ActRetry || o.Status != 0 || usual == parlance.ActRetry):
		return r.Retry.Act
	case o.Reason == parlance.ReasonExpired && o.Kind == parlance.KindUnauthenticated:
		return parlance.ActRefresh
	case o.Reason == parlance.ReasonInFlight && o.Kind == parlance.KindConflict:
		return parlance.ActRetry // under the same key: without one it is not safe
	}
	return usual
}

// rowWords says why a row applies to the outcome.
func rowWords(o *parlance.Outcome, r *spec.Row) string {
	why := r.WhyOf(o)
	switch {
	case o.Status == 0 && transportWords[o.Reason] != "":
		why = transportWords[o.Reason]
	case why == "" || r.Kind != o.Kind || r.Reason != o.Reason:
		why = (&spec.Row{Kind: o.Kind, Reason: o.Reason}).Explain("")
	}
	if o.Kind == parlance.KindConflict && keyWords[o.Reason] != "" {
		why += "; " + keyWords[o.Reason]
	}
	return why
}

// Delays of a retry where neither the file nor the response states one: the usual
// exponential backoff, from a second to a minute.
var defaultBackoff = parlance.Backoff{Floor: time.Second, Cap: time.Minute}
