package mock

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store/memory"
)

// state is what a real server of the API would remember: tokens, idempotency keys, the use
// of rate limits, and jobs. It is that of package server, in memory.
type state struct {
	mock    *Mock
	server  *server.Server
	store   *memory.Store
	work    *work
	handler http.Handler // of everything that is not the state's own
	token   http.Handler // nil if the dialect has no token endpoint
	login   http.Handler // nil if the dialect has no login
}

// newState makes the state of a Mock.
func newState(m *Mock) *state {
	s := &state{mock: m, store: memory.New()}
	s.server = server.New(m.dialect, server.WithLogger(m.logger), server.WithObserver(observer{m}))
	s.work = newWork(s)
	s.token, s.login = s.tokenEndpoint(), s.loginEndpoint()
	keyed := idempotency.Middleware(s.store.Idempotency())
	s.handler = s.server.Wrap(s.limited(s.authenticated(keyed(http.HandlerFunc(s.respond)))))
	return s
}

// close ends the work in the background.
func (s *state) close() {
	s.work.close()
	_ = s.store.Close() // it is in memory
}

// route is the handler of a request to the state, and its path; nil for a request that
// concerns no state.
func (s *state) route(r *http.Request, w *Wish) http.Handler {
	switch {
	case strings.HasPrefix(r.URL.Path, jobsPath):
		return s.server.Wrap(http.HandlerFunc(s.work.watch))
	case s.token != nil && s.isToken(r):
		return s.token
	case s.login != nil && s.isLogin(r):
		return s.login
	case s.concerns(r, w):
		return s.handler
	}
	return nil
}

// concerns reports that a request has something that a server remembers or counts.
func (s *state) concerns(r *http.Request, w *Wish) bool {
	m := s.mock
	return m.rate.Quota > 0 || m.auth || s.keyed(r) || s.credential(r) != "" || prefersAsync(r) || s.isBulk(r, w)
}

// keyed reports that a request has an idempotency key.
func (s *state) keyed(r *http.Request) bool {
	name := s.mock.dialect.IdempotencyHeader()
	return name != "" && len(r.Header[name]) > 0 && (r.Method == http.MethodPost || r.Method == http.MethodPatch)
}

// respond gives the success of a request that passed all that a server checks.
func (s *state) respond(w http.ResponseWriter, r *http.Request) {
	c := choiceOf(r.Context())
	flight := s.mock.switches.Idempotency.InFlight
	if !c.waits(r) || flight > 0 && s.keyed(r) && !sleep(r, flight) {
		panic(http.ErrAbortHandler) // the caller is gone
	}
	stream, _ := s.mock.stream(r, &c.wish)
	switch {
	case prefersAsync(r):
		s.work.accept(w, r)
	case stream != nil:
		s.mock.sendStream(w, stream) // the observer tells of it
	case s.isBulk(r, &c.wish):
		s.bulk(c.wish.Failed).ServeHTTP(w, r)
	default:
		s.server.Handle(func(w http.ResponseWriter, r *http.Request) (any, error) {
			res := s.mock.success(w.Header(), r, &c.wish)
			if res.outcome.Kind.Failing() {
				return nil, &parlance.Error{Outcome: res.outcome}
			}
			return replyOf(res), nil
		}).ServeHTTP(w, r)
	}
}

// replyOf is a response as a handler of the server returns it.
func replyOf(res *response) server.Reply {
	reply := server.Reply{Outcome: res.outcome}
	if len(res.data.Body) > 0 {
		reply.Value = server.Raw{ContentType: res.data.ContentType, Body: res.data.Body}
	}
	return reply
}

// prefersAsync reports that a client would rather have a 202 than wait (RFC 7240, 4.1).
func prefersAsync(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Prefer"], func(v string) bool {
		for one := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == ',' || c == ';' }) {
			if strings.EqualFold(strings.TrimSpace(one), "respond-async") {
				return true
			}
		}
		return false
	})
}

type choiceKey struct{}

func withChoice(ctx context.Context, c *choice) context.Context {
	return context.WithValue(ctx, choiceKey{}, c)
}

// choiceOf is what was chosen for a request.
func choiceOf(ctx context.Context) *choice {
	if c, ok := ctx.Value(choiceKey{}).(*choice); ok {
		return c
	}
	return unchosen
}

// observer tells of each response of the state.
type observer struct{ mock *Mock }

// Before changes nothing.
func (o observer) Before(ctx context.Context, _ *http.Request) context.Context { return ctx }

// After tells of a response.
func (o observer) After(ctx context.Context, r *http.Request, s *server.Served) {
	g := Given{At: s.Start, Took: s.Took, Method: r.Method, Path: r.URL.Path, Status: s.Status, Outcome: s.Outcome, Why: choiceOf(ctx).why}
	if s.Outcome.Kind != parlance.KindSuccess || s.Original != "" {
		g.Why = "state: " + whyOf(s)
	}
	g.broken(ctx)
	o.mock.publish(&g)
}

// whyOf says which part of the state chose a response.
func whyOf(s *server.Served) string {
	o := &s.Outcome
	switch {
	case s.Original != "":
		return "the idempotency key was used before; the same response again"
	case strings.HasPrefix(string(o.Reason), "idempotency"):
		return "the idempotency key"
	case o.Kind == parlance.KindRateLimited:
		return "the rate limit"
	case o.Kind == parlance.KindUnauthenticated:
		return "the credential"
	case o.Kind == parlance.KindAccepted:
		return "work in the background"
	case len(o.Items) > 0 || o.Kind == parlance.KindPartial:
		return "the records of the request"
	}
	return "the request"
}
