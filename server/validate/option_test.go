package validate_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server/validate"
)

func TestABodyIsHeldToTheBoundsThatWereSet(t *testing.T) {
	t.Parallel()
	anything := validate.MustCompile(`true`)
	for name, c := range map[string]struct {
		option    validate.Option
		good, bad string
		as, badAs string
		status    int
		text      string
	}{
		"bytes":  {validate.WithMaxBytes(10), `"01234567"`, `"012345678"`, asJSON, asJSON, 413, "10 bytes"},
		"depth":  {validate.WithMaxDepth(2), `[[1],[2]]`, `[[[1]]]`, asJSON, asJSON, 400, ""},
		"values": {validate.WithMaxValues(3), `[1,2]`, `[1,2,3]`, asJSON, asJSON, 400, ""},
		"types": {validate.WithTypes("application/vnd.camera+json"), `[1]`, `[1]`, "Content-Type: application/vnd.camera+json", asJSON, 415,
			"application/vnd.camera+json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := service(t, "problem", validate.JSON(anything, c.option))
			if got := post(t, url, strings.NewReader(c.good), c.as); got.status != 200 || got.body != c.good {
				t.Errorf("%s: %d %s", c.good, got.status, got.body)
			}
			if got := post(t, url, strings.NewReader(c.bad), c.badAs); got.status != c.status || !strings.Contains(got.body, c.text) {
				t.Errorf("%s: %d %s", c.bad, got.status, got.body)
			}
			if got := post(t, service(t, "problem", validate.JSON(anything)), strings.NewReader(c.bad), c.badAs); got.status != 200 {
				t.Errorf("without the bound %s: %d %s", c.bad, got.status, got.body)
			}
		})
	}
}
