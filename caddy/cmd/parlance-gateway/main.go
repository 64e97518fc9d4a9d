// Command parlance-gateway is Caddy with the modules of Parlance. Its commands are those of
// Caddy: "parlance-gateway run", "validate", "adapt", "reload" and so on.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/parlance-api/parlance/caddy"
)

func main() { caddycmd.Main() }
