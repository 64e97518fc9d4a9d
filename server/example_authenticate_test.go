package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/parlance-api/parlance/server"
)

// showAs asks with a header, and shows what a client sees.
func showAs(h http.Handler, method, path, header, value string) {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set(header, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header()["Www-Authenticate"], " ", w.Body)))
}

// Keys and tokens are verified before any route, and the routes know who calls.
func ExampleAuthenticate() {
	api := open("vms")
	keys := server.Keys{server.HashKey("s3cret"): {Principal: server.Principal{ID: "ann", Scopes: []string{"cameras"}}}}
	mux := http.NewServeMux()
	mux.Handle("GET /me", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		return who.ID, nil
	}))
	mux.Handle("GET /bills", server.RequireScopes("billing")(api.Handle(nil)))
	h := api.Wrap(server.Authenticate(server.Bearer(keys))(mux))

	showAs(h, "GET", "/me", "Authorization", "Bearer s3cret")
	showAs(h, "GET", "/me", "Authorization", "")
	showAs(h, "GET", "/me", "Authorization", "Bearer guess")
	showAs(h, "GET", "/bills", "Authorization", "Bearer s3cret")
	// Output:
	// 200 [] "ann"
	// 401 [Bearer] {"message":"","errors":{"error":["A credential is needed"]}}
	// 401 [Bearer error="invalid_token", error_description="The credential is wrong"] {"message":"","errors":{"error":["The credential is wrong"]}}
	// 403 [Bearer error="insufficient_scope", error_description="The credential is not good for this", scope="billing"] {"message":"","errors":{"error":["The credential is not good for this"]}}
}

// A resource may belong to somebody.
func ExampleRequire() {
	api := open("vms")
	keys := server.Keys{server.HashKey("s3cret"): {Principal: server.Principal{ID: "ann", Tenant: "acme"}}}
	mux := http.NewServeMux()
	theirs := func(r *http.Request, p server.Principal) bool { return r.PathValue("tenant") == p.Tenant }
	mux.Handle("GET /{tenant}/cameras", server.Require(theirs)(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return []string{"Gate"}, nil
	})))
	h := api.Wrap(server.Authenticate(server.APIKey("X-Api-Key", keys))(mux))

	showAs(h, "GET", "/acme/cameras", "X-Api-Key", "s3cret")
	showAs(h, "GET", "/other/cameras", "X-Api-Key", "s3cret")
	// Output:
	// 200 [] ["Gate"]
	// 403 [] {"message":"","errors":{"error":["This is not permitted"]}}
}
