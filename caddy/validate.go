package caddyparlance

import (
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/parlance-api/parlance/server/validate"
)

// Validate refuses requests that do not match an OpenAPI 3.1 document. A request that the
// document does not know passes.
type Validate struct {
	Document    string         `json:"document"`               // a file, in JSON or YAML
	MaxBody     int            `json:"max_body,omitempty"`     // 1 MiB
	MaxDepth    int            `json:"max_depth,omitempty"`    // of objects and lists: 100
	MaxValues   int            `json:"max_values,omitempty"`   // 100,000
	MaxFields   int            `json:"max_fields,omitempty"`   // that a response lists: 100
	ReadTimeout caddy.Duration `json:"read_timeout,omitempty"` // of a body: none
	Gzip        bool           `json:"gzip,omitempty"`         // accept such bodies, and pass them on inflated

	front
}

// CaddyModule names the module.
func (*Validate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.parlance_validate", New: func() caddy.Module { return new(Validate) }}
}

// Provision compiles the document.
func (v *Validate) Provision(ctx caddy.Context) error {
	if err := v.prepare(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(v.Document)
	if err != nil {
		return fmt.Errorf("parlance_validate: %w", err)
	}
	api, err := validate.CompileOpenAPI(text)
	if err != nil {
		return fmt.Errorf("parlance_validate: %s: %w", v.Document, err)
	}
	var options []validate.Option
	if v.MaxBody > 0 {
		options = append(options, validate.WithMaxBytes(int64(v.MaxBody)))
	}
	if v.MaxDepth > 0 {
		options = append(options, validate.WithMaxDepth(v.MaxDepth))
	}
	if v.MaxValues > 0 {
		options = append(options, validate.WithMaxValues(v.MaxValues))
	}
	if v.MaxFields > 0 {
		options = append(options, validate.WithMaxFields(v.MaxFields))
	}
	if v.ReadTimeout > 0 {
		options = append(options, validate.WithReadTimeout(time.Duration(v.ReadTimeout)))
	}
	if v.Gzip {
		options = append(options, validate.WithGzip())
	}
	v.middleware = validate.OpenAPI(api, options...)
	return nil
}

// UnmarshalCaddyfile reads the directive:
//
//	parlance_validate [<matcher>] {
//		document     <file>
//		max_body     <size>
//		max_depth    <number>
//		max_values   <number>
//		max_fields   <number>
//		read_timeout <time>
//		gzip
//		to           <dialect or file>
//	}
func (v *Validate) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	if err := noArguments(d); err != nil {
		return err
	}
	if err := (settings{
		"document":     texts(&v.Document),
		"max_body":     size(&v.MaxBody, mostKept),
		"max_depth":    number(&v.MaxDepth, 1),
		"max_values":   number(&v.MaxValues, 1),
		"max_fields":   number(&v.MaxFields, 1),
		"read_timeout": duration(&v.ReadTimeout),
		"gzip":         flag(&v.Gzip),
		"to":           dialectName(&v.To, &v.Sources),
	}).read(d, "parlance_validate"); err != nil {
		return err
	}
	if v.Document == "" {
		return d.Err("parlance_validate needs a file of OpenAPI 3.1: document FILE")
	}
	v.note(v.Document)
	return nil
}
