package demo

import (
	"fmt"
	"slices"

	"github.com/parlance-api/parlance"
)

// fields demands the paths of the bad fields, one for each text.
func fields(want ...string) func(parlance.Outcome) string {
	return func(o parlance.Outcome) string {
		var got []string
		for _, f := range o.Fields {
			got = append(got, f.Path)
		}
		if !slices.Equal(got, want) {
			return fmt.Sprintf("the bad fields are %q, not %q", got, want)
		}
		return ""
	}
}

// failed demands the indices of the records that failed.
func failed(want ...int) func(parlance.Outcome) string {
	return func(o parlance.Outcome) string {
		var got []int
		for _, i := range o.Items {
			if i.Outcome.Kind.Failing() {
				got = append(got, i.Index)
			}
		}
		if !slices.Equal(got, want) {
			return fmt.Sprintf("the records that failed are %v, not %v", got, want)
		}
		return ""
	}
}
