package caddyparlance

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/parlance-api/parlance/client"
	"github.com/parlance-api/parlance/dialect"
	"github.com/parlance-api/parlance/outbox"
)

// vendors are the upstreams of the outbox of a configuration. One outbox delivers to all of
// them. While a reload is on its way, that of the next configuration delivers, too.
type vendors struct {
	mu      sync.Mutex
	names   map[string]bool
	options []outbox.Option
	box     *outbox.Outbox
	stop    context.CancelFunc
	running sync.WaitGroup
}

// add names an upstream.
func (v *vendors) add(name string, d *dialect.Dialect, options []client.Option) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.names[name] {
		return fmt.Errorf("parlance_outbox: two directives have the vendor %q; give one of them another name", name)
	}
	if v.names == nil {
		v.names = map[string]bool{}
	}
	v.names[name] = true
	v.options = append(v.options, outbox.WithVendor(name, d, options...))
	return nil
}

// start begins to deliver, if there is an upstream.
func (v *vendors) start(db *openStore, log *slog.Logger, deliveries *inflight) *outbox.Outbox {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.box == nil && len(v.names) > 0 {
		v.box = outbox.New(db.Queue(), append(v.options, outbox.WithLogger(log), outbox.WithRecords(db.Activity()), outbox.WithObserver(new(turns)))...)
		ctx, stop := context.WithCancel(context.Background())
		v.stop = stop
		deliveries.begin()
		v.running.Go(func() {
			defer deliveries.end(log)
			v.box.Run(ctx)
		})
	}
	return v.box
}

// end takes no more requests. The end of the process waits for the deliveries in progress.
func (v *vendors) end() {
	v.mu.Lock()
	stop := v.stop
	v.mu.Unlock()
	if stop != nil {
		stop()
	}
	if caddy.Exiting() {
		v.running.Wait()
	}
}
