package vbapi

import (
	"net/http"
	"time"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// The service knows the key of a program, a user with a password, and the
// client that the user works for.
const (
	Key      = "demo-key"
	User     = "demo"
	Password = "demo"
	Client   = "abc"
)

// programs are those that may call, on whoever's behalf.
var programs = auth.APIKeys{auth.HashKey(Key): {Principal: server.Principal{ID: "demo program"}}}

// users are those who may log in. The password is "demo" as auth.HashPassword
// keeps it, but of few rounds, as everybody knows it.
var users = auth.Accounts{User: {
	Password:  "pbkdf2-sha256$1000$dGhlIHNhbHQgb2YgZGVtbw$vZNQFJcnfmxgRq8H2zTRALRhaXcL/TN6SEEbVYsRe80",
	Principal: server.Principal{ID: User},
}}

// own keeps out who asks for another's client.
var own = server.WithError(
	auth.Require(func(r *http.Request, _ server.Principal) bool { return r.PathValue("client") == Client }),
	parlance.Outcome{Detail: "The user does not work for this client."})

// tokenLife is how long an idToken is good. There is nothing to refresh it with.
const tokenLife = 24 * time.Hour

func (s *Service) logIn(_ http.ResponseWriter, r *http.Request) (any, error) {
	user, _ := server.PrincipalOf(r.Context())
	token, err := auth.GiveToken(r.Context(), s.config.Store.Tokens(), user, tokenLife)
	return map[string]string{"idToken": token}, err
}
