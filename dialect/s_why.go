package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
)

// many reports that a row speaks of more than one code.
func (r *row) many() bool {
	return strings.ContainsAny(r.key, ",*") || r.numeric && r.span.from != r.span.to
}

// covers reports that a code is one of those that the row speaks of.
func (r *row) covers(code string) bool {
	n, err := number(code)
	for key := range strings.SplitSeq(r.key, ",") {
		key = strings.TrimSpace(key)
		if key == code || strings.Contains(key, "*") && glob(key, code) {
			return true
		}
		if sp, ok := parseSpan(key); ok && err == nil && sp.from <= n && n <= sp.to {
			return true
		}
	}
	return false
}

// said is the reason of a decision by the code that was met.
type said struct {
	code, family string
	status       int
	why          string
}

// maxSaid is how many of them a row keeps, so that most decisions allocate
// nothing.
const maxSaid = 16

// whyOf is the reason of a decision on an outcome: what the row says of the code
// that was met.
func (r *row) whyOf(o *parlance.Outcome) string {
	if r.why == "" || !r.many() {
		return r.why
	}
	var all []said
	if kept := r.said.Load(); kept != nil {
		all = *kept
	}
	for i := range all {
		if s := &all[i]; s.status == o.Status && s.code == o.Code && s.family == o.Family {
			return s.why
		}
	}
	met := r.first
	for _, code := range [...]string{o.Code, o.Family, strconv.Itoa(o.Status)} {
		if code != "" && r.covers(code) {
			met = code
			break
		}
	}
	why := r.explain(met)
	if len(all) < maxSaid && len(o.Code)+len(o.Family) <= maxKey {
		next := append(slices.Clone(all), said{strings.Clone(o.Code), strings.Clone(o.Family), o.Status, why})
		r.said.Store(&next)
	}
	return why
}

// explain is the reason of a decision: what the row says of a code, in one
// sentence.
func (r *row) explain(code string) string {
	s := r.kind.String()
	if r.reason != "" {
		s += " (" + string(r.reason) + ")"
	}
	if code != "" {
		s = code + " means " + s
	}
	if r.help != "" {
		s += ": " + r.help
	} else if r.title != "" {
		s += ": " + r.title
	}
	if r.retry.then != 0 && len(r.retry.schedule) > 0 {
		waits := make([]string, len(r.retry.schedule))
		for i, w := range r.retry.schedule {
			waits[i] = words(w)
		}
		s += "; retry after " + strings.Join(waits, ", then every ") + ", and " + r.retry.then.String() + " if it persists"
	}
	return s
}

// words is a duration as people write it.
func words(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute && d%time.Minute == 0:
		return plural(int(d/time.Minute), "minute")
	case d%time.Second == 0:
		return plural(int(d/time.Second), "second")
	}
	return d.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// maxKey is how long a text may be to be kept as a key, in bytes.
const maxKey = 128
