package telemetry

import (
	"net/url"

	"github.com/parlance-api/parlance/internal/telemetry"
)

// Redacted is a URL without the parts that may be secret: user and password, the
// value of every query parameter, and the fragment, which is never sent. The
// conventions name four parameters to redact, but other vendors have other names.
func Redacted(u *url.URL) string { return telemetry.Redacted(u) }
