package vms_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageGetsAResponse(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "vms", map[string]string{
		"2xx success":      "the service has no other success than those that the page lists",
		"5xx internal":     "the service has no other failure of its own than those that the page lists",
		"409 conflict":     "nothing in the service is in the way of a request",
		"408 timeout":      "the service waits as long as a client likes to send",
		"419 rate_limited": "429 is written in its place, also at the one endpoint that has it",
	})
}
