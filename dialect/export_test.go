package dialect

import (
	"slices"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect/internal/read"
	"github.com/parlance-api/parlance/dialect/internal/read/replay"
	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/tree"
	"github.com/parlance-api/parlance/dialect/internal/write"
)

// Unguided is a Dialect that reads as d does, from trees that hold all of a body
// and not only what its shapes ask for. Their members have no numbers, so all of
// them are weighed and none is fitted straight; and no status is believed alone.
func Unguided(d *Dialect) *Dialect {
	all := *d.core.Spec
	for f := range all.Guide {
		if all.Guide[f] != nil {
			all.Guide[f] = tree.NewGuide()
			all.Guide[f].All()
		}
	}
	for i, p := range d.core.ByStatus {
		if i > 0 && p == d.core.ByStatus[i-1] { // as most are
			all.ByStatus[i] = all.ByStatus[i-1]
			continue
		}
		asking := *p
		asking.Fields, asking.Replays = nil, false
		all.ByStatus[i] = &asking
	}
	return &Dialect{write.New(&all), d.extensions}
}

// Forgetful is a Dialect that reads and writes as d does, and has kept no choice
// and no replay yet.
func Forgetful(d *Dialect) *Dialect {
	return &Dialect{write.New(d.core.Spec), d.extensions}
}

// Straight reports whether the body of a response is fitted by one walk, and not
// weighed.
func Straight(d *Dialect, req Request, res Response) bool {
	m := read.Matchers.Get().(*read.Matcher)
	defer m.Release()
	m.Reset(&res, 0)
	p := d.core.PlanFor(res.Status)
	form, ok := m.Parse(d.core.Spec, p.Wanted, res.Header, res.Body)
	return ok && form == spec.FormJSON && slices.ContainsFunc(p.Shapes, func(s *spec.Shape) bool {
		return s.Form == spec.FormJSON && p.Concerns(s, &req) && m.Fast(s.Body)
	})
}

// Recasts reports that such a response is read by a replay: one that was made of
// a response before.
func Recasts(d *Dialect, req Request, res Response) bool {
	var texts replay.Spans
	g := d.core.Recall(d.core.PlanFor(res.Status), &req, &res, &texts)
	return g != nil && g.Fill(new(parlance.Outcome), &res, &texts, read.EveryAttribute, false)
}

// HoldsUnread reports whether a part of a shape of the dialect is written and never read.
func HoldsUnread(d *Dialect) bool {
	return slices.ContainsFunc(d.core.Shapes, (*spec.Shape).HoldsUnread)
}
