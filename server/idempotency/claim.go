package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/internal/core"
	"github.com/parlance-api/parlance/server/internal/snapshot"
)

// claim is a key while its request is served.
type claim struct {
	store  Store
	key    Key
	limit  int             // bytes of a response that is kept
	before snapshot.Header // the response's header when the key was claimed

	mu    sync.Mutex // held while a transaction runs, which may be in a goroutine that nobody waits for
	kept  bool       // an Atomic has committed its response
	ended bool       // it was recorded or freed
}

// Store runs the Atomic.
func (c *claim) Store() core.Transactor { return c.store }

// Transactional reports whether the handler makes all of its effects in an Atomic.
func (c *claim) Transactional() bool { return !c.key.Outside }

var errEnded = errors.New("idempotency: the response was sent before its Atomic ran; nothing was done")

// Enter begins a transaction. It fails if the request has its response already. Another
// Atomic may have sent it, or http.TimeoutHandler while the handler still ran.
func (c *claim) Enter() error {
	c.mu.Lock()
	if c.kept || c.ended {
		c.mu.Unlock()
		return errEnded
	}
	return nil
}

// Leave ends it.
func (c *claim) Leave() { c.mu.Unlock() }

// end records a response, or frees the key if the response proves that nothing was
// done. If an Atomic has committed its own response, end does neither.
func (c *claim) end(ctx context.Context, x core.Exchange, rec *recording, returned bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.kept {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	inside := x.Reported(rec.header.Values(core.ReportHeader))
	undone := inside.NoEffect
	if !returned {
		undone = !c.key.Outside // it was cut off, and not by an Atomic
	}
	if undone {
		return c.store.Free(ctx, c.key)
	}
	a := rec.response(returned)
	if x.Recorded() {
		err := c.store.Transact(ctx, func(ctx context.Context) error {
			return c.record(ctx, x, a, inside.Outcome)
		})
		if err == nil {
			return nil
		} // else the response alone: it counts for more than the record
	}
	return c.store.Record(ctx, c.key, c.keeps(a))
}

// Record keeps a response, together with the record of its request.
func (c *claim) Record(ctx context.Context, x core.Exchange, r core.Response, of *parlance.Outcome) error {
	return c.record(ctx, x, Response{Status: r.Status, Header: r.Header, Body: r.Body}, of)
}

func (c *claim) record(ctx context.Context, x core.Exchange, a Response, of *parlance.Outcome) error {
	if err := c.store.Record(ctx, c.key, c.keeps(a)); err != nil || !x.Recorded() {
		return err
	}
	return x.CommitRecord(ctx, core.Response{Status: a.Status, Header: a.Header, Body: a.Body}, of)
}

// Committed notes that an Atomic has committed its response.
func (c *claim) Committed() { c.kept = true }

// keeps is the part of a response that is recorded. Of its header it has only the
// fields that were set after the claim; earlier ones belong to the request.
func (c *claim) keeps(a Response) Response {
	h := make(http.Header)
	for name, values := range a.Header {
		if name != core.ReportHeader && name != "Date" && name != "Connection" && !slices.Equal(values, c.before.Values(name)) {
			h[name] = values
		}
	}
	if len(a.Body) > c.limit {
		a.NotKept, a.Body = true, nil
	}
	a.Header, a.At = h, time.Now()
	return a
}

// hashOf is a key as it may stand in a log.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}
