package gateway

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/dialect/translate"
	"github.com/parlance-api/parlance/internal/lookahead"
)

var (
	errNoReport = errors.New("gateway: a response without a report")
	errStatus   = errors.New("gateway: the status of the response is below 100")
	errFields   = errors.New("gateway: the header of the response has too many lines (Config.MaxFields)")
)

// translate writes a response of the upstream as the callers expect it, or
// leaves it as it is. noResponse writes the response to an error of it.
func (g *Gateway) translate(x *exchange, resp *http.Response) error {
	defer x.begun()
	r, ok := client.ReportOf(resp)
	if !ok {
		return errNoReport
	}
	x.story.learn(r.Attempts)
	switch {
	case resp.StatusCode < http.StatusContinue: // net/http takes three digits of any kind
		return errStatus
	case fields(resp.Header) > g.config.MaxFields:
		return errFields
	}
	g.returnKey(x, resp.Header, r.Key)
	o := &r.Outcome
	if o.Kind == parlance.KindUnauthenticated && r.Authorized {
		refuseCredential(resp, r)
	}
	x.responded(resp.StatusCode, o)
	if g.streams(resp, r) {
		g.passStream(x, resp)
		return nil
	}
	if r.Broken != nil && o.Status == 0 {
		return r.Broken // half a success
	}
	if r.Undecided {
		g.passOn(x, resp)
		return nil
	}
	asked, came := x.asked, httpdialect.Response(resp, nil)
	if x.head {
		asked.Method = http.MethodHead
	}
	if came.Cut = !r.Whole; g.form.Passes(asked, came, &r.Decoded) {
		g.clean(x, resp)
		g.sign(x, resp.Header)
		return nil
	}
	return g.rewrite(x, asked, resp, *r)
}

// rewrite puts a translation in the place of a response, if the dialects differ in it. r is a
// copy, so that the report of all others costs no memory.
func (g *Gateway) rewrite(x *exchange, asked dialect.Request, resp *http.Response, r client.Report) error {
	g.complete(x, resp, &r)
	read, open, err := g.read(x, resp, &r)
	if err != nil {
		return err
	}
	m := g.form.Write(asked, read, &r.Decoded)
	if m.Kept == translate.KeptLong && r.Whole {
		m.Kept = translate.KeptNone // the client has read it, and found nothing to take off
	}
	settled := !r.Cut && read.Body == nil && resp.ContentLength <= int64(g.config.MaxBody) // by its beginning
	if open || m.Kept == translate.KeptLong && settled {
		m.Kept = translate.KeptOpen
	}
	g.send(x, resp, &m)
	return nil
}

// advise tells the caller of a failure when to send again, and whether that is safe.
func advise(o *parlance.Outcome, r *client.Report) {
	if d := r.Decision; d.Act == parlance.ActRetry && d.RetrySafe && len(d.Schedule) > 0 && o.RetryAfter == 0 {
		// The page's time for a retry, which was too long to wait for here.
		o.RetryAfter = r.Attempts[len(r.Attempts)-1].Wait
	}
	translate.Advise(o, &r.Decision)
}

// passOn leaves a response as it is whose meaning is not known yet. The log has that at
// its end.
func (g *Gateway) passOn(x *exchange, resp *http.Response) {
	x.undecided = resp
	g.log.InfoContext(x, "the response is passed through untranslated", "because", "nothing settled its meaning in time",
		"held", g.config.MaxHold, "method", x.asked.Method, "path", x.asked.Path)
	g.clean(x, resp)
	g.sign(x, resp.Header)
}

// settled logs the true outcome of a response that was passed on before it was known, and
// keeps it for the record.
func (g *Gateway) settled(x *exchange) {
	if x.undecided == nil {
		return
	}
	r, ok := client.ReportOf(x.undecided)
	if !ok {
		return
	}
	o := &r.Outcome
	x.responded(x.undecided.StatusCode, o)
	level := slog.LevelInfo
	if !o.Kind.Good() && o.Reason != parlance.ReasonCanceled { // a caller may end a stream
		level = slog.LevelWarn
	}
	g.log.LogAttrs(x, level, "the response that was passed through untranslated has ended", slog.String("kind", o.Kind.String()),
		slog.String("reason", string(o.Reason)), slog.String("code", o.Code), slog.String("act", r.Decision.Act.String()), slog.Int("attempts", len(r.Attempts)),
		slog.String("method", x.asked.Method), slog.String("path", x.asked.Path), slog.String("upstream_request_id", o.RequestID))
}

// complete puts into an Outcome what the caller has to know: the time of a retry, whether it
// is safe, the request ID, and the address of the case as the caller sees it.
func (g *Gateway) complete(x *exchange, resp *http.Response, r *client.Report) {
	o := &r.Outcome
	if !o.Kind.Good() {
		advise(o, r)
	}
	g.name(x, o)
	if o.Instance != "" {
		o.Instance, _ = g.address.outside(resp.Request, o.Instance, false)
	}
}

// refuseCredential makes a fault of the gateway of a response that refuses the gateway's
// own credential. The caller is not asked for one.
func refuseCredential(resp *http.Response, r *client.Report) {
	id := r.Outcome.RequestID
	r.Decoded = dialect.Decoded{Outcome: refusedCredential()}
	r.Outcome.RequestID = id
	r.Decision = parlance.Decision{Act: parlance.ActEscalate}
	resp.Header.Del("Www-Authenticate")
}

// read is the response as the translation needs it, with its body if an envelope is to be
// put around it. open is set if the end of that body did not come in time.
func (g *Gateway) read(x *exchange, resp *http.Response, r *client.Report) (read dialect.Response, open bool, err error) {
	read = httpdialect.Response(resp, nil)
	read.Cut = r.Cut || !r.Enveloped && resp.Body != http.NoBody
	if r.Enveloped || x.head || !g.form.Encloses(x.asked, resp.StatusCode, read.Header, &r.Outcome) || resp.ContentLength > int64(g.config.MaxBody) {
		return read, false, nil
	}
	b, limit := new(lookahead.Body), g.config.MaxBody
	if r.Whole || resp.ContentLength >= 0 {
		b.All(resp.Body, resp.ContentLength, limit)
	} else { // it can be a stream
		b, open = b.Until(resp.Body, -1, lookahead.Rule{Limit: limit, Hold: g.config.MaxHold}, func() lookahead.Settler { return new(translate.Beginning) })
		b.Keep() // the translation refers to it
	}
	resp.Body = b
	switch {
	case open:
		return read, true, nil
	case b.Settled > 0:
		read.Body, read.Cut = b.Head[:b.Settled], false
	case len(b.Head) > limit:
		read.Body = b.Head[:limit:limit]
	case b.Err == io.EOF:
		read.Body, read.Cut = b.Head, false
	default:
		return read, false, b.Err
	}
	return read, false, nil
}

// send puts a translation in the place of a response.
func (g *Gateway) send(x *exchange, resp *http.Response, m *translate.Result) {
	g.lost(x, m.Losses)
	if m.Kept != translate.KeptNone {
		level := slog.LevelWarn
		switch {
		case m.Kept == translate.KeptOpen:
			level = slog.LevelInfo // most are streams
		case m.Kept == translate.KeptForm, m.Kept == translate.KeptLong && g.long.Swap(true):
			level = slog.LevelDebug // so are all of its kind
		}
		g.log.LogAttrs(x, level, "the response is passed through untranslated",
			slog.String("because", m.Kept.String()), slog.Int("limit", g.config.MaxBody), slog.String("path", x.asked.Path))
	}
	if m.Status != resp.StatusCode || m.Replaced {
		resp.StatusCode, resp.Status = m.Status, ""
		x.responded(m.Status, m.Outcome)
	}
	m.Apply(dialect.HeaderMap(resp.Header))
	g.clean(x, resp)
	if m.Replaced {
		_ = resp.Body.Close() // what was of use in it has been read
		resp.Body, resp.ContentLength = http.NoBody, int64(len(m.Body))
		if len(m.Body) > 0 {
			resp.Body = io.NopCloser(bytes.NewReader(m.Body))
		}
		resp.Trailer, resp.TransferEncoding = nil, nil
	}
	g.sign(x, resp.Header)
}

// clean takes from the header of a response what is for the gateway alone.
func (g *Gateway) clean(x *exchange, resp *http.Response) {
	if dropped := g.address.mapBack(resp); len(dropped) > 0 {
		g.log.LogAttrs(x, slog.LevelWarn, "fields of the response are dropped: they point to the upstream, and not below its path",
			slog.Any("fields", dropped), slog.String("path", x.asked.Path))
	}
	h := resp.Header
	if strings.HasPrefix(first(h["Retry-After"]), "-") { // RFC 9110, 10.2.3
		delete(h, "Retry-After")
	}
}

// name gives an outcome its request id. It is the upstream's where it has one, for its
// support asks for it and ours stands in the log beside it; or ours, where the record beside
// it has theirs.
func (g *Gateway) name(x *exchange, o *parlance.Outcome) {
	if o.RequestID == "" || x.recorded {
		o.RequestID = x.id
	}
}

// lost logs the losses of a response.
func (g *Gateway) lost(x *exchange, losses []parlance.Loss) {
	x.story.losses = append(x.story.losses, losses...)
	for _, l := range losses {
		level := slog.LevelDebug // the same for every such response, and known from the dialects
		if l.Matters() {
			level = slog.LevelWarn
		}
		g.log.LogAttrs(x, level, "lost in translation", slog.String("attribute", l.Attribute), slog.String("reason", l.Reason))
	}
}
