package write

import (
	"strconv"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// LimitFields are the header fields that state a limit, in the names and the notation of
// the file.
func (d *Writer) LimitFields(l spec.Limit, from spec.Clock) (all []wire.HeaderField) {
	add := func(name, value string) {
		if name != "" {
			all = append(all, wire.HeaderField{Name: name, Value: value})
		}
	}
	for _, of := range d.Service.Limits {
		if l.Name != "" && l.Name != of.Name {
			continue
		}
		if l.Limit >= 0 {
			add(of.Limit, strconv.Itoa(l.Limit))
		}
		if l.Remaining >= 0 {
			add(of.Remaining, strconv.Itoa(l.Remaining))
		}
		if l.Reset > 0 {
			add(of.Reset, string(of.Conv.AppendWait(nil, l.Reset, from)))
		}
	}
	return all
}
