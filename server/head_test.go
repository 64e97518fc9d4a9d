package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestAHeadTellsTheLengthOfTheGetOrNone(t *testing.T) {
	t.Parallel()
	// As many handlers are: a HEAD gets no body.
	silent := func(status int, kind, body string) func(s *server.Server) http.Handler {
		return by(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				body = ""
			}
			writes(status, kind, body)(w, r)
		})
	}
	for name, handler := range map[string]func(s *server.Server) http.Handler{
		"a value":                        gives(map[string]int{"id": 7}, nil),
		"a long value":                   gives(strings.Repeat("x", 8<<10), nil),
		"nothing":                        gives(nil, nil),
		"a failure":                      gives(nil, parlance.NewError(parlance.KindNotFound, "There is no order 7")),
		"a panic":                        by(func(http.ResponseWriter, *http.Request) { panic("no") }),
		"JSON":                           by(writes(200, "application/json", `{"id":7}`)),
		"JSON, and none for a HEAD":      silent(200, "application/json", `{"id":7}`),
		"long JSON, and none for a HEAD": silent(200, "application/json", `"`+strings.Repeat("x", 2<<20)+`"`),
		"a text of a 409":                by(writes(409, "", "The order is being changed")),
		"a text, and none for a HEAD":    silent(409, "", "The order is being changed"),
		"a text of a 500":                silent(500, "text/plain", "row 7 is locked"),
		"a bare status":                  by(writes(404, "", "")),
		"a failure of its own type":      silent(404, "application/json", `{"error":"no"}`),
		"a bare status of a type":        by(writes(404, "application/json", "")),
		"an empty failure of a type": by(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "0")
			writes(404, "application/json", "")(w, nil)
		}),
		"an unknown route": func(*server.Server) http.Handler { return http.NewServeMux() },
		"a file": by(func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "order.json", time.Time{}, strings.NewReader(`{"id":7}`))
		}),
		"a declared length": by(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "8")
			w.Header().Set("Content-Type", "application/json")
			if r.Method != http.MethodHead {
				_, _ = fmt.Fprint(w, `{"id":7}`)
			}
		}),
		"a part that does not exist": by(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Range", "bytes=900-")
			http.ServeContent(w, r, "order.txt", time.Time{}, strings.NewReader("order"))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, dialect := range []string{"problem", "vbapi", "vms", "vision", "omilia", "slack"} {
				s, _ := servertest.New(t, dialect)
				h := s.Wrap(handler(s))
				get, head := servertest.Ask(t, h, "GET", "/orders/7"), servertest.Ask(t, h, "HEAD", "/orders/7")
				if head.Status != get.Status || head.Body != "" {
					t.Errorf("%s: HEAD got %d %q, GET %d", dialect, head.Status, head.Body, get.Status)
				}
				if told := head.Header.Get("Content-Length"); told != "" && told != fmt.Sprint(len(get.Body)) {
					t.Errorf("%s: HEAD says %s, GET has %d bytes: %s", dialect, told, len(get.Body), get.Body)
				}
			}
		})
	}
}
