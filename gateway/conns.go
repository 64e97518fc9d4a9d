package gateway

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// conns bounds the connections of callers. A connection that is new or idle gives way to
// a newer one.
type conns struct {
	max, maxIdle int
	log          *slog.Logger

	mu      sync.Mutex
	all     map[net.Conn]*place
	idle    int       // those that had a request
	line    place     // the end of the ring of those that wait: the oldest one comes after it
	warnNot time.Time // the log is not told again before
}

// place is that of a connection. It is in the line while the connection waits: while it is
// idle, or new and has sent nothing. Each connection has one as long as it lives, since a new
// one for each wait would lie among what requests leave behind.
type place struct {
	conn          net.Conn
	idle          bool
	before, after *place // nil outside of the line
}

// warnEvery is how often the log is told that connections are closed.
const warnEvery = time.Minute

func newConns(max, maxIdle int, log *slog.Logger) *conns {
	c := &conns{max: max, maxIdle: maxIdle, log: log, all: make(map[net.Conn]*place)}
	c.line.before, c.line.after = &c.line, &c.line
	return c
}

// changed is told of each new state of a connection (http.Server.ConnState).
func (c *conns) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.all[conn]
	if p == nil {
		p = &place{conn: conn}
		c.all[conn] = p
	}
	c.take(p)
	switch state {
	case http.StateNew:
		c.put(p, false)
		if len(c.all) > c.max {
			c.close(c.line.after, "max_connections", c.max)
		}
	case http.StateIdle:
		c.put(p, true)
		if c.idle > c.maxIdle {
			c.close(c.oldestIdle(), "max_idle_connections", c.maxIdle)
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.all, conn)
	}
}

// put puts a connection at the end of the line.
func (c *conns) put(p *place, idle bool) {
	p.idle, p.before, p.after = idle, c.line.before, &c.line
	p.before.after, c.line.before = p, p
	if idle {
		c.idle++
	}
}

// take takes a connection out of the line, if it is there.
func (c *conns) take(p *place) {
	if p.before == nil {
		return
	}
	p.before.after, p.after.before = p.after, p.before
	p.before, p.after = nil, nil
	if p.idle {
		c.idle--
	}
}

// oldestIdle is the connection that has been idle for the longest time.
func (c *conns) oldestIdle() *place {
	p := c.line.after
	for !p.idle {
		p = p.after
	}
	return p
}

// close closes a connection that waits. It is the one that has just come if all others are
// busy.
func (c *conns) close(p *place, limit string, n int) {
	c.take(p)
	_ = p.conn.Close()
	if now := time.Now(); now.After(c.warnNot) {
		c.warnNot = now.Add(warnEvery)
		c.log.Warn("a connection of a caller is closed, because there are too many", limit, n, "open", len(c.all), "idle", c.idle)
	}
}
