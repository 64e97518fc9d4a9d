package caddyparlance

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/server/idempotency"
)

// Idempotency makes requests with an idempotency key safe to retry, for upstreams that know no
// such keys. It keeps the response, and gives it again. Without an effect of its own in the
// store, a key whose gateway died during its request is uncertain: see package idempotency.
type Idempotency struct {
	Required    bool           `json:"required,omitempty"`     // refuse a request without a key
	Methods     []string       `json:"methods,omitempty"`      // whose keys count: POST and PATCH
	Expiry      caddy.Duration `json:"expiry,omitempty"`       // how long a key is kept: 24 h
	Caller      string         `json:"caller,omitempty"`       // a placeholder of the caller; the credentials of the request
	MaxBody     int            `json:"max_body,omitempty"`     // of a request: 1 MiB
	MaxResponse int            `json:"max_response,omitempty"` // that is kept: 1 MiB

	front
}

// CaddyModule names the module.
func (*Idempotency) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_idempotency", New: func() caddy.Module { return new(Idempotency) }}
}

// Provision opens the store.
func (i *Idempotency) Provision(ctx caddy.Context) error {
	if err := i.prepare(ctx); err != nil {
		return err
	}
	db, err := i.app.openStore()
	if err != nil {
		return err
	}
	var options []idempotency.Option
	if i.Required {
		options = append(options, idempotency.Required())
	}
	if len(i.Methods) > 0 {
		options = append(options, idempotency.Methods(i.Methods...))
	}
	if i.Expiry > 0 {
		options = append(options, idempotency.Expiry(time.Duration(i.Expiry)))
	}
	if i.Caller != "" {
		options = append(options, idempotency.Caller(keyOf(i.Caller)))
	}
	if i.MaxBody > 0 {
		options = append(options, idempotency.MaxBody(int64(i.MaxBody)))
	}
	if i.MaxResponse > 0 {
		options = append(options, idempotency.MaxResponse(i.MaxResponse))
	}
	i.middleware = idempotency.Middleware(db.Idempotency(), options...)
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_idempotency [<matcher>] {
//		required
//		methods      <method...>
//		expiry       <time>
//		caller       <placeholder>
//		max_body     <size>
//		max_response <size>
//		to           <dialect or file>
//	}
func (i *Idempotency) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	return settings{
		"required":     flag(&i.Required),
		"methods":      list(&i.Methods),
		"expiry":       duration(&i.Expiry),
		"caller":       texts(&i.Caller),
		"max_body":     size(&i.MaxBody, mostKept),
		"max_response": size(&i.MaxResponse, mostKept),
		"to":           dialectName(&i.To, &i.Sources),
	}.read(d, "parlance_idempotency")
}

// mostKept is the largest size of what a store keeps of a request.
const mostKept = 64 << 20
