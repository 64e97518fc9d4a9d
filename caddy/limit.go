package caddyparlance

import (
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/server/limit"
)

// Limit bounds how often callers may send requests, and tells them by the fields RateLimit.
type Limit struct {
	Policies []Policy `json:"policies"`
	Closed   bool     `json:"closed,omitempty"` // refuse all requests while the store fails; they pass uncounted else
	Older    bool     `json:"older,omitempty"`  // send X-RateLimit-Limit, -Remaining and -Reset, too

	front
}

// Policy is a rate for each key. Quota may be used at once, and comes back evenly.
type Policy struct {
	Name   string         `json:"name"`
	Quota  int            `json:"quota"`
	Window caddy.Duration `json:"window"`
	Key    string         `json:"key,omitempty"` // a placeholder, of which the store gets a hash; the network of the caller
}

// CaddyModule names the module.
func (*Limit) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_limit", New: func() caddy.Module { return new(Limit) }}
}

// Provision opens the store.
func (l *Limit) Provision(ctx caddy.Context) error {
	if err := l.prepare(ctx); err != nil {
		return err
	}
	db, err := l.app.openStore()
	if err != nil {
		return err
	}
	limiter := &limit.Limiter{Store: db.Limits(), Closed: l.Closed, Logger: l.log}
	if l.Older {
		limiter.Older = limit.XRateLimit()
	}
	for _, p := range l.Policies {
		by := limit.Address
		if p.Key != "" {
			by = keyOf(p.Key)
		}
		limiter.Policies = append(limiter.Policies, limit.Policy{Name: p.Name, Rate: limit.Rate{Quota: p.Quota, Window: time.Duration(p.Window)}, By: by})
	}
	l.middleware = limiter.Wrap
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_limit [<matcher>] {
//		policy <name> <quota> <time> [<placeholder>]
//		closed
//		older
//		to <dialect or file>
//	}
func (l *Limit) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	if err := (settings{
		"policy": l.readPolicy,
		"closed": flag(&l.Closed),
		"older":  flag(&l.Older),
		"to":     dialectName(&l.To, &l.Sources),
	}).read(d, "parlance_limit"); err != nil {
		return err
	}
	if len(l.Policies) == 0 {
		return d.Err("parlance_limit needs a policy, such as: policy burst 20 1s")
	}
	return nil
}

func (l *Limit) readPolicy(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 3 && len(args) != 4 {
		return d.Errf("policy takes a name, a quota, a time and perhaps a placeholder, and has %s", count(len(args)))
	}
	p := Policy{Name: args[0]}
	var err error
	if p.Quota, err = strconv.Atoi(args[1]); err != nil || p.Quota < 1 {
		return d.Errf("policy: %q is not a number of at least 1", args[1])
	}
	if err := duration(&p.Window)(one(d, "policy", args[2])); err != nil {
		return err
	}
	if len(args) == 4 {
		p.Key = args[3]
	}
	for _, other := range l.Policies {
		if other.Name == p.Name {
			return d.Errf("policy: the name %q is used twice", p.Name)
		}
	}
	l.Policies = append(l.Policies, p)
	return nil
}
