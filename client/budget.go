package client

import (
	"sync"
	"sync/atomic"
	"time"
)

// Budget pays for retries, so that callers who retry cannot keep a server down
// that has stalled: every response of a working server puts a part of a retry in,
// every retry takes a whole one out, and where there is none left the response is
// handed back. Each host has its own. A Budget may be shared by any number of
// Transports, and is safe for concurrent use; the zero value pays for nothing.
//
// It is filled by successes and not by requests or by time (as the token buckets
// of gRPC's retryThrottling are): while nothing succeeds, nothing is added to the
// load, however many callers there are.
//
// A Budget that runs out takes back what it has paid for and what has not been
// sent yet: so many failures in so short a time are no accidents of single
// requests, and those that wait would meet the same server, all at once and just
// as it recovers (docs/storm.md).
type Budget struct {
	capacity int64 // in thousandths of a retry
	deposit  int64

	spent atomic.Int32 // how many buckets there are, so that a success need not lock where all are full
	mu    sync.Mutex
	hosts map[string]bucket // those that are not full
}

// bucket is what one host has.
type bucket struct {
	left int64
	dry  time.Time // when it was last asked for more than it had
}

// The budget of a Transport that was given none.
const (
	budgetCapacity = 100
	budgetDeposit  = 0.1
)

// NewBudget makes a Budget of which each host's bucket holds capacity retries,
// is full at the start, and gains deposit of a retry with each success: 100 and
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
	k, ok := b.hosts[host]
	if !ok {
		return
	}
	if k.left += b.deposit; k.left < b.capacity {
		b.hosts[host] = k
		return
	}
	delete(b.hosts, host) // a full one needs no memory
	b.spent.Store(int32(len(b.hosts)))
}

// maxBuckets bounds the memory of a caller of ever new hosts: what is spent with
// more than these is forgotten, one for one.
const maxBuckets = 10000

// pay takes out one retry, and reports false where there is none.
func (b *Budget) pay(host string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.hosts[host]
	if !ok {
		k.left = b.capacity
	}
	paid := k.left >= 1000
	if paid {
		k.left -= 1000
	} else {
		k.dry = time.Now()
	}
	if b.hosts == nil {
		b.hosts = map[string]bucket{}
	}
	if !ok && len(b.hosts) >= maxBuckets {
		for other := range b.hosts {
			delete(b.hosts, other)
			break
		}
	}
	b.hosts[host] = k
	b.spent.Store(int32(len(b.hosts)))
	return paid
}

// ranOut reports whether there was none for somebody since a time.
func (b *Budget) ranOut(host string, since time.Time) bool {
	if b.spent.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.hosts[host].dry.Before(since)
}
