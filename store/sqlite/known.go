package sqlite

import (
	"context"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"

	"github.com/parlance-api/parlance/server/idempotency"
)

// known tells of most keys that the file has no row of them, without asking it: a
// new request brings a new key, and to look for it in vain costs a read transaction.
// It forgets no key, and takes one in a hundred others for known, which are then
// looked for. A row that another process, or a caller's SQL, wrote since then it does not
// know of: to put another in its place fails (insertKey), and from then on it is looked for.
type known struct {
	mu     sync.Mutex
	filter *bloom.BloomFilter // nil until the file was read
	next   *bloom.BloomFilter // that is filled to take its place, or nil
	added  int                // keys to it
	again  int                // keys after which another one is wanted
	making bool               // somebody makes the next one
	buf    []byte
}

const (
	knownLeast = 1 << 16 // keys that there is room for, in 80 KB
	knownWrong = 0.01    // of the others, are looked for in vain
	knownPage  = 1000    // rows that are read at once: a long read keeps the write-ahead log from being emptied
)

// may reports that the file may have a row of the key.
func (n *known) may(k idempotency.Key) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.filter == nil || n.filter.Test(n.bytes(k.Scope, k.Key))
}

// add notes a key that is about to be written, and reports that the caller is to see
// to a larger filter, or to the first one.
func (n *known) add(k idempotency.Key) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.added++
	b := n.bytes(k.Scope, k.Key)
	if n.filter != nil {
		n.filter.Add(b)
	}
	if n.next != nil {
		n.next.Add(b)
	}
	if n.making || n.added <= n.again {
		return false
	}
	n.making = true
	return true
}

// bytes is what a key is known by, until the next one.
func (n *known) bytes(scope, key string) []byte {
	n.buf = append(append(append(n.buf[:0], scope...), 0), key...)
	return n.buf
}

// begin makes the next filter, for twice as many keys as there are now, and reports
// whether keys were noted before it.
func (n *known) begin(keys int) (noted bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	noted = n.added > 0
	n.again, n.added = max(2*keys, knownLeast), keys
	n.next = bloom.NewWithEstimates(uint(n.again), knownWrong)
	return noted
}

// fill adds keys that are in the file.
func (n *known) fill(keys []idempotency.Key) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range keys {
		n.next.Add(n.bytes(k.Scope, k.Key))
	}
}

// end puts the next filter in place of the other, where it is complete.
func (n *known) end(complete bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if complete {
		n.filter = n.next
	} else {
		n.again = n.added + knownLeast // not by each key: to read all of them takes long
	}
	n.next, n.making = nil, false
}

// learn reads which keys the file has, by a connection of its own, since of many keys
// that takes seconds, and until the store is closed. Where it fails they are looked
// for, and it is tried again when many more were written.
func (s *Store) learn() (err error) {
	defer func() { s.known.end(err == nil) }()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		select {
		case <-s.writer.closing:
			stop()
		case <-ctx.Done():
		}
	}()
	l, err := s.read.another(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	var keys int
	if _, err := l.row(ctx, "SELECT count(*) FROM parlance_key", nil, &keys); err != nil {
		return err
	}
	if s.known.begin(keys) {
		// They are committed by this one, if at all, and are read.
		if err := s.Transact(ctx, func(context.Context) error { return nil }); err != nil {
			return err
		}
	}
	page := make([]idempotency.Key, 1, knownPage) // of the least key, which stands behind none
	for len(page) > 0 {
		s.known.fill(page)
		last := page[len(page)-1]
		page = page[:0]
		err := l.rows(ctx, "SELECT scope, key FROM parlance_key WHERE (scope, key) > (?, ?) ORDER BY scope, key LIMIT ?",
			[]any{last.Scope, last.Key, knownPage}, func(scan func(to ...any) error) error {
				page = append(page, idempotency.Key{})
				k := &page[len(page)-1]
				return scan(&k.Scope, &k.Key)
			})
		if err != nil {
			return err
		}
	}
	return nil
}
