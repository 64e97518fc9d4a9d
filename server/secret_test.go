package server_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/parlance-api/parlance/server"
)

// quick is one round over "saltsaltsaltsalt".
func quick(password string) string {
	hash, err := pbkdf2.Key(sha256.New, password, []byte("saltsaltsaltsalt"), 1, 32)
	if err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(hash)
}

func TestAPasswordIsKnownByItsHashAndNothingElseIs(t *testing.T) {
	t.Parallel()
	if hash := server.HashPassword("correct horse"); !server.CheckPassword(hash, "correct horse") {
		t.Error("the right one is wrong")
	}
	hash := "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + quick("correct horse")
	if !server.CheckPassword(hash, "correct horse") {
		t.Error("the right one of a hash with fewer rounds is wrong")
	}
	for _, wrong := range []string{"", "correct horse ", "Correct horse", hash} {
		if server.CheckPassword(hash, wrong) {
			t.Errorf("%q is right", wrong)
		}
	}
}

func TestAProgramsSecretIsKnownByItsQuickHash(t *testing.T) {
	t.Parallel()
	programs := server.Accounts{"shop": {Secret: server.HashKey("right"), Principal: server.Principal{ID: "shop"}}}
	for _, c := range []struct {
		id, secret string
		in         bool
	}{{"shop", "right", true}, {"shop", "wrong", false}, {"shop", "", false}, {"other", "right", false}} {
		if p, err := programs.Verify(t.Context(), c.id, c.secret); (err == nil) != c.in || (p.ID == "shop") != c.in {
			t.Errorf("%s, %s: got %v, %v", c.id, c.secret, p, err)
		}
	}
	if _, err := (server.Accounts{"empty": {}}).Verify(t.Context(), "empty", ""); err == nil {
		t.Error("an account without a secret is open to all")
	}
}

func TestWhatIsNoHashIsNobodysPassword(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{"", "secret", "pbkdf2-sha256$1$c2FsdA$", "pbkdf2-sha256$x$c2FsdA$" + quick(""), "pbkdf2-sha256$1$%$" + quick(""), "bcrypt$1$c2FsdA$" + quick(""), "$$$"} {
		if server.CheckPassword(hash, "") || server.CheckPassword(hash, hash) {
			t.Errorf("%q is one", hash)
		}
	}
	if _, err := (server.Accounts{}).Verify(t.Context(), "", ""); err == nil {
		t.Error("where nobody is known somebody is let in")
	}
}

func TestNoSecretComesTwice(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := server.NewSecret()
		if len(s) != 43 || seen[s] || strings.ContainsAny(s, "+/= ") {
			t.Fatalf("got %q", s)
		}
		seen[s] = true
	}
}
