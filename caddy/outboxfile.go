package caddyparlance

import (
	"maps"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile reads the directive:
//
//	parlance_outbox [<matcher>] <upstream> {
//		speaks  <dialect or file>
//		vendor  <name>
//		route   <pattern>
//		always  <pattern>
//		path    <path>
//		drop    <field...>
//		to      <dialect or file>
//		api_key, basic and oauth as in the transport
//	}
func (o *Outbox) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the directive
	if err := arguments(d, &o.Upstream); err != nil {
		return err
	}
	s := settings{
		"speaks": dialectName(&o.Speaks, &o.Sources),
		"vendor": texts(&o.Vendor),
		"route":  more(&o.Routes),
		"always": more(&o.Always),
		"path":   texts(&o.Path),
		"drop":   list(&o.Drop),
		"to":     dialectName(&o.To, &o.Sources),
	}
	maps.Copy(s, o.Credentials.settings())
	if err := s.read(d, "parlance_outbox"); err != nil {
		return err
	}
	if o.Speaks == "" {
		return d.Err("parlance_outbox needs the dialect of the upstream: speaks NAME")
	}
	return nil
}

// more reads one argument of a setting that may be given several times.
func more(to *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		text := ""
		err := arguments(d, &text)
		*to = append(*to, text)
		return err
	}
}
