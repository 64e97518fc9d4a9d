package caddyparlance

import (
	"errors"
	"net/url"
	"strings"

	"github.com/parlance-api/parlance/client"
)

// APIKey is a header field with a secret. Key can be a placeholder.
type APIKey struct {
	Header string `json:"header"`
	Key    string `json:"key"`
}

// Basic is a user and a password (RFC 7617). Both can be placeholders. Without a Password, User
// is both, with a colon between them.
type Basic struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// OAuth is a grant at a token endpoint (RFC 6749). All values can be placeholders.
type OAuth struct {
	Endpoint     string   `json:"endpoint"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Scopes       []string `json:"scopes,omitempty"`
	Refresh      string   `json:"refresh,omitempty"` // a refresh token of an earlier login
}

// Credentials are those of the gateway at an upstream.
type Credentials struct {
	APIKeys []APIKey `json:"api_keys,omitempty"` // header fields with a secret
	Basic   *Basic   `json:"basic,omitempty"`    // a user and a password
	OAuth   *OAuth   `json:"oauth,omitempty"`    // a token of an OAuth 2 token endpoint, renewed when it has expired
}

// clientOptions are the options of the client end for them.
func (c *Credentials) clientOptions(s *shared) (options []client.Option, err error) {
	for _, k := range c.APIKeys {
		key, err := placeholders("api_key "+k.Header, k.Key)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithAPIKey(k.Header, key))
	}
	if c.Basic != nil {
		user, wrong := placeholders("basic", c.Basic.User)
		password, missing := placeholders("basic", c.Basic.Password)
		if err := errors.Join(wrong, missing); err != nil {
			return nil, err
		}
		if c.Basic.Password == "" {
			user, password, _ = strings.Cut(user, ":")
		}
		options = append(options, client.WithBasic(user, password))
	}
	if c.OAuth != nil {
		login, err := c.OAuth.login(s)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithCredential(login))
	}
	return options, nil
}

// login logs in by the client's own credentials, unless the configuration before has a token.
func (o *OAuth) login(s *shared) (*client.Login, error) {
	filled := [4]string{}
	for i, text := range [...]string{o.Endpoint, o.ClientID, o.ClientSecret, o.Refresh} {
		if text == "" && i > 0 {
			continue
		}
		var err error
		if filled[i], err = placeholders("oauth", text); err != nil {
			return nil, err
		}
	}
	if u, err := url.Parse(filled[0]); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("oauth: the endpoint is not an http or https URL")
	}
	key := loginKey{filled[0], filled[1], filled[2], strings.Join(o.Scopes, " "), filled[3]}
	return keep(s, key, key.login), nil
}

// login logs in at a token endpoint.
func (k loginKey) login() *client.Login {
	first := url.Values{"grant_type": {"client_credentials"}, "client_id": {k.id}, "client_secret": {k.secret}}
	if k.scopes != "" {
		first.Set("scope", k.scopes)
	}
	login := client.NewOAuth(nil, k.endpoint, first)
	if k.refresh != "" {
		login.Resume(client.Grant{Refresh: k.refresh})
	}
	return login
}
