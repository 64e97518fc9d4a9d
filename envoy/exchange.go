package envoy

import (
	"context"
	"log/slog"
	"strconv"

	mode "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extproc "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/translate"
)

// state is how far the conversation about a request has come.
type state uint8

const (
	begun    state = iota
	sent           // the header of the request has been seen
	asked          // the body of the response has been asked for
	settled        // the response is decided on
	replaced       // the same, with another body
	passed         // the response is not looked at
)

// exchange is one request with its response.
type exchange struct {
	p     *Processor
	ctx   context.Context
	state state
	req   dialect.Request

	pieces bool // the filter is configured to send bodies in pieces
	status int
	header dialect.HeaderMap // of the response
}

// answer makes the response to a message of Envoy. nil ends the stream.
func (x *exchange) answer(m *extproc.ProcessingRequest) *extproc.ProcessingResponse {
	if m.GetObservabilityMode() {
		x.warn("the filter is in observability_mode, in which nothing can be translated")
		return nil
	}
	if c := m.GetProtocolConfig(); c != nil {
		switch c.GetResponseBodyMode() {
		case mode.ProcessingMode_NONE, mode.ProcessingMode_BUFFERED:
		default:
			x.pieces = true
		}
	}
	switch r := m.GetRequest().(type) {
	case *extproc.ProcessingRequest_RequestHeaders:
		return forRequest(x.request(r.RequestHeaders))
	case *extproc.ProcessingRequest_ResponseHeaders:
		return forResponse(x.response(r.ResponseHeaders))
	case *extproc.ProcessingRequest_ResponseBody:
		return forBody(x.body(r.ResponseBody))
	case *extproc.ProcessingRequest_ResponseTrailers:
		return forTrailers(x.trailers(r.ResponseTrailers))
	case *extproc.ProcessingRequest_RequestBody: // the filter sends what nobody asked for
		x.unexpected("request_body")
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestBody{RequestBody: &extproc.BodyResponse{Response: unchanged()}}}
	case *extproc.ProcessingRequest_RequestTrailers:
		x.unexpected("request_trailers")
		return &extproc.ProcessingResponse{Response: &extproc.ProcessingResponse_RequestTrailers{RequestTrailers: &extproc.TrailersResponse{}}}
	}
	x.unexpected("nothing that this version knows")
	return nil
}

// request answers the header of a request.
func (x *exchange) request(m *extproc.HttpHeaders) *extproc.CommonResponse {
	if x.state != begun {
		x.unexpected("request_headers")
		return unchanged()
	}
	pseudo, h, ok := fieldsOf(m.GetHeaders())
	if !ok {
		x.warn("a header has too many fields; request and response are passed on as they are", slog.Int("limit", maxFields))
		x.state = passed
		return unchanged()
	}
	x.state = sent
	x.req = dialect.Request{Method: pseudo[":method"], Path: pseudo[":path"], Header: h, Key: x.p.form.Key(h)}
	to := clone(h)
	x.p.form.Request(x.req, to)
	return &extproc.CommonResponse{HeaderMutation: mutation(h, to)}
}

// response answers the header of a response: with the translation if that needs no body, and
// else by asking for the body.
func (x *exchange) response(m *extproc.HttpHeaders) (_ *extproc.CommonResponse, body bool) {
	if x.state != sent {
		if x.state != passed {
			x.unexpected("response_headers")
			x.state = passed
		}
		return unchanged(), false
	}
	x.state = settled
	pseudo, h, ok := fieldsOf(m.GetHeaders())
	n, err := strconv.Atoi(pseudo[":status"])
	if !ok || err != nil || n < 100 || n > 999 {
		x.warn("the response is passed through untranslated", slog.String("because", "its header has no status, or too many fields"))
		return unchanged(), false
	}
	x.status, x.header = n, h
	res := dialect.Response{Status: n, Header: h, Cut: !m.GetEndOfStream()}
	if res.Cut && x.p.form.NeedsBody(x.req, n, h) {
		if length := h.Values("Content-Length"); len(length) == 0 || !x.long(length[0]) {
			x.state = asked
			return unchanged(), true
		}
	}
	return x.translate(res, nil, true), false
}

// long reports that a body is not asked for because of its length.
func (x *exchange) long(length string) bool {
	n, err := strconv.ParseUint(length, 10, 64)
	if err != nil || n <= uint64(x.p.maxBody) {
		return false
	}
	x.warn("the body of the response is not read", slog.String("because", "it is longer than the limit"), slog.Int("limit", x.p.maxBody))
	return true
}

// body answers the body of a response.
func (x *exchange) body(m *extproc.HttpBody) *extproc.CommonResponse {
	if x.state != asked {
		x.unexpected("response_body")
		return unchanged()
	}
	x.state = settled
	came := m.GetBody()
	if !m.GetEndOfStream() && x.pieces {
		x.warn("the response is passed through untranslated", slog.String("because", "its body came in pieces; allow_mode_override must be true in the filter"))
		return unchanged()
	}
	read, cut := uncode(x.header, came, x.p.maxBody)
	if cut {
		x.warn("the body of the response is not read to its end", slog.String("because", "it is longer than the limit, or its coding cannot be undone"), slog.Int("limit", x.p.maxBody))
	}
	return x.translate(dialect.Response{Status: x.status, Header: x.header, Body: read, Cut: cut}, came, false)
}

// trailers answers the trailers of a response. Those of a body that was replaced are removed.
func (x *exchange) trailers(m *extproc.HttpTrailers) *extproc.HeaderMutation {
	switch x.state {
	case replaced:
		var out extproc.HeaderMutation
		for _, f := range m.GetTrailers().GetHeaders() {
			out.RemoveHeaders = append(out.RemoveHeaders, f.GetKey())
		}
		return &out
	case settled, passed:
	default:
		x.unexpected("response_trailers")
	}
	return nil
}

// translate makes the changes to a response. early is set as long as Envoy waits for the
// answer to the header.
func (x *exchange) translate(res dialect.Response, came []byte, early bool) *extproc.CommonResponse {
	read := x.p.speaks.Decode(x.req, res)
	o := &read.Outcome
	if !o.Kind.Good() {
		x.advise(o)
	}
	if id := x.req.Header.Values("X-Request-Id"); o.RequestID == "" && len(id) > 0 {
		o.RequestID = id[0] // the one in Envoy's access log
	}
	r := x.p.form.Write(x.req, res, &read)
	x.tell(&r)
	if r.Untouched() && r.Status == x.status {
		return unchanged()
	}
	to := clone(x.header)
	r.Apply(to)
	out := &extproc.CommonResponse{HeaderMutation: mutation(x.header, to)}
	if r.Status != x.status {
		out.HeaderMutation.SetHeaders = append(out.HeaderMutation.SetHeaders, field(":status", strconv.Itoa(r.Status), false))
	}
	if !r.Replaced || x.req.Method == "HEAD" {
		return out
	}
	x.state = replaced
	if early {
		if !res.Cut && len(r.Body) == 0 {
			return out // there is no body on either side
		}
		out.Status = extproc.CommonResponse_CONTINUE_AND_REPLACE
	}
	out.BodyMutation = bodyOf(r.Body)
	return out
}

// advise tells the caller whether and when to send again.
func (x *exchange) advise(o *parlance.Outcome) {
	d := x.p.speaks.Decide(x.req, o)
	if d.Act == parlance.ActRetry && d.RetrySafe && len(d.Schedule) > 0 && o.RetryAfter == 0 {
		o.RetryAfter = d.Schedule[0] // the page's time, for which nobody has waited here
	}
	translate.Advise(o, &d)
}

// tell logs what a translation lost or left.
func (x *exchange) tell(r *translate.Result) {
	for _, l := range r.Losses {
		level := slog.LevelDebug // the same for every such response, and known from the dialects
		if l.Matters() {
			level = slog.LevelWarn
		}
		x.log(level, "lost in translation", slog.String("attribute", l.Attribute), slog.String("reason", l.Reason))
	}
	if r.Kept != translate.KeptNone {
		x.warn("the response is passed through untranslated", slog.String("because", r.Kept.String()), slog.Int("limit", x.p.maxBody))
	}
	if o := r.Outcome; !o.Kind.Good() {
		x.log(slog.LevelInfo, "a failure is translated", slog.Int("upstream_status", x.status), slog.Int("status", r.Status), slog.String("kind", o.Kind.String()),
			slog.String("reason", string(o.Reason)), slog.String("code", o.Code), slog.String("upstream_request_id", o.RequestID))
	}
}

func (x *exchange) unexpected(what string) {
	x.warn("Envoy sent a message out of turn", slog.String("message", what))
}

func (x *exchange) warn(message string, attrs ...slog.Attr) { x.log(slog.LevelWarn, message, attrs...) }

func (x *exchange) log(level slog.Level, message string, attrs ...slog.Attr) {
	x.p.log.LogAttrs(x.ctx, level, message, append(attrs, slog.String("method", x.req.Method), slog.String("path", x.req.Path))...)
}
