package mock

import (
	"cmp"
	"slices"
	"strings"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/authoring"
	"github.com/parlance-api/parlance/internal/say"
)

// codePage is what the page shows of a dialect.
type codePage struct {
	Dialect  string    `json:"dialect"`
	Title    string    `json:"title"`
	Sources  []string  `json:"sources"`
	Scenario string    `json:"scenario,omitempty"` // its title
	Codes    []codeRow `json:"codes"`
}

// codeRow is a code that the Mock gives.
type codeRow struct {
	Code   string          `json:"code"`           // as it stands in the file
	Prefer string          `json:"prefer"`         // the wish for it
	Status int             `json:"status"`         // under which it travels
	Kind   parlance.Kind   `json:"kind"`           //
	Reason parlance.Reason `json:"reason"`         //
	Means  string          `json:"means"`          // the texts of the file
	When   string          `json:"when,omitempty"` // the conditions
	Act    parlance.Act    `json:"act"`            //
	Do     string          `json:"do"`             // what a client should do, in a sentence
	Line   string          `json:"line"`           // of the dialect file
}

// codePage lists the codes by their status.
func (m *Mock) codePage() codePage {
	d, examples := m.dialect, m.examples()
	p := codePage{Dialect: d.Name(), Title: cmp.Or(d.Title(), d.Name()), Sources: append([]string{}, d.Sources()...), Codes: []codeRow{}}
	if m.scenario != nil {
		p.Scenario = m.scenario.Title
	}
	times := map[string]int{}
	for i := range examples {
		for _, key := range keys(examples[i].Key) {
			times[key]++
		}
	}
	for i := range examples {
		e := &examples[i]
		for _, key := range keys(e.Key) {
			w := Wish{Code: key}
			if times[key] > 1 {
				w.Kind, w.Reason = e.Kind, e.Reason
			}
			o, err := m.meaning(e.Request, &w)
			if err != nil {
				continue
			}
			status, _ := d.StatusFor(e.Request, &o, e.Payload)
			p.Codes = append(p.Codes, codeRow{
				Code: key, Prefer: w.String(), Status: status, Kind: e.Kind, Reason: e.Reason,
				Means: means(&e.Entry), When: e.When, Act: e.Decision.Act, Do: advice(d, &e.Decision), Line: e.Line,
			})
		}
	}
	slices.SortStableFunc(p.Codes, func(a, b codeRow) int { return a.Status - b.Status })
	return p
}

// means is what the file says of a code.
func means(e *authoring.Entry) string {
	switch {
	case e.Title != "" && e.Help != "" && !strings.Contains(e.Help, e.Title):
		return strings.TrimRight(e.Title, ".") + ". " + e.Help
	}
	return cmp.Or(e.Help, e.Title, strings.TrimSuffix(say.Kind(e.Kind), "."))
}

// advice is what a client should do, in a sentence without its subject.
func advice(d *dialect.Dialect, p *parlance.Decision) string {
	text := say.Act(p.Act)
	if wait := say.Waits(*p); wait != "" {
		text += " " + wait
	}
	if p.Then != 0 {
		text += ", then " + say.Act(p.Then)
	}
	key := d.IdempotencyHeader()
	switch {
	case p.Act != parlance.ActRetry || p.RetrySafe:
	case key != "":
		text += ", a POST only with " + key
	default:
		text += ", and never a POST"
	}
	return text
}
