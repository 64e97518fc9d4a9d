package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
)

// Keys and tokens are verified before any route, and the routes know who calls.
func ExampleAuthenticate() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	keys := auth.APIKeys{auth.HashKey("s3cret"): {Principal: server.Principal{ID: "ann", Scopes: []string{"cameras"}}}}
	mux := http.NewServeMux()
	mux.Handle("GET /me", api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		return who.ID, nil
	}))
	mux.Handle("GET /bills", auth.RequireScopes("billing")(api.Handle(nil)))
	h := api.Wrap(auth.Authenticate(auth.Bearer(keys))(mux))

	show(h, "GET", "/me", "Authorization", "Bearer s3cret")
	show(h, "GET", "/me", "Authorization", "")
	show(h, "GET", "/me", "Authorization", "Bearer guess")
	show(h, "GET", "/bills", "Authorization", "Bearer s3cret")
	// Output:
	// 200 [] "ann"
	// 401 [Bearer] {"message":"","errors":{"error":["A credential is required"]}}
	// 401 [Bearer error="invalid_token", error_description="The credential is wrong"] {"message":"","errors":{"error":["The credential is wrong"]}}
	// 403 [Bearer error="insufficient_scope", error_description="The credential does not allow this", scope="billing"] {"message":"","errors":{"error":["The credential does not allow this"]}}
}

// A resource may belong to somebody.
func ExampleRequire() {
	vms, err := catalog.Open("vms")
	if err != nil {
		panic(err)
	}
	api := server.New(vms)
	keys := auth.APIKeys{auth.HashKey("s3cret"): {Principal: server.Principal{ID: "ann", Tenant: "acme"}}}
	mux := http.NewServeMux()
	theirs := func(r *http.Request, p server.Principal) bool { return r.PathValue("tenant") == p.Tenant }
	mux.Handle("GET /{tenant}/cameras", auth.Require(theirs)(api.Handle(func(http.ResponseWriter, *http.Request) (any, error) {
		return []string{"Gate"}, nil
	})))
	h := api.Wrap(auth.Authenticate(auth.APIKey("X-Api-Key", keys))(mux))

	show(h, "GET", "/acme/cameras", "X-Api-Key", "s3cret")
	show(h, "GET", "/other/cameras", "X-Api-Key", "s3cret")
	// Output:
	// 200 [] ["Gate"]
	// 403 [] {"message":"","errors":{"error":["This is not permitted"]}}
}

// show prints the response to a request with a header field.
func show(h http.Handler, method, path, header, value string) {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", "application/json")
	r.Header.Set(header, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header()["Www-Authenticate"], w.Body)
}
