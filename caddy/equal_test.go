package caddyparlance_test

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

// systems are the dialects of the founding systems, by the name of the vendor.
var systems = map[string]string{"Vision": "vision", "Omilia": "omilia", "Plain": "plain", "VBApi": "vbapi", "VMS": "vms"}

// TestCaddyRespondsAsTheGatewayDoes holds for each recorded response of the five systems, in
// each of the other dialects: it is the same but for what Caddy adds.
func TestCaddyRespondsAsTheGatewayDoes(t *testing.T) {
	rows := catalogtest.ReadRecorded(t, "../catalog/testdata/systems.jsonl")
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscan(r.Header.Get("Row"), &n)
		row := &rows[n]
		for name, value := range row.Headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(row.Status)
		_, _ = io.WriteString(w, row.Body)
	})
	to := []string{"vision", "omilia", "plain", "vbapi", "vms", "problem"}
	var file strings.Builder
	file.WriteString("ADDRESS {\n")
	gateways := map[string]*httptest.Server{}
	upstream, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, speaks := range systems {
		for _, callers := range to {
			if speaks == callers {
				continue
			}
			fmt.Fprintf(&file, "@%[1]s-%[2]s header Pair %[1]s-%[2]s\nhandle @%[1]s-%[2]s {\nparlance %[2]s\nreverse_proxy %[3]s {\ntransport parlance {\nspeaks %[1]s\nmax_attempts 1\n}\n}\n}\n", speaks, callers, u.URL)
			from, err := catalog.Open(speaks)
			if err != nil {
				t.Fatal(err)
			}
			into, err := catalog.Open(callers)
			if err != nil {
				t.Fatal(err)
			}
			g, err := gateway.New(gateway.Config{Upstream: upstream, Speaks: from, To: into, Logger: slog.New(slog.DiscardHandler), Client: []client.Option{client.WithMaxAttempts(1)}})
			if err != nil {
				t.Fatal(err)
			}
			gateways[speaks+"-"+callers] = httptest.NewServer(g)
			t.Cleanup(gateways[speaks+"-"+callers].Close)
		}
	}
	file.WriteString("}\n")
	s := load(t, file.String())
	compared := 0
	for n := range rows {
		row := &rows[n]
		speaks := cmp.Or(systems[row.Vendor], strings.ToLower(row.Vendor))
		for _, callers := range to {
			pair := speaks + "-" + callers
			g := gateways[pair]
			if g == nil {
				if speaks != callers {
					t.Fatalf("%s of %s is of no system", row.Case, row.Vendor)
				}
				continue
			}
			compared++
			got, body := s.ask(cmp.Or(row.Method, "GET"), row.Path, "", "Row", fmt.Sprint(n), "Pair", pair)
			want, wanted := (&server{t: t, port: portOf(g), transport: http.DefaultTransport.(*http.Transport)}).ask(cmp.Or(row.Method, "GET"), row.Path, "", "Row", fmt.Sprint(n))
			if id := want.Header.Get("X-Request-Id"); id != "" {
				wanted = strings.ReplaceAll(wanted, id, got.Header.Get("X-Request-Id"))
			}
			if got.StatusCode != want.StatusCode || body != wanted || fieldsOf(got.Header) != fieldsOf(want.Header) {
				t.Errorf("%s of %s to %s:\ngot  %d %s\n%s\nwant %d %s\n%s", row.Case, speaks, callers, got.StatusCode, fieldsOf(got.Header), body, want.StatusCode, fieldsOf(want.Header), wanted)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d responses were compared", compared)
	}
}

func portOf(s *httptest.Server) (port int) {
	_, _ = fmt.Sscan(s.URL[strings.LastIndex(s.URL, ":")+1:], &port)
	return port
}

// fieldsOf are the fields of a header that the upstream and the dialects decide. A key that the
// gateway made is another one each time.
func fieldsOf(h http.Header) string {
	h = h.Clone()
	if h.Get("Idempotency-Key") != "" {
		h.Set("Idempotency-Key", "made")
	}
	for _, name := range []string{"Date", "Server", "Via", "X-Request-Id", "Request-Id"} {
		h.Del(name)
	}
	return fmt.Sprint(h)
}
