package gateway_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

func TestOnlyATrustedProxySaysWhereARequestCameFrom(t *testing.T) {
	t.Parallel()
	said := []string{
		"X-Forwarded-For", "6.6.6.6", "X-Forwarded-Host", "evil.test", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "1", "X-Forwarded-Prefix", "/x",
		"X-Forwarded-Client-Cert", "By=x", "Forwarded", "for=6.6.6.6", "X-Real-IP", "6.6.6.6", "True-Client-IP", "6.6.6.6", "CF-Connecting-IP", "6.6.6.6",
		"X-Client-IP", "6.6.6.6", "X-Original-URL", "/admin", "X-Rewrite-URL", "/admin", "Client-Cert", ":x:",
		"X_Forwarded_For", "6.6.6.6", "X_Real_IP", "6.6.6.6", "X-Forwarded", "for=6.6.6.6", "Forwarded-For", "6.6.6.6", "X-Host", "evil.test",
	}
	for _, tt := range []struct {
		name    string
		trusted string
		want    map[string]string
	}{
		{"a stranger", "10.0.0.0/8", map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "GATEWAY", "X-Forwarded-Proto": "http"}},
		{"a proxy", "127.0.0.0/8", map[string]string{
			"X-Forwarded-For": "6.6.6.6, 127.0.0.1", "X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https", "X-Real-IP": "6.6.6.6",
			"Forwarded": `for=6.6.6.6, for=127.0.0.1;host="GATEWAY";proto=http`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(200, "text/plain", "ok"))
			addr, _ := before(t, u.URL, "plain", "problem", func(c *gateway.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(tt.trusted)} })
			get(t, "GET", addr, "", said...)
			h := u.seen[0].Header
			for name, want := range tt.want {
				if got := strings.Join(h.Values(name), "|"); got != strings.ReplaceAll(want, "GATEWAY", strings.TrimPrefix(addr, "http://")) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			for i := 0; i < len(said); i += 2 {
				name, value := said[i], said[i+1]
				if got := h.Get(name); tt.name == "a stranger" && got == value || tt.name == "a proxy" && got == "" {
					t.Errorf("%s is %q", name, got)
				}
			}
		})
	}
}
