package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// noResponse responds if the upstream did not. The cause is logged.
func (g *Gateway) noResponse(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if x.Err() != nil && !errors.Is(context.Cause(x), context.DeadlineExceeded) {
		g.log.DebugContext(x, "the caller disconnected", "path", x.asked.Path)
		panic(http.ErrAbortHandler) // nobody listens
	}
	o := failureOf(err)
	if x.streams && x.Err() != nil {
		w.Header().Set("Connection", "close") // the rest of the caller's body is not read
	}
	attempts := 0
	var e *client.Error
	if errors.As(err, &e) {
		attempts = len(e.Attempts)
		translate.Advise(&o, &e.Decision)
		g.returnKey(x, w.Header(), e.Key)
	}
	g.log.LogAttrs(x, slog.LevelWarn, "no response from the upstream", slog.String("error", err.Error()),
		slog.String("method", x.asked.Method), slog.String("path", x.asked.Path), slog.Int("attempts", attempts), slog.Int("status", o.Status))
	g.respond(w, x, o)
}

// failureOf is the outcome that a caller gets if the upstream gave no response (RFC
// 9110, 15.6.3 to 15.6.5).
func failureOf(err error) parlance.Outcome {
	switch httpdialect.NoResponse(err).Reason {
	case parlance.ReasonRefused, parlance.ReasonDNS:
		return parlance.Outcome{Kind: parlance.KindUnavailable, Status: http.StatusServiceUnavailable, Detail: "The service behind this gateway cannot be reached."}
	case parlance.ReasonDeadline:
		return parlance.Outcome{Kind: parlance.KindTimeout, Status: http.StatusGatewayTimeout, Detail: "The service behind this gateway did not respond in time."}
	}
	return parlance.Outcome{Kind: parlance.KindBadGateway, Status: http.StatusBadGateway, Detail: "The service behind this gateway gave no valid response."}
}

// respond writes an outcome of the gateway's own.
func (g *Gateway) respond(w http.ResponseWriter, x *exchange, o parlance.Outcome) {
	o.Instance = x.instance
	g.name(x, &o)
	m := g.config.To.Encode(nil, x.asked, &o, dialect.Payload{})
	status := httpdialect.Status(m)
	x.responded(status, &o)
	g.lost(x, m.Losses)
	httpdialect.SetHeader(w.Header(), m)
	w.Header().Set("Content-Length", strconv.Itoa(len(m.Body)))
	g.sign(x, w.Header())
	w.WriteHeader(status)
	if !x.head && len(m.Body) > 0 {
		_, _ = w.Write(m.Body) // an error here is a caller that is gone
	}
}
