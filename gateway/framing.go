package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
)

// net/http takes a Content-Length off a request that has a Transfer-Encoding too, and says
// nothing. Such a connection has to be closed after the response, since another server may
// see a second request in the body (RFC 9112, 6.1). So the fields are counted as they
// arrive.

// countingListener makes countingConns. Connections of TLS are not counted.
type countingListener struct{ net.Listener }

// Accept waits for the next connection.
func (l countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if _, ok := c.(*tls.Conn); ok {
		return c, nil // net/http has to see what it is
	}
	return &countingConn{Conn: c, matched: -1}, nil
}

// countingConn counts the lines that begin with Content-Length. A body can hold such a line
// too: then the connection is closed for nothing, which harms nobody.
type countingConn struct {
	net.Conn
	came    atomic.Int64 // such lines
	matched int          // the bytes of the name that were found in this line; -1 for a line without it
	known   int64        // the requests with a Content-Length that net/http left
}

const lengthName = "content-length"

// Read reads and counts.
func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count(p[:max(n, 0)])
	return n, err
}

func (c *countingConn) count(p []byte) {
	for len(p) > 0 {
		if c.matched < 0 {
			end := bytes.IndexByte(p, '\n')
			if end < 0 {
				return
			}
			p, c.matched = p[end+1:], 0
			continue
		}
		switch b := p[0]; {
		case b == '\n':
			c.matched = 0
		case b|0x20 != lengthName[c.matched]:
			c.matched = -1
		case c.matched == len(lengthName)-1:
			c.came.Add(1)
			c.matched = -1
		default:
			c.matched++
		}
		p = p[1:]
	}
}

// CloseWrite closes the half of the connection that is written, as net/http does after some
// responses.
func (c *countingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// ambiguous reports a request whose length is stated twice.
func ambiguous(r *http.Request) bool {
	c, ok := r.Context().Value(connKey{}).(*countingConn)
	if !ok {
		return false
	}
	if len(r.Header["Content-Length"]) > 0 {
		c.known++
	}
	return len(r.TransferEncoding) > 0 && c.came.Load() > c.known
}
