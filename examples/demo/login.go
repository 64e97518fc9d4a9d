package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/examples/vbapi"
	"github.com/parlance-api/parlance/examples/vision"
)

// warehouse logs in to vision. It is a client.Login that can be told to lose its
// refresh token.
type warehouse struct {
	*client.Login
	hc       *http.Client
	endpoint string

	mu      sync.Mutex
	refresh string // the one that the Login holds
}

func warehouseLogin(hc *http.Client, service string) client.Credential {
	w := &warehouse{hc: hc, endpoint: service + "/token"}
	w.Login = client.NewLogin(
		func(ctx context.Context) (client.Grant, error) {
			return w.ask(ctx, url.Values{"grant_type": {"client_credentials"}, "client_id": {vision.ClientID}, "client_secret": {vision.ClientCode}})
		},
		func(ctx context.Context, refresh string) (client.Grant, error) {
			return w.ask(ctx, renewal(refresh))
		},
	)
	return w
}

// renewal is the form that gets the next token. A refresh token is good for the
// client that it was given to, which has to say who it is.
func renewal(refresh string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {refresh},
		"client_id": {vision.ClientID}, "client_secret": {vision.ClientCode},
	}
}

// ask posts a form to the token endpoint. Vision says of a spent refresh token
// what it says of every wrong credential: 401.
func (w *warehouse) ask(ctx context.Context, form url.Values) (client.Grant, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return client.Grant{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var reply struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	status, err := fetch(w.hc, req, &reply)
	switch {
	case err != nil:
		return client.Grant{}, err
	case status == http.StatusUnauthorized && form.Has("refresh_token"):
		return client.Grant{}, client.ErrSpent
	case status != http.StatusOK:
		return client.Grant{}, &client.TokenError{Status: status}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refresh = reply.Refresh
	return client.Grant{Token: reply.Access, Refresh: reply.Refresh}, nil
}

// spend uses the refresh token as another program would that holds it, too.
func (w *warehouse) spend(ctx context.Context) error {
	w.mu.Lock()
	refresh := w.refresh
	w.mu.Unlock()
	_, err := w.ask(ctx, renewal(refresh))
	return err
}

// userLogin logs in to vbapi, which has no refresh tokens.
func userLogin(hc *http.Client, service string) client.Credential {
	return client.NewLogin(func(ctx context.Context) (client.Grant, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, service+"/user-authentication", nil)
		if err != nil {
			return client.Grant{}, err
		}
		req.SetBasicAuth(vbapi.User, vbapi.Password)
		req.Header.Set("X-Api-Key", vbapi.Key)
		var reply struct {
			Data struct {
				Token string `json:"idToken"`
			} `json:"data"`
		}
		status, err := fetch(hc, req, &reply)
		if err == nil && status != http.StatusOK {
			err = &client.TokenError{Status: status}
		}
		return client.Grant{Token: reply.Data.Token}, err
	}, nil)
}

// fetch reads the JSON of a 200.
func fetch(hc *http.Client, req *http.Request, v any) (status int, err error) {
	res, err := hc.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, nil
	}
	return res.StatusCode, json.NewDecoder(res.Body).Decode(v)
}
