package dialect

import "github.com/parlance-api/parlance/dialect/internal/tree"

// Unguided is a Dialect that reads as d does, from trees that hold all of a body
// and not only what its shapes ask for.
func Unguided(d *Dialect) *Dialect {
	all := *d
	for f := range all.guide {
		if all.guide[f] != nil {
			all.guide[f] = tree.NewGuide()
			all.guide[f].All()
		}
	}
	return &all
}

// Forgetful is a Dialect that writes as d does, and has kept no choice yet.
func Forgetful(d *Dialect) *Dialect {
	all := *d
	all.kept = &choices{seed: d.kept.seed}
	return &all
}
