package vision_test

import (
	"testing"

	"github.com/parlance-api/parlance/examples/internal/golden"
)

func TestEveryRowOfThePageGetsAResponse(t *testing.T) {
	t.Parallel()
	golden.Rows(t, "vision", map[string]string{
		"207 noted":    "it is the response of a bulk request, and only a POST is one",
		"2xx noted":    "201 to 206 have rows of their own, and no cause is left for another",
		"400 invalid":  "a wrong parameter of a GET is code 110",
		"406 invalid":  "only a POST has XML to validate",
		"5xx internal": "500, 502, 503 and 504 have rows of their own, and no cause is left for another",
	})
}
