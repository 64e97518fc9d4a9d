package caddyparlance

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// parseApp reads the global block:
//
//	parlance {
//		store  <file or URL>
//		schema <name>
//	}
func parseApp(d *caddyfile.Dispenser, before any) (any, error) {
	a := new(App)
	if before != nil {
		return nil, d.Err("parlance is set twice")
	}
	d.Next() // the name of the option
	if len(d.RemainingArgs()) > 0 {
		return nil, d.Err("the global block parlance takes no arguments")
	}
	if err := (settings{
		"store": func(d *caddyfile.Dispenser) error {
			a.Line = fmt.Sprintf("%s:%d", d.File(), d.Line())
			return arguments(d, &a.Store)
		},
		"schema": texts(&a.Schema),
	}).read(d, "parlance"); err != nil {
		return nil, err
	}
	value, err := json.Marshal(a)
	return httpcaddyfile.App{Name: "parlance", Value: value}, err
}
