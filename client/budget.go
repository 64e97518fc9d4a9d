package client

import (
	"sync"
	"sync/atomic"
)

// Budget pays for repeats, so that callers who repeat cannot keep a server down
// that has stalled: every answer of a working server puts a part of a repeat in,
// every repeat takes a whole one out, and where there is none left the answer is
// handed back. Each host has its own. A Budget may be shared by any number of
// Transports, and is safe for concurrent use; the zero value pays for nothing.
//
// It is filled by successes and not by requests or by time (as the token buckets
// of gRPC's retryThrottling are): while nothing succeeds, nothing is added to the
// load, however many callers there are.
type Budget struct {
	capacity int64 // in thousandths of a repeat
	deposit  int64

	spent atomic.Int32 // how many buckets there are, so that a success need not lock where all are full
	mu    sync.Mutex
	hosts map[string]int64 // what is left, of hosts whose bucket is not full
}

// The budget of a Transport that was given none.
const (
	budgetCapacity = 100
	budgetDeposit  = 0.1
)

// NewBudget makes a Budget of which each host's bucket holds capacity repeats,
// is full at the start, and gains deposit of a repeat with each success: 100 and
// 0.1 are a Transport's own.
func NewBudget(capacity int, deposit float64) *Budget {
	return &Budget{capacity: int64(max(capacity, 0)) * 1000, deposit: int64(max(deposit, 0) * 1000)}
}

// succeed puts in what a success earns.
func (b *Budget) succeed(host string) {
	if b.spent.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	left, ok := b.hosts[host]
	if !ok {
		return
	}
	if left += b.deposit; left < b.capacity {
		b.hosts[host] = left
		return
	}
	delete(b.hosts, host) // a full one needs no memory
	b.spent.Store(int32(len(b.hosts)))
}

// maxBuckets bounds the memory of a caller of ever new hosts: what is spent with
// more than these is forgotten, one for one.
const maxBuckets = 10000

// pay takes out one repeat, and reports false where there is none.
func (b *Budget) pay(host string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	left, ok := b.hosts[host]
	if !ok {
		left = b.capacity
	}
	if left < 1000 {
		return false
	}
	if b.hosts == nil {
		b.hosts = map[string]int64{}
	}
	if !ok && len(b.hosts) >= maxBuckets {
		for other := range b.hosts {
			delete(b.hosts, other)
			break
		}
	}
	b.hosts[host] = left - 1000
	b.spent.Store(int32(len(b.hosts)))
	return true
}
