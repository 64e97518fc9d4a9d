package telemetry

import (
	"net/url"

	"github.com/parlance-api/parlance/internal/telemetry"
)

// Redacted writes a URL without what may be a secret: user and password, the
// value of every query parameter, and the fragment, which is never sent. The
// conventions name four parameters to redact. The names that other vendors use
// are unknown.
func Redacted(u *url.URL) string { return telemetry.Redacted(u) }
