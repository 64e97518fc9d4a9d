package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
)

var errNoReport = errors.New("gateway: a response without a report")

// translate writes a response of the upstream as the callers expect it, or
// leaves it as it is. noResponse writes the response to an error of it.
func (g *Gateway) translate(resp *http.Response) error {
	x := exchangeOf(resp.Request.Context())
	defer x.begun()
	r, ok := client.ReportOf(resp)
	if !ok {
		return errNoReport
	}
	g.note(x, resp, r)
	x.responded(resp.StatusCode, &r.Outcome)
	g.returnKey(x, resp.Header, r.Key)

	switch o := r.Outcome; {
	case r.Broken != nil && o.Status == 0:
		return r.Broken // half a success
	case !o.Kind.Good():
		if d := r.Decision; d.Act == parlance.ActRetry && d.RetrySafe && len(d.Schedule) > 0 && o.RetryAfter == 0 {
			// The page's time for a retry, which was too long to wait for here.
			o.RetryAfter = r.Attempts[len(r.Attempts)-1].Wait
		}
		limitTexts(&o, r.Common)
		advise(&o, &r.Decision)
		g.replace(x, resp, &o, enveloped(r, resp))
		return nil
	case resp.StatusCode == http.StatusSwitchingProtocols: // what is said since is not HTTP
	case resp.StatusCode >= 300: // a redirect and a 304 are told by their headers
	case resp.Header.Get("Content-Range") != "": // a part of a document is none
		if o.Kind != parlance.KindSuccess {
			g.restate(x, resp, &o)
		}
	case r.Enveloped && !r.Cut:
		g.replace(x, resp, &o, enveloped(r, resp))
		return nil
	default:
		return g.success(x, resp, r)
	}
	g.sign(x, resp.Header)
	return nil
}

// maxDetail is how long a text may be that no shape of the upstream's dialect read, in
// bytes.
const maxDetail = 500

// limitTexts keeps the inside of a system from the callers. If a body fits no shape of
// the upstream's dialect, its texts were not written for them: only the first line of a
// member for messages is passed on. The record and the log have all of it.
func limitTexts(o *parlance.Outcome, from dialect.Common) {
	if from == dialect.CommonNone {
		return
	}
	detail := ""
	if from == dialect.CommonMember {
		detail, _, _ = strings.Cut(strings.TrimSpace(o.Detail), "\n")
		detail = strings.ToValidUTF8(strings.TrimSpace(detail[:min(len(detail), maxDetail)]), "")
	}
	o.Code, o.Detail, o.Fields = "", detail, nil
}

// note logs what the upstream said and what became of it.
func (g *Gateway) note(x *exchange, resp *http.Response, r *client.Report) {
	if !g.log.Enabled(x, slog.LevelDebug) {
		return
	}
	g.log.LogAttrs(x, slog.LevelDebug, "the upstream responded",
		slog.String("method", x.asked.Method), slog.String("path", x.asked.Path), slog.Int("status", resp.StatusCode),
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
func (g *Gateway) success(x *exchange, resp *http.Response, r *client.Report) error {
	o := r.Outcome
	if r.Cut {
		g.log.WarnContext(x, "the response exceeds the limit; it is passed through untranslated",
			"limit", g.config.MaxBody, "path", x.asked.Path)
	}
	if !g.config.To.HasEnvelope(x.asked, &o) {
		if o.Kind != parlance.KindSuccess {
			g.restate(x, resp, &o)
		}
		if x.head && g.reads {
			resp.Header.Del("Content-Length") // of a body that a GET would alter
		}
		g.sign(x, resp.Header)
		return nil
	}
	if o.Kind == parlance.KindEmpty || x.head {
		g.replace(x, resp, &o, dialect.Payload{})
		return nil
	}
	data, ok, err := g.payload(x, resp)
	switch {
	case err != nil:
		return err
	case ok:
		g.replace(x, resp, &o, dialect.Payload{ContentType: "application/json", Body: data})
	default:
		if o.Kind != parlance.KindSuccess {
			g.restate(x, resp, &o)
		}
		g.sign(x, resp.Header)
	}
	return nil
}

// payload reads a success that an envelope is to be put around. It reports
// false, and leaves the response whole, for what cannot stand in one.
func (g *Gateway) payload(x *exchange, resp *http.Response) (data []byte, ok bool, err error) {
	if resp.ContentLength == 0 {
		return nil, true, nil
	}
	const asItIs = "the response is passed on without an envelope"
	if !isJSON(resp.Header) || resp.Header.Get("Content-Encoding") != "" {
		g.log.DebugContext(x, asItIs, "because", "it is not JSON, or has a content coding", "path", x.asked.Path)
		return nil, false, nil
	}
	if resp.ContentLength > int64(g.config.MaxBody) {
		g.log.WarnContext(x, asItIs, "because", "it is longer than the limit", "limit", g.config.MaxBody, "path", x.asked.Path)
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
	g.log.WarnContext(x, asItIs, "because", because, "limit", g.config.MaxBody, "path", x.asked.Path)
	return nil, false, nil
}

// replace puts an outcome, as the callers' dialect writes it, in a response's
// place.
func (g *Gateway) replace(x *exchange, resp *http.Response, o *parlance.Outcome, data dialect.Payload) {
	m := g.encode(x, o, data)
	httpdialect.Replace(resp, m)
	if x.head {
		resp.Body = http.NoBody
		if o.Kind.Good() {
			resp.Header.Del("Content-Length") // of a payload that we have not seen
		}
	}
	g.sign(x, resp.Header)
}

// restate says by status and headers what a success is whose body streams on, with its
// records in it.
func (g *Gateway) restate(x *exchange, resp *http.Response, o *parlance.Outcome) {
	whole := *o
	whole.Items = nil
	m := g.encode(x, &whole, dialect.Payload{})
	m.Header = slices.DeleteFunc(slices.Clone(m.Header), func(f dialect.HeaderField) bool { return f.Name == "Content-Type" })
	if resp.Header.Get("Content-Range") == "" { // else 206 is the only status that fits
		resp.StatusCode, resp.Status = m.Status, ""
	}
	httpdialect.SetHeader(resp.Header, m)
}

// encode writes an outcome in the callers' dialect. The request id is the
// upstream's where it has one, for its support asks for it and ours stands in the
// log beside it; or ours, where the record beside it has theirs.
func (g *Gateway) encode(x *exchange, o *parlance.Outcome, data dialect.Payload) dialect.Encoded {
	if o.RequestID == "" || x.recorded {
		o.RequestID = x.id
	}
	m := g.config.To.Encode(nil, x.asked, o, data)
	if status := httpdialect.Status(m); status != m.Status {
		g.log.ErrorContext(x, "the dialect wrote a status that HTTP cannot carry", "status", m.Status, "kind", o.Kind)
		m.Status = status
	}
	x.responded(m.Status, o)
	for _, l := range m.Losses {
		level := slog.LevelDebug // the same for every such response, and known from the dialects
		if l.Matters() {
			level = slog.LevelWarn
		}
		g.log.LogAttrs(x, level, "lost in translation", slog.String("attribute", l.Attribute), slog.String("reason", l.Reason))
	}
	return m
}
