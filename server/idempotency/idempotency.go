// Package idempotency lets a client retry a request under an idempotency key, so that
// its effect happens once. The response is kept in a [Store] and replayed.
//
//	once := idempotency.Middleware(db.Idempotency(), idempotency.Transactional())
//	atomic := server.AtomicIn(db)
//	mux.Handle("POST /orders", once(api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
//		return atomic(func(ctx context.Context) (any, error) {
//			tx := sqlite.Tx(ctx)
//			…
//			return server.Created("/orders/7", map[string]int{"id": 7}), nil
//		}), nil
//	})))
//	http.ListenAndServe(addr, api.Wrap(mux))
//
// Effect, key and response are then committed together.
package idempotency

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/snapshot"
)

// The defaults of Middleware.
const (
	DefaultExpiry      = 24 * time.Hour
	DefaultMaxBody     = 1 << 20 // bytes
	DefaultMaxResponse = 1 << 20 // bytes
)

// trustedLength is as much of a Content-Length as is set aside at once, in bytes.
const trustedLength = 64 << 10

// maxKey bounds a key, in bytes, as Stripe does.
const maxKey = 255

// Headers of a replayed response, named as Stripe names them.
const (
	ReplayedHeader = "Idempotent-Replayed" // "true"
	OriginalHeader = "Original-Request"    // the activity id of the original request
)

// Middleware makes requests with an idempotency key safe to retry. It keeps the
// response, and replays it if the same request comes again under the same key. It
// follows draft-ietf-httpapi-idempotency-key-header-07, and Stripe if the draft leaves
// a choice. Use it under [server.Server.Wrap], behind the middleware that authenticates
// the caller. It is safe for concurrent use. Under another Middleware that serves the
// request under a key, it does nothing.
//
// The key is in the header that the dialect names, else in Idempotency-Key, with or
// without the quotes of a structured field (2.1). Each caller and path has keys of its
// own. The caller is [server.PrincipalOf]; if there is none, it is a hash of the
// credentials. A caller whose tokens change needs a principal, or a retry with a new
// token would be a new request.
//
// The response depends on the state of the key (2.6, 2.7):
//
//   - missing though required, or malformed: invalid.
//   - new: the handler runs. Its response is kept for the time of [Expiry], even if it is
//     a failure.
//   - completed: the same status and body again. The headers and trailers are those that
//     the handler set. An activity id among the headers is the new one. If there is none,
//     the new one is in X-Request-Id. Original-Request has the old one.
//   - in progress: conflict, with a Retry-After.
//   - used with another query, type or body: conflict. The dialect decides whether the
//     status is 422, as in the draft.
//   - uncertain, since the process died while it served the request: conflict, until an
//     operator settles it. The request is never run again automatically.
//
// An error that proves that nothing was done frees the key: invalid, unauthenticated,
// rate_limited, and unavailable. The exception is an unavailable request that was
// forwarded and broke on its way. A bare status with one of these meanings frees the
// key too. A bare 503 does not, since http.TimeoutHandler writes it for handlers that
// still run.
//
// Under [Transactional], a failure also proves that nothing was done if its
// [server.Atomic] was rolled back or never ran. Failures that a retry may fix then free
// the key, unless they are marked as not to be retried:
//
//   - faults of the server, including a panic,
//   - rate_limited,
//   - failures that have a RetryAfter or are marked as safe to retry.
//
// Every other response is kept and replayed until the key expires. This includes a
// fault whose effect is outside the store, since it is unknown how much was done. The
// mark of a replay tells a client that another retry is useless.
//
// An effect in the store of the keys belongs in a [server.Atomic]: it is committed with
// the key and the response. Any other effect is outside. For it, the claim is committed
// before the handler runs, and the response before it is sent. If the response cannot
// be kept after the effect, it is sent all the same, and the key is uncertain. If the
// store fails before, the response is unavailable and the handler does not run.
//
// Once the key is claimed, a client that disconnects does not cancel the handler's
// context; a deadline still does. The request's body is read before that, up to
// [MaxBody]. The response is held back until the handler is done. A response is sent
// unrecorded as it is written if it is longer than [MaxResponse], was cut, or took over
// the connection; its retry is a conflict that says so. If the handler flushes, the
// response is sent at once and still kept. A response that is sent as it is written has no
// Content-Length, so a client that has all of it can retry at once.
func Middleware(store Store, options ...Option) server.Middleware {
	i := &idempotency{
		store: store, methods: []string{http.MethodPost, http.MethodPatch}, expiry: DefaultExpiry,
		maxBody: DefaultMaxBody, maxResponse: DefaultMaxResponse, caller: callerOf,
	}
	for _, o := range options {
		o.apply(i)
	}
	return func(next http.Handler) http.Handler {
		serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { i.serve(w, r, next) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			x := core.Of(r.Context())
			if x == nil {
				panic("idempotency: Middleware needs the dialect of a Server; put it behind Server.Wrap")
			}
			x.Serve(serve, w, r) // so that w is the innermost exchange
		})
	}
}

// Option is a setting of [Middleware].
type Option interface{ apply(*idempotency) }

type option func(*idempotency)

func (o option) apply(i *idempotency) { o(i) }

// Required refuses a request without a key (2.7).
func Required() Option { return option(func(i *idempotency) { i.required = true }) }

// Methods sets the methods whose keys are used; the default is POST and PATCH. Requests
// with other methods pass.
func Methods(methods ...string) Option {
	return option(func(i *idempotency) { i.methods = slices.Clone(methods) })
}

// Expiry sets how long after its claim a key is kept (2.3).
func Expiry(d time.Duration) Option { return option(func(i *idempotency) { i.expiry = d }) }

// Transactional declares that the handlers behind make all of their effects in an
// [server.Atomic]. A key is then free again if its process died, or if its request
// failed by a fault of the server. Without it, such a fault is kept, and the key is
// uncertain if the process died outside the transaction.
func Transactional() Option { return option(func(i *idempotency) { i.inside = true }) }

// Caller sets the caller of a request, in place of [server.PrincipalOf] and the
// credentials. The text must stay the same for one caller.
func Caller(caller func(*http.Request) string) Option {
	return option(func(i *idempotency) { i.caller = caller })
}

// MaxBody bounds, in bytes, the body of a request with a key, which is held in memory.
// A longer one is refused with 413.
func MaxBody(bytes int64) Option { return option(func(i *idempotency) { i.maxBody = bytes }) }

// MaxResponse bounds, in bytes, the body of a response that is kept.
func MaxResponse(bytes int) Option {
	return option(func(i *idempotency) { i.maxResponse = bytes })
}

// idempotency is Middleware with its options.
type idempotency struct {
	store       Store
	methods     []string
	required    bool
	inside      bool
	expiry      time.Duration
	maxBody     int64 // bytes
	maxResponse int   // bytes
	caller      func(*http.Request) string
}

// serve looks at the key. The writer is the innermost exchange.
func (i *idempotency) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	x := core.Of(r.Context())
	if core.ClaimOf(r.Context()) != nil {
		next.ServeHTTP(w, r)
		return
	}
	key, err := i.keyOf(x, r)
	if err == nil && key == "" {
		next.ServeHTTP(w, r)
		return
	}
	var body []byte
	if err == nil {
		body, err = i.bodyOf(w, r)
	}
	if err != nil {
		x.Respond(r.Context(), nil, err)
		return
	}
	now := time.Now()
	k := Key{
		Scope:       i.caller(r) + " " + r.Method + " " + x.Request().Path,
		Key:         key,
		Fingerprint: fingerprint(r, body),
		Outside:     !i.inside,
		Claimed:     now,
		Expires:     now.Add(i.expiry),
		Activity:    activity.ID(x.RequestContext()),
	}
	// Not to be cancelled: a claim whose response nobody waits for would stay.
	found, err := i.store.Claim(context.WithoutCancel(r.Context()), k)
	switch {
	case err != nil:
		err = parlance.NewError(parlance.KindUnavailable, "").Because(fmt.Errorf("the key %s could not be claimed: %w", hashOf(key), err))
	case found.State == Fresh:
		i.run(x, r, body, next, k)
		return
	case found.State == Replay && found.Response.whole():
		replay(x, found.Response, found.Activity)
		return
	default:
		err = stateError(found).Because(errors.New("key " + hashOf(key)))
	}
	x.Respond(r.Context(), nil, err)
}

// run serves a request under a key that is ours, and keeps its response.
func (i *idempotency) run(x core.Exchange, r *http.Request, body []byte, next http.Handler, k Key) {
	c := &claim{store: i.store, key: k, limit: i.maxResponse, before: snapshot.Of(x.Header())}
	ctx, cancel := lasting(r.Context())
	defer cancel()
	r = r.WithContext(core.WithClaim(ctx, c))
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := &recording{inner: x, limit: i.maxResponse}
	returned := false
	defer func() {
		if err := c.end(ctx, x, rec, returned); err != nil {
			// The client is told the truth all the same.
			x.Logger().ErrorContext(x.RequestContext(), "the result of an idempotency key could not be stored; its retries are refused until an operator settles it",
				"error", err, "key_hash", hashOf(k.Key), "method", x.Request().Method, "path", x.Request().Path)
		}
		if returned {
			rec.send()
		}
	}()
	x.Serve(next, rec, r)
	returned = true
}

// lasting is a context that a disconnecting client does not cancel. A deadline was set
// by somebody else, and still holds.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	free := context.WithoutCancel(ctx)
	if at, ok := ctx.Deadline(); ok {
		return context.WithDeadline(free, at)
	}
	return free, func() {}
}

// whole reports that a response can be given again.
func (a *Response) whole() bool {
	return !a.NotKept && a.Status >= 200 && a.Status <= 999
}

// replay gives the response again that an earlier request had. was is the id of that one.
func replay(x core.Exchange, a Response, was string) {
	h, id := x.Header(), activity.ID(x.RequestContext())
	for name, values := range a.Header {
		values = slices.Clone(values)
		for n, v := range values {
			if was != "" && v == was {
				values[n] = id
			}
		}
		h[name] = values
	}
	if !names(h, id) { // the body has the original's
		h.Set(server.RequestIDHeader, id)
	}
	h.Set(ReplayedHeader, "true")
	if was != "" {
		h.Set(OriginalHeader, was)
	}
	x.Resend(a.Status, a.Body, was)
}

// names reports whether a field of a header is an id.
func names(h http.Header, id string) bool {
	for _, values := range h {
		if slices.Contains(values, id) {
			return true
		}
	}
	return false
}

// stateError is the refusal for a key that is neither fresh nor completed.
func stateError(c Claim) *parlance.Error {
	switch c.State {
	case InFlight:
		e := parlance.NewError(parlance.KindConflict, "A request with this idempotency key is in progress. Wait for it, and retry with the same key.").
			WithReason(parlance.ReasonInFlight)
		e.Outcome.RetryAfter = time.Second
		return e
	case Mismatch:
		e := parlance.NewError(parlance.KindConflict, "This idempotency key was used for another request. Use a new one for a new request.").
			WithReason(parlance.ReasonMismatch)
		e.Outcome.Status = http.StatusUnprocessableEntity // 2.7; the dialect may know better
		return e
	case Uncertain:
		return parlance.NewError(parlance.KindConflict, "The server stopped during a request with this idempotency key, and it is unknown whether it was carried out. Do not send it under another key: contact support with the request ID.").
			WithReason(parlance.ReasonUncertain)
	case Replay:
		return parlance.NewError(parlance.KindConflict, "A request with this idempotency key was carried out%s, but its response could not be kept. Check its result before you continue.", withStatus(c.Response.Status)).
			WithReason(parlance.ReasonNotKept)
	}
	return parlance.NewError(parlance.KindUnavailable, "")
}

func withStatus(status int) string {
	if status < 200 {
		return ""
	}
	return " with status " + strconv.Itoa(status)
}

// keyOf is the request's key, "" where it has none and needs none.
func (i *idempotency) keyOf(x core.Exchange, r *http.Request) (string, error) {
	if !slices.Contains(i.methods, r.Method) {
		return "", nil
	}
	name := cmp.Or(x.Dialect().IdempotencyHeader(), "Idempotency-Key")
	values := r.Header.Values(name)
	if len(values) == 0 {
		if !i.required {
			return "", nil
		}
		e := parlance.NewError(parlance.KindInvalid, "This operation needs the header %s, with a new value for each new request.", name).WithReason(parlance.ReasonKeyMissing)
		e.Outcome.Status = http.StatusBadRequest
		return "", e
	}
	key, ok := parseKey(values[0])
	if !ok || len(values) > 1 {
		e := parlance.NewError(parlance.KindInvalid, "The header %s must be one text of 1 to %d visible ASCII characters.", name, maxKey).WithReason(parlance.ReasonKeyMalformed)
		e.Outcome.Status = http.StatusBadRequest
		return "", e
	}
	return key, nil
}

// parseKey reads a key that is a String of RFC 9651 (3.3.3), as the draft has it
// (2.1), or bare, as everybody sends it.
func parseKey(s string) (string, bool) {
	s = strings.Trim(s, " \t")
	if inner, quoted := strings.CutPrefix(s, `"`); quoted {
		var b strings.Builder
		for len(inner) > 0 && inner[0] != '"' {
			if inner[0] == '\\' {
				if inner = inner[1:]; inner == "" || inner[0] != '"' && inner[0] != '\\' {
					return "", false
				}
			}
			b.WriteByte(inner[0])
			inner = inner[1:]
		}
		if inner != `"` {
			return "", false
		}
		s = b.String()
	}
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return "", false
		}
	}
	return s, s != "" && len(s) <= maxKey
}

// bodyOf reads the request's body into memory.
func (i *idempotency) bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	bounded := http.MaxBytesReader(w, r.Body, i.maxBody)
	room := 512 // bytes, as io.ReadAll has
	if n := r.ContentLength; n > 0 && n <= i.maxBody {
		room = int(min(n, trustedLength)) + 1 // to see its end
	}
	body := make([]byte, 0, room)
	var err error
	for err == nil {
		var n int
		n, err = bounded.Read(body[len(body):cap(body)])
		if body = body[:len(body)+n]; len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
	if long := new(http.MaxBytesError); errors.As(err, &long) {
		e := parlance.NewError(parlance.KindInvalid, "The body of a request with an idempotency key may have at most %d bytes.", i.maxBody)
		e.Outcome.Status, e.Outcome.Reason = http.StatusRequestEntityTooLarge, parlance.ReasonRequestTooLarge
		return nil, e
	}
	if err != io.EOF {
		return nil, parlance.NewError(parlance.KindInvalid, "The body could not be read to its end.").Because(err)
	}
	return body, nil
}

// fingerprint is of what was asked (2.4): the query, the type and the body. The
// path is in the scope.
func fingerprint(r *http.Request, body []byte) [32]byte {
	of := make([]byte, 0, 256)
	of = strconv.AppendQuote(of, r.URL.RawQuery)
	for _, t := range r.Header.Values("Content-Type") {
		of = strconv.AppendQuote(of, t)
	}
	inner := sha256.Sum256(body)
	return sha256.Sum256(append(of, inner[:]...))
}

// callerOf is the principal, else a hash of the credentials.
func callerOf(r *http.Request) string {
	if p, ok := server.PrincipalOf(r.Context()); ok {
		return strconv.Quote(p.Tenant) + "/" + strconv.Quote(p.ID)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "Cookie"} {
		if credential := r.Header.Values(name); len(credential) > 0 {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %q", name, credential))
			return hex.EncodeToString(sum[:])
		}
	}
	return "anybody"
}
