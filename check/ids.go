package check

import (
	"hash/maphash"
	"sync"
)

// maxIDs is how many IDs of requests one generation of the memory has. Two generations are
// kept, so an ID is known again among the last 65,536 at least, and 131,072 at most. They
// take 6 MB.
const maxIDs = 1 << 16

// ids remembers the IDs of the last requests, by their hashes. The chance that two IDs have
// one hash is below one in 10^14 for each.
type ids struct {
	mu          sync.Mutex
	seed        maphash.Seed
	now, before map[uint64]int64 // the number of the exchange
}

func newIDs() *ids {
	return &ids{seed: maphash.MakeSeed(), now: map[uint64]int64{}, before: map[uint64]int64{}}
}

// saw notes an ID, and reports the exchange that had it before; 0 for none.
func (s *ids) saw(id string, number int64) (earlier int64) {
	key := maphash.String(s.seed, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, known := s.now[key]; known {
		return n
	}
	earlier = s.before[key]
	if len(s.now) >= maxIDs {
		s.now, s.before = s.before, s.now
		clear(s.now)
	}
	s.now[key] = number
	return earlier
}
