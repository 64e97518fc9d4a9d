package caddyparlance

import (
	"cmp"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance"
	"github.com/parlance-api/parlance/server/guard"
)

// Maintenance closes what is behind it for planned work. The admin API switches it, and a
// reload keeps the switch.
type Maintenance struct {
	Name   string   `json:"name,omitempty"`   // of the switch; maintenance. Directives of one name share it
	Open   []string `json:"open,omitempty"`   // paths that are always served; /healthz, /livez and /readyz
	Detail string   `json:"detail,omitempty"` // what callers are told

	front
	shared shared
	keep   *guard.Maintenance
	by     *maintenanceSwitch
}

// CaddyModule names the module.
func (*Maintenance) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_maintenance", New: func() caddy.Module { return new(Maintenance) }}
}

// Provision takes the switch over from the configuration before.
func (m *Maintenance) Provision(ctx caddy.Context) (err error) {
	if err := m.prepare(ctx); err != nil {
		return err
	}
	m.Name = cmp.Or(m.Name, "maintenance")
	m.keep = &guard.Maintenance{Open: m.Open, Error: parlance.Outcome{Detail: m.Detail}}
	if m.by, err = take(&m.shared, switchKey(m.Name), newSwitch); err != nil {
		return err
	}
	m.by.add(m.keep)
	m.app.addSwitch(m.Name, m.by)
	m.middleware = m.keep.Wrap
	return nil
}

// Cleanup gives the switch back.
func (m *Maintenance) Cleanup() error {
	if m.by != nil {
		m.by.remove(m.keep)
	}
	return m.shared.release()
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_maintenance [<matcher>] {
//		name   <name of the switch>
//		open   <path...>
//		detail <text>
//		to     <dialect or file>
//	}
func (m *Maintenance) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	return settings{
		"name":   texts(&m.Name),
		"open":   list(&m.Open),
		"detail": texts(&m.Detail),
		"to":     dialectName(&m.To, &m.Sources),
	}.read(d, "parlance_maintenance")
}
