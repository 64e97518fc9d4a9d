package authoring

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/dialect/internal/spec"
)

// LimitFields names the header fields that report a rate limit. A field that the API does
// not have is "".
type LimitFields struct {
	Name      string // as the file names the limit
	Limit     string // the field with the number of requests in the window
	Remaining string // the field with the number that is left
	Reset     string // the field with the time of the next window
	Notation  string // of Reset: seconds, epoch, date and so on
}

// Limits lists the rate limits that an API reports, in the order of the file.
func Limits(d *dialect.Dialect) []LimitFields {
	of := d.Internal().Service.Limits
	all := make([]LimitFields, len(of))
	for i, l := range of {
		all[i] = LimitFields{Name: l.Name, Limit: l.Limit, Remaining: l.Remaining, Reset: l.Reset}
		if l.Reset != "" {
			all[i].Notation = spec.NotationNames[l.Conv.Notation]
		}
	}
	return all
}

// Form is one way in which the API writes or sends a response: a shape of the file.
type Form struct {
	Name     string   // as the file names it
	Media    string   // the content type of the body, "" for a shape of header fields alone
	Status   string   // the statuses that it stands under: "207, 4xx"; "" for any
	Methods  []string // of the request; none for any
	Paths    []string // of the request; none for any
	Headers  []string // the names of the fields that it has
	ReadOnly bool     // it is read, and never written
}

// Forms lists the shapes of a file in its order, then those of the dialect that it
// extends. Shapes that are only written are left out.
func Forms(d *dialect.Dialect) []Form {
	core := d.Internal()
	var all []Form
	for _, s := range slices.Concat(core.Shapes, core.Extras) {
		if s.WriteOnly {
			continue
		}
		f := Form{Name: s.Name, Methods: s.Methods, Paths: s.Paths, ReadOnly: s.ReadOnly}
		if s.Form != spec.FormNone {
			f.Media, _, _ = strings.Cut(spec.MediaTypes[s.Form], ";")
			if s.Media != "" {
				f.Media = s.Media
			}
		}
		for _, h := range s.Headers {
			f.Headers = append(f.Headers, h.Name)
		}
		var ranges []string
		for _, r := range s.Status {
			ranges = append(ranges, spanWords(r))
		}
		f.Status = strings.Join(ranges, ", ")
		all = append(all, f)
	}
	return all
}

// spanWords is a range of statuses as files write it: 404, 4xx or 400-429.
func spanWords(r spec.Span) string {
	from, to := strconv.Itoa(r.From), strconv.Itoa(r.To)
	switch {
	case r.From == r.To:
		return from
	case r.From%100 == 0 && r.To == r.From+99:
		return from[:len(from)-2] + "xx"
	}
	return from + "-" + to
}
