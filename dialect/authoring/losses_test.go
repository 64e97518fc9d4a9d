package authoring_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/catalogtest"
)

func lossNames(d *dialect.Dialect, k parlance.Kind) string {
	var all []string
	for _, l := range authoring.Losses(d, k) {
		all = append(all, l.Attribute)
	}
	return strings.Join(all, " ")
}

func TestTheLossesOfAKindAreWhatHasNoPlace(t *testing.T) {
	t.Parallel()
	d := compiled(t, shop)
	for _, test := range []struct {
		name string
		kind parlance.Kind
		want string
	}{
		{"a plain success says nothing in a body", parlance.KindSuccess, "code family title detail type instance retryable help"},
		{"a note has no place", parlance.KindNoted, "kind code family title detail type instance notes retryable help"},
		{"a code of the file has its place, and a foreign reason none", parlance.KindFailed, "reason family title type instance fields[0].code fields[1].code retryable help"},
		{"a kind that the file does not have takes the status of HTTP, without a body", parlance.KindUnavailable, "reason code family title detail type instance fields retryable help"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := lossNames(d, test.kind); got != test.want {
				t.Errorf("%s loses\n%s\nnot\n%s", test.kind, got, test.want)
			}
		})
	}
}

func TestEveryLossHasAReasonAndIsNamedOnce(t *testing.T) {
	t.Parallel()
	for _, name := range catalog.Names() {
		d := catalogtest.Open(t, name)
		for _, k := range parlance.Kinds() {
			seen := map[string]bool{}
			for _, l := range authoring.Losses(d, k) {
				if l.Reason == "" || seen[l.Attribute] {
					t.Errorf("%s, %s: %+v", name, k, l)
				}
				seen[l.Attribute] = true
			}
		}
	}
}
