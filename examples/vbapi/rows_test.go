package vbapi_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageGetsAResponse(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "vbapi", nil)
}
