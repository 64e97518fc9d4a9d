package telemetry_test

import (
	"net/url"
	"testing"

	"github.com/parlance-api/parlance/client/telemetry"
)

func TestAURLIsWrittenWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, url, want string }{
		{"nothing to hide", "https://a.test:8443/b%2Fc/d", "https://a.test:8443/b%2Fc/d"},
		{"a user", "https://me@a.test/", "https://REDACTED:REDACTED@a.test/"},
		{"a user and a password", "https://me:pw@a.test/", "https://REDACTED:REDACTED@a.test/"},
		{"every value", "https://a.test/?page=2&sig=abc&empty=", "https://a.test/?page=REDACTED&sig=REDACTED&empty=REDACTED"},
		{"a value without a name", "https://a.test/?abc&&d=e=f", "https://a.test/?REDACTED&&d=REDACTED"},
		{"by a separator of old", "https://a.test/?a=1;sig=2", "https://a.test/?a=REDACTED"},
		{"what is not sent", "https://a.test/#token=abc", "https://a.test/"},
		{"what is no path", "https:user:pw@a.test", "https:"},
	} {
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := telemetry.Redacted(u); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
		if u.String() != c.url {
			t.Errorf("%s: the URL was altered to %s", c.name, u)
		}
	}
}
