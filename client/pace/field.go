package pace

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// statement is what one response says about one limit.
type statement struct {
	name    string
	quota   int           // requests in a window; -1 if not stated
	left    int           // requests that are left in this window; -1 if not stated
	reset   time.Duration // until the next window begins; 0 if not stated
	length  time.Duration // of a window; 0 if not stated
	foreign bool          // it does not count requests
}

// Canonical names, as http.Header has them.
const (
	fieldLimits    = "Ratelimit"
	fieldPolicy    = "Ratelimit-Policy"
	fieldLimit     = "Ratelimit-Limit"
	fieldRemaining = "Ratelimit-Remaining"
	fieldReset     = "Ratelimit-Reset"
)

// unnamed is the limit of the drafts before -08, which had one without a name.
const unnamed = ""

// maxField is more bytes than any server's field has.
const maxField = 4 << 10

// fields reads the RateLimit fields of a response, in the form of any draft.
func fields(h http.Header, now time.Time) []statement {
	policies := policies(list(h[fieldPolicy]))
	limits := limits(h[fieldLimits], now)
	if limits == nil {
		limits = threeFields(h, now)
	}
	for i := range limits {
		limits[i].follow(policies)
	}
	for _, p := range policies { // of limits that this response says no more of
		if p.name != unnamed && find(limits, p.name) == nil {
			limits = append(limits, p)
		}
	}
	return limits
}

func find(all []statement, name string) *statement {
	for i := range all {
		if all[i].name == name {
			return &all[i]
		}
	}
	return nil
}

// follow takes missing values from the limit's policy: the one of its name, or
// the one of its quota if there are no names.
func (s *statement) follow(policies []statement) {
	for _, p := range policies {
		if p.name != s.name || s.name == unnamed && s.quota >= 0 && s.quota != p.quota && len(policies) > 1 {
			continue
		}
		if s.quota < 0 {
			s.quota = p.quota
		}
		if p.length > 0 {
			s.length = p.length
		}
		s.foreign = p.foreign
		return
	}
}

// policies reads RateLimit-Policy: "name";q=100;w=10 (draft -08 and later, 3) or
// 100;w=10 (before).
func policies(items httpsfv.List) (all []statement) {
	for _, m := range items {
		item, ok := m.(httpsfv.Item)
		if !ok {
			continue
		}
		p := statement{left: -1, quota: number(item.Params, "q")}
		if n, ok := item.Value.(int64); ok {
			p.name, p.quota = unnamed, count(n)
		} else if p.name, ok = name(item); !ok {
			continue
		}
		if unit, ok := item.Params.Get("qu"); ok {
			p.foreign = unit != "requests" // draft -10, 3.1.2
		}
		if w, ok := item.Params.Get("w"); ok {
			if n, ok := w.(int64); ok && n > 0 && n <= int64(nonsense/time.Second) {
				p.length = time.Duration(n) * time.Second
			}
		}
		all = append(all, p)
	}
	return all
}

// limits reads RateLimit: "name";r=50;t=30 (draft -08 and later, 4), or
// limit=100, remaining=50, reset=50 (draft -07).
func limits(values []string, now time.Time) (all []statement) {
	if tooLong(values) {
		return nil
	}
	if items, err := httpsfv.UnmarshalList(values); err == nil {
		for _, m := range items {
			if item, ok := m.(httpsfv.Item); ok {
				if name, ok := name(item); ok {
					s := statement{name: name, quota: -1, left: number(item.Params, "r")}
					if t, ok := item.Params.Get("t"); ok {
						s.reset = moment(t, now)
					}
					all = append(all, s)
				}
			}
		}
		return all
	}
	d, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return nil
	}
	value := func(key string) any {
		m, _ := d.Get(key)
		item, _ := m.(httpsfv.Item)
		return item.Value
	}
	s := statement{name: unnamed, quota: -1, left: -1, reset: moment(value("reset"), now)}
	if n, ok := value("limit").(int64); ok {
		s.quota = count(n)
	}
	if n, ok := value("remaining").(int64); ok {
		s.left = count(n)
	}
	return []statement{s}
}

// threeFields reads RateLimit-Limit, -Remaining and -Reset (drafts before -07, 3).
// The first one may go on with policies, before they had a field: 100, 100;w=10.
func threeFields(h http.Header, now time.Time) []statement {
	if len(h[fieldRemaining]) == 0 {
		return nil
	}
	s := statement{name: unnamed, quota: -1, left: -1}
	for _, v := range h[fieldRemaining] {
		s.left = count(whole(v))
	}
	for _, v := range h[fieldReset] {
		s.reset = moment(whole(v), now)
	}
	if quotas := policies(list(h[fieldLimit])); len(quotas) > 0 {
		s.quota = quotas[0].quota
		s.follow(quotas[1:])
	}
	return []statement{s}
}

// whole is a number of digits alone, -1 for anything else.
func whole(v string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func list(values []string) httpsfv.List {
	if len(values) == 0 || tooLong(values) {
		return nil
	}
	items, err := httpsfv.UnmarshalList(values)
	if err != nil {
		return nil // draft -10, 7: what is malformed is ignored
	}
	return items
}

func tooLong(values []string) bool {
	n := 0
	for _, v := range values {
		n += len(v) + 1
	}
	return n == 0 || n > maxField
}

// name is a policy's: a string, or a token in some implementations.
func name(item httpsfv.Item) (string, bool) {
	switch v := item.Value.(type) {
	case string:
		return "name " + v, true
	case httpsfv.Token:
		return "name " + string(v), true
	}
	return "", false
}

func number(p *httpsfv.Params, key string) int {
	if v, ok := p.Get(key); ok {
		if n, ok := v.(int64); ok {
			return count(n)
		}
	}
	return -1
}

// count is a number of requests, -1 if it is invalid.
func count(n int64) int {
	if n < 0 {
		return -1
	}
	return int(min(n, math.MaxInt32)) // more than any client has under way
}

const (
	longest  = time.Hour           // the most that a field can hold a host
	nonsense = 31 * 24 * time.Hour // no limit has a longer window
	unixTime = 1_000_000_000       // a number from here on is not a delay but a Unix time, of 2001 or later
)

// moment is how long it is until a time stated in seconds.
func moment(v any, now time.Time) time.Duration {
	n, ok := v.(int64)
	if ok && n >= unixTime {
		n -= now.Unix()
	}
	if !ok || n < 0 || n > int64(nonsense/time.Second) {
		return 0
	}
	return sane(time.Duration(n) * time.Second)
}

// sane is a wait that does not hold a host for too long, 0 if it is invalid.
func sane(d time.Duration) time.Duration {
	if d <= 0 || d > nonsense {
		return 0
	}
	return min(d, longest)
}

// fromCache reports that a response is an earlier one, from a cache (draft -10,
// 7.3).
func fromCache(h http.Header) bool {
	for _, v := range h["Age"] {
		if whole(v) > 0 {
			return true
		}
	}
	return false
}
