package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/memhttp"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/guard"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestARefusalIsSaidInTheServicesOwnWords(t *testing.T) {
	t.Parallel()
	keys := auth.APIKeys{auth.HashKey("good"): {Principal: server.Principal{ID: "ann"}}}
	enter := auth.Authenticate(auth.Bearer(keys))
	mine := parlance.Outcome{Code: "1071", Detail: "In our words"}
	in := func(m server.Middleware) server.Middleware { return server.WithError(m, mine) }
	inside := func(m server.Middleware) server.Middleware {
		return func(next http.Handler) http.Handler { return enter(server.WithError(m, mine)(next)) }
	}
	with := func(o parlance.Outcome, m server.Middleware) server.Middleware { return server.WithError(m, o) }
	for name, c := range map[string]struct {
		middleware    server.Middleware
		authorization string
		status        int
		body          string // begins so
		challenge     string
	}{
		"nobody": {in(enter), "", 401, `{"title":"Unauthorized","status":401,"detail":"In our words","instance":"/","kind":"unauthenticated","reason":"no_credential","code":"1071"`, `Bearer`},
		"a stranger": {in(enter), "Bearer bad", 401, `{"title":"Unauthorized","status":401,"detail":"In our words","instance":"/","kind":"unauthenticated","reason":"wrong_credential","code":"1071"`,
			`Bearer error="invalid_token", error_description="In our words"`},
		"a scope that is lacking": {inside(auth.RequireScopes("write")), "Bearer good", 403, `{"title":"Forbidden","status":403,"detail":"In our words","instance":"/","kind":"forbidden","reason":"scope","code":"1071"`,
			`Bearer error="insufficient_scope", error_description="In our words", scope="write"`},
		"what is not permitted": {inside(auth.Require(func(*http.Request, server.Principal) bool { return false })), "Bearer good", 403,
			`{"title":"Forbidden","status":403,"detail":"In our words","instance":"/","kind":"forbidden","code":"1071"`, ``},
		"only a code": {with(parlance.Outcome{Code: "7"}, enter), "", 401, `{"title":"Unauthorized","status":401,"detail":"A credential is required","instance":"/","kind":"unauthenticated","reason":"no_credential","code":"7"`, `Bearer`},
		"another kind": {with(parlance.Outcome{Kind: parlance.KindNotFound, Detail: "Nothing here"}, enter), "", 404,
			`{"title":"Not Found","status":404,"detail":"Nothing here","instance":"/","kind":"not_found"`, ``},
		"who is let in says what he says": {in(enter), "Bearer good", 409, `{"title":"Conflict","status":409,"detail":"The handler's words","instance":"/","kind":"conflict","request_id"`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.New(t, "problem")
			h := s.Wrap(c.middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.WriteError(w, r, parlance.NewError(parlance.KindConflict, "The handler's words"))
			})))
			a := servertest.Ask(t, h, "GET", "/", "Authorization", c.authorization)
			if a.Status != c.status || !strings.HasPrefix(a.Body, c.body) || a.Header.Get("WWW-Authenticate") != c.challenge {
				t.Errorf("got  %d %s %q\nwant %d %s %q", a.Status, a.Body, a.Header.Get("WWW-Authenticate"), c.status, c.body, c.challenge)
			}
		})
	}
}

func TestADeadlineThatPassesIsSaidInTheServicesOwnWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, log := servertest.New(t, "omilia")
		slow := server.WithError(guard.Deadline(time.Second), parlance.Outcome{Code: "1071", Detail: "The report takes too long"})
		h := &http.Client{Transport: memhttp.Serve(t, s.Wrap(slow(s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			<-r.Context().Done()
			time.Sleep(time.Second) // virtual: what it says for itself comes too late
			return nil, r.Context().Err()
		}))))}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://house/", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := h.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		a, err := servertest.Read(res)
		want := `{"errors":[{"code":"1071","detail":"The report takes too long","meta":{},"source":"","status":504,"title":"Unidentified Server Error"}]}`
		if err != nil || a.Status != 504 || a.WithoutID() != want {
			t.Errorf("got %d %s, %v", a.Status, a.Body, err)
		}
		if !strings.Contains(log.String(), "context deadline exceeded") {
			t.Errorf("the cause is not in the log: %s", log)
		}
		time.Sleep(2 * time.Second) // virtual: until the handler has ended
	})
}

func TestWhatFailsBehindIsSaidInTheServicesOwnWords(t *testing.T) {
	t.Parallel()
	behind := &parlance.Error{Outcome: parlance.Outcome{
		Kind: parlance.KindUnavailable, Detail: "secret", Code: "secret", RequestID: "theirs", RetryAfter: time.Minute}}
	err := server.Upstream(behind, parlance.Outcome{Detail: "The report writer cannot be used now"})
	o := parlance.OutcomeOf(err)
	if o.Kind != parlance.KindUnavailable || o.Detail != "The report writer cannot be used now" || o.Code != "" || o.RetryAfter != time.Minute || !errors.Is(err, behind) {
		t.Errorf("got %+v", o)
	}
	if err := server.Upstream(nil, parlance.Outcome{Detail: "x"}); err != nil {
		t.Errorf("nothing went wrong, and yet: %v", err)
	}
	if o := parlance.OutcomeOf(server.Upstream(context.DeadlineExceeded, parlance.Outcome{Kind: parlance.KindUnavailable})); o.Kind != parlance.KindUnavailable || o.Reason != "" {
		t.Errorf("a timeout that is to be unavailable became %+v", o)
	}
}
