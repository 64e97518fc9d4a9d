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
	hash := server.HashPassword("correct horse")
	if other := server.HashPassword("correct horse"); other == hash {
		t.Error("there is no salt")
	}
	if !server.CheckPassword(hash, "correct horse") {
		t.Error("the right one is wrong")
	}
	for _, wrong := range []string{"", "correct horse ", "Correct horse", hash} {
		if server.CheckPassword(hash, wrong) {
			t.Errorf("%q is right", wrong)
		}
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
