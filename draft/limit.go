package draft

import (
	"slices"
	"strings"
)

// RateLimit are the header fields of one limit.
type RateLimit struct {
	Name, Limit, Remaining, Reset string // Reset may have a notation
}

// limits finds the fields of a rate limit by their names.
func (d *drafted) limits(names []string) {
	var l RateLimit
	for _, name := range names {
		switch p := plain(name); {
		case !strings.Contains(p, "ratelimit"):
		case strings.HasSuffix(p, "remaining"):
			l.Remaining = name
		case strings.HasSuffix(p, "reset"), strings.HasSuffix(p, "resetafter"):
			l.Reset = name
		case strings.HasSuffix(p, "limit"):
			l.Limit = name
		}
	}
	if l.Remaining != "" && !slices.ContainsFunc(d.extras, func(x *extra) bool { return strings.HasPrefix(x.text, "limits:") }) {
		l.Name = "requests"
		d.extras = append(d.extras, limitsLine([]RateLimit{l}))
	}
}

func limitsLine(all []RateLimit) *extra {
	var parts []string
	comment := ""
	for _, l := range all {
		var fields []string
		for _, f := range [][2]string{{"limit", l.Limit}, {"remaining", l.Remaining}, {"reset", l.Reset}} {
			if f[1] != "" {
				fields = append(fields, f[0]+": "+quote(f[1]))
			}
		}
		if l.Reset != "" && !strings.Contains(l.Reset, ":") {
			comment = "the reset is read in seconds; write :epoch if it is a time"
		}
		parts = append(parts, key(l.Name)+": {"+strings.Join(fields, ", ")+"}")
	}
	if comment == "" {
		comment = "looks like the rate limit"
	}
	return &extra{text: "limits: {" + strings.Join(parts, ", ") + "}", comment: comment}
}
