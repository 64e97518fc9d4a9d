package omilia_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageGetsAResponse(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "omilia", map[string]string{
		"2xx success":  "the service gives no other success than those that have a row",
		"207 partial":  "it has no bulk requests",
		"408 timeout":  "it bounds no slow bodies; whoever runs it does",
		"5xx internal": "nor another failure of its own",
	})
}
