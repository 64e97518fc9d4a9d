package auth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/server"
	"github.com/parlance-api/parlance/server/auth"
	"github.com/parlance-api/parlance/store/memory"
)

// A service without an identity provider gives its own tokens, and refuses in
// its own dialect.
func ExampleTokenEndpoint() {
	vision, err := catalog.Open("vision")
	if err != nil {
		panic(err)
	}
	api, tokens := server.New(vision), memory.New().Tokens()
	clients := auth.Accounts{"warehouse": {
		Secret:    auth.HashKey("demo"), // a real one is of NewSecret; its hash stands in the configuration
		Principal: server.Principal{ID: "warehouse"},
	}}
	mux := http.NewServeMux()
	mux.Handle("POST /token", &auth.TokenEndpoint{Store: tokens, Clients: clients, Members: auth.Stamps})
	mux.Handle("/", auth.Authenticate(auth.Bearer(auth.Tokens(tokens)))(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		return who.ID, nil
	})))
	h := api.Wrap(mux)

	ask := func(secret string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/token", strings.NewReader("grant_type=client_credentials&client_id=warehouse&client_secret="+secret))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	refused := ask("guess")
	fmt.Println(refused.Code, refused.Body)
	var granted struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	_ = json.Unmarshal(ask("demo").Body.Bytes(), &granted)
	fmt.Println(granted.Expires)
	show(h, "GET", "/me", "Authorization", "Bearer "+granted.Token)
	// Output:
	// 401 <RES><Code>101</Code><Message>The credential is wrong</Message></RES>
	// 1200
	// 200 [] "warehouse"
}

// The API has a sign-in of its own: Basic gets a token, and the token opens the rest.
func ExampleGiveToken() {
	vbapi, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	api, tokens := server.New(vbapi), memory.New().Tokens()
	users := auth.Accounts{"ann": { // what HashPassword made of "demo"
		Password:  "pbkdf2-sha256$600000$6a4ctLqDWqkljKU3GddZYg$6p2GLmsMh+JuNdwafzHgA5fkgwgFDG3mPVs/UY1+nzk",
		Principal: server.Principal{ID: "ann"},
	}}
	mux := http.NewServeMux()
	mux.Handle("POST /user-authentication", auth.Authenticate(auth.Basic("vbapi", users))(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		token, err := auth.GiveToken(r.Context(), tokens, who, 24*time.Hour)
		return map[string]string{"idToken": token}, err
	})))
	mux.Handle("/", auth.Authenticate(auth.Bearer(auth.Tokens(tokens)))(api.Handle(func(_ http.ResponseWriter, r *http.Request) (any, error) {
		who, _ := server.PrincipalOf(r.Context())
		return who.ID, nil
	})))
	h := api.Wrap(mux)

	r := httptest.NewRequest("POST", "/user-authentication", nil)
	r.SetBasicAuth("ann", "demo")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var in struct{ Data struct{ IDToken string } }
	_ = json.Unmarshal(w.Body.Bytes(), &in)

	r = httptest.NewRequest("GET", "/me", nil)
	r.Header.Set("Authorization", "Bearer "+in.Data.IDToken)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `"data":"ann"`))
	// Output:
	// 200 true
}
