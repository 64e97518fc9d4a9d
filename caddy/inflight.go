package caddyparlance

import (
	"log/slog"
	"sync"
)

// inflight counts what a configuration still does. Caddy lets go of a configuration at a reload
// while its requests go on, so what they use is closed after the last one.
type inflight struct {
	mu   sync.Mutex
	n    int
	last []func() error
}

func (f *inflight) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
}

func (f *inflight) end(log *slog.Logger) {
	f.mu.Lock()
	f.n--
	var last []func() error
	if f.n == 0 {
		last, f.last = f.last, nil
	}
	f.mu.Unlock()
	for _, do := range last {
		if err := do(); err != nil {
			log.Error("something of the configuration before cannot be closed", "error", err)
		}
	}
}

// after has do run once nothing goes on: at once, if that is so now.
func (f *inflight) after(do func() error) error {
	f.mu.Lock()
	if f.n > 0 {
		defer f.mu.Unlock()
		f.last = append(f.last, do)
		return nil
	}
	f.mu.Unlock()
	return do()
}
