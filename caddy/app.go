package caddyparlance

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/parlance-api/parlance/catalog"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/outbox"
)

// App holds what all modules of one configuration share: each dialect, compiled once, and the
// metrics. Caddy makes one for a configuration, and lets go of it when a reload has put the
// next in its place. A dialect file that has changed is compiled with the next one. If it has
// faults, the reload fails and the old configuration stays.
//
// It also has the store of the directives that keep something. The first one that needs it
// opens it, and a reload keeps it open.
type App struct {
	// Store is a file of SQLite, or a URL postgres://… of PostgreSQL, for several machines. It
	// can have placeholders. The default is parlance.db in Caddy's folder for data.
	Store string `json:"store,omitempty"`

	// Schema is the schema of PostgreSQL: parlance.
	Schema string `json:"schema,omitempty"`

	// Line is the line of a Caddyfile that names the store, for errors.
	Line string `json:"line,omitempty"`

	shared   shared
	inflight inflight
	store    *openStore
	switches map[string]*maintenanceSwitch
	outbox   vendors
	log      *slog.Logger
	mu       sync.Mutex
	dialects map[string]loaded
	metrics  *metrics
}

// loaded is a dialect that a configuration uses.
type loaded struct {
	dialect *dialect.Dialect
	at      time.Time
}

// CaddyModule names the module.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "parlance", New: func() caddy.Module { return new(App) }}
}

// Provision registers the metrics.
func (a *App) Provision(ctx caddy.Context) error {
	a.dialects, a.switches = map[string]loaded{}, map[string]*maintenanceSwitch{}
	a.log, a.metrics = ctx.Slogger(), newMetrics(ctx.GetMetricsRegistry())
	return nil
}

// Start begins to deliver what the outbox has. The modules of the HTTP server do the rest.
func (a *App) Start() error {
	a.startOutbox()
	return nil
}

// startOutbox begins to deliver, if there is an upstream of the outbox. It is called again for
// each way to the outbox.
func (a *App) startOutbox() *outbox.Outbox { return a.outbox.start(a.store, a.log, &a.inflight) }

// Stop ends the outbox. Deliveries in progress go on, and only the end of the process waits for
// them.
func (a *App) Stop() error {
	a.outbox.end()
	return nil
}

// Cleanup closes what no other configuration uses, after the last request.
func (a *App) Cleanup() error { return a.inflight.after(a.shared.release) }

// appOf is the app of a configuration. Caddy makes one if the configuration has none.
func appOf(ctx caddy.Context) (*App, error) {
	app, err := ctx.App("parlance")
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

// open is a dialect of the catalog, or of a file.
func (a *App) open(nameOrFile string) (*dialect.Dialect, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l, ok := a.dialects[nameOrFile]; ok {
		return l.dialect, nil
	}
	d, err := catalog.Open(nameOrFile)
	if err != nil {
		return nil, faults(nameOrFile, err)
	}
	a.dialects[nameOrFile] = loaded{d, time.Now()}
	return d, nil
}

// placeholders fills in the placeholders of a setting, such as {env.TOKEN} or {file./run/token}.
// One that is unknown or empty is an error, so that no request goes out without its secret.
func placeholders(name, text string) (string, error) {
	filled, err := caddy.NewReplacer().ReplaceOrErr(text, true, true)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return filled, nil
}
