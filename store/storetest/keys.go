package storetest

import (
	"context"
	"crypto/sha256"
	"net/http"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-api/parlance/server/idempotency"
	"github.com/parlance-api/parlance/store"
)

func hash(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// key is a key with every attribute set.
func (s *scene) key(name string) idempotency.Key {
	return idempotency.Key{
		Scope: "caller POST /orders", Key: name, Fingerprint: hash(name),
		Claimed: s.in(0), Expires: s.in(24), Activity: "activity of " + name,
	}
}

// response is a response with every attribute set.
func (s *scene) response() idempotency.Response {
	return idempotency.Response{
		Status: 201,
		Header: http.Header{"Location": {"/orders/7"}, "Link": {"<a>", "<b>"}},
		Body:   []byte("{\"id\":7}\x00\xff"),
		At:     s.in(0),

		NotKept: true,
	}
}

// replays expects that the key replays the response.
func (s *scene) replays(k idempotency.Key, want idempotency.Response) {
	s.Helper()
	c := s.claim(s.ctx, k)
	if c.State != idempotency.Replay {
		s.Errorf("claim of %s: state %d, want Replay", k.Key, c.State)
		return
	}
	if c.Activity != k.Activity {
		s.Errorf("claimed by the request %q, want %q", c.Activity, k.Activity)
	}
	got := c.Response
	if !got.At.Equal(want.At) {
		s.Errorf("answered at %v, want %v", got.At, want.At)
	}
	got.At = want.At
	if !reflect.DeepEqual(got, want) {
		s.Errorf("answer %+v, want %+v", got, want)
	}
}

// uncertain expects these keys, in that order.
func (s *scene) uncertain(want ...idempotency.Key) {
	s.Helper()
	got, err := s.Idempotency().Uncertain(s.ctx, 10)
	s.must(err)
	if len(got) != len(want) {
		s.Errorf("uncertain are %d, want %d", len(got), len(want))
		return
	}
	for i := range got {
		if !got[i].Claimed.Equal(want[i].Claimed) || !s.about(got[i].Expires, want[i].Expires) {
			s.Errorf("%s: times %v %v, want %v %v", got[i].Key, got[i].Claimed, got[i].Expires, want[i].Claimed, want[i].Expires)
		}
		got[i].Claimed, got[i].Expires = want[i].Claimed, want[i].Expires
		if got[i] != want[i] {
			s.Errorf("uncertain %+v, want %+v", got[i], want[i])
		}
	}
}

// keyTo is a key whose effect is in the store or outside of it.
func (s *scene) keyTo(outside bool, name string) idempotency.Key {
	k := s.key(name)
	k.Outside = outside
	return k
}

func keys(t *testing.T, e Engine) {
	for effect, outside := range map[string]bool{"inside": false, "outside": true} {
		claims(t, e, effect, outside)
		contestedClaims(t, e, effect, outside)
	}
	claimsOfOneKind(t, e)
}

// claims are those that hold for an effect inside of the store and outside of it.
func claims(t *testing.T, e Engine, effect string, outside bool) {
	each(t, e, "A response is replayed: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		s.state(s.ctx, k, idempotency.Fresh)
		s.state(s.ctx, k, idempotency.InFlight)
		s.uncertain()
		a := s.response()
		s.must(s.Idempotency().Record(s.ctx, k, a))
		a.Body[0] = '!' // the store has memory of its own
		for range 2 {
			s.replays(k, s.response())
		}
		s.must(s.Idempotency().Free(s.ctx, k)) // it is no claim any more
		s.wraps(s.Idempotency().Record(s.ctx, k, s.response()), idempotency.ErrClaimLost)
		s.replays(k, s.response())
	})
	each(t, e, "A response of nothing is replayed: "+effect, func(s *scene) {
		k := s.keyTo(outside, "")
		k.Scope, k.Activity = "", ""
		s.state(s.ctx, k, idempotency.Fresh)
		s.must(s.Idempotency().Record(s.ctx, k, idempotency.Response{Status: 204, At: s.in(0)}))
		if c := s.claim(s.ctx, k); c.State != idempotency.Replay || c.Response.Status != 204 || len(c.Response.Header)+len(c.Response.Body) > 0 {
			s.Errorf("%+v", c)
		}
	})
	each(t, e, "Another payload is a mismatch: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		other := k
		other.Fingerprint[31]++
		s.state(s.ctx, k, idempotency.Fresh)
		s.state(s.ctx, other, idempotency.Mismatch)
		s.must(s.Idempotency().Record(s.ctx, k, s.response()))
		s.state(s.ctx, other, idempotency.Mismatch)
		s.replays(k, s.response())
	})
	each(t, e, "Another scope is another key: "+effect, func(s *scene) {
		a, b := s.keyTo(outside, "k"), s.keyTo(outside, "k")
		b.Scope += "/7"
		s.state(s.ctx, a, idempotency.Fresh)
		s.state(s.ctx, b, idempotency.Fresh)
	})
	each(t, e, "What is freed can be claimed anew: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		s.must(s.Idempotency().Free(s.ctx, k)) // nothing to free
		s.state(s.ctx, k, idempotency.Fresh)
		s.must(s.Idempotency().Free(s.ctx, k))
		other := k
		other.Fingerprint[0]++
		s.state(s.ctx, other, idempotency.Fresh)
	})
	each(t, e, "A key that was answered can be used anew when it has expired: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		k.Expires = s.ago(1)
		s.state(s.ctx, k, idempotency.Fresh)
		s.state(s.ctx, k, idempotency.InFlight) // who serves it is not done
		s.must(s.Idempotency().Record(s.ctx, k, s.response()))
		k = s.keyTo(outside, "k")
		k.Fingerprint[0]++
		s.state(s.ctx, k, idempotency.Fresh)
		s.state(s.ctx, k, idempotency.InFlight)
		s.must(s.Idempotency().Record(s.ctx, k, s.response()))
		s.replays(k, s.response())
	})
}

// contestedClaims are claims that several make, or in the course of which something
// fails.
func contestedClaims(t *testing.T, e Engine, effect string, outside bool) {
	each(t, e, "Of many at once one has the key: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		var other atomic.Int64
		if won := s.race(func(int) (bool, error) {
			c, err := s.Idempotency().Claim(s.ctx, k)
			if c.State != idempotency.Fresh && c.State != idempotency.InFlight {
				other.Store(int64(c.State))
			}
			return c.State == idempotency.Fresh, err
		}); won != 1 || other.Load() != 0 {
			s.Errorf("%d have it; one found state %d", won, other.Load())
		}
		s.must(s.Idempotency().Record(s.ctx, k, s.response()))
		if replays := s.race(func(int) (bool, error) {
			c, err := s.Idempotency().Claim(s.ctx, k)
			return c.State == idempotency.Replay, err
		}); replays != racers {
			s.Errorf("%d of %d replay the response", replays, racers)
		}
	})
	each(t, e, "Of many at once one does it: "+effect, func(s *scene) {
		if won := s.race(func(int) (bool, error) {
			k := s.keyTo(outside, "k")
			c, err := s.Idempotency().Claim(s.ctx, k)
			if err != nil || c.State != idempotency.Fresh {
				return false, err
			}
			return true, s.Transact(s.ctx, func(ctx context.Context) error {
				if _, err := s.Seats().Add(ctx, "effect", 1, racers); err != nil {
					return err
				}
				return s.Idempotency().Record(ctx, k, s.response())
			})
		}); won != 1 {
			s.Errorf("%d did it", won)
		}
		if again, err := s.Seats().Add(s.ctx, "effect", 1, 1); again || err != nil {
			s.Errorf("nothing was done: %v", err)
		}
		s.replays(s.keyTo(outside, "k"), s.response())
	})
	each(t, e, "A claim outlives a transaction that failed to answer it: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		s.state(s.ctx, k, idempotency.Fresh)
		for _, end := range []func(ctx context.Context) error{
			func(ctx context.Context) error { return s.Idempotency().Record(ctx, k, s.response()) },
			func(ctx context.Context) error { return s.Idempotency().Free(ctx, k) },
		} {
			s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
				s.must(end(ctx))
				return errFailed
			}), errFailed)
			s.state(s.ctx, k, idempotency.InFlight)
		}
		s.must(s.Idempotency().Record(s.ctx, k, s.response()))
		s.replays(k, s.response())
	})
	each(t, e, "What became of a key is kept though its caller has gone: "+effect, func(s *scene) {
		answered, freed := s.keyTo(outside, "answered"), s.keyTo(outside, "freed")
		s.state(s.ctx, answered, idempotency.Fresh)
		s.state(s.ctx, freed, idempotency.Fresh)
		gone, leave := context.WithCancel(s.ctx)
		leave()
		s.must(s.Idempotency().Record(gone, answered, s.response()))
		s.must(s.Idempotency().Free(gone, freed))
		s.replays(answered, s.response())
		s.state(s.ctx, freed, idempotency.Fresh)
	})
	each(t, e, "What is freed in a transaction is free when that commits: "+effect, func(s *scene) {
		k := s.keyTo(outside, "k")
		s.state(s.ctx, k, idempotency.Fresh)
		s.transact(func(ctx context.Context) error { return s.Idempotency().Free(ctx, k) })
		s.state(s.ctx, k, idempotency.Fresh)
	})
}

// claimsOfOneKind are those that hold for one of these effects alone, or for both in
// the course of time.
func claimsOfOneKind(t *testing.T, e Engine) {
	each(t, e, "A claim of an effect outside is refused in a transaction", func(s *scene) {
		k := s.key("k")
		k.Outside = true
		s.transact(func(ctx context.Context) error {
			if c, err := s.Idempotency().Claim(ctx, k); err == nil {
				s.Errorf("claimed: %+v", c)
			}
			return nil
		})
		s.state(s.ctx, k, idempotency.Fresh)
	})
	each(t, e, "A claim in a transaction that fails is free", func(s *scene) {
		k := s.key("k")
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.state(ctx, k, idempotency.Fresh)
			s.state(ctx, k, idempotency.InFlight)
			return errFailed
		}), errFailed)
		s.transact(func(ctx context.Context) error {
			s.state(ctx, k, idempotency.Fresh)
			return nil
		})
		s.state(s.ctx, k, idempotency.InFlight)
	})
	each(t, e, "Of many that claim and answer in one transaction one does it", func(s *scene) {
		k := s.key("k")
		done := s.race(func(int) (done bool, err error) {
			err = s.Transact(s.ctx, func(ctx context.Context) error {
				done = false // it may be run again
				c, err := s.Idempotency().Claim(ctx, k)
				if err != nil || c.State != idempotency.Fresh {
					return err
				}
				done = true
				return s.Idempotency().Record(ctx, k, s.response())
			})
			return done, err
		})
		if done != 1 {
			s.Errorf("%d did it", done)
		}
		s.replays(k, s.response())
	})
	each(t, e, "A response without a claim is refused", func(s *scene) {
		s.wraps(s.Idempotency().Record(s.ctx, s.key("k"), s.response()), idempotency.ErrClaimLost)
		s.state(s.ctx, s.key("k"), idempotency.Fresh)
	})
	each(t, e, "Only what is uncertain is settled", func(s *scene) {
		a := s.response()
		k := s.key("k")
		k.Outside = true
		s.missing(s.Idempotency().Settle(s.ctx, k, &a))
		s.state(s.ctx, k, idempotency.Fresh)
		s.missing(s.Idempotency().Settle(s.ctx, k, nil)) // whoever serves it will say
		s.state(s.ctx, k, idempotency.InFlight)
		s.must(s.Idempotency().Record(s.ctx, k, a))
		s.missing(s.Idempotency().Settle(s.ctx, k, nil))
		s.replays(k, a)
	})
	each(t, e, "A key that never expires does not", func(s *scene) {
		k := s.key("k")
		k.Expires = time.Time{}
		s.state(s.ctx, k, idempotency.Fresh)
		a := s.response()
		s.must(s.Idempotency().Record(s.ctx, k, a))
		s.clock.Pass(10 * store.KeepTokens)
		s.replays(k, a)
	})
	each(t, e, "A key expires in time", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		k := s.key("k")
		s.state(s.ctx, k, idempotency.Fresh)
		a := s.response()
		s.must(s.Idempotency().Record(s.ctx, k, a))
		s.clock.Pass(23 * time.Hour)
		s.replays(k, a)
		s.clock.Pass(time.Hour)
		s.state(s.ctx, k, idempotency.Fresh)
	})
}
