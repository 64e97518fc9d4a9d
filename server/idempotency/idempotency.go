// Package idempotency lets a client retry a request under an idempotency key without its
// being done twice: the response is kept in a [Store], and given again.
//
//	once := idempotency.Middleware(db.Idempotency(), idempotency.Transactional())
//	mux.Handle("POST /orders", once(api.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
//		return server.Atomic(func(ctx context.Context) (any, error) {
//			tx := sqlite.Tx(ctx)
//			…
//			return server.Created("/orders/7", order), nil
//		}), nil
//	})))
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

// What holds for Middleware unless an option says otherwise.
const (
	DefaultExpiry      = 24 * time.Hour
	DefaultMaxBody     = 1 << 20 // bytes
	DefaultMaxResponse = 1 << 20 // bytes
)

// trustedLength is as much of a Content-Length as is set aside at once, in bytes.
const trustedLength = 64 << 10

// maxKey bounds a key, in bytes, as Stripe does.
const maxKey = 255

// Headers of a response that was given before, as Stripe names them.
const (
	ReplayedHeader = "Idempotent-Replayed" // "true"
	OriginalHeader = "Original-Request"    // the activity id of the request that was served
)

// Middleware lets a request be retried without being done twice: the response to
// a request with an idempotency key is kept, and given again to whoever sends
// the same under the same key. It follows draft-ietf-httpapi-idempotency-key-header-07,
// and where that leaves it open, Stripe. It stands under [server.Server.Wrap], behind
// what authenticates the caller, and is safe for concurrent use. Behind another
// one, it leaves a request that is served under a key alone.
//
// The key is in the header that the dialect names, else in Idempotency-Key, with
// or without the quotes of a structured field (2.1). It is the caller's own: two
// callers, or one at two paths, may use the same. The caller is [server.PrincipalOf];
// where that is nobody, it is who has these credentials: a caller whose tokens
// change needs a principal, else a retry with a new token is a new request.
//
// What a request comes to, by the state of its key (2.6, 2.7):
//
//   - missing though required, or malformed: invalid.
//   - fresh: the handler is run, and its response is kept for the time of
//     [Expiry], failures too.
//   - answered: the same status and body again. Headers are those that the
//     handler set; an activity id among them is the new one, and Original-Request
//     has the old.
//   - being served: conflict, with a Retry-After.
//   - used with another query, type or body: conflict; the dialect says whether
//     that is a 422, as the draft has it.
//   - uncertain, for the process died while it was served: conflict, until an
//     operator settles it. It is never done anew by itself.
//
// An error that proves that nothing was done frees the key: invalid,
// unauthenticated, rate_limited, and unavailable, except where a request that
// was sent on broke on its way. So does a bare status that means one of them,
// but not a bare 503, which http.TimeoutHandler writes for handlers that still
// run. Under [Transactional] every failure proves it whose [server.Atomic] was undone, or
// never run; those that a retry may mend free the key: the server's faults, that
// of a panic too, rate_limited, and what says when to come back or that it may be
// retried, and does not say that it may not. All else is kept, and replayed until
// the key expires: a fault whose effect is outside too, for nobody knows what it
// did. A client learns by the mark of a replay that to retry it again is in vain.
//
// An effect in the store of the keys is made in an [server.Atomic], and is committed
// with the key and the response. Any other is outside: the claim is committed
// before the handler is run, and its response before it goes out. Where the response
// cannot be kept though the effect was made, it goes out, and the key is
// uncertain. Where the store cannot be asked, the response is unavailable and the handler is
// not run.
//
// Once the key is claimed, a client that goes away stops nothing: the handler's
// context is not cancelled by it; a deadline holds. The request's body is read
// before that, up to [MaxBody]. A response is held back until the handler is
// done; one that is longer than [MaxResponse], that was cut, or that took the
// connection over goes out as it is written, and its retry is a conflict that
// says so. A handler that flushes is obeyed, its response kept.
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
				panic("idempotency: Middleware stands under no Server, and has no dialect to answer in; put it behind Server.Wrap")
			}
			x.Serve(serve, w, r) // so that w is the innermost exchange
		})
	}
}

// Option changes how Middleware works.
type Option interface{ apply(*idempotency) }

type option func(*idempotency)

func (o option) apply(i *idempotency) { o(i) }

// Required refuses a request that has no key (2.7).
func Required() Option { return option(func(i *idempotency) { i.required = true }) }

// Methods sets the methods whose keys are looked at; POST and PATCH without
// it. All others pass.
func Methods(methods ...string) Option {
	return option(func(i *idempotency) { i.methods = slices.Clone(methods) })
}

// Expiry sets how long after its claim a key is kept (2.3).
func Expiry(d time.Duration) Option { return option(func(i *idempotency) { i.expiry = d }) }

// Transactional says that the handlers behind do all that they do in an [server.Atomic], so
// that a key whose process dies is free again, and one whose request failed by a
// fault of the server. Without it such a key is uncertain where the process died
// outside of the transaction, and the fault is kept.
func Transactional() Option { return option(func(i *idempotency) { i.inside = true }) }

// Caller sets who a request is made by, in place of [server.PrincipalOf] and the
// credentials: a text that stays the same for one caller.
func Caller(caller func(*http.Request) string) Option {
	return option(func(i *idempotency) { i.caller = caller })
}

// MaxBody bounds, in bytes, the body of a request with a key: it is held in
// memory. A longer one is refused with 413.
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
		next.ServeHTTP(w, r.WithContext(core.WithStore(r.Context(), i.store)))
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
	// Not to be cancelled: a claim whose answer nobody waits for would stay.
	found, err := i.store.Claim(context.WithoutCancel(r.Context()), k)
	switch {
	case err != nil:
		err = parlance.NewError(parlance.KindUnavailable, "").Because(fmt.Errorf("the key %s could not be claimed: %w", hashOf(key), err))
	case found.State == Fresh:
		i.run(x, r, body, next, k)
		return
	case found.State == Replay && found.Response.whole():
		replay(x, found.Response)
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
			x.Logger().ErrorContext(x.RequestContext(), "what became of an idempotency key could not be kept; until it is settled its retries are refused",
				"error", err, "key_hash", hashOf(k.Key), "method", x.Request().Method, "path", x.Request().Path)
		}
		if returned {
			rec.send()
		}
	}()
	x.Serve(next, rec, r)
	returned = true
}

// lasting is a context that a client who goes away does not cancel. A deadline
// is somebody else's word, and holds.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	free := context.WithoutCancel(ctx)
	if at, ok := ctx.Deadline(); ok {
		return context.WithDeadline(free, at)
	}
	return free, func() {}
}

// whole reports that a response can be given again.
func (a *Response) whole() bool {
	_, missing := a.Header[notKept]
	return !missing && a.Status >= 200 && a.Status <= 999
}

// replay gives a response again.
func replay(x core.Exchange, a Response) {
	h, was := x.Header(), ""
	if id := a.Header[keptActivity]; len(id) > 0 {
		was = id[0]
	}
	for name, values := range a.Header {
		if name == keptActivity {
			continue
		}
		values = slices.Clone(values)
		for n, v := range values {
			if was != "" && v == was {
				values[n] = activity.ID(x.RequestContext())
			}
		}
		h[name] = values
	}
	h.Set(ReplayedHeader, "true")
	if was != "" {
		h.Set(OriginalHeader, was)
	}
	x.Resend(a.Status, a.Body)
}

// stateError is what is said of a key that is neither fresh nor answered.
func stateError(c Claim) *parlance.Error {
	switch c.State {
	case InFlight:
		e := parlance.NewError(parlance.KindConflict, "A request with this idempotency key is being served: wait for it, and retry with the same key.").
			WithReason(parlance.ReasonInFlight)
		e.Outcome.RetryAfter = time.Second
		return e
	case Mismatch:
		e := parlance.NewError(parlance.KindConflict, "This idempotency key was used for another request: use a new one for a new request.").
			WithReason(parlance.ReasonMismatch)
		e.Outcome.Status = http.StatusUnprocessableEntity // 2.7; the dialect may know better
		return e
	case Uncertain:
		return parlance.NewError(parlance.KindConflict, "The server stopped while it served a request with this idempotency key, and whether it was carried out is not known. Do not send it under another key: contact support with the request id.").
			WithReason(parlance.ReasonUncertain)
	case Replay:
		return parlance.NewError(parlance.KindConflict, "A request with this idempotency key was carried out%s, and its response could not be kept: look at what it made.", withStatus(c.Response.Status)).
			WithReason(parlance.ReasonNotKept)
	}
	return parlance.NewError(parlance.KindUnavailable, "")
}

func withStatus(status int) string {
	if status < 200 {
		return ""
	}
	return " and answered with status " + strconv.Itoa(status)
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
		e := parlance.NewError(parlance.KindInvalid, "The body of a request with an idempotency key may have %d bytes.", i.maxBody)
		e.Outcome.Status = http.StatusRequestEntityTooLarge
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
