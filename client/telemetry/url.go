package telemetry

import (
	"net/url"
	"strings"
)

// redacted stands where something was taken out (OpenTelemetry, url.full).
const redacted = "REDACTED"

// Redacted writes a URL without what may be a secret: user and password, the
// value of every query parameter, and the fragment, which is never sent. The
// conventions name four parameters to redact; what another vendor's is called,
// nobody knows.
func Redacted(u *url.URL) string {
	shown := *u
	if shown.User != nil {
		shown.User = url.UserPassword(redacted, redacted)
	}
	shown.Opaque, shown.Fragment, shown.RawFragment = "", "", ""
	shown.RawQuery = query(u.RawQuery)
	return shown.String()
}

func query(raw string) string {
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		switch name, _, ok := strings.Cut(pair, "="); {
		case ok:
			pairs[i] = name + "=" + redacted
		case pair != "":
			pairs[i] = redacted // a value without a name
		}
	}
	return strings.Join(pairs, "&")
}
