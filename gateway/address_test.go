package gateway_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/gateway"
)

func TestAddressesBelowTheUpstreamAreMappedBackAndItsHostNeverShows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, prefix, field, value, want string }{
		{"an address of the upstream", "/base", "Location", "UPSTREAM/base/things/7?a=b#c", "/things/7?a=b#c"},
		{"without a path of the upstream", "", "Location", "UPSTREAM/things/7", "/things/7"},
		{"with a slash at the end of the path", "/base/", "Location", "UPSTREAM/base/things", "/things"},
		{"the path itself", "/base", "Location", "UPSTREAM/base", "/"},
		{"a path", "/base", "Location", "/base/things/7", "/things/7"},
		{"a relative path", "/base", "Location", "7?x=1", "7?x=1"},
		{"a path with escapes", "/base", "Location", "/base/a%2Fb%20c", "/a%2Fb%20c"},
		{"what would name another host", "/base", "Location", "UPSTREAM/base//evil.test/x", "/.//evil.test/x"},
		{"another host", "/base", "Location", "https://login.example.com/base", "https://login.example.com/base"},
		{"a path that is not below", "/base", "Location", "/other", ""},
		{"a path that only begins so", "/base", "Location", "/basement", ""},
		{"a path that leads out", "/base", "Location", "/base/../admin", ""},
		{"a relative path that leads out", "/base", "Location", "../../admin", ""},
		{"an address that is not below", "/base", "Content-Location", "UPSTREAM/other", ""},
		{"the place of a document", "/base", "Content-Location", "UPSTREAM/base/things.json", "/things.json"},
		{"the place of an operation stays absolute", "/base", "Operation-Location", "UPSTREAM/base/ops/1?v=2", "GATEWAY/ops/1?v=2"},
		{"the place of an operation that is a path", "/base", "Azure-AsyncOperation", "/base/ops/1", "GATEWAY/ops/1"},
		{"an address in any field", "/base", "X-Next-Page", "UPSTREAM/base/things?page=2", "GATEWAY/things?page=2"},
		{"one in any field that is not below", "/base", "X-Next-Page", "UPSTREAM/other", ""},
		{"the second value of a field", "/base", "X-Next-Page", "none\nUPSTREAM/base/things", "none\nGATEWAY/things"},
		{"a list in any field", "/base", "X-Pages", "UPSTREAM/base/a, https://other.example/, UPSTREAM/base/b?c=d", "GATEWAY/a, https://other.example/, GATEWAY/b?c=d"},
		{"a list of which one is not below", "/base", "X-Pages", "UPSTREAM/base/a, UPSTREAM/b", ""},
		{"the realm of a challenge", "/base", "WWW-Authenticate", `Bearer realm="UPSTREAM/base/token",service="x"`, `Bearer realm="GATEWAY/token",service="x"`},
		{"another host in any field", "/base", "X-Next-Page", "https://other.example/", "https://other.example/"},
		{"what the upstream made of our name", "/base", "Location", "GATEWAY/base/things", "/things"},
		{"links", "/base", "Link", `<UPSTREAM/base/things?page=2>; rel="next", </base/a,b>; rel=x; title="a, <b>", <https://other.example/>; rel=up`,
			`</things?page=2>; rel="next", </a,b>; rel=x; title="a, <b>", <https://other.example/>; rel=up`},
		{"a link that cannot be mapped", "/base", "Link", `<UPSTREAM/other>; rel=a, </base/b>; rel=b; anchor="UPSTREAM/base/c"`, `</b>; rel=b; anchor="/c"`},
		{"a refresh", "/base", "Refresh", "5; url=UPSTREAM/base/next", "5; url=/next"},
		{"another way to the upstream", "/base", "Alt-Svc", `h3="127.0.0.1:443"`, ""},
		{"a cookie", "/base", "Set-Cookie", "a=1; Path=/base/things; HttpOnly", "a=1; Path=/things; HttpOnly"},
		{"a cookie of the whole", "/base", "Set-Cookie", "a=1; path=/base", "a=1; Path=/"},
		{"a cookie of all that is above", "/base/v1", "Set-Cookie", "a=1; Path=/base", "a=1; Path=/"},
		{"a cookie of the host", "/base", "Set-Cookie", "a=1; Path=/", "a=1; Path=/"},
		{"a cookie without a path", "/base", "Set-Cookie", "a=1", "a=1"},
		{"a cookie of something else", "/base", "Set-Cookie", "a=1; Path=/other", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var self string
			u := serve(t, func(w http.ResponseWriter, r *http.Request) {
				v := strings.ReplaceAll(strings.ReplaceAll(tt.value, "UPSTREAM", "http://"+r.Host), "GATEWAY", "http://"+r.Header.Get("X-Forwarded-Host"))
				w.Header()[tt.field] = strings.Split(v, "\n")
				w.WriteHeader(http.StatusCreated)
			})
			addr, _ := before(t, u.URL+tt.prefix, "plain", "problem")
			self = addr
			resp, _ := get(t, "POST", addr+"/things/", "{}")
			if got, want := strings.Join(resp.Header.Values(tt.field), "\n"), strings.ReplaceAll(tt.want, "GATEWAY", self); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			host, _ := url.Parse(u.URL)
			for name, values := range resp.Header {
				if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, host.Port()) }) {
					t.Errorf("%s shows the upstream: %q", name, values)
				}
			}
		})
	}
}

func TestACookieOfTheUpstreamsDomainIsForTheGateway(t *testing.T) {
	t.Parallel()
	transport := inMemory(t, says(200, "text/plain", "ok", "Set-Cookie", "a=1; Domain=.internal.test; Secure"))
	addr, _ := before(t, "http://api.internal.test", "plain", "problem", func(c *gateway.Config) { c.Transport = transport })
	if resp, _ := get(t, "GET", addr, ""); resp.Header.Get("Set-Cookie") != "a=1; Secure" {
		t.Errorf("got %q", resp.Header["Set-Cookie"])
	}
}

func TestNoPathLeadsOutOfTheUpstreams(t *testing.T) {
	t.Parallel()
	u := serve(t, says(200, "text/plain", "ok"))
	addr, _ := before(t, u.URL+"/base", "plain", "problem")
	for _, path := range []string{
		"/..", "/../admin", "/a/../../admin", "/%2e%2e/admin", "/.%2E/admin", "/..%2fadmin", "/a%2f..%2f..%2fadmin", "/a%2fb/../../admin",
		`/..\admin`, "/..%5cadmin", "/..;/admin", "/..;x=1/admin", "/%252e%252e/admin", "/%25252e%25252e/admin",
	} {
		if resp, body := say(t, addr, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); resp.StatusCode != 400 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
	if resp, _ := say(t, addr, "MOVE /a HTTP/1.1\r\nHost: x\r\nDestination: http://x/../admin\r\n\r\n"); resp.StatusCode != 400 {
		t.Errorf("a destination: %d", resp.StatusCode)
	}
	if u.count() != 0 {
		t.Errorf("the upstream saw %s", u.seen[0].URL)
	}
	for path, want := range map[string]string{"/a..b/...": "/base/a..b/...", "/a/./b": "/base/a/./b", "/%2e": "/base/%2e", "//x": "/base//x"} {
		say(t, addr, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if got := u.seen[len(u.seen)-1].URL.EscapedPath(); got != want {
			t.Errorf("%s becomes %s, want %s", path, got, want)
		}
	}
	say(t, addr, "MOVE /a HTTP/1.1\r\nHost: x\r\nDestination: http://x/b%20c\r\n\r\n")
	if got := u.seen[len(u.seen)-1].Header.Get("Destination"); got != u.URL+"/base/b%20c" {
		t.Errorf("the destination is %s", got)
	}
}

func TestADocumentThatIsRewrittenIsNotServedInRanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, speaks, to string
		asks             bool
	}{
		{"an envelope comes off", "vbapi", "plain", false},
		{"an envelope goes on", "plain", "vbapi", false},
		{"nothing is rewritten", "plain", "problem", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u := serve(t, says(200, jsonType, `{"data":{"id":7},"error":null,"debug":{}}`, "Accept-Ranges", "bytes", "ETag", `"1"`))
			addr, _ := before(t, u.URL, tt.speaks, tt.to)
			resp, _ := get(t, "GET", addr+"/things/7", "", "Range", "bytes=0-3", "If-Range", `"1"`)
			h := u.seen[0].Header
			if (h.Get("Range") != "") != tt.asks || (h.Get("If-Range") != "") != tt.asks {
				t.Errorf("the upstream was asked for %q, %q", h.Get("Range"), h.Get("If-Range"))
			}
			if (resp.Header.Get("Accept-Ranges") != "") != tt.asks || (resp.Header.Get("ETag") != "") != tt.asks {
				t.Errorf("the header is %v", resp.Header)
			}
		})
	}
}
