package auth

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
)

// HashKey is the SHA-256 of a random secret, such as an API key or a token. Keep it in
// place of the secret. A fast hash is enough, since 128 random bits cannot be guessed.
func HashKey(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// NewSecret makes a key or a token: 256 random bits in 43 letters, digits, - and _.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// rounds of PBKDF2 with SHA-256: what OWASP asks for, and a tenth of a second.
const rounds = 600_000

// HashPassword is the salted hash of a password that a person chose. It is slow on
// purpose (PBKDF2, RFC 8018), because passwords can be guessed. An attacker can misuse
// the slowness, so put a limit before a sign-in.
func HashPassword(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt) // it never fails
	hash, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	if err != nil {
		panic(err) // a key too long, or FIPS 140 with a short salt: ours are right
	}
	encode := base64.RawStdEncoding.EncodeToString
	return "pbkdf2-sha256$" + strconv.Itoa(rounds) + "$" + encode(salt) + "$" + encode(hash)
}

// CheckPassword reports whether a password is the one of the hash. The time it takes
// does not depend on how much of the password is right.
func CheckPassword(hash, password string) bool {
	part := strings.Split(hash, "$")
	if len(part) != 4 || part[0] != "pbkdf2-sha256" {
		return false
	}
	n, err := strconv.Atoi(part[1])
	salt, saltErr := base64.RawStdEncoding.DecodeString(part[2])
	want, wantErr := base64.RawStdEncoding.DecodeString(part[3])
	if err != nil || saltErr != nil || wantErr != nil || len(want) == 0 {
		return false
	}
	got, err := pbkdf2.Key(sha256.New, password, salt, n, len(want))
	return err == nil && hmac.Equal(got, want)
}

// APIKeys is a [Verifier] of API keys from a program's configuration. It maps the
// [HashKey] of each key to its owner, so that the time of a lookup reveals nothing of
// the key. It must not change while it is used.
type APIKeys map[[32]byte]IssuedKey

// IssuedKey describes an API key.
type IssuedKey struct {
	Principal server.Principal
	Expires   time.Time // zero is never
	Revoked   bool
}

// Verify distinguishes a wrong key from one that has expired or was revoked.
func (k APIKeys) Verify(_ context.Context, _, secret string) (server.Principal, error) {
	key, known := k[HashKey(secret)]
	switch {
	case !known:
		return server.Principal{}, CredentialError(parlance.ReasonWrongCredential)
	case key.Revoked:
		return server.Principal{}, CredentialError(parlance.ReasonSpent)
	case !key.Expires.IsZero() && !time.Now().Before(key.Expires):
		return server.Principal{}, CredentialError(parlance.ReasonExpired)
	}
	return key.Principal, nil
}

// Accounts is a [Verifier] of names and passwords from a program's configuration. The
// names are users, or the clients of a token endpoint. It must not change while it is
// used.
type Accounts map[string]Account

// Account describes one name. It has either a password that a person chose or a secret
// that a program was given.
type Account struct {
	Password  string   // the result of HashPassword
	Secret    [32]byte // the result of HashKey, instead: for secrets of NewSecret, and fast
	Principal server.Principal
}

// Verify checks a password or secret. An unknown name takes the same time.
func (a Accounts) Verify(_ context.Context, id, secret string) (server.Principal, error) {
	account, known := a[id]
	if !known {
		for _, account = range a {
			break
		}
	}
	if !account.checks(secret) || !known {
		return server.Principal{}, CredentialError(parlance.ReasonWrongCredential)
	}
	return account.Principal, nil
}

func (a *Account) checks(secret string) bool {
	if a.Secret != [32]byte{} {
		hash := HashKey(secret)
		return hmac.Equal(hash[:], a.Secret[:])
	}
	return CheckPassword(a.Password, secret)
}
