package caddyparlance_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// BenchmarkProxy is a request through Caddy alone and through Caddy with Parlance, in the same
// process as the upstream and the caller. Compare the two of a pair.
func BenchmarkProxy(b *testing.B) {
	body := func(n int) string { return `{"text":"` + strings.Repeat("a", n-11) + `"}` }
	for _, of := range []struct {
		name string
		h    http.HandlerFunc
	}{
		{"1KB", says(http.StatusOK, jsonType, body(1<<10))},
		{"100KB", says(http.StatusOK, jsonType, body(100<<10))},
		{"error", says(http.StatusNotFound, jsonType, `{"message":"no such thing"}`)},
	} {
		for name, site := range map[string]string{
			"caddy":    "reverse_proxy UPSTREAM",
			"parlance": "parlance problem\nreverse_proxy UPSTREAM {\ntransport parlance {\nspeaks plain\n}\n}",
		} {
			b.Run(of.name+"/"+name, func(b *testing.B) {
				u := serve(b, of.h)
				s := load(b, "ADDRESS {\n"+strings.ReplaceAll(site, "UPSTREAM", u.URL)+"\n}\n")
				b.ReportAllocs()
				for b.Loop() {
					resp, err := http.Get(s.url("/things/7"))
					if err != nil {
						b.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
		}
	}
}
