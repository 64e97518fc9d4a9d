package vms_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageIsAnswered(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "vms", map[string]string{
		"419 rate_limited": "429 is written in its place, also at the one endpoint that has it",
	})
}
