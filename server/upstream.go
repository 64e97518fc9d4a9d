package server

import (
	"errors"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/server/internal/wording"
)

// Upstream is for a handler that called another service, which failed. It returns that
// failure as this service's own, for the handler to return. err is the error of the
// transport or of the client end. It may also be a *parlance.Error with the Outcome of
// the other's response, the only one that has a RetryAfter. nil stays nil.
//
//   - unavailable, with its RetryAfter: the service could not be reached (its name, its
//     port), or reported itself that it is unavailable or has too many requests.
//   - timeout: the service did not respond in time.
//   - bad_gateway: the response is unusable or was cut off, or the service refused our
//     request. The caller did not cause such a refusal. A handler that knows better
//     returns an error of its own.
//
// The client is told only that a service behind this one failed. The text, code and
// reason of the other, and its request ID, are only logged. refusal sets words of your
// own instead, as in [WithError].
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
	return httpdialect.NoResponse(err)
}

// upstreamDetail says which end failed, without naming the service.
func upstreamDetail(kind parlance.Kind, after time.Duration) string {
	switch kind {
	case parlance.KindUnavailable:
		return "A service behind this one is unavailable" + wording.Again(after)
	case parlance.KindTimeout:
		return "A service behind this one did not respond in time."
	}
	return "A service behind this one gave an unusable response."
}
