package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/internal/say"
)

// next says what is left to do, to the person who does it; "" for nothing.
func (t *teller) next(c *call, r *called, last *sending) string {
	d, o := r.Decision, &r.Outcome
	switch {
	case o.Reason == parlance.ReasonCanceled:
		return t.again(c, r, 0)
	case o.Kind == parlance.KindRedirected:
		return t.elsewhere(r)
	case o.Kind == parlance.KindUnauthenticated && (d.Act == parlance.ActRefresh || d.Act == parlance.ActStop):
		return t.prove(c, r, last)
	}
	switch d.Act {
	case parlance.ActInspect:
		return looksAt(o)
	case parlance.ActCorrect:
		if len(o.Items) > 0 {
			return "Correct the records above and send them again. Unchanged they fail again."
		}
		return "Correct the request, then send it. Sent again unchanged it fails again."
	case parlance.ActRefresh:
		return "Get a new credential, then send the request again."
	case parlance.ActPoll:
		if r.Pending == nil {
			return "The work is not done yet. --follow looks again until it has ended."
		}
	case parlance.ActRetry:
		return t.again(c, r, seconds(last.Wait))
	case parlance.ActEscalate:
		return "Send the report below " + reporting(t.of.Support()) + "."
	case parlance.ActStop:
		return t.stop(r)
	}
	return ""
}

// looksAt says what to look at of what is done.
func looksAt(o *parlance.Outcome) string {
	switch {
	case o.Kind == parlance.KindPartial:
		return "Look above at the records that failed, and send only these again. The others are done."
	case o.Kind == parlance.KindEmpty:
		return "It is done, and nothing matches. Tell that to whoever asked."
	case len(o.Notes) > 0 || o.Detail != "":
		return "It is done. Read what the response says above."
	}
	return fmt.Sprintf("It is done, but the response is no plain success: look at what status %d means here.", o.Status)
}

// elsewhere says where a redirect points, which is not followed.
func (t *teller) elsewhere(r *called) string {
	if r.where == nil {
		return "The response redirects and does not say where to."
	}
	if r.Decision.Act == parlance.ActStop {
		return "This API does not redirect, so something else may have responded. Check the address. The response points to " + shownURL(r.where) + "."
	}
	return "The response points to " + shownURL(r.where) + ". Call that address if it is the one that you want."
}

// prove says what to do about a credential: one that is missing, of another kind
// than is asked for, refused or expired.
func (t *teller) prove(c *call, r *called, last *sending) string {
	basic, bearer := r.asks("Basic"), r.asks("Bearer")
	switch had := c.given; {
	case !had.basic && !had.bearer && !had.header:
		return t.give(basic, bearer)
	case basic && !bearer && !had.basic:
		return "The API asks for user and password (Basic), and got another credential. Give them with -u env:NAME."
	case bearer && !basic && had.basic && !had.bearer:
		return "The API asks for a token (Bearer), and got user and password. Give one with --token env:NAME" + orLogin(t.of) + "."
	case r.Decision.Act == parlance.ActRefresh:
		return t.renew(c, last)
	case r.Error != "" || len(r.Attempts) == 0:
		return "No token could be had, so nothing was sent. Check what --login and --refresh name."
	case c.renews():
		return "The API refused the token that it gave. Check whether this account may call here."
	}
	return "The API refused the credential. Check that it is the right one and still good."
}

// give says which credential to give, if there was none.
func (t *teller) give(basic, bearer bool) string {
	auth := t.of.Auth()
	switch {
	case basic && !bearer:
		return "The API asks for user and password (Basic). Give them with -u env:NAME."
	case bearer && !basic, auth.Token != "", auth.Login != "", auth.Header != "":
		return "Give a token with --token env:NAME" + orLogin(t.of) + "."
	}
	return "Give a credential: a token with --token env:NAME, or user and password with -u env:NAME."
}

// renew says how to get another credential for one that has expired.
func (t *teller) renew(c *call, last *sending) string {
	if c.renews() {
		if last != nil && last.Error != "" {
			return "The token was refused, and no new one could be had: see the error above."
		}
		return "The token was refused. Send the request again to get a new one."
	}
	auth := t.of.Auth()
	if auth.Token == "" && auth.Login == "" {
		return "The credential was refused, probably because it has expired. Get a new one, and call with that."
	}
	ways := "--login env:NAME gets a new one" + at(t.of)
	if len(auth.Grants) > 0 && auth.Token != "" {
		ways = "--refresh env:NAME or " + ways
	}
	return "The token was refused, probably because it has expired. " + ways + "."
}

// renews reports that the call was told where a token comes from.
func (c *call) renews() bool { return c.login != "" || c.refresh != "" }

// at is where the dialect says that a token comes from; "" if it does not.
func at(d *dialect.Dialect) string {
	if auth := d.Auth(); auth.Token != "" || auth.Login != "" {
		return " at " + cmp.Or(auth.Token, auth.Login)
	}
	return ""
}

func orLogin(d *dialect.Dialect) string {
	if where := at(d); where != "" {
		return ", or get one with --login env:NAME" + where
	}
	return ""
}

// challenged finds the schemes of a WWW-Authenticate (RFC 9110, 11.6.1).
var challenged = regexp.MustCompile(`(?i)(?:^|,)\s*(Basic|Bearer)(?:$|[\s,])`)

// asks reports that the response asks for a scheme.
func (r *called) asks(scheme string) bool {
	for _, field := range r.challenges {
		for _, m := range challenged.FindAllStringSubmatch(field, -1) {
			if strings.EqualFold(m[1], scheme) {
				return true
			}
		}
	}
	return false
}

// stop says why nothing is to be sent again, and what helps.
func (t *teller) stop(r *called) string {
	switch o := &r.Outcome; o.Kind {
	case parlance.KindForbidden:
		return "The caller may not do this. Ask for the permission, or call as somebody else."
	case parlance.KindNotFound:
		return "There is nothing at this address. Check it."
	case parlance.KindQuota:
		return "There is no room left. Free something or ask for more, then send it again."
	case parlance.KindConflict:
		switch o.Reason {
		case parlance.ReasonInFlight:
			return "The same request is still at work. Wait, then send it again" + t.byKey(r) + "."
		case parlance.ReasonMismatch:
			return "The key belongs to another request. Send this one with a new key: --key."
		}
		return "Something is in the way. Look at it before you send the request again."
	case parlance.KindFailed:
		return "The request was valid and failed. Look at the reason: sent again unchanged it fails again."
	}
	return "Look at the reason. Sent again unchanged it fails again."
}

// again says when and how a request is to be sent again by hand.
func (t *teller) again(c *call, r *called, wait time.Duration) string {
	d := r.Decision
	var text string
	switch {
	case d.Scope == parlance.ScopeItems:
		return "Send only the records that failed, in a request of their own. The others are done."
	case !d.RetrySafe:
		text = "It may have been done. Find out before you send it again."
		if !c.retryUnsafe {
			text += " --retry-unsafe sends it again all the same"
			if t.keyHeader == "" {
				text += ": this API has no idempotency key"
			}
			text += "."
		}
		return text
	case wait <= 0:
		text = "Send it again" + t.byKey(r) + "."
	default:
		text = "Send it again in " + say.Period(wait) + ", at " + moment(time.Now().Add(wait)) + t.byKey(r) + "."
		if wait > c.ceiling {
			text += " --max-wait " + say.Span(wait) + " waits for it."
		}
	}
	if d.Then == parlance.ActEscalate {
		text += " If that does not help, report it " + reporting(t.of.Support()) + ": --report writes what to send."
	}
	return text
}

// byKey says how to send a request again under the same key.
func (t *teller) byKey(r *called) string {
	if r.Request.Key == "" {
		return ""
	}
	return ", with --key " + r.Request.Key + " so that nothing is done twice"
}

// location is where a redirect points, seen from what was called; nil if it does not
// say, or what is no address.
func location(res *http.Response) *url.URL {
	where, err := res.Location()
	if err != nil {
		return nil
	}
	return where
}
