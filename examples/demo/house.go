package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// house is all that listens or keeps a connection, so that it can be closed.
// Its zero value takes free ports.
type house struct {
	next    int // the port to take; 0 is a free one
	closers []func()
	running sync.WaitGroup
}

// listen takes the next port of the loopback.
func (h *house) listen() (net.Listener, error) {
	port := h.next
	if port > 0 {
		h.next++
	}
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

// anywhere takes a free port, for what people have no reason to call.
func anywhere() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// open serves a handler at a listener of listen or anywhere and returns its URL.
// It listens when open returns.
func (h *house) open(listen func() (net.Listener, error), handler http.Handler, log *slog.Logger) (string, error) {
	l, err := listen()
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		DisableGeneralOptionsHandler: true, // OPTIONS * gets a response in the dialect, too
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// So that close waits for the handlers, too. A connection is new before
		// Serve goes on, and closed when its last handler has returned.
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				h.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				h.running.Done()
			}
		},
	}
	h.running.Go(func() { _ = server.Serve(l) }) // ends with ErrServerClosed
	h.closers = append(h.closers, func() { _ = server.Close() })
	return "http://" + l.Addr().String(), nil
}

// run has work go on in the background until the house is closed.
func (h *house) run(work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	h.running.Go(func() { work(ctx) })
	h.closers = append(h.closers, cancel)
}

// transport is what sends, on connections of its own.
func (h *house) transport() *http.Transport {
	t := &http.Transport{DisableCompression: true} // a gateway asks for no coding of its own, either
	h.closers = append(h.closers, t.CloseIdleConnections)
	return t
}

// close closes all, what was opened last first: a gateway before its service.
func (h *house) close() {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
	h.running.Wait()
}
