package nginx_test

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

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/gateway"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

// systems are the dialects of the founding systems, by the name of the vendor.
var systems = map[string]string{"Vision": "vision", "Omilia": "omilia", "Plain": "plain", "VBApi": "vbapi", "VMS": "vms"}

// TestNginxRespondsAsTheGatewayDoes holds for each recorded response of the five systems, in
// each of the other dialects. The ID of a request is the one that the gateway gave it.
func TestNginxRespondsAsTheGatewayDoes(t *testing.T) {
	t.Parallel()
	rows := catalogtest.ReadRecorded(t, "../../catalog/testdata/systems.jsonl")
	up := upstream(t, func(w http.ResponseWriter, r *http.Request) {
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
	var config strings.Builder
	gateways := map[string]*httptest.Server{}
	for _, speaks := range systems {
		for _, callers := range to {
			if speaks == callers {
				continue
			}
			pair := speaks + "-" + callers
			fmt.Fprintf(&config, "server { LISTEN; server_name %s; parlance speaks %s answers %s; parlance_request_id $http_given; location / { proxy_pass %s; } }\n", pair, speaks, callers, up)
			gateways[pair] = gatewayOf(t, up, speaks, callers)
		}
	}
	p := start(t, config.String())
	compared := 0
	for n := range rows {
		row := &rows[n]
		speaks := cmp.Or(systems[row.Vendor], strings.ToLower(row.Vendor))
		for _, callers := range to {
			if speaks == callers {
				continue
			}
			pair := speaks + "-" + callers
			compared++
			want := askGateway(t, gateways[pair], cmp.Or(row.Method, "GET"), row.Path, "Row", fmt.Sprint(n))
			got := p.ask(cmp.Or(row.Method, "GET"), row.Path, "Row", fmt.Sprint(n), "Host", pair, "Given", want.Header.Get("X-Request-Id"))
			if got.StatusCode != want.StatusCode || got.body != want.body || fieldsOf(got.Header) != fieldsOf(want.Header) {
				t.Errorf("%s of %s:\ngot  %d %s\n%s\nwant %d %s\n%s", row.Case, pair, got.StatusCode, fieldsOf(got.Header), got.body, want.StatusCode, fieldsOf(want.Header), want.body)
			}
		}
	}
	if compared < 100 {
		t.Errorf("only %d responses were compared", compared)
	}
}

// gatewayOf is a gateway that sends each request once.
func gatewayOf(t *testing.T, to, speaks, callers string) *httptest.Server {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	from, into := catalogtest.Open(t, speaks), catalogtest.Open(t, callers)
	g, err := gateway.New(gateway.Config{Upstream: u, Speaks: from, To: into, Logger: slog.New(slog.DiscardHandler), Client: []client.Option{client.WithMaxAttempts(1)}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	return s
}

// askGateway is the response of a gateway.
func askGateway(t *testing.T, s *httptest.Server, method, path string, fields ...string) response {
	t.Helper()
	p := &proxy{t: t, client: s.Client()}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.client.Transport = &http.Transport{DisableCompression: true, Proxy: http.ProxyURL(req)}
	return p.ask(method, path, fields...)
}

// fieldsOf are the fields of a header that the upstream and the dialects decide. The gateway
// makes an idempotency key where a caller sends none, since it retries. nginx makes none.
func fieldsOf(h http.Header) string {
	h = h.Clone()
	for _, name := range []string{"Connection", "Date", "Server", "Via", "X-Request-Id", "Request-Id", "Idempotency-Key"} {
		h.Del(name)
	}
	return fmt.Sprint(h)
}
