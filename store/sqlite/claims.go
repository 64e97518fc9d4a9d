package sqlite

import (
	"sync"

	"github.com/parlance-api/parlance/server/idempotency"
)

// claims are the keys under which this process serves a request now. They are in
// memory, since they end with it.
type claims struct {
	mu   sync.Mutex
	held map[keyID]*claim
}

type keyID struct{ scope, key string }

type claim struct {
	key   idempotency.Key
	row   bool // there may be one of the key in the file
	ended bool // answered or freed in a transaction that is under way
}

func idOf(k idempotency.Key) keyID { return keyID{k.Scope, k.Key} }

// take claims a key. Where it is claimed already it returns who has it, and false.
func (c *claims) take(k idempotency.Key) (*claim, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.held[idOf(k)]; other != nil {
		return other, false
	}
	mine := &claim{key: k}
	c.held[idOf(k)] = mine
	return mine, true
}

// of is the claim on a key that is still to be ended, or nil.
func (c *claims) of(k idempotency.Key) *claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	if it := c.held[idOf(k)]; it != nil && !it.ended {
		return it
	}
	return nil
}

// has reports that somebody serves a request under the key.
func (c *claims) has(k idempotency.Key) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[idOf(k)] != nil
}

// let gives a claim up, once.
func (c *claims) let(it *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[idOf(it.key)] == it {
		delete(c.held, idOf(it.key))
	}
}

// end ends a claim when the transaction is committed.
func (c *claims) end(t *transaction, it *claim) {
	set := func(ended bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		it.ended = ended
	}
	set(true)
	t.onUndo(func() { set(false) })
	t.onKeep(func() { c.let(it) })
}
