package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/httpdialect"
	"github.com/parlance-api/parlance/internal/prefer"
	"github.com/parlance-api/parlance/outbox"
)

// status is what is shown of a request that has not ended.
type status struct {
	ID      string       `json:"id"`
	State   outbox.State `json:"state"`
	Attempt int          `json:"attempt"`
	Due     time.Time    `json:"due,omitzero"`
}

// Response is what a caller who asks for a delivery now gets, in the dialect of the callers:
//
//   - waiting, delivering: accepted, with the URL of the status, and when to ask again.
//   - delivered, refused: the vendor's response, translated as a gateway does.
//   - uncertain: a conflict with the reason idempotency_uncertain, since nobody knows if it was done.
//   - dead: timeout. canceled: failed, with the reason canceled.
//
// The Outcome is that of the response. r is the request of the caller that it responds to.
func (l *Relay) Response(r *http.Request, d outbox.Delivery) (*http.Response, parlance.Outcome) {
	o := d.Outcome
	switch {
	case !d.State.Ended():
		o = parlance.Outcome{Kind: parlance.KindAccepted, RetryAfter: httpdialect.WholeSeconds(max(l.again, time.Until(d.Due)))}
		resp := l.write(r, &o, status{d.ID, d.State, d.Attempt, d.Due})
		resp.Header.Set("Location", l.place+url.PathEscape(d.ID))
		return resp, o
	case d.State == outbox.Uncertain:
		o = parlance.Outcome{Kind: parlance.KindConflict, Reason: parlance.ReasonUncertain, Detail: "It is unknown if the request was done. A person decides."}
	case d.State == outbox.Dead:
		o = parlance.Outcome{Kind: parlance.KindTimeout, Detail: "The request was not done in its time."}
		if d.Doubt {
			o.Detail = "The request was not confirmed in its time. It is unknown if it was done."
		}
	case o.Status != 0 && l.forms[d.Request.Vendor] != nil:
		return l.translated(r, d)
	}
	return l.own(r, o)
}

// translated is the vendor's response as the callers expect it.
func (l *Relay) translated(r *http.Request, d outbox.Delivery) (*http.Response, parlance.Outcome) {
	sent, err := http.NewRequest(d.Request.Method, d.Request.URL, nil)
	if err != nil {
		return l.failed(r, err)
	}
	req := httpdialect.Received(l.to, r)
	req.Method, req.Path = sent.Method, sent.URL.EscapedPath()
	form := l.forms[d.Request.Vendor]
	h := http.Header{}
	for name, value := range map[string]string{"Content-Type": d.ContentType, "Location": d.Location} {
		if value != "" {
			h.Set(name, value)
		}
	}
	came := dialect.Response{Status: d.Outcome.Status, Header: dialect.HeaderMap(h), Body: d.Body}
	read := dialect.Decoded{Outcome: d.Outcome}
	if len(d.Body) > 0 { // it was neither erased nor too long
		read = l.box.Dialect(d.Request.Vendor).Decode(req, came)
		read.Outcome.RequestID = d.Outcome.RequestID
	} else {
		h.Del("Content-Type")
	}
	l.outside(sent, h, &read.Outcome)
	m := form.Write(req, came, &read)
	m.Apply(dialect.HeaderMap(h))
	body := d.Body
	if m.Replaced {
		body = m.Body
	}
	for _, loss := range m.Losses {
		if loss.Matters() {
			l.logger.WarnContext(r.Context(), "lost in translation", "attribute", loss.Attribute, "reason", loss.Reason, "request", d.ID)
		}
	}
	return made(r, m.Status, h, body), *m.Outcome
}

// Status is the response to a request for the status of a delivery, whose ID ends the path. To
// a GET it is that of [Relay.Response]. The caller may wait for it (Prefer: wait=N). A DELETE calls the delivery off. The response is accepted
// if an attempt is still under way, and empty if there is nothing left to stop. A delivery of
// another owner is not_found.
func (l *Relay) Status(r *http.Request) (*http.Response, parlance.Outcome) {
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	d, err := l.box.Find(r.Context(), id)
	if err == nil && d.Request.Owner != l.owner(r) {
		err = parlance.ErrNotFound
	}
	if err != nil {
		return l.failed(r, err)
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		p := prefer.Of(r.Header.Values("Prefer"))
		if !p.Waits {
			break
		}
		if d, err = l.wait(r.Context(), d, p.Wait); err != nil {
			return l.failed(r, err)
		}
		resp, o := l.Response(r, d)
		resp.Header.Add("Preference-Applied", p.Applied())
		return resp, o
	case http.MethodDelete:
		if err = l.box.Cancel(r.Context(), id); err == nil {
			d, err = l.box.Find(r.Context(), id)
		}
		if err != nil {
			return l.failed(r, err)
		}
		if d.State.Ended() {
			return l.own(r, parlance.Outcome{Kind: parlance.KindEmpty})
		}
	default:
		resp, o := l.own(r, parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusMethodNotAllowed, Detail: "Use GET to watch a request and DELETE to call it off."})
		resp.Header.Set("Allow", "GET, HEAD, DELETE")
		return resp, o
	}
	return l.Response(r, d)
}

// failed responds to a request that cannot be made, stored or found. Only an error of the
// program's own has texts for the caller.
func (l *Relay) failed(r *http.Request, err error) (*http.Response, parlance.Outcome) {
	o := parlance.OutcomeOf(err)
	switch tooLong := new(http.MaxBytesError); {
	case errors.As(err, &tooLong):
		o = tooLarge(tooLong.Limit)
	case errors.As(err, new(*parlance.Error)), errors.Is(err, parlance.ErrNotFound):
	default: // the store's
		o = parlance.Outcome{Kind: parlance.KindUnavailable}
	}
	if o.Kind.ServerFault() {
		l.logger.ErrorContext(r.Context(), "a request cannot be taken or shown", "error", err, "path", r.URL.Path)
	}
	return l.own(r, o)
}

// own is a response of the relay's own.
func (l *Relay) own(r *http.Request, o parlance.Outcome) (*http.Response, parlance.Outcome) {
	o.RequestID = activity.ID(r.Context())
	resp := l.write(r, &o, nil)
	return resp, o
}

// write writes an Outcome.
func (l *Relay) write(r *http.Request, o *parlance.Outcome, value any) *http.Response {
	var data dialect.Payload
	if value != nil {
		text, err := json.Marshal(value)
		if err == nil {
			data = dialect.Payload{ContentType: "application/json", Body: text}
		}
	}
	m := l.to.Encode(nil, httpdialect.Received(l.to, r), o, data)
	h := http.Header{}
	httpdialect.SetHeader(h, m)
	o.Status = httpdialect.Status(m)
	return made(r, o.Status, h, m.Body)
}

// made is a response with a body in memory.
func made(r *http.Request, status int, h http.Header, body []byte) *http.Response {
	h.Set("Cache-Control", "no-store")
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}
