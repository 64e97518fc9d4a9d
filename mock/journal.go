package mock

import (
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/mock/scenario"
)

// journal holds the last responses, for the page. It is bounded in number and in bytes.
type journal struct {
	mu     sync.Mutex
	last   uint64 // the number of the latest entry; the first is 1
	kept   [maxJournal]entry
	change chan struct{} // closed at the next change; nil if nobody waits
}

// maxJournal is how many responses are kept.
const maxJournal = 200

// The most bytes that are kept of a text of a stranger.
const (
	maxPath   = 512
	maxMethod = 32
)

// entry is a response in the journal.
type entry struct {
	At     time.Time       `json:"at"`
	Took   float64         `json:"took"` // in seconds
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Status int             `json:"status"`
	Kind   parlance.Kind   `json:"kind"`
	Reason parlance.Reason `json:"reason,omitempty"`
	Code   string          `json:"code,omitempty"`
	Fault  string          `json:"fault,omitempty"`
	Why    string          `json:"why"`
}

// add keeps a response.
func (j *journal) add(g *Given) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e := entry{
		At: g.At, Took: g.Took.Seconds(), Method: short(g.Method, maxMethod), Path: short(g.Path, maxPath),
		Status: g.Status, Kind: g.Outcome.Kind, Reason: g.Outcome.Reason, Code: short(g.Outcome.Code, maxPath), Why: short(g.Why, maxPath),
	}
	if g.Fault != scenario.FaultNone {
		e.Fault = g.Fault.String()
	}
	j.kept[j.last%maxJournal] = e
	j.wake()
}

// wake ends the wait of all. The journal is locked.
func (j *journal) wake() {
	if j.change != nil {
		close(j.change)
		j.change = nil
	}
}

// changed tells of a change that is not a response.
func (j *journal) changed() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wake()
}

// since are the entries after a number, the number of the last one, and a channel that is
// closed at the next change.
func (j *journal) since(number uint64) (all []entry, last uint64, change <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.last > maxJournal {
		number = max(number, j.last-maxJournal)
	}
	for number++; number <= j.last; number++ {
		all = append(all, j.kept[number%maxJournal])
	}
	if j.change == nil {
		j.change = make(chan struct{})
	}
	return all, j.last, j.change
}

// short is the beginning of a text. A part is a copy, so that the whole is not kept.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.Clone(s[:most]) + "…"
}
