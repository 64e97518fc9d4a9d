package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/parlance-api/parlance/dialect/internal/wire"
	"github.com/parlance-api/parlance/internal/glob"
)

// statuses is a condition on the HTTP status; nil is any.
type statuses []Span

// Span is a range of numbers, both ends included.
type Span struct{ From, To int }

// Admits reports that a status is in one of the ranges. No ranges admit any status.
func (s statuses) Admits(status int) bool {
	if len(s) == 0 {
		return true
	}
	for _, r := range s {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// ParseSpan reads 422, 4xx, 200-299 (also 200–299 with a dash) or -32099..-32000.
func ParseSpan(s string) (Span, bool) {
	if from, to, ok := strings.Cut(s, ".."); ok {
		lo, errLo := strconv.Atoi(strings.TrimSpace(from))
		hi, errHi := strconv.Atoi(strings.TrimSpace(to))
		return Span{min(lo, hi), max(lo, hi)}, errLo == nil && errHi == nil
	}
	s = strings.ReplaceAll(s, "–", "-")
	if len(s) == 3 && strings.HasSuffix(strings.ToLower(s), "xx") && s[0] >= '1' && s[0] <= '9' {
		base := int(s[0]-'0') * 100
		return Span{base, base + 99}, true
	}
	from, to, ranged := strings.Cut(s, "-")
	if ranged && from == "" {
		return Span{}, false // a negative number, not a range
	}
	lo, err := strconv.Atoi(strings.TrimSpace(from))
	if err != nil || strconv.Itoa(lo) != strings.TrimSpace(from) {
		return Span{}, false // 0500 is a word, and no status
	}
	hi := lo
	if ranged {
		if hi, err = strconv.Atoi(strings.TrimSpace(to)); err != nil || hi < lo {
			return Span{}, false
		}
	}
	return Span{lo, hi}, true
}

func admitsMethod(methods []string, method string) bool {
	if len(methods) == 0 {
		return true
	}
	if method == "" {
		method = "GET"
	}
	for _, m := range methods {
		if m == method {
			return true
		}
	}
	return false
}

// AdmitsPath reports that the path of a request fits one of the globs, however it is
// written. No globs admit any path.
func AdmitsPath(globs []string, path string) bool {
	if len(globs) == 0 {
		return true
	}
	path = wire.PathOf(path)
	for _, g := range globs {
		if glob.Match(g, path) {
			return true
		}
	}
	return false
}

// Inside reports that a lies within b.
func Inside(a, b Span) bool { return b.From <= a.From && a.To <= b.To }

func covers(wide, narrow statuses) bool {
	if len(wide) == 0 {
		return true
	}
	if len(narrow) == 0 {
		return false
	}
	for _, n := range narrow {
		if !slices.ContainsFunc(wide, func(w Span) bool { return Inside(n, w) }) {
			return false
		}
	}
	return true
}
