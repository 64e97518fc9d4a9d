package caddyparlance

import (
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// settings read credentials in the block of a transport or an outbox.
func (c *Credentials) settings() settings {
	return settings{"api_key": c.readAPIKey, "basic": c.readBasic, "oauth": c.readOAuth}
}

func (c *Credentials) readAPIKey(d *caddyfile.Dispenser) error {
	var k APIKey
	if err := arguments(d, &k.Header, &k.Key); err != nil {
		return err
	}
	c.APIKeys = append(c.APIKeys, k)
	return nil
}

func (c *Credentials) readBasic(d *caddyfile.Dispenser) error {
	c.Basic = new(Basic)
	if d.CountRemainingArgs() != 1 {
		return arguments(d, &c.Basic.User, &c.Basic.Password)
	}
	err := arguments(d, &c.Basic.User)
	if err == nil && !strings.ContainsAny(c.Basic.User, ":{") {
		err = d.Err("basic takes 2 arguments, or USER:PASSWORD as one")
	}
	return err
}

func (c *Credentials) readOAuth(d *caddyfile.Dispenser) error {
	o := new(OAuth)
	c.OAuth = o
	if err := arguments(d, &o.Endpoint); err != nil {
		return err
	}
	if err := (settings{
		"client":  texts(&o.ClientID, &o.ClientSecret),
		"scopes":  func(d *caddyfile.Dispenser) error { o.Scopes = d.RemainingArgs(); return nil },
		"refresh": texts(&o.Refresh),
	}).read(d, "oauth"); err != nil {
		return err
	}
	if o.ClientID == "" {
		return d.Err("oauth needs the client: client ID SECRET")
	}
	return nil
}
