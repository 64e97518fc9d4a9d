package dialect

import (
	"strconv"
	"strings"
)

// Limits reads what the headers of an answer say of rate limits, those that
// they say anything of.
func (d *Reader) Limits(res Response) (all []Limit) {
	from := &served{res.Header, res.Received}
	number := func(name string) int {
		for _, v := range values(res.Header, name) {
			if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && name != "" {
				return n
			}
		}
		return -1
	}
	for _, l := range d.service.limits {
		one := Limit{Name: l.name, Limit: number(l.limit), Remaining: number(l.remaining)}
		for _, v := range values(res.Header, l.reset) {
			one.Reset, _ = l.conv.wait(strings.TrimSpace(v), from)
		}
		if one.Limit >= 0 || one.Remaining >= 0 || one.Reset > 0 {
			all = append(all, one)
		}
	}
	return all
}
