package auth_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// Verify credentials by a function of your own, such as a look-up in a database.
func ExampleVerifierFunc() {
	verify := auth.VerifierFunc(func(_ context.Context, id, secret string) (server.Principal, error) {
		switch {
		case id != "ann" || secret != "s3cret": // in production: compare hashes, in constant time
			return server.Principal{}, auth.CredentialError("") // a wrong credential
		default:
			return server.Principal{ID: id, Tenant: "acme"}, nil
		}
	})
	srv := serve(auth.Authenticate(auth.Basic("orders", verify)), func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		return who.ID + " of " + who.Tenant, nil
	})
	defer srv.Close()

	for _, password := range []string{"s3cret", "guess"} {
		r, err := http.NewRequest(http.MethodGet, srv.URL+"/me", nil)
		if err != nil {
			panic(err)
		}
		r.SetBasicAuth("ann", password)
		ask(r)
	}
	// Output:
	// 200 "ann of acme"
	// 401 {"message":"","errors":{"error":["The credential is wrong"]}}
}

// A route that needs a scope refuses a caller who has not got it.
func ExampleRequireScopes() {
	keys := auth.APIKeys{
		auth.HashKey("k-read"):  {Principal: server.Principal{ID: "ann", Scopes: []string{"orders:read"}}},
		auth.HashKey("k-write"): {Principal: server.Principal{ID: "bob", Scopes: []string{"orders:read", "orders:write"}}},
	}
	write := auth.RequireScopes("orders:write")
	srv := serve(func(next http.Handler) http.Handler {
		return auth.Authenticate(auth.APIKey("X-Api-Key", keys))(write(next))
	}, func(http.ResponseWriter, *http.Request) (any, error) { return "ordered", nil })
	defer srv.Close()

	for _, key := range []string{"k-write", "k-read"} {
		r, err := http.NewRequest(http.MethodPost, srv.URL+"/orders", nil)
		if err != nil {
			panic(err)
		}
		r.Header.Set("X-Api-Key", key)
		ask(r)
	}
	// Output:
	// 200 "ordered"
	// 403 {"message":"","errors":{"error":["The credential does not allow this"]}}
}

// Tell the caller why a credential is refused.
func ExampleCredentialError() {
	err := auth.CredentialError(parlance.ReasonExpired)
	fmt.Println(err.Outcome.Kind, err.Outcome.Reason)
	// Output: unauthenticated expired
}

// serve is an API with one handler behind a middleware.
func serve(m server.Middleware, h server.HandlerFunc) *httptest.Server {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms, server.WithLogger(slog.New(slog.DiscardHandler)))
	return httptest.NewServer(api.Wrap(m(api.Handle(h))))
}

// ask sends a request, and prints the response.
func ask(r *http.Request) {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(res.StatusCode, string(body))
}
