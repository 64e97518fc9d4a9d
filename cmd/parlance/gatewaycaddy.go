package main

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/gateway"
)

// printCaddyfile prints the Caddyfile that does what the flags do.
func (a *app) printCaddyfile(f *gatewayFlags, config *gateway.Config) error {
	host, port, err := net.SplitHostPort(f.listen)
	if n, wrong := strconv.Atoi(port); err != nil || wrong != nil || n == 0 {
		return &mistake{message: fmt.Sprintf("--listen: %q has no port that a Caddyfile can name", f.listen), hint: "for example: --listen 127.0.0.1:8080"}
	}
	own, drop, err := f.caddyCredentials(config.Speaks.Auth())
	if err != nil {
		return err
	}
	if len(f.async)+len(f.asyncAlways) > 0 && f.keep.Name == "" {
		return errNoStore
	}
	var c caddyfile
	c.WriteString("# Run it with: parlance-gateway run --config FILE\n")
	for _, limit := range []struct {
		flag string
		set  bool
	}{{"max-connections", config.MaxConns > 0}, {"max-idle-connections", config.MaxIdleConns > 0}, {"max-header-fields", config.MaxFields != 256}} {
		if limit.set {
			c.WriteString("# Caddy has no setting for --" + limit.flag + ".\n")
		}
	}
	if !config.AccessLog {
		c.WriteString("# Caddy logs every request, as the gateway does with --access-log.\n")
	}
	c.block(func() { c.gatewayGlobal(f, config) })
	c.WriteByte('\n')
	c.block(func() {
		if host != "" {
			c.line("bind", host)
		}
		c.line("log")
		c.line("parlance", f.to)
		c.gatewayKeeps(f, own, drop)
		c.block(func() { c.gatewayProxy(f, config, own) }, "handle")
	}, "http://:"+port)
	_, err = fmt.Fprint(a.stdout, c.String())
	return err
}

// gatewayGlobal writes the global options.
func (c *caddyfile) gatewayGlobal(f *gatewayFlags, config *gateway.Config) {
	c.line("grace_period", cmp.Or(config.Drain, config.Timeout, time.Minute).String())
	c.block(func() {
		c.number("max_header_size", config.MaxRequestHeader, 0)
		c.block(func() { c.line("idle", config.IdleTimeout.String()) }, "timeouts")
	}, "servers")
	c.block(func() {
		c.line("output", "stderr")
		c.line("format", map[string]string{"text": "console", "json": "json"}[f.logFormat])
		c.line("level", strings.ToUpper(f.logLevel))
	}, "log")
	if f.keep.Name == "" {
		return
	}
	c.block(func() {
		c.line("store", f.keep.Name)
		if f.keep.Remote() {
			c.line("schema", f.keep.Schema)
		}
	}, "parlance")
}

// gatewayKeeps writes the directives that need the store.
func (c *caddyfile) gatewayKeeps(f *gatewayFlags, own [][]string, drop string) {
	if f.keep.Name == "" {
		return
	}
	c.block(func() { c.number("sample", f.sample, 0) }, "parlance_activity")
	if len(f.async)+len(f.asyncAlways) == 0 {
		return
	}
	c.block(func() {
		c.line("speaks", f.speaks)
		c.line("vendor", upstream)
		for _, route := range f.async {
			c.line("route", route)
		}
		for _, route := range f.asyncAlways {
			c.line("always", route)
		}
		if drop != "" {
			c.line("drop", drop)
		}
		for _, words := range own {
			c.line(words...)
		}
	}, "parlance_outbox", f.upstream)
}

// gatewayProxy writes the way to the API.
func (c *caddyfile) gatewayProxy(f *gatewayFlags, config *gateway.Config, own [][]string) {
	api := config.Upstream
	path := strings.TrimRight(api.EscapedPath(), "/")
	if path != "" {
		c.line("uri", "path_regexp", "^", path) // rewrite would undo escapes in the path
	}
	c.block(func() {
		c.line("header_up", "Host", api.Host)
		for _, field := range []string{"Location", "Content-Location"} { // callers reach the API by the gateway alone
			c.line("header_down", field, "^(?:https?://"+regexp.QuoteMeta(api.Host)+")?"+regexp.QuoteMeta(path)+"(/.*)$", "$1")
		}
		c.line("flush_interval", "-1")
		if len(f.trusted) > 0 {
			c.line(append([]string{"trusted_proxies"}, f.trusted...)...)
		}
		c.block(func() { c.gatewayTransport(f, config, own) }, "transport", "parlance")
	}, "reverse_proxy", api.Scheme+"://"+api.Host)
}

// gatewayTransport writes the settings of the transport.
func (c *caddyfile) gatewayTransport(f *gatewayFlags, config *gateway.Config, own [][]string) {
	c.line("speaks", f.speaks)
	c.duration("timeout", config.Timeout, time.Minute)
	c.duration("max_wait", config.MaxWait, 10*time.Second)
	c.duration("max_hold", config.MaxHold, client.DefaultMaxHold)
	c.duration("max_unreachable", f.unreachable, time.Second)
	c.number("max_attempts", f.attempts, 4)
	if f.breaker > 0 {
		c.line("breaker", strconv.Itoa(f.breaker), f.breakerPause.String())
	}
	for _, words := range own {
		c.line(words...)
	}
	c.block(func() { c.number("max_response_header", int(config.MaxResponseHeader), 0) }, "http")
}

// caddyCredentials are the settings for the gateway's own credentials, and the field that they
// are in.
func (f *gatewayFlags) caddyCredentials(auth dialect.Auth) (own [][]string, drop string, err error) {
	if f.token != "" {
		header, where := cmp.Or(auth.Header, "Authorization"), f.token
		scheme := auth.Scheme
		if header == "Authorization" {
			scheme = cmp.Or(scheme, "Bearer")
		}
		if !isPlace(where) {
			header, where, _ = strings.Cut(where, ":")
			header, where, scheme = strings.TrimSpace(header), strings.TrimSpace(where), ""
		}
		secret, err := caddySecret("--token", where)
		if err != nil {
			return nil, "", err
		}
		own, drop = append(own, []string{"api_key", header, strings.TrimSpace(scheme + " " + secret)}), header
	}
	if f.user != "" {
		secret, err := caddySecret("--user", f.user)
		if err != nil {
			return nil, "", err
		}
		own, drop = append(own, []string{"basic", secret}), cmp.Or(drop, "Authorization")
	}
	return own, drop, nil
}

// caddySecret is the placeholder of Caddy for the place of a secret.
func caddySecret(flag, place string) (string, error) {
	if name, isEnv := strings.CutPrefix(place, "env:"); isEnv {
		return "{env." + name + "}", nil
	}
	if !isPlace(place) {
		return "", notAPlace(flag)
	}
	return "{file." + strings.TrimPrefix(place, "@") + "}", nil
}
