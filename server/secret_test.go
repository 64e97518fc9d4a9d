package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
	"github.com/parlance-api/parlance/store/storetest"
)

// The text of a *url.Error has the URL of a call with its query.
func TestNoSecretOfAURLReachesTheLogTheRecordOrTheCaller(t *testing.T) {
	t.Parallel()
	bank := servertest.Listen(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	call := func() error {
		res, err := bank.Client().Get(strings.Replace(bank.URL, "//", "//me:hunter2@", 1) + "/pay?access_token=hunter2&sig=hunter2&page=2")
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	for name, handler := range map[string]func(s *server.Server) http.Handler{
		"an error":              func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, call())) },
		"a service behind":      func(s *server.Server) http.Handler { return s.Handle(servertest.Returns(nil, server.Upstream(call()))) },
		"a text of a 500":       by(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, call().Error(), 500) }),
		"a panic":               by(func(http.ResponseWriter, *http.Request) { panic(call()) }),
		"a line of the handler": loud(call),
		"an error after a part": func(s *server.Server) http.Handler {
			return s.Handle(func(w http.ResponseWriter, _ *http.Request) (any, error) {
				part(w)
				return nil, call()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := storetest.Keep(t)
			s, log := servertest.New(t, "problem", server.WithRecorder(b.Recorder))
			a, _ := servertest.Try(t, servertest.Listen(t, s.Wrap(handler(s))), "GET", "/orders") // some are cut
			r := b.Find(a.ID())
			text, err := r.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			for where, said := range map[string]string{"log": log.String(), "record": string(text), "response": a.Body} {
				if strings.Contains(said, "hunter2") {
					t.Errorf("the %s has a secret: %s", where, said)
				}
				if where != "response" && !strings.Contains(said, "page=2") {
					t.Errorf("the %s lacks the cause: %s", where, said)
				}
			}
		})
	}
}

// loud logs an error under the request.
func loud(call func() error) func(s *server.Server) http.Handler {
	return func(s *server.Server) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			err := call()
			s.Logger().With("before", err).WarnContext(r.Context(), "the call failed", "error", err)
			_, _ = io.WriteString(w, "done")
		})
	}
}
