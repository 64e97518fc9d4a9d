package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// noResponse responds if the upstream did not. The cause is for the log.
func (g *Gateway) noResponse(w http.ResponseWriter, x *exchange, err error) {
	x.story.err = err
	o := failureOf(err)
	var last *client.Attempt
	var e *client.Error
	if errors.As(err, &e) {
		x.story.learn(e.Attempts)
		last = lastResponse(e)
		translate.Advise(&o, &e.Decision)
		g.returnKey(x, w.Header(), e.Key)
	}
	switch cause := context.Cause(x); {
	case cause == nil:
	case errors.Is(cause, context.DeadlineExceeded):
		if x.stalled.Load() {
			o = badBody(os.ErrDeadlineExceeded)
		}
	case errors.Is(cause, errDrained):
		o = g.stopped(x)
	default:
		panic(http.ErrAbortHandler) // nobody listens
	}
	if x.streams && (x.Err() != nil || o.Status < http.StatusInternalServerError) {
		w.Header().Set("Connection", "close") // the rest of the caller's body is not read
	}
	if o.Status == http.StatusGatewayTimeout && last != nil {
		g.repeat(w, x, last)
		return
	}
	g.respond(w, x, o)
}

// stopped is the outcome of a request that the end of the drain cuts off.
func (g *Gateway) stopped(x *exchange) parlance.Outcome {
	o := parlance.Outcome{Kind: parlance.KindTimeout, Status: http.StatusGatewayTimeout, Detail: "This gateway stops, and the service behind it has not responded yet."}
	d := g.config.Speaks.Decide(x.asked, &o)
	translate.Advise(&o, &d)
	return o
}

// lastResponse is the last attempt that got a response; nil for none.
func lastResponse(e *client.Error) *client.Attempt {
	for i := range slices.Backward(e.Attempts) {
		if a := &e.Attempts[i]; a.Outcome.Status != 0 && !a.Outcome.Kind.Good() {
			return a
		}
	}
	return nil
}

// failureOf is the outcome that a caller gets if the upstream gave no response (RFC
// 9110, 15.6.3 to 15.6.5). It has a Reason if the fault is the caller's or the gateway's own.
func failureOf(err error) parlance.Outcome {
	o := httpdialect.NoResponse(err)
	var e *client.Error
	if errors.As(err, &e) && e.Outcome.Status == 0 {
		o = e.Outcome
	}
	switch o.Reason {
	case parlance.ReasonBody:
		return badBody(err)
	case parlance.ReasonNotSent:
		if o.Kind == parlance.KindUnavailable {
			return notSent(o.RetryAfter)
		}
	case parlance.ReasonRefused, parlance.ReasonDNS, parlance.ReasonUnroutable, parlance.ReasonNotProcessed:
		return parlance.Outcome{Kind: parlance.KindUnavailable, Status: http.StatusServiceUnavailable, Detail: "The service behind this gateway cannot be reached."}
	case parlance.ReasonDeadline:
		return parlance.Outcome{Kind: parlance.KindTimeout, Status: http.StatusGatewayTimeout, Detail: "The service behind this gateway did not respond in time."}
	}
	if e != nil && len(e.Attempts) == 0 && o.Kind == parlance.KindUnauthenticated {
		return noToken(e.Err)
	}
	return badGateway()
}

// badGateway is the outcome of a request to which the upstream gave no valid response.
func badGateway() parlance.Outcome {
	return parlance.Outcome{Kind: parlance.KindBadGateway, Status: http.StatusBadGateway, Detail: "The service behind this gateway gave no valid response."}
}

// badBody is the outcome of a request whose body could not be read.
func badBody(err error) parlance.Outcome {
	var timeout net.Error
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonRequestTooLarge, Status: http.StatusRequestEntityTooLarge, Detail: "The request's body is too long."}
	case errors.As(err, &timeout) && timeout.Timeout():
		return parlance.Outcome{Kind: parlance.KindTimeout, Status: http.StatusRequestTimeout, Detail: "The request's body did not arrive in time."}
	}
	return parlance.Outcome{Kind: parlance.KindInvalid, Reason: parlance.ReasonBody, Status: http.StatusBadRequest, Detail: "The request's body is malformed or ended early."}
}

// notSent is the outcome of a request that the gateway itself did not send.
func notSent(wait time.Duration) parlance.Outcome {
	if wait <= 0 {
		wait = time.Second // nobody knows when, but not at once
	}
	return parlance.Outcome{Kind: parlance.KindUnavailable, Reason: parlance.ReasonNotSent, Status: http.StatusServiceUnavailable, RetryAfter: wait,
		Detail: "This gateway did not send the request, because the service behind it failed too often or is not to be asked yet."}
}

// noToken is the outcome of a request for which the gateway got no token of its own: the
// token endpoint is down, or it refused the gateway's credential.
func noToken(err error) parlance.Outcome {
	var (
		token   *client.TokenError
		network net.Error
	)
	switch {
	case errors.As(err, &token):
		if s := token.Status; s >= 500 || s == http.StatusTooManyRequests || s == http.StatusRequestTimeout {
			return notSent(token.RetryAfter)
		}
	case errors.As(err, &network), errors.Is(err, context.DeadlineExceeded):
		return notSent(0)
	}
	return refusedCredential()
}

// refusedCredential is the outcome of a request that was refused because of the gateway's
// own credential. The caller can do nothing about it.
func refusedCredential() parlance.Outcome {
	return parlance.Outcome{Kind: parlance.KindBadGateway, Reason: parlance.ReasonOwnCredential, Status: http.StatusBadGateway,
		Detail: "The service behind this gateway does not accept the gateway's own credential."}
}

// repeat responds with the meaning of an earlier response: the last one that came before
// the time was up.
func (g *Gateway) repeat(w http.ResponseWriter, x *exchange, a *client.Attempt) {
	read := dialect.Decoded{Outcome: a.Outcome, Common: a.Common}
	translate.Advise(&read.Outcome, &a.Decision)
	g.name(x, &read.Outcome)
	m := g.form.Write(x.asked, dialect.Response{Status: a.Outcome.Status}, &read)
	g.lost(x, m.Losses)
	x.responded(m.Status, m.Outcome)
	m.Apply(dialect.HeaderMap(w.Header()))
	g.write(w, x, m.Status, m.Body)
}

// respond writes an outcome of the gateway's own.
func (g *Gateway) respond(w http.ResponseWriter, x *exchange, o parlance.Outcome) {
	o.Instance = x.instance()
	g.name(x, &o)
	o.RetryAfter = httpdialect.WholeSeconds(o.RetryAfter)
	m := g.config.To.Encode(nil, x.asked, &o, dialect.Payload{})
	status := httpdialect.Status(m)
	x.responded(status, &o)
	x.story.kind, x.story.reason = o.Kind, o.Reason
	g.lost(x, m.Losses)
	httpdialect.SetHeader(w.Header(), m)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.Body)))
	g.write(w, x, status, m.Body)
}

func (g *Gateway) write(w http.ResponseWriter, x *exchange, status int, body []byte) {
	g.sign(x, w.Header())
	w.WriteHeader(status)
	if !x.head && len(body) > 0 {
		_, _ = w.Write(body) // an error here is a caller that is gone
	}
}
