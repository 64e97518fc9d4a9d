package server_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/activity"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

var madeID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// Whatever stands in the headers by which a response is chosen and named, and in
// the text that it quotes, the response is whole; and its id is the caller's where
// that is fit for a log, else one of ours.
func FuzzHeaders(f *testing.F) {
	for _, seed := range [][4]string{
		{"application/json", "call-7", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "no such thing"},
		{"text/html;q=0.9, */*;q=0.1", "", "", "<script>alert(1)</script>"},
		{"application/xml, text/xml;q=1.1;;", "a b", "x", "a\r\nSet-Cookie: b=c"},
		{";,=\"", strings.Repeat("k", 129), "\x00", "\xff\x00]]>&#0;\u2028"},
		{"*/*;q=nan", "\u00e9", "ff-", "{}"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	seen := "" // by the handler
	var servers []http.Handler
	for _, name := range []string{"vms", "vision", "vbapi", "omilia", "plain", "problem", "soap", "jsonapi", "django-rest-framework"} {
		s, _ := servertest.New(f, name, server.WithTrustedID("X-Request-Id"))
		servers = append(servers, s.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
			seen = activity.ID(r.Context())
			text := r.Header.Get("X-Text")
			return nil, parlance.NewError(parlance.KindConflict, "%s", text).WithFields(parlance.Field{Path: text, Code: text, Message: text})
		}))
	}
	f.Fuzz(func(t *testing.T, accept, id, trace, text string) {
		for _, h := range servers {
			r := httptest.NewRequest("GET", "/service/Orders", nil)
			r.Header = http.Header{"Accept": {accept}, "Accept-Language": {accept}, "X-Request-Id": {id}, "Traceparent": {trace}, "X-Text": {text}}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if err := servertest.Whole(w); err != nil {
				t.Errorf("%v: %d %q %q", err, w.Code, w.Header(), w.Body)
			}
			fit := id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' })
			if fit != (seen == id) || !fit && !madeID.MatchString(seen) {
				t.Errorf("the id %q became %q", id, seen)
			}
		}
	})
}
