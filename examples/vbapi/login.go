package vbapi

import (
	"net/http"
	"time"

	"github.com/parlance-api/parlance/server"
)

// User and Password are what the service knows.
const (
	User     = "demo"
	Password = "demo"
)

// users are those who may log in. The password is "demo" as server.HashPassword
// keeps it, but of few rounds, as everybody knows it.
var users = server.Accounts{User: {
	Password:  "pbkdf2-sha256$1000$dGhlIHNhbHQgb2YgZGVtbw$vZNQFJcnfmxgRq8H2zTRALRhaXcL/TN6SEEbVYsRe80",
	Principal: server.Principal{ID: User},
}}

// tokenLife is how long an idToken is good. There is nothing to refresh it with.
const tokenLife = 24 * time.Hour

func (s *Service) logIn(_ http.ResponseWriter, r *http.Request) (any, error) {
	user, _ := server.PrincipalOf(r.Context())
	token, err := server.GiveToken(r.Context(), s.config.Store.Tokens(), user, tokenLife)
	return map[string]string{"idToken": token}, err
}
