package client

import (
	"sync"
	"sync/atomic"
	"time"
)

// Budget limits retries, so that they cannot keep a stalled server down. Each
// success adds a part of a retry, and each retry takes a whole one. If none is
// left, the response is returned without a retry. Each host has its own account.
//
// A Budget may be shared by any number of Transports, and is safe for concurrent
// use. The zero value allows no retry.
//
// Only successes fill it, not requests or time (gRPC's retryThrottling does the
// same). While nothing succeeds, nothing is added to the load, however many
// callers there are.
//
// A Budget that runs out also revokes the retries that it has allowed and that
// still wait. So many failures in so short a time mean that the server is down.
// The waiting requests would all reach it at once, just as it recovers
// (docs/storm.md).
type Budget struct {
	capacity int64 // in thousandths of a retry
	deposit  int64

	spent atomic.Int32 // how many accounts are not full, so that a success need not lock if all are
	mu    sync.Mutex
	hosts map[string]bucket // those that are not full
}

// bucket is the account of one host.
type bucket struct {
	left int64
	dry  time.Time // when a retry was last refused
}

// The budget of a Transport that was given none.
const (
	budgetCapacity = 100
	budgetDeposit  = 0.1
)

// NewBudget makes a Budget whose account for each host holds capacity retries and
// is full at the start. Each success adds deposit of a retry. A Transport's own
// has 100 and 0.1.
func NewBudget(capacity int, deposit float64) *Budget {
	return &Budget{capacity: int64(max(capacity, 0)) * 1000, deposit: int64(max(deposit, 0) * 1000)}
}

// Earn adds the deposit of a success. It is for a program that retries by itself: a
// Transport does it for its own responses.
func (b *Budget) Earn(host string) {
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

// Spend takes one retry from the account of a host, and reports false if there is none. It is
// for a proxy or a client that retries by itself and shares the Budget of its Transport.
func (b *Budget) Spend(host string) bool {
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

// maxBuckets bounds the memory of a caller with ever new hosts. With more than
// these, an account is forgotten for each new one.
const maxBuckets = 10000

// ranOut reports whether a retry was refused since a time.
func (b *Budget) ranOut(host string, since time.Time) bool {
	if b.spent.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.hosts[host].dry.Before(since)
}
