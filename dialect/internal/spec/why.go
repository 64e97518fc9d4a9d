package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/internal/glob"
)

// many reports that a row has more than one code.
func (r *Row) many() bool {
	return strings.ContainsAny(r.Key, ",*") || r.numeric && r.span.From != r.span.To
}

// covers reports that a row has this code.
func (r *Row) covers(code string) bool {
	n, err := Number(code)
	for key := range strings.SplitSeq(r.Key, ",") {
		key = strings.TrimSpace(key)
		if key == code || strings.Contains(key, "*") && glob.Match(key, code) {
			return true
		}
		if sp, ok := ParseSpan(key); ok && err == nil && sp.From <= n && n <= sp.To {
			return true
		}
	}
	return false
}

// knownReason is the reason of a decision for one code.
type knownReason struct {
	code, family string
	status       int
	why          string
}

// maxReasons is the most reasons that a row keeps, so that most decisions allocate nothing.
const maxReasons = 16

// WhyOf is the reason of a decision on an outcome: what the row says of the code
// that was met.
func (r *Row) WhyOf(o *parlance.Outcome) string {
	if r.Why == "" || !r.shared {
		return r.Why
	}
	var all []knownReason
	if kept := r.reasons.Load(); kept != nil {
		all = *kept
	}
	for i := range all {
		if s := &all[i]; s.status == o.Status && s.code == o.Code && s.family == o.Family {
			return s.why
		}
	}
	met := "" // it may be a name that the form gives: nobody knows which
	for _, code := range [...]string{o.Code, o.Family, strconv.Itoa(o.Status)} {
		if code != "" && r.covers(code) {
			met = code
			break
		}
	}
	why := r.Explain(met)
	if len(all) < maxReasons && len(o.Code)+len(o.Family) <= MaxKey {
		next := append(slices.Clone(all), knownReason{strings.Clone(o.Code), strings.Clone(o.Family), o.Status, why})
		r.reasons.Store(&next)
	}
	return why
}

// Explain is the reason of a decision: what the row says of a code, in one
// sentence.
func (r *Row) Explain(code string) string {
	s := r.Kind.String()
	if r.Reason != "" {
		s += " (" + string(r.Reason) + ")"
	}
	if code != "" {
		s = code + " means " + s
	}
	if r.Help != "" {
		s += ": " + r.Help
	} else if r.Title != "" {
		s += ": " + r.Title
	}
	if r.Retry.Then != 0 && len(r.Retry.Schedule) > 0 {
		waits := make([]string, len(r.Retry.Schedule))
		for i, w := range r.Retry.Schedule {
			waits[i] = durationWords(w)
		}
		s += "; retry after " + strings.Join(waits, ", then every ") + ", and " + r.Retry.Then.String() + " if it persists"
	}
	return s
}

// durationWords is a duration as people write it.
func durationWords(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return Plural(int(d/time.Hour), "hour")
	case d >= time.Minute && d%time.Minute == 0:
		return Plural(int(d/time.Minute), "minute")
	case d%time.Second == 0:
		return Plural(int(d/time.Second), "second")
	}
	return d.String()
}

// Plural is a number with its noun: "1 hour", "2 hours".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// MaxKey is how long a text may be to be kept as a key, in bytes.
const MaxKey = 128
