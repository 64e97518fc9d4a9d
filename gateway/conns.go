package gateway

import (
	"container/list"
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
	open    int
	idle    int       // those that had a request
	waiting list.List // of *waiting, the oldest first
	place   map[net.Conn]*list.Element
	warnNot time.Time // the log is not told again before
}

// waiting is a connection that is idle, or that is new and has sent nothing.
type waiting struct {
	conn net.Conn
	idle bool
}

// warnEvery is how often the log is told that connections are closed.
const warnEvery = time.Minute

func newConns(max, maxIdle int, log *slog.Logger) *conns {
	return &conns{max: max, maxIdle: maxIdle, log: log, place: make(map[net.Conn]*list.Element)}
}

// changed is told of each new state of a connection (http.Server.ConnState).
func (c *conns) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(conn)
	switch state {
	case http.StateNew:
		c.open++
		c.put(conn, false)
		if c.open > c.max {
			c.close(c.waiting.Front(), "max_connections", c.max)
		}
	case http.StateIdle:
		c.put(conn, true)
		if c.idle > c.maxIdle {
			c.close(c.oldestIdle(), "max_idle_connections", c.maxIdle)
		}
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
}

// put adds a connection to those that wait.
func (c *conns) put(conn net.Conn, idle bool) {
	c.place[conn] = c.waiting.PushBack(&waiting{conn, idle})
	if idle {
		c.idle++
	}
}

// take takes a connection out of those that wait.
func (c *conns) take(conn net.Conn) {
	e := c.place[conn]
	if e == nil {
		return
	}
	if c.waiting.Remove(e).(*waiting).idle {
		c.idle--
	}
	delete(c.place, conn)
}

// oldestIdle is the connection that has been idle for the longest time.
func (c *conns) oldestIdle() *list.Element {
	e := c.waiting.Front()
	for !e.Value.(*waiting).idle {
		e = e.Next()
	}
	return e
}

// close closes a connection that waits. It is the one that has just come if all others are
// busy.
func (c *conns) close(e *list.Element, limit string, n int) {
	conn := e.Value.(*waiting).conn
	c.take(conn)
	_ = conn.Close()
	if now := time.Now(); now.After(c.warnNot) {
		c.warnNot = now.Add(warnEvery)
		c.log.Warn("a connection of a caller is closed, because there are too many", limit, n, "open", c.open, "idle", c.idle)
	}
}
