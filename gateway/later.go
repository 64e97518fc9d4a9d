package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/internal/prefer"
	"github.com/parlance-api/parlance/outbox"
	"github.com/parlance-api/parlance/outbox/relay"
)

// Later has a gateway store requests and respond 202. An outbox delivers them to the upstream,
// for days if it has to. The caller watches the status that Location names, which becomes the
// upstream's response, translated as any other.
//
// A caller's key makes a request that is sent again the same one. A status is shown to anyone
// who knows its URL, which has an ID that cannot be guessed, unless the caller's key can be.
type Later struct {
	Outbox *outbox.Outbox // it delivers; the program calls its Run
	Vendor string         // of the outbox, in the dialect Config.Speaks, with the credential if there is one

	// Routes are those on which callers may prefer it (Prefer: respond-async; RFC 7240, 4.1),
	// and Always are those whose requests are always stored. They are patterns of
	// http.ServeMux, such as "POST /orders" or "/orders/{id}".
	Routes, Always []string

	// Path is below which the statuses are; "" is /.parlance/requests/.
	Path string

	// Drop names fields of the header that are not stored, such as an Authorization of the
	// caller if the vendor has a credential of its own. Any other request with a credential in its
	// header or its URL is not stored. If it may be sent now, it is; else it is invalid.
	Drop []string
}

// later is a Later in use.
type later struct {
	Later
	front  *relay.Relay
	routes *http.ServeMux // to preferred or always
}

// kept is a route whose requests can be stored.
type kept struct{ always bool }

func (kept) ServeHTTP(http.ResponseWriter, *http.Request) {}

// newLater checks a Later and makes it ready.
func (g *Gateway) newLater(l Later) (_ *later, err error) {
	switch d := l.Outbox; {
	case d == nil:
		return nil, errors.New("gateway: Later has no Outbox")
	case d.Dialect(l.Vendor) == nil:
		return nil, fmt.Errorf("gateway: the outbox has no vendor %q; it has %q", l.Vendor, d.Vendors())
	case d.Dialect(l.Vendor).Name() != g.config.Speaks.Name():
		return nil, fmt.Errorf("gateway: the vendor %q has the dialect %s, and Speaks is %s", l.Vendor, d.Dialect(l.Vendor).Name(), g.config.Speaks.Name())
	}
	if l.Path == "" {
		l.Path = "/.parlance/requests/"
	}
	defer func() {
		if cause := recover(); cause != nil { // http.ServeMux panics at a malformed pattern
			err = fmt.Errorf("gateway: Later: %v", cause)
		}
	}()
	made := &later{Later: l, routes: http.NewServeMux(), front: relay.New(l.Outbox, g.config.To,
		relay.WithPath(l.Path), relay.WithLogger(g.log), relay.WithMaxWait(g.config.Timeout), relay.WithOutside(g.outside))}
	for _, pattern := range l.Routes {
		made.routes.Handle(pattern, kept{})
	}
	for _, pattern := range l.Always {
		made.routes.Handle(pattern, kept{always: true})
	}
	return made, nil
}

// ServeLater responds to a request that Config.Later stores, or to one for a status. It is for
// a server that forwards all other requests by itself: it reports false for one of those,
// whose body can still be read.
func (g *Gateway) ServeLater(w http.ResponseWriter, r *http.Request) bool {
	if g.later == nil || !g.later.wants(w, r) {
		return false
	}
	x := g.newExchange(w, r)
	defer x.end()
	if !g.refused(w, x, r) && !g.takes(w, x, r) {
		if x.asked.Body != nil {
			r.Body = io.NopCloser(bytes.NewReader(x.asked.Body))
		}
		return false
	}
	g.tell(x, r, nil)
	x.record(nil)
	return true
}

// wants reports that a request may be one to store, or is one for a status.
func (l *later) wants(w http.ResponseWriter, r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, l.Path) {
		return true
	}
	h, _ := l.routes.Handler(r)
	route, ok := h.(kept)
	if ok && !route.always && !prefer.Of(r.Header["Prefer"]).Async {
		w.Header().Add("Vary", "Prefer")
		return false
	}
	return ok
}

// outside maps the addresses in a response of the upstream.
func (g *Gateway) outside(sent *http.Request, h http.Header, o *parlance.Outcome) {
	g.address.mapBack(&http.Response{Header: h, Request: sent})
	if o.Instance != "" {
		o.Instance, _ = g.address.outside(sent, o.Instance, false)
	}
}

// takes responds to a request that is stored, or to one for a status. It reports false for
// one that is forwarded now.
func (g *Gateway) takes(w http.ResponseWriter, x *exchange, r *http.Request) bool {
	l := g.later
	if l == nil {
		return false
	}
	if strings.HasPrefix(r.URL.Path, l.Path) {
		resp, o := l.front.Status(r.WithContext(x))
		g.hand(w, x, resp, &o)
		return true
	}
	h, _ := l.routes.Handler(r)
	route, ok := h.(kept)
	if !ok {
		return false
	}
	if !route.always {
		w.Header().Add("Vary", "Prefer")
		if !prefer.Of(r.Header["Prefer"]).Async {
			return false
		}
	}
	out, secret := g.stored(x, r)
	switch {
	case secret == "":
	case !route.always:
		g.log.LogAttrs(x, slog.LevelInfo, "the request is forwarded now, since a credential in it would be stored", slog.String("where", secret), slog.String("path", r.URL.Path))
		return false
	default:
		g.respond(w, x, parlance.Outcome{Kind: parlance.KindInvalid, Status: http.StatusBadRequest,
			Detail: "The request is stored to be delivered later, so " + secret + " must not hold a credential."})
		return true
	}
	if x.asked.Body == nil {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(l.Outbox.MaxBody())))
		if err != nil {
			x.story.err = err
			w.Header().Set("Connection", "close")
			g.respond(w, x, badBody(err))
			return true
		}
		out.Body = body
	}
	resp, o := l.front.Take(r.WithContext(x), out)
	g.hand(w, x, resp, &o)
	return true
}

// stored is a request as the outbox gets it, without its body if that streams. secret is the
// part of it that holds a credential, "" if none does.
func (g *Gateway) stored(x *exchange, r *http.Request) (out outbox.Request, secret string) {
	g.prepare(x, r)
	h := x.out.Header.Clone()
	for _, name := range append([]string{"Prefer", "Te", "Accept-Encoding", "Expect", g.config.Speaks.IdempotencyHeader()}, g.later.Drop...) {
		h.Del(name)
	}
	for name, clean := range activity.CleanHeader(h) {
		for i := range clean {
			if clean[i] != h[name][i] {
				secret = "the header field " + name
			}
		}
	}
	to := x.out.URL.String()
	if activity.CleanText(to) != to {
		secret = "the URL"
	}
	return outbox.Request{Vendor: g.later.Vendor, Method: r.Method, URL: to, Header: h, Body: x.asked.Body, Key: x.asked.Key}, secret
}

// hand hands a response on that is not the upstream's own.
func (g *Gateway) hand(w http.ResponseWriter, x *exchange, resp *http.Response, o *parlance.Outcome) {
	x.begun()
	x.responded(resp.StatusCode, o)
	x.story.kind, x.story.reason = o.Kind, o.Reason
	g.sign(x, resp.Header)
	g.deliver(w, resp, false)
}
