package tokensource_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/client/tokensource"
	"golang.org/x/oauth2/clientcredentials"
)

// A token that the server refuses is replaced, and the request sent again.
func ExampleClientCredentials() {
	issued := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			issued++
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"access_token":"%d","token_type":"Bearer"}`, issued)
		case r.Header.Get("Authorization") != "Bearer 2":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			io.WriteString(w, "welcome")
		}
	}))
	defer srv.Close()

	d, err := catalog.Open("vbapi")
	if err != nil {
		panic(err)
	}
	login := tokensource.ClientCredentials(nil, &clientcredentials.Config{
		ClientID: "me", ClientSecret: "…", TokenURL: srv.URL + "/token",
	})
	c := &http.Client{Transport: client.New(d, client.WithCredential(login))}
	resp, err := c.Get(srv.URL + "/things")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(string(body), "with token", issued)
	// Output: welcome with token 2
}
