package dialect_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// That both ways say the same is held by what compares reading by a guide with
// reading whole; here is which documents take the short one.
func TestWhatLeavesNothingToWeighIsFittedStraight(t *testing.T) {
	t.Parallel()
	straight, all := 0, 0
	for _, e := range exchanges(t) {
		name, _, ofFile := strings.Cut(e.name, " ")
		if !ofFile || e.res.Status < 400 || !strings.HasPrefix(string(e.res.Body), "{") {
			continue
		}
		for _, s := range subjects() {
			if s.name == name {
				all++
				straight += btoi(dialect.Straight(s.Dialect, e.req, e.res))
			}
		}
	}
	if all == 0 || 3*straight < 2*all {
		t.Errorf("%d of %d errors in the files are", straight, all)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
