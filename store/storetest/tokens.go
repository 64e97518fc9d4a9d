package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store"
)

// token is a refresh token of a family.
func (s *scene) token(family string) auth.Token {
	return auth.Token{
		Family: family, Refresh: true, Left: time.Hour,
		Principal: server.Principal{ID: "id", Tenant: "tenant", Scopes: []string{"read", "write"}},
	}
}

// putToken puts a token under a name.
func (s *scene) putToken(name string, t auth.Token) {
	s.Helper()
	s.must(s.Tokens().PutToken(s.ctx, hash(name), t))
}

// isToken expects a token as it is.
func (s *scene) isToken(name string, want auth.Token) {
	s.Helper()
	got, err := s.Tokens().Token(s.ctx, hash(name))
	s.must(err)
	if !s.about(s.clock.Now().Add(got.Left), s.clock.Now().Add(want.Left)) {
		s.Errorf("%s is good for %v, want %v", name, got.Left, want.Left)
	}
	got.Left = want.Left
	if !reflect.DeepEqual(got, want) {
		s.Errorf("%s is %+v, want %+v", name, got, want)
	}
}

// spend expects whether a token was spent for the first time.
func (s *scene) spend(name string, want bool) {
	s.Helper()
	first, err := s.Tokens().Spend(s.ctx, hash(name))
	s.must(err)
	if first != want {
		s.Errorf("%s spent: %v, want %v", name, first, want)
	}
}

func tokens(t *testing.T, e Engine) {
	each(t, e, "A token is found as it was put", func(s *scene) {
		full, bare, old := s.token("f"), auth.Token{Left: time.Hour}, s.token("f")
		old.Left = -time.Hour
		s.putToken("full", full)
		s.putToken("bare", bare)
		s.putToken("old", old)
		s.isToken("full", full)
		s.isToken("bare", bare)
		s.isToken("old", old)
		s.wraps(s.Tokens().PutToken(s.ctx, hash("full"), bare), parlance.ErrConflict)
		s.isToken("full", full)
		_, err := s.Tokens().Token(s.ctx, hash("other"))
		s.missing(err)
	})
	each(t, e, "Rotation: a refresh token is spent once, and a second time ends its family", func(s *scene) {
		first, next, other := s.token("f"), s.token("f"), s.token("g")
		access := s.token("f")
		access.Refresh = false
		s.putToken("first", first)
		s.putToken("access", access)
		s.putToken("other", other)
		s.spend("first", true)
		first.Spent = true
		s.isToken("first", first)
		s.putToken("next", next)
		s.isToken("next", next)

		s.spend("first", false)
		for name, t := range map[string]auth.Token{"first": first, "next": next, "access": access} {
			t.Revoked = true
			s.isToken(name, t)
		}
		s.isToken("other", other)
		s.spend("next", false)
		s.spend("other", true)

		late := s.token("f") // of who spent the first at the same time
		s.putToken("late", late)
		late.Revoked = true
		s.isToken("late", late)
	})
	each(t, e, "Only a refresh token is spent", func(s *scene) {
		access := s.token("f")
		access.Refresh = false
		s.putToken("access", access)
		for _, name := range []string{"access", "nobody's"} {
			_, err := s.Tokens().Spend(s.ctx, hash(name))
			s.missing(err)
		}
		s.isToken("access", access)
	})
	each(t, e, "A family is revoked", func(s *scene) {
		a, b, c := s.token("f"), s.token("f"), s.token("g")
		s.putToken("a", a)
		s.putToken("b", b)
		s.putToken("c", c)
		s.must(s.Tokens().Revoke(s.ctx, "f"))
		s.must(s.Tokens().Revoke(s.ctx, "f"))
		s.must(s.Tokens().Revoke(s.ctx, "nobody's"))
		a.Revoked, b.Revoked = true, true
		s.isToken("a", a)
		s.isToken("b", b)
		s.isToken("c", c)
		s.spend("a", false)
		a.Spent = false
		s.isToken("a", a)
	})
	each(t, e, "No family is none", func(s *scene) {
		a, b := s.token(""), s.token("")
		s.putToken("a", a)
		s.putToken("b", b)
		s.spend("a", true)
		s.spend("a", false)
		s.must(s.Tokens().Revoke(s.ctx, ""))
		s.isToken("b", b)
		s.putToken("c", b)
		s.isToken("c", b)
	})
	each(t, e, "Of many at once one spends a refresh token", func(s *scene) {
		s.putToken("a", s.token("f"))
		if won := s.race(func(int) (bool, error) { return s.Tokens().Spend(s.ctx, hash("a")) }); won != 1 {
			s.Errorf("%d spent it", won)
		}
	})
	each(t, e, "Of many rotations at once one is good, and its tokens end with the family", func(s *scene) {
		s.putToken("a", s.token("f"))
		won := s.race(func(i int) (won bool, err error) {
			err = s.Transact(s.ctx, func(ctx context.Context) (err error) {
				if won, err = s.Tokens().Spend(ctx, hash("a")); !won || err != nil {
					return err
				}
				return s.Tokens().PutToken(ctx, hash(fmt.Sprint(i)), s.token("f"))
			})
			return won, err
		})
		if won != 1 {
			s.Errorf("%d rotated it", won)
		}
		alive := 0
		for i := range racers {
			if t, err := s.Tokens().Token(s.ctx, hash(fmt.Sprint(i))); err == nil && !t.Revoked {
				alive++
			}
		}
		if alive > 0 {
			s.Errorf("%d live on", alive)
		}
	})
	each(t, e, "A rotation that fails spent nothing", func(s *scene) {
		a := s.token("f")
		s.putToken("a", a)
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must2(s.Tokens().Spend(ctx, hash("a")))
			return errFailed
		}), errFailed)
		s.isToken("a", a)
		s.spend("a", true)
	})
	each(t, e, "A token has less and less time left", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.putToken("a", s.token("f"))
		s.clock.Pass(90 * time.Minute)
		old := s.token("f")
		old.Left = -30 * time.Minute
		s.isToken("a", old)
	})
	each(t, e, "A token that expired is kept for a while", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		s.putToken("a", s.token("f"))
		s.clock.Pass(store.KeepTokens)
		s.transact(func(context.Context) error { return nil })
		s.must2(s.Tokens().Token(s.ctx, hash("a")))
		s.clock.Pass(2 * time.Hour)
		s.transact(func(context.Context) error { return nil })
		_, err := s.Tokens().Token(s.ctx, hash("a"))
		s.missing(err)
	})
}
