package demo

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
)

// deadEnd is an upstream that gives no response. It counts the requests that
// reach it.
type deadEnd struct {
	url string
	how string // what it responds, for people

	mu    sync.Mutex
	count int
	conns map[net.Conn]bool
	over  bool
}

// silence takes requests and never responds.
func (h *house) silence() (*deadEnd, error) {
	return h.deadEnd("silence", func(c net.Conn) {
		_, _ = io.Copy(io.Discard, c) // until the other side has had enough
	})
}

// half sends the beginning of a response and hangs up.
func (h *house) half() (*deadEnd, error) {
	return h.deadEnd("half a header", func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") // the other side sees what came of it
	})
}

// nobody is the URL of a port at which nothing listens. It is our end of a
// connection that is kept open, so that nobody else can come to listen there.
func (h *house) nobody() (string, error) {
	other, err := h.silence()
	if err != nil {
		return "", err
	}
	c, err := net.Dial("tcp", other.url[len("http://"):])
	if err != nil {
		return "", err
	}
	h.closers = append(h.closers, func() { _ = c.Close() })
	return "http://" + c.LocalAddr().String(), nil
}

func (h *house) deadEnd(how string, reply func(net.Conn)) (*deadEnd, error) {
	l, err := anywhere()
	if err != nil {
		return nil, err
	}
	e := &deadEnd{url: "http://" + l.Addr().String(), how: how, conns: map[net.Conn]bool{}}
	h.closers = append(h.closers, func() {
		_ = l.Close()
		e.hangUp()
	})
	h.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // it was closed
			}
			h.running.Go(func() { e.take(c, reply) })
		}
	})
	return e, nil
}

// take reads a request from a connection, so that a reset does not run ahead of
// what gets a response, and ends the connection after the response.
func (e *deadEnd) take(c net.Conn, reply func(net.Conn)) {
	defer c.Close()
	if !e.keep(c) {
		return
	}
	defer e.forget(c)
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return // whoever it was said nothing
	}
	e.mu.Lock()
	e.count++
	e.mu.Unlock()
	_, _ = io.CopyN(io.Discard, req.Body, max(req.ContentLength, 0))
	reply(c)
}

func (e *deadEnd) keep(c net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns[c] = true
	return !e.over
}

func (e *deadEnd) forget(c net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
}

func (e *deadEnd) hangUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.over = true
	for c := range e.conns {
		_ = c.Close()
	}
}

func (e *deadEnd) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count = 0
}

func (e *deadEnd) saw(Ask) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]string, e.count)
	for i := range all {
		all[i] = e.how
	}
	return all
}

// absent is the witness of a service that is not there.
type absent struct{}

func (absent) begin()           {}
func (absent) saw(Ask) []string { return nil }
