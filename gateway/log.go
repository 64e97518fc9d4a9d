package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
)

// story is what the log tells of a request.
type story struct {
	upstream int             // the status of the upstream's last response, 0 for none
	kind     parlance.Kind   // what the response to the caller means, or that of the upstream
	reason   parlance.Reason // the same
	act      parlance.Act    // what the upstream's dialect says to do
	safe     bool            // a retry can do nothing twice
	attempts int             // at the upstream
	held     string          // why the gateway did not retry
	id       string          // the request ID of the upstream
	code     string          // of the upstream
	stream   bool            // the response is a stream
	elements int             // of content in it
	asItCame bool            // its failures pass untranslated
	losses   []parlance.Loss // of the translation
	tries    int             // at upstreams that the proxy asked before
	err      error           // why there is no response of the upstream
}

// learn takes what there is to tell of the attempts.
func (s *story) learn(attempts []client.Attempt) {
	s.attempts = len(attempts)
	if s.attempts == 0 {
		return
	}
	a := &attempts[s.attempts-1]
	s.upstream, s.kind, s.reason, s.act = a.Outcome.Status, a.Outcome.Kind, a.Outcome.Reason, a.Decision.Act
	s.safe = a.Decision.RetrySafe
	s.held, s.id, s.code = a.Held, a.Outcome.RequestID, a.Outcome.Code
}

// tell logs a request that failed or was retried, in one line, and every other request if
// there is an access log. cause is the panic by which the response ended, nil for none.
func (g *Gateway) tell(x *exchange, r *http.Request, cause any) {
	level, message := x.verdict(cause)
	if message == "" {
		if level, message = slog.LevelInfo, "request"; !g.config.AccessLog {
			return
		}
	}
	if !g.log.Enabled(x, level) {
		return
	}
	s := &x.story
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs, slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", x.status))
	text := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	if s.upstream != 0 {
		attrs = append(attrs, slog.Int("upstream_status", s.upstream))
	}
	if s.kind != 0 {
		text("kind", s.kind.String())
	}
	text("reason", string(s.reason))
	text("code", s.code)
	text("act", s.act.String())
	attrs = append(attrs, slog.Int("attempts", s.attempts), slog.Duration("took", time.Since(x.deadline.Add(-g.config.Timeout))))
	text("held", s.held)
	text("upstream_request_id", s.id)
	attrs = append(attrs, s.ofStream()...)
	if s.err != nil {
		attrs = append(attrs, slog.String("error", s.err.Error()))
	}
	g.log.LogAttrs(x, level, message, attrs...)
}

// verdict is the level and the message for a request; no message for one that has nothing to
// tell.
func (x *exchange) verdict(cause any) (slog.Level, string) {
	s := &x.story
	switch end := context.Cause(x); {
	case errors.Is(end, errDrained):
		return slog.LevelWarn, "the request was cut off, because the gateway stops"
	case cause != nil && errors.Is(end, context.Canceled):
		return slog.LevelInfo, "the caller disconnected"
	case cause != nil:
		return slog.LevelWarn, "the response was cut off; the connection is cut"
	case s.err != nil && x.status >= http.StatusInternalServerError:
		return slog.LevelWarn, "no response from the upstream"
	case x.status >= http.StatusInternalServerError, s.kind.ServerFault():
		return slog.LevelWarn, "the request failed"
	case x.status >= http.StatusBadRequest, s.kind.Failing():
		return slog.LevelInfo, "the request failed"
	case s.attempts > 1:
		return slog.LevelInfo, "the request was retried"
	}
	return 0, ""
}
