package auth_test

import (
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/server/internal/servertest"
)

func TestAPasswordIsKnownByItsHashAndNothingElseIs(t *testing.T) {
	t.Parallel()
	if hash := auth.HashPassword("correct horse"); !auth.CheckPassword(hash, "correct horse") {
		t.Error("the right one is wrong")
	}
	hash := "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + servertest.Quick("correct horse")
	if !auth.CheckPassword(hash, "correct horse") {
		t.Error("the right one of a hash with fewer rounds is wrong")
	}
	for _, wrong := range []string{"", "correct horse ", "Correct horse", hash} {
		if auth.CheckPassword(hash, wrong) {
			t.Errorf("%q is right", wrong)
		}
	}
}

func TestAProgramsSecretIsKnownByItsQuickHash(t *testing.T) {
	t.Parallel()
	programs := auth.Accounts{"shop": {Secret: auth.HashKey("right"), Principal: server.Principal{ID: "shop"}}}
	for _, c := range []struct {
		id, secret string
		in         bool
	}{{"shop", "right", true}, {"shop", "wrong", false}, {"shop", "", false}, {"other", "right", false}} {
		if p, err := programs.Verify(t.Context(), c.id, c.secret); (err == nil) != c.in || (p.ID == "shop") != c.in {
			t.Errorf("%s, %s: got %v, %v", c.id, c.secret, p, err)
		}
	}
	if _, err := (auth.Accounts{"empty": {}}).Verify(t.Context(), "empty", ""); err == nil {
		t.Error("an account without a secret is open to all")
	}
}

func TestWhatIsNoHashIsNobodysPassword(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{"", "secret", "pbkdf2-sha256$1$c2FsdA$", "pbkdf2-sha256$x$c2FsdA$" + servertest.Quick(""), "pbkdf2-sha256$1$%$" + servertest.Quick(""), "bcrypt$1$c2FsdA$" + servertest.Quick(""), "$$$"} {
		if auth.CheckPassword(hash, "") || auth.CheckPassword(hash, hash) {
			t.Errorf("%q is one", hash)
		}
	}
	if _, err := (auth.Accounts{}).Verify(t.Context(), "", ""); err == nil {
		t.Error("where nobody is known somebody is let in")
	}
}

func TestNoSecretComesTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := auth.NewSecret()
		if len(s) != 43 || seen[s] || strings.ContainsAny(s, "+/= ") {
			t.Fatalf("got %q", s)
		}
		seen[s] = true
	}
}
