package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// headTime is how long the header of a request may take to arrive.
const headTime = 10 * time.Second

// errDrained ends the requests that are left at the end of the drain.
var errDrained = errors.New("gateway: stopped before the request was done")

// Serve accepts connections of l until ctx ends or l fails, and responds to their requests.
// It bounds the connections, their idle time and the bytes of a request's header by the
// Config. If the connections reach MaxConns, a new one takes the place of the one that has
// been idle for the longest time, and is closed if none is idle.
//
// When ctx ends, Serve closes l and the idle connections, and lets the requests that have
// begun finish. After Config.Drain the rest is cut off. Each of them has a line in the log,
// and Serve then returns nil. The error is that of l.
func (g *Gateway) Serve(ctx context.Context, l net.Listener) error {
	var running sync.WaitGroup
	base, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	conns := newConns(g.config.MaxConns, g.config.MaxIdleConns, g.log)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			g.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       g.config.IdleTimeout,
		MaxHeaderBytes:    g.config.MaxRequestHeader,
		ConnState:         conns.changed,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(g.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(countingListener{l}) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	done := make(chan struct{})
	go func() {
		_ = server.Shutdown(base) // it waits for no switched protocol
		running.Wait()
		close(done)
	}()
	wait(done, g.config.Drain)
	cut(errDrained)
	wait(done, time.Second) // for the last responses
	return server.Close()
}

// wait waits until done is closed, and no longer than d.
func wait(done <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
