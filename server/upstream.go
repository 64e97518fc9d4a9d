package server

import (
	"errors"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Upstream is what went wrong with a service behind this one, as this one's own
// failure: a handler returns it. err is that of the transport or of the client
// end, or a *parlance.Error with the Outcome of its response, which alone tells of a
// RetryAfter; nil stays nil.
//
//   - It was not reached (its name, its port), or it said itself that it is
//     unavailable or has had too much: unavailable, with its RetryAfter.
//   - It did not answer in time: timeout.
//   - It answered what no use can be made of, or broke off: bad_gateway. So does
//     a refusal of what we sent, for that is none of the caller's fault; a handler
//     that knows better returns its own.
//
// No text, code or reason of it goes to the client, which is told only that it was a
// service behind this one. The log has them, and the other's request id. Words of your
// own may stand in their place, as by [WithError].
//
//	return nil, server.Upstream(err, parlance.Outcome{Detail: "The report writer cannot be used now"})
func Upstream(err error, refusal ...parlance.Outcome) error {
	if err == nil {
		return nil
	}
	o := upstreamOutcome(err)
	kind := parlance.KindBadGateway
	switch {
	case o.Reason == parlance.ReasonTLS, o.Reason == parlance.ReasonReset:
	case o.Kind == parlance.KindUnavailable, o.Kind == parlance.KindRateLimited:
		kind = parlance.KindUnavailable
	case o.Kind == parlance.KindTimeout:
		kind = parlance.KindTimeout
	}
	mine := parlance.Outcome{Kind: kind, RequestID: o.RequestID}
	if kind == parlance.KindUnavailable {
		mine.RetryAfter = o.RetryAfter
	}
	for _, words := range refusal {
		mine = wording.In(words, mine)
	}
	if mine.Detail == "" {
		mine.Detail = upstreamDetail(kind, mine.RetryAfter)
	}
	return &parlance.Error{Outcome: mine, Err: err}
}

func upstreamOutcome(err error) parlance.Outcome {
	o := parlance.OutcomeOf(err)
	if errors.As(err, new(*parlance.Error)) || o.Kind != parlance.KindInternal {
		return o
	}
	// The client end's error is none of ours, and yet says its kind.
	for sentinel, kind := range map[error]parlance.Kind{
		parlance.ErrRateLimited: parlance.KindRateLimited, parlance.ErrTimeout: parlance.KindTimeout, parlance.ErrUnavailable: parlance.KindUnavailable,
	} {
		if errors.Is(err, sentinel) {
			return parlance.Outcome{Kind: kind}
		}
	}
	return parlance.OutcomeOfTransport(err)
}

// upstreamDetail says which end failed, and nothing of which service it was.
func upstreamDetail(kind parlance.Kind, after time.Duration) string {
	switch kind {
	case parlance.KindUnavailable:
		return "A service behind this one is unavailable" + wording.Again(after)
	case parlance.KindTimeout:
		return "A service behind this one did not respond in time."
	}
	return "A service behind this one gave an unusable response."
}
