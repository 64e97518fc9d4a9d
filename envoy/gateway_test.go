package envoy_test

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

// TestEnvoyRespondsAsTheGatewayDoes holds the status and the body of each recorded response of
// the five systems, in each of the other dialects.
func TestEnvoyRespondsAsTheGatewayDoes(t *testing.T) {
	t.Parallel()
	rows, compared := catalogtest.ReadRecorded(t, "../catalog/testdata/systems.jsonl"), 0
	for _, speaks := range []string{"vision", "omilia", "plain", "vbapi", "vms"} {
		var row *catalogtest.Recorded
		u := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, value := range row.Headers {
				w.Header().Set(name, value)
			}
			w.WriteHeader(row.Status)
			_, _ = io.WriteString(w, row.Body)
		}))
		defer u.Close()
		upstream, err := url.Parse(u.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{"vision", "omilia", "plain", "vbapi", "vms", "problem"} {
			if speaks == to {
				continue
			}
			g, err := gateway.New(gateway.Config{Upstream: upstream, Speaks: open(t, speaks), To: open(t, to), Logger: slog.New(slog.DiscardHandler), Client: []client.Option{client.WithMaxAttempts(1)}})
			if err != nil {
				t.Fatal(err)
			}
			f := start(t, speaks, to, 0)
			for i := range rows {
				if row = &rows[i]; strings.ToLower(row.Vendor) != speaks {
					continue
				}
				method := cmp.Or(row.Method, "GET")
				want := httptest.NewRecorder()
				g.ServeHTTP(want, httptest.NewRequest(method, row.Path, nil))
				res := response(row.Status, row.Body)
				for name, value := range row.Headers {
					res.header.Set(name, value)
				}
				f.pass(request(method, row.Path, "X-Request-Id", want.Header().Get("X-Request-Id")), res)
				compared++
				if res.status() != want.Code || string(res.body) != want.Body.String() {
					t.Errorf("%s of %s to %s:\ngot  %d\n%s\nwant %d\n%s", row.Case, speaks, to, res.status(), res.body, want.Code, want.Body)
				}
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d responses were compared", compared)
	}
	t.Logf("%d responses were compared", compared)
}
