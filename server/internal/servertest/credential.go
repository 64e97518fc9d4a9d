package servertest

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// APIKeys are those of the tests: each is named for what it is.
var APIKeys = auth.APIKeys{
	auth.HashKey("good"):    {Principal: server.Principal{ID: "ann", Tenant: "acme", Scopes: []string{"read"}}},
	auth.HashKey("old"):     {Expires: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
	auth.HashKey("revoked"): {Revoked: true},
}

// Accounts has ann, whose password is "right"; the hash is a quick one.
var Accounts = auth.Accounts{
	"ann": {Password: "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + Quick("right"), Principal: server.Principal{ID: "ann"}},
}

// Quick is one round over "saltsaltsaltsalt".
func Quick(password string) string {
	hash, err := pbkdf2.Key(sha256.New, password, []byte("saltsaltsaltsalt"), 1, 32)
	if err != nil {
		panic(err)
	}
	return base64.RawStdEncoding.EncodeToString(hash)
}

// Endpoint gives by all grants, to the client "shop" (its secret is "right") and
// to ann.
func Endpoint(store auth.TokenStore) *auth.TokenEndpoint {
	return &auth.TokenEndpoint{
		Store: store,
		Clients: auth.Accounts{
			"shop":  {Password: "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + Quick("right"), Principal: server.Principal{ID: "shop", Scopes: []string{"read", "write"}}},
			"other": {Password: "pbkdf2-sha256$1$c2FsdHNhbHRzYWx0c2FsdA$" + Quick("right"), Principal: server.Principal{ID: "other"}},
		},
		Users:          Accounts,
		Grants:         []string{"client_credentials", "password", "refresh_token"},
		RefreshClients: true,
	}
}

// Forms that ask Endpoint for a token.
const (
	ByClient   = "grant_type=client_credentials&client_id=shop&client_secret=right"
	ByPassword = "grant_type=password&username=ann&password=right"
)
