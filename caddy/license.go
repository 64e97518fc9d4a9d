package caddyparlance

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/server/license"
)

// License bounds how many callers there are at one time. A seat is free again when its holder
// has sent nothing for the time of the lease.
type License struct {
	Seats  int            `json:"seats"`
	Holder string         `json:"holder"`          // a placeholder of the caller who takes a seat; the store gets a hash
	Pool   string         `json:"pool,omitempty"`  // which seats; those of the name seats. Licenses of one pool share them
	Lease  caddy.Duration `json:"lease,omitempty"` // 5 min

	front
}

// CaddyModule names the module.
func (*License) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_license", New: func() caddy.Module { return new(License) }}
}

// Provision opens the store.
func (l *License) Provision(ctx caddy.Context) error {
	if err := l.prepare(ctx); err != nil {
		return err
	}
	db, err := l.app.openStore()
	if err != nil {
		return err
	}
	if l.Pool == "" {
		l.Pool = "seats"
	}
	l.middleware = (&license.Seats{Store: db.Seats(), Pool: l.Pool, Count: l.Seats, Lease: time.Duration(l.Lease), Holder: keyOf(l.Holder)}).Wrap
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_license [<matcher>] {
//		seats  <number>
//		holder <placeholder>
//		pool   <name>
//		lease  <time>
//		to     <dialect or file>
//	}
func (l *License) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	if err := (settings{
		"seats":  number(&l.Seats, 1),
		"holder": texts(&l.Holder),
		"pool":   texts(&l.Pool),
		"lease":  duration(&l.Lease),
		"to":     dialectName(&l.To, &l.Sources),
	}).read(d, "parlance_license"); err != nil {
		return err
	}
	if l.Seats == 0 || l.Holder == "" {
		return d.Err("parlance_license needs seats and a holder, such as: seats 25 and holder {http.auth.user.id}")
	}
	return nil
}
