package read

import (
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/spec"
	"github.com/parlance-api/parlance/dialect/internal/wire"
)

// Limits reads what the headers of a response say of rate limits, those that
// they say anything of.
func (d *Reader) Limits(res wire.Response) (all []spec.Limit) {
	from := &wire.Arrival{Header: res.Header, Received: res.Received}
	number := func(name string) int {
		for _, v := range wire.Values(res.Header, name) {
			if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && name != "" {
				return n
			}
		}
		return -1
	}
	for _, l := range d.Service.Limits {
		one := spec.Limit{Name: l.Name, Limit: number(l.Limit), Remaining: number(l.Remaining)}
		for _, v := range wire.Values(res.Header, l.Reset) {
			one.Reset, _ = l.Conv.Wait(strings.TrimSpace(v), from)
		}
		if one.Limit >= 0 || one.Remaining >= 0 || one.Reset > 0 {
			all = append(all, one)
		}
	}
	return all
}
