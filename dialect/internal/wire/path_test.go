package wire_test

import (
	"testing"

	"github.com/parlance-api/parlance/dialect/internal/wire"
)

func TestAPathIsTheSameHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"":                                "",
		"/":                               "/",
		"//":                              "/",
		"/orders":                         "/orders",
		"/orders/":                        "/orders",
		"/orders//":                       "/orders",
		"/orders?x=1":                     "/orders",
		"/orders/?x=/1/":                  "/orders",
		"/orders#a":                       "/orders",
		"?x=1":                            "",
		"orders/":                         "orders",
		"https://api.test":                "/",
		"https://api.test/":               "/",
		"https://api.test?x=1":            "/",
		"https://api.test#a/b":            "/",
		"https://api.test/orders/?x=a/b":  "/orders",
		"http://u:p@[::1]:80/orders":      "/orders",
		"/fetch/https://other.test/a":     "/fetch/https://other.test/a",
		"/fetch?url=https://other.test/a": "/fetch",
		"fetch?url=https://other.test/a":  "fetch",
		"*":                               "*",
	} {
		if got := wire.PathOf(target); got != want {
			t.Errorf("%q: got %q, want %q", target, got, want)
		}
	}
}
