package dialect_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/parlance-api/parlance/dialect"
)

// Several files can extend one dialect that is compiled once, at the same time. Each keeps the
// forms of its own shapes.
func TestFilesThatExtendOneDialectLeaveEachOtherAlone(t *testing.T) {
	t.Parallel()
	base := compile(t, `
codes: {200: success, 4xx: invalid}
shapes:
  - {name: json, json: {message: $detail}}
  - {name: html, html: {title: $detail}}
`)
	bodies := []string{"text: $detail", "xml: {Error: {Message: $detail}}"}
	const all = 20
	var compiled [all]*dialect.Dialect
	var group sync.WaitGroup
	for i := range compiled {
		group.Go(func() {
			file := fmt.Sprintf("dialect: d%d\nextends: base\nshapes: [{name: own, %s}]\n", i, bodies[i%2])
			d, err := dialect.Compile("d.yaml", []byte(file), func(string) (*dialect.Dialect, error) { return base, nil })
			if err != nil {
				t.Error(err)
				return
			}
			compiled[i] = d
		})
	}
	group.Wait()
	for i, d := range compiled {
		if got, want := fmt.Sprint(d.Internal().Forms), fmt.Sprint(compiled[i%2].Internal().Forms); got != want {
			t.Errorf("%d: forms %s, want %s", i, got, want)
		}
	}
	if a, b := fmt.Sprint(compiled[0].Internal().Forms), fmt.Sprint(compiled[1].Internal().Forms); a == b {
		t.Errorf("both have the forms %s", a)
	}
}
