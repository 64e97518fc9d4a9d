package check

import (
	"strings"
	"sync"
)

// MaxDistinct is how many distinct findings a Summary keeps. More are counted only.
const MaxDistinct = 10_000

// Counted is a finding, and how often it occurred. The places are those of the first time.
type Counted struct {
	Finding
	Count int `json:"count"`
}

// Summary counts findings. Those that differ in nothing but their place in the traffic are
// one. It takes bounded memory. The zero value is ready to use, and safe for concurrent use.
type Summary struct {
	mu       sync.Mutex
	baseline *Baseline
	at       map[string]int // the places in all, by key
	all      []Counted
	known    map[string]int // those of the baseline, and how often they occurred
	dropped  int
}

// Against makes findings of a baseline known: they are counted, and not listed. Call it
// before Add.
func (s *Summary) Against(b *Baseline) { s.baseline = b }

// Add counts a finding. It reports whether the finding is new: it did not occur before, and
// the baseline does not know it.
func (s *Summary) Add(f Finding) bool {
	key := f.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at, s.known = map[string]int{}, map[string]int{}
	}
	if i, seen := s.at[key]; seen {
		s.all[i].Count++
		return false
	}
	if s.baseline.has(key) {
		s.known[key]++
		return false
	}
	if len(s.all) >= MaxDistinct {
		s.dropped++
		return false
	}
	s.at[key] = len(s.all)
	s.all = append(s.all, Counted{f, 1})
	return true
}

// Findings are the distinct ones, in the order in which they occurred first.
func (s *Summary) Findings() []Counted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Counted{}, s.all...)
}

// Dropped is how many findings came after MaxDistinct distinct ones, and were not kept.
func (s *Summary) Dropped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Known is how many distinct findings the baseline knows that occurred, and how many it
// knows that did not.
func (s *Summary) Known() (occurred, gone int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known), s.baseline.size() - len(s.known)
}

// Key is what makes two findings equal: the rule, the request, the status, the place and the
// message. Parts that differ from one run to the next are left out: lines, offsets, numbers
// in the path, and IDs.
func (f *Finding) Key() string {
	k := f.known()
	return k.key()
}

// known is the finding as a baseline has it.
func (f *Finding) known() Known {
	place := string(f.Place.Part)
	switch f.Place.Part {
	case PartHeader:
		place += " " + f.Place.Field
	case PartBody:
		place = strings.TrimSpace(place + " " + withoutPlaces(f.Place.Member))
	}
	return Known{f.Rule, f.Method, template(f.Path), f.Status, place, stable(f.Rule, f.Message)}
}

// withoutPlaces is a pointer with a star for each place in a list.
func withoutPlaces(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i, p := range parts {
		if p != "" && strings.Trim(p, "0123456789") == "" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// template is a path with a star for each part that is probably the ID of something: a
// number, a UUID, or a long word with digits in it.
func template(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		digits := strings.ContainsAny(p, "0123456789")
		if p != "" && strings.Trim(p, "0123456789") == "" || digits && len(p) >= 12 {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// ofIDs are the rules whose messages quote an ID.
var ofIDs = map[string]bool{"repeated_request_id": true, "request_id_differs": true}

// stable is a message with a mark for each number outside of quotes. Of an ID in quotes
// nothing is left.
func stable(rule, message string) string {
	var b strings.Builder
	quoted := false
	for i := range len(message) {
		c := message[i]
		switch {
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case quoted && ofIDs[rule]:
		case !quoted && '0' <= c && c <= '9':
			if s := b.String(); !strings.HasSuffix(s, "#") {
				b.WriteByte('#')
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
