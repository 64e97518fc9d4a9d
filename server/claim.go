package server

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
)

// claim is a key while its request is served.
type claim struct {
	store  KeyStore
	key    Key
	limit  int  // bytes of an answer that is kept
	before mark // the answer's header when the key was claimed

	mu    sync.Mutex // held while a transaction runs, which may be in a goroutine that nobody waits for
	kept  bool       // an Atomic has committed its answer
	ended bool       // it was recorded or freed
}

type (
	claimKey struct{} // the claim that the request is served under
	storeKey struct{} // the KeyStore that an Atomic is run in where there is no claim
)

// claimOf is the claim of the context, nil where there is none.
func claimOf(ctx context.Context) *claim {
	c, _ := ctx.Value(claimKey{}).(*claim)
	return c
}

// claimedInside reports that the context's request is served under a key, and does
// all that it does in an Atomic.
func claimedInside(ctx context.Context) bool {
	c := claimOf(ctx)
	return c != nil && !c.key.Outside
}

var errEnded = errors.New("server: the request was answered before its Atomic was run; nothing was done")

// enter begins a transaction. It fails where the request was answered already,
// by another Atomic or, as http.TimeoutHandler does, over the handler's head.
func (c *claim) enter() error {
	c.mu.Lock()
	if c.kept || c.ended {
		c.mu.Unlock()
		return errEnded
	}
	return nil
}

func (c *claim) leave() { c.mu.Unlock() }

// undid reports that the answer is a failure that a repeat may mend, under a key
// whose effect is inside. Where no Atomic committed, which end looks at, it proves
// that nothing was done, and kept it would be all that the key ever says.
func (x *exchange) undid() bool {
	if x.outcome == nil && x.status < 400 || !claimedInside(x.ctx) {
		return false
	}
	o := x.result()
	switch {
	case !o.Kind.Failing() || o.Retryable == parlance.AdviceStop:
		return false
	case o.Retryable == parlance.AdviceRetry || o.RetryAfter > 0:
		return true
	}
	return o.Kind.ServerFault() || o.Kind == parlance.RateLimited
}

// end keeps an answer, or frees the key where the answer proves that nothing was
// done. It does neither where an Atomic has committed its own.
func (c *claim) end(ctx context.Context, x *exchange, rec *recording, returned bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.kept {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	inside := x.reported(rec.header.of(reportHeader))
	undone := inside.undone
	if !returned {
		undone = !c.key.Outside // it was cut off, and not by an Atomic
	}
	if undone {
		return c.store.Free(ctx, c.key)
	}
	a := rec.answer(returned)
	if x.recorded() {
		err := c.store.Transact(ctx, func(ctx context.Context) error {
			return c.record(ctx, x, a, inside.outcome)
		})
		if err == nil {
			return nil
		} // else the answer alone: it counts for more than the record
	}
	return c.store.Record(ctx, c.key, c.keeps(a))
}

// record keeps an answer, and with it the record of its request.
func (c *claim) record(ctx context.Context, x *exchange, a Answer, of *parlance.Outcome) error {
	if err := c.store.Record(ctx, c.key, c.keeps(a)); err != nil || !x.recorded() {
		return err
	}
	var o parlance.Outcome
	if of != nil {
		o = *of
	} else { // it broke off, or was written around us
		o = x.meaning(cmp.Or(a.Status, http.StatusInternalServerError))
	}
	o.Status = a.Status
	s := x.watch.served(a.Status, o)
	return x.watch.entry.commit(ctx, &s, &a)
}

// keeps is what is kept of an answer: of its header what was set since the key was
// claimed, for the rest is of the request and not of its answer.
func (c *claim) keeps(a Answer) Answer {
	h := make(http.Header)
	for name, values := range a.Header {
		if name != reportHeader && name != "Date" && name != "Connection" && !slices.Equal(values, c.before.of(name)) {
			h[name] = values
		}
	}
	h[keptActivity] = []string{c.key.Activity}
	if len(a.Body) > c.limit {
		h[notKept], a.Body = []string{""}, nil
	}
	a.Header, a.At = h, time.Now()
	return a
}

// Among the headers of an answer that was kept, under names that HTTP could not
// carry: the id of the request that it was given to, and that its body, or all
// of it, is missing.
const (
	keptActivity = "parlance: activity"
	notKept      = "parlance: not kept"
)

// hashOf is a key as it may stand in a log.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}
