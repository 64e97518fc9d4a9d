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

func tokens(t *testing.T, e Engine) {
	token := func(s *scene, family string) auth.Token {
		return auth.Token{
			Family: family, Refresh: true, Left: time.Hour,
			Principal: server.Principal{ID: "id", Tenant: "tenant", Scopes: []string{"read", "write"}},
		}
	}
	put := func(s *scene, name string, t auth.Token) {
		s.Helper()
		s.must(s.Tokens().PutToken(s.ctx, hash(name), t))
	}
	is := func(s *scene, name string, want auth.Token) {
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
	spend := func(s *scene, name string, want bool) {
		s.Helper()
		first, err := s.Tokens().Spend(s.ctx, hash(name))
		s.must(err)
		if first != want {
			s.Errorf("%s spent: %v, want %v", name, first, want)
		}
	}

	each(t, e, "A token is found as it was put", func(s *scene) {
		full, bare, old := token(s, "f"), auth.Token{Left: time.Hour}, token(s, "f")
		old.Left = -time.Hour
		put(s, "full", full)
		put(s, "bare", bare)
		put(s, "old", old)
		is(s, "full", full)
		is(s, "bare", bare)
		is(s, "old", old)
		s.wraps(s.Tokens().PutToken(s.ctx, hash("full"), bare), parlance.ErrConflict)
		is(s, "full", full)
		_, err := s.Tokens().Token(s.ctx, hash("other"))
		s.missing(err)
	})
	each(t, e, "Rotation: a refresh token is spent once, and a second time ends its family", func(s *scene) {
		first, next, other := token(s, "f"), token(s, "f"), token(s, "g")
		access := token(s, "f")
		access.Refresh = false
		put(s, "first", first)
		put(s, "access", access)
		put(s, "other", other)
		spend(s, "first", true)
		first.Spent = true
		is(s, "first", first)
		put(s, "next", next)
		is(s, "next", next)

		spend(s, "first", false)
		for name, t := range map[string]auth.Token{"first": first, "next": next, "access": access} {
			t.Revoked = true
			is(s, name, t)
		}
		is(s, "other", other)
		spend(s, "next", false)
		spend(s, "other", true)

		late := token(s, "f") // of who spent the first at the same time
		put(s, "late", late)
		late.Revoked = true
		is(s, "late", late)
	})
	each(t, e, "Only a refresh token is spent", func(s *scene) {
		access := token(s, "f")
		access.Refresh = false
		put(s, "access", access)
		for _, name := range []string{"access", "nobody's"} {
			_, err := s.Tokens().Spend(s.ctx, hash(name))
			s.missing(err)
		}
		is(s, "access", access)
	})
	each(t, e, "A family is revoked", func(s *scene) {
		a, b, c := token(s, "f"), token(s, "f"), token(s, "g")
		put(s, "a", a)
		put(s, "b", b)
		put(s, "c", c)
		s.must(s.Tokens().Revoke(s.ctx, "f"))
		s.must(s.Tokens().Revoke(s.ctx, "f"))
		s.must(s.Tokens().Revoke(s.ctx, "nobody's"))
		a.Revoked, b.Revoked = true, true
		is(s, "a", a)
		is(s, "b", b)
		is(s, "c", c)
		spend(s, "a", false)
		a.Spent = false
		is(s, "a", a)
	})
	each(t, e, "No family is none", func(s *scene) {
		a, b := token(s, ""), token(s, "")
		put(s, "a", a)
		put(s, "b", b)
		spend(s, "a", true)
		spend(s, "a", false)
		s.must(s.Tokens().Revoke(s.ctx, ""))
		is(s, "b", b)
		put(s, "c", b)
		is(s, "c", b)
	})
	each(t, e, "Of many at once one spends a refresh token", func(s *scene) {
		put(s, "a", token(s, "f"))
		if won := s.race(func(int) (bool, error) { return s.Tokens().Spend(s.ctx, hash("a")) }); won != 1 {
			s.Errorf("%d spent it", won)
		}
	})
	each(t, e, "Of many rotations at once one is good, and its tokens end with the family", func(s *scene) {
		put(s, "a", token(s, "f"))
		won := s.race(func(i int) (won bool, err error) {
			err = s.Transact(s.ctx, func(ctx context.Context) (err error) {
				if won, err = s.Tokens().Spend(ctx, hash("a")); !won || err != nil {
					return err
				}
				return s.Tokens().PutToken(ctx, hash(fmt.Sprint(i)), token(s, "f"))
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
		a := token(s, "f")
		put(s, "a", a)
		s.wraps(s.Transact(s.ctx, func(ctx context.Context) error {
			s.must2(s.Tokens().Spend(ctx, hash("a")))
			return errFailed
		}), errFailed)
		is(s, "a", a)
		spend(s, "a", true)
	})
	each(t, e, "A token has less and less time left", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		put(s, "a", token(s, "f"))
		s.clock.Pass(90 * time.Minute)
		old := token(s, "f")
		old.Left = -30 * time.Minute
		is(s, "a", old)
	})
	each(t, e, "A token that expired is kept for a while", func(s *scene) {
		if e.OwnTime {
			s.Skip("its time is its own")
		}
		put(s, "a", token(s, "f"))
		s.clock.Pass(store.KeepTokens)
		s.transact(func(context.Context) error { return nil })
		s.must2(s.Tokens().Token(s.ctx, hash("a")))
		s.clock.Pass(2 * time.Hour)
		s.transact(func(context.Context) error { return nil })
		_, err := s.Tokens().Token(s.ctx, hash("a"))
		s.missing(err)
	})
}
