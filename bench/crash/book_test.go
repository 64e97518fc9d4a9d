package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// book is what the callers know of each key.
type book struct {
	t    *testing.T
	late bool // of the engine

	mu      sync.Mutex
	keys    []*key
	pending []*key // whose response was cut off
	faults  []string
	tally
}

// key is one thing that is to be done once.
type key struct {
	path, id  string
	life      int    // the process that it was last sent to
	twins     bool   // two callers sent it to that one at once
	cut       int    // how often a kill cut its response off
	response  string // the acknowledged one; "" is none
	uncertain bool   // nobody knows, and an operator is to settle it
}

// tally counts.
type tally struct {
	Kills, Inside, Outside, Replays, InFlight, Cut, Resolved, Uncertain, Late, Told int
}

// faulty takes a fault down.
func (b *book) faulty(format string, args ...any) {
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

// next is what a caller sends next, and to how many callers at once it is given:
// what is pending, else something known again, else something new.
func (b *book) next(life int) (k *key, twins bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch n := len(b.pending); {
	case n > 0:
		k, b.pending = b.pending[0], b.pending[1:]
	case len(b.keys) > 0 && rand.IntN(4) == 0:
		k = b.keys[rand.IntN(len(b.keys))]
	default:
		path := []string{inside, outside}[rand.IntN(2)]
		k = &key{path: path, id: fmt.Sprintf("%d", len(b.keys)+1)}
		b.keys = append(b.keys, k)
	}
	// A key that is known already may be with another caller now.
	twins = rand.IntN(8) == 0
	k.twins = k.twins && k.life == life || k.life == life || twins
	k.life = life
	return k, twins
}

// note takes a response down, and complains of one that must not be.
func (b *book) note(k *key, a response, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch reason := a.reason(); {
	case err != nil:
		b.Cut++
		k.cut++
		b.pending = append(b.pending, k)
	case a.status == 200 && k.uncertain && b.late:
		b.Late++
		k.uncertain, k.response = false, a.body
	case a.status == 200 && k.uncertain:
		b.faulty("%s %s: uncertain, and yet a response: %s", k.path, k.id, a.body)
	case a.status == 200 && k.response == "":
		if k.cut > 0 {
			b.Resolved++
		}
		k.response = a.body
	case a.status == 200 && a.body != k.response:
		b.faulty("%s %s: acknowledged by %s, and now by %s", k.path, k.id, k.response, a.body)
	case a.status == 200:
		b.Replays++
		if !a.replayed && !k.twins {
			b.faulty("%s %s: acknowledged, and yet done anew", k.path, k.id)
		}
	case reason == "idempotency_in_flight" && k.twins:
		b.InFlight++ // the twin sees to it
	case reason == "idempotency_in_flight" && b.late && k.cut > 0:
		b.InFlight++
		b.pending = append(b.pending, k) // a dead process's session is still at it
	case reason == "idempotency_uncertain" && k.path == outside && k.response == "" && k.cut > 0:
		k.uncertain = true
	default:
		b.faulty("%s %s: status %d, %s (acknowledged by %q, cut off %d times)", k.path, k.id, a.status, a.body, k.response, k.cut)
	}
}

// settle retries every key, and holds what was done against what was said.
func (b *book) settle(p *process) {
	b.pending = nil
	for _, k := range b.keys {
		k.twins = false
		a, err := p.post(k.path, k.id)
		if err != nil {
			b.t.Fatal(err)
		}
		was := k.uncertain
		b.note(k, a, nil)
		if !b.late && (was != k.uncertain && k.cut == 0 || was && a.status == 200) {
			b.faulty("%s %s: uncertain %v, then %v", k.path, k.id, was, k.uncertain)
		}
	}
	var (
		all      []effect
		listed   []string
		done     = make(map[string][]string)
		operator = make(map[string]bool)
	)
	p.get(b.t, effects, &all)
	p.get(b.t, uncertain, &listed)
	for _, e := range all {
		done[e.ID] = append(done[e.ID], e.By)
	}
	for _, id := range listed {
		operator[id] = true
	}
	var requests []string // whose effect and record were one commit
	for _, k := range b.keys {
		by := done[k.id]
		delete(done, k.id)
		if k.path == inside || !k.uncertain {
			requests = append(requests, by...)
		}
		if k.path == inside {
			b.Inside += len(by)
		} else {
			b.Outside += len(by)
		}
		if operator[k.id] != k.uncertain {
			b.faulty("%s %s: uncertain to its caller %v, to the operator %v", k.path, k.id, k.uncertain, operator[k.id])
		}
		if k.uncertain {
			b.Uncertain++
			if len(by) > 1 {
				b.faulty("%s %s: done %d times", k.path, k.id, len(by))
			}
			continue
		}
		var said effect
		_ = json.Unmarshal([]byte(k.response), &said)
		if len(by) != 1 || by[0] != said.By || said.ID != k.id {
			b.faulty("%s %s: acknowledged by %s, done by %v", k.path, k.id, k.response, by)
		}
	}
	var without []string
	p.ask(b.t, untold, requests, &without)
	b.Told = len(requests) - len(without)
	for _, id := range without {
		b.faulty("the request %s was acknowledged, and there is no record of it", id)
	}
	for id, by := range done {
		b.faulty("%s was done by %v, and nobody asked for it", id, by)
	}
}
