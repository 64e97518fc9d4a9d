package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server/internal/core"
)

var none dialect.Payload

// fail sends the client the part of err that it may know, and logs the rest.
func (x *exchange) fail(err error) {
	x.logFailure("request failed", err)
	o := x.outcomeOf(err)
	x.noEffect = provesUndone(&o)
	x.Render(o, none, nil)
}

// outcomeOf is the outcome of an error. It may have only a status.
func (x *exchange) outcomeOf(err error) parlance.Outcome {
	o := parlance.OutcomeOf(err)
	x.complete(&o)
	if x.failedByLeaving(err, &o) {
		return canceled
	}
	if unread := x.unread(err, &o); unread != nil {
		return *unread
	}
	return o
}

// complete gives an Outcome without a kind the kind of its status in the dialect, else
// that the server failed.
func (x *exchange) complete(o *parlance.Outcome) {
	if o.Kind != 0 {
		return
	}
	o.Kind = parlance.KindInternal
	if means := x.meaning(o.Status); o.Status != 0 && means.Kind.Failing() {
		o.Kind, o.Reason = means.Kind, cmp.Or(o.Reason, means.Reason)
	}
}

// provesUndone reports whether a failure proves that nothing was done.
func provesUndone(o *parlance.Outcome) bool {
	switch o.Kind {
	case parlance.KindInvalid, parlance.KindUnauthenticated, parlance.KindRateLimited:
		return len(o.Items) == 0 // a record of a bulk request has a response of its own
	case parlance.KindUnavailable:
		// What was sent on and broke on its way may have come through.
		return o.Reason != parlance.ReasonReset && o.Reason != parlance.ReasonCanceled && o.Reason != parlance.ReasonDeadline
	}
	return false
}

// freesKey reports whether the response is a failure that a retry may fix, under a key
// whose effect is inside. If no Atomic committed, which package idempotency checks,
// such a failure proves that nothing was done. If it were recorded, every retry would
// get it again.
func (x *exchange) freesKey() bool {
	if x.outcome == nil && x.status < 400 || !core.ClaimedInside(x.ctx) {
		return false
	}
	o := x.result()
	switch {
	case !o.Kind.Failing() || o.Retryable == parlance.AdviceStop:
		return false
	case o.Retryable == parlance.AdviceRetry || o.RetryAfter > 0:
		return true
	}
	return o.Kind.ServerFault() || o.Kind == parlance.KindRateLimited
}

// logFailure logs the part of an error that the client is not told. A fault of the
// server is logged as an error; a fault of the request or a disconnected client is not.
func (x *exchange) logFailure(message string, err error) {
	x.logged = true
	o := x.outcomeOf(err)
	level := slog.LevelInfo
	if o.Kind.ServerFault() {
		level = slog.LevelError
	}
	if isLeft(&o) {
		message = callerLeft
	}
	attrs := []slog.Attr{
		slog.String("error", err.Error()),
		slog.String("kind", o.Kind.String()),
		slog.String("method", x.request.Method),
		slog.String("path", x.request.Path),
	}
	if o.RequestID != "" { // of a service behind this one; the client gets ours
		attrs = append(attrs, slog.String("upstream_request_id", o.RequestID))
	}
	if len(o.Fields) > 0 {
		attrs = append(attrs, slog.String("fields", fieldsIn(o.Fields)))
	}
	x.server.logger.LogAttrs(x.ctx, level, message, attrs...)
}

// logResponse logs a failure without an error: the handler wrote it itself, or returned
// an outcome as its value.
func (x *exchange) logResponse(status int) {
	x.logged = true
	o := x.meaning(status)
	if x.outcome != nil {
		o = *x.outcome
	}
	level := slog.LevelInfo
	if o.Kind.ServerFault() {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.Int("status", status),
		slog.String("kind", o.Kind.String()),
		slog.String("method", x.request.Method),
		slog.String("path", x.request.Path),
	}
	if o.Detail != "" {
		attrs = append(attrs, slog.String("detail", o.Detail))
	}
	if len(o.Fields) > 0 {
		attrs = append(attrs, slog.String("fields", fieldsIn(o.Fields)))
	}
	x.server.logger.LogAttrs(x.ctx, level, "request failed", attrs...)
}

// maxFields is how many fields a line of the log names.
const maxFields = 20

// fieldsIn is the path and code of each field, for the log. Messages are left out: they
// may contain the caller's input.
func fieldsIn(fields []parlance.Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == maxFields {
			fmt.Fprintf(&b, "and %d more", len(fields)-i)
			break
		}
		b.WriteString(short(f.Path))
		if f.Code != "" {
			b.WriteString(" (" + short(f.Code) + ")")
		}
	}
	return b.String()
}

// Render writes an outcome in the dialect. Bytes that were held are dropped.
func (x *exchange) Render(o parlance.Outcome, data dialect.Payload, document []byte) {
	s := scratches.Get().(*scratch)
	defer s.release()
	x.send(x.prepare(s, &o, data, document))
}

// lengthKnown is the length, in bytes, up to which net/http sets the Content-Length of
// a response by itself (http.ResponseWriter), in less time.
const lengthKnown = 2 << 10

// prepare makes the response of an outcome, and puts its header in place.
func (x *exchange) prepare(s *scratch, o *parlance.Outcome, data dialect.Payload, document []byte) dialect.Encoded {
	s.outcome = *o
	if h := x.Header(); s.outcome.RetryAfter == 0 && h["Retry-After"] != nil {
		// The body and the header say the same.
		s.outcome.RetryAfter = httpdialect.RetryAfter(&http.Response{Header: h})
	} else if s.outcome.Kind.Failing() && s.outcome.RetryAfter != 0 {
		delete(h, "Retry-After")
	}
	s.outcome.RetryAfter = httpdialect.WholeSeconds(s.outcome.RetryAfter)
	written := &s.outcome
	if isLeft(written) {
		written = &parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest, Detail: halfClosed}
	}
	m := x.Encode(s.body[:0], written, data, document)
	s.body = m.Body
	x.SetOutcome(s.outcome)
	if s.outcome.Kind.Failing() {
		// A failure is not what these were set for.
		for _, name := range [...]string{"Cache-Control", "Content-Disposition", "Etag", "Last-Modified"} {
			x.Header().Del(name)
		}
		x.uncode()
	}
	x.putHeader(m)
	switch m.Status {
	case http.StatusNoContent, http.StatusNotModified:
		m.Body = nil // these have none (RFC 9110, 6.4.1)
	case http.StatusResetContent:
		m.Body = nil // nor has this, and says so (RFC 9110, 15.3.6)
		x.Header().Del("Content-Type")
		fallthrough
	default:
		if x.unsaid() {
			m.Body = nil
		}
		if len(m.Body) <= lengthKnown && !x.exited || x.coded {
			delete(x.Header(), "Content-Length") // whatever it was of
			break
		}
		x.Header()["Content-Length"] = []string{strconv.Itoa(len(m.Body))}
	}
	return m
}

// send sends a response whose header is in place. What was held is dropped.
func (x *exchange) send(m dialect.Encoded) {
	x.mode, x.held = streaming, nil
	x.sendHead(m.Status)
	if len(m.Body) > 0 {
		_, _ = x.inner.Write(m.Body) // an error here is a client that is gone
	}
}

// Encode appends an outcome to dst, under the request's id. The server fills in three
// members of a failure that are empty: the path that was called, a description of the
// case, and the title. The title is the row's own, else the status in words (RFC 9457,
// 4.2.1).
func (x *exchange) Encode(dst []byte, o *parlance.Outcome, data dialect.Payload, document []byte) dialect.Encoded {
	request := x.request
	request.Body = document
	added := x.told(request, o, data)
	m := x.server.dialect.Encode(dst, request, o, data)
	if status := httpdialect.Status(m); status != m.Status {
		x.server.logger.ErrorContext(x.ctx, "the dialect wrote a status that HTTP cannot carry", "status", m.Status, "kind", o.Kind)
		m.Status = status
	}
	x.logLosses(m.Losses, added)
	return m
}

// told completes an outcome for the client. It returns the names of the attributes that
// were added by us, so that their loss is none of the handler's.
func (x *exchange) told(request dialect.Request, o *parlance.Outcome, data dialect.Payload) (added []string) {
	x.complete(o)
	add := func(to *string, name, text string) {
		if *to == "" {
			*to, added = text, append(added, name)
		}
	}
	o.RequestID = activity.ID(x.ctx)
	if o.Kind.Failing() {
		add(&o.Instance, "instance", x.instance())
		if o.Detail == "" && len(o.Fields) == 0 && len(o.Items) == 0 { // these say it themselves
			add(&o.Detail, "detail", x.describe(o))
		}
		if o.Title == "" {
			_, phrase := x.server.dialect.StatusFor(request, o, data)
			add(&o.Title, "title", phrase)
		}
	}
	return added
}

// logLosses logs what the dialect has no place for. added are the names of attributes that
// we added.
func (x *exchange) logLosses(losses []parlance.Loss, added []string) {
	for _, loss := range losses {
		if !slices.Contains(added, loss.Attribute) {
			level := slog.LevelDebug // the same for every such response, and known from the dialect
			if loss.Matters() {
				level = slog.LevelWarn
			}
			x.server.logger.Log(x.ctx, level, "the dialect has no place for an attribute", "attribute", loss.Attribute, "reason", loss.Reason)
		}
	}
}

// putHeader sets the dialect's headers in place of those that a handler set under the
// same names.
func (x *exchange) putHeader(m dialect.Encoded) {
	delete(x.Header(), "Content-Type")
	httpdialect.SetHeader(x.Header(), m)
}
