package omilia_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageIsAnswered(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "omilia", nil)
}
