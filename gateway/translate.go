package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

var errNoReport = errors.New("gateway: a response without a report")

// translate writes a response of the upstream as the callers expect it, or
// leaves it as it is. An error of it is answered by unanswered.
func (g *Gateway) translate(resp *http.Response) error {
	p := passageOf(resp.Request.Context())
	defer p.begun()
	r, ok := client.ReportOf(resp)
	if !ok {
		return errNoReport
	}
	g.note(p, resp, r)
	p.told(resp.StatusCode, &r.Outcome)
	g.returnKey(p, resp.Header, r.Key)

	switch o := r.Outcome; {
	case r.Broken != nil && o.Status == 0:
		return r.Broken // half a success
	case !o.Kind.Good():
		if d := r.Decision; d.Act == parlance.ActRetry && d.RetrySafe && len(d.Schedule) > 0 && o.RetryAfter == 0 {
			// The page's time for a retry, which was too long to wait for here.
			o.RetryAfter = r.Attempts[len(r.Attempts)-1].Wait
		}
		advise(&o, &r.Decision)
		g.replace(p, resp, &o, enveloped(r, resp))
		return nil
	case resp.StatusCode == http.StatusSwitchingProtocols: // what is said since is not HTTP
	case resp.StatusCode >= 300: // a redirect and a 304 are told by their headers
	case resp.Header.Get("Content-Range") != "": // a part of a document is none
		if o.Kind != parlance.KindSuccess {
			g.restate(p, resp, &o)
		}
	case r.Enveloped && !r.Cut:
		g.replace(p, resp, &o, enveloped(r, resp))
		return nil
	default:
		return g.success(p, resp, r)
	}
	g.sign(p, resp.Header)
	return nil
}

// note logs what the upstream said and what became of it.
func (g *Gateway) note(p *passage, resp *http.Response, r *client.Report) {
	if !g.log.Enabled(p, slog.LevelDebug) {
		return
	}
	g.log.LogAttrs(p, slog.LevelDebug, "the upstream responded",
		slog.String("method", p.asked.Method), slog.String("path", p.asked.Path), slog.Int("status", resp.StatusCode),
		slog.String("kind", r.Outcome.Kind.String()), slog.String("act", r.Decision.Act.String()),
		slog.Int("attempts", len(r.Attempts)), slog.String("upstream_request_id", r.Outcome.RequestID))
}

// enveloped is the payload that the upstream's envelope held.
func enveloped(r *client.Report, resp *http.Response) dialect.Payload {
	switch {
	case !r.Enveloped || r.Cut:
		return dialect.Payload{}
	case json.Valid(r.Data): // whatever the response calls itself: vbapi's 207 is text/plain
		return dialect.Payload{ContentType: "application/json", Body: r.Data}
	}
	return dialect.Payload{ContentType: resp.Header.Get("Content-Type"), Body: r.Data}
}

// success passes on a success without an envelope, in the envelope of the
// callers' dialect where that has one.
func (g *Gateway) success(p *passage, resp *http.Response, r *client.Report) error {
	o := r.Outcome
	if r.Cut {
		g.log.WarnContext(p, "the response exceeds the limit; it is passed through untranslated",
			"limit", g.config.MaxBody, "path", p.asked.Path)
	}
	if !g.config.Answers.HasEnvelope(p.asked, &o) {
		if o.Kind != parlance.KindSuccess {
			g.restate(p, resp, &o)
		}
		if p.head && g.reads {
			resp.Header.Del("Content-Length") // of a body that a GET would alter
		}
		g.sign(p, resp.Header)
		return nil
	}
	if o.Kind == parlance.KindEmpty || p.head {
		g.replace(p, resp, &o, dialect.Payload{})
		return nil
	}
	data, ok, err := g.payload(p, resp)
	switch {
	case err != nil:
		return err
	case ok:
		g.replace(p, resp, &o, dialect.Payload{ContentType: "application/json", Body: data})
	default:
		if o.Kind != parlance.KindSuccess {
			g.restate(p, resp, &o)
		}
		g.sign(p, resp.Header)
	}
	return nil
}

// payload reads a success that an envelope is to be put around. It reports
// false, and leaves the response whole, for what cannot stand in one.
func (g *Gateway) payload(p *passage, resp *http.Response) (data []byte, ok bool, err error) {
	if resp.ContentLength == 0 {
		return nil, true, nil
	}
	const asItIs = "the response is passed on without an envelope"
	if !isJSON(resp.Header) || resp.Header.Get("Content-Encoding") != "" {
		g.log.DebugContext(p, asItIs, "because", "it is not JSON, or has a content coding", "path", p.asked.Path)
		return nil, false, nil
	}
	if resp.ContentLength > int64(g.config.MaxBody) {
		g.log.WarnContext(p, asItIs, "because", "it is longer than the limit", "limit", g.config.MaxBody, "path", p.asked.Path)
		return nil, false, nil
	}
	read, err := httpdialect.Peek(resp, g.config.MaxBody)
	if err != nil {
		return nil, false, err
	}
	if !read.Cut && (len(read.Body) == 0 || json.Valid(read.Body)) {
		return bytes.TrimSpace(read.Body), true, nil
	}
	because := "it is declared as JSON but is not JSON"
	if read.Cut {
		because = "it is longer than the limit"
	}
	g.log.WarnContext(p, asItIs, "because", because, "limit", g.config.MaxBody, "path", p.asked.Path)
	return nil, false, nil
}

// replace puts an outcome, as the callers' dialect writes it, in a response's
// place.
func (g *Gateway) replace(p *passage, resp *http.Response, o *parlance.Outcome, data dialect.Payload) {
	m := g.encode(p, o, data)
	httpdialect.Replace(resp, m)
	if p.head {
		resp.Body = http.NoBody
		if o.Kind.Good() {
			resp.Header.Del("Content-Length") // of a payload that we have not seen
		}
	}
	g.sign(p, resp.Header)
}

// restate says by status and headers what a success is whose body streams on, with its
// records in it.
func (g *Gateway) restate(p *passage, resp *http.Response, o *parlance.Outcome) {
	whole := *o
	whole.Items = nil
	m := g.encode(p, &whole, dialect.Payload{})
	m.Header = slices.DeleteFunc(slices.Clone(m.Header), func(f dialect.HeaderField) bool { return f.Name == "Content-Type" })
	if resp.Header.Get("Content-Range") == "" { // else 206 is the only status that fits
		resp.StatusCode, resp.Status = m.Status, ""
	}
	httpdialect.SetHeader(resp.Header, m)
}

// encode writes an outcome in the callers' dialect. The request id is the
// upstream's where it has one, for its support asks for it and ours stands in the
// log beside it; or ours, where the record beside it has theirs.
func (g *Gateway) encode(p *passage, o *parlance.Outcome, data dialect.Payload) dialect.Encoded {
	if o.RequestID == "" || p.recorded {
		o.RequestID = p.id
	}
	m := g.config.Answers.Encode(nil, p.asked, o, data)
	if status := httpdialect.Status(m); status != m.Status {
		g.log.ErrorContext(p, "the dialect wrote a status that HTTP cannot carry", "status", m.Status, "kind", o.Kind)
		m.Status = status
	}
	p.told(m.Status, o)
	for _, l := range m.Losses {
		level := slog.LevelDebug // the same for every such response, and known from the dialects
		if l.Matters() {
			level = slog.LevelWarn
		}
		g.log.LogAttrs(p, level, "lost in translation", slog.String("attribute", l.Attribute), slog.String("reason", l.Reason))
	}
	return m
}
