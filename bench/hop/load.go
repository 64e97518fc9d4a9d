//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// kind is a response that the upstream gives to a path of the same name.
type kind struct {
	name     string
	status   string
	body     string
	divisor  int  // of the requests of a turn
	rewrites bool // some of the proxies rewrite it
}

var kinds = []kind{
	{name: "success-1KB", status: "200 OK", body: `{"id":7,"name":"` + strings.Repeat("camera ", 140) + `"}`, divisor: 1},
	{name: "success-100KB", status: "200 OK", body: `[` + strings.Repeat(`{"id":7,"name":"Entrance","url":"rtsp://10.0.0.7/main","on":true,"tags":["a","b"]},`, 1200) + `{}]`, divisor: 10},
	{name: "error-250B", status: "422 Unprocessable Entity", body: `{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format",` +
		`"The URL can be no longer than 10 characters"],"date":["The date field doesn't match the format: Y-m-d H:i:s."],"name":["The name field is required."]}}`,
		divisor: 1, rewrites: true},
}

// upstream responds to each request with the kind that its path names.
type upstream struct {
	net.Listener
	responses map[string][]byte // by the beginning of a request
	sent      chan time.Time    // when the beginning of a stream was sent
	more      chan struct{}     // the caller has the beginning
}

func listen() (*upstream, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &upstream{l, map[string][]byte{}, make(chan time.Time, 1), make(chan struct{}, 1)}
	for _, k := range kinds {
		u.responses["GET /"+k.name+" "] = fmt.Appendf(nil,
			"HTTP/1.1 %s\r\nDate: Fri, 20 Nov 2026 16:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", k.status, len(k.body), k.body)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go u.serve(conn)
		}
	}()
	return u, nil
}

func (u *upstream) serve(conn net.Conn) {
	defer conn.Close()
	var buf [8 << 10]byte
	for n := 0; ; {
		m, err := conn.Read(buf[n:])
		if err != nil {
			return
		}
		if n += m; !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
			continue
		}
		at := bytes.Index(buf[:n], []byte(" HTTP/1.1"))
		if at < 0 {
			return
		}
		if string(buf[:at]) == "GET "+streamPath {
			err = u.stream(conn)
		} else {
			_, err = conn.Write(u.responses[string(buf[:at+1])])
		}
		if err != nil {
			return
		}
		n = 0
	}
}

// dial opens the connections of the callers of a proxy.
func dial(addr string, callers int) ([]*caller, error) {
	var all []*caller
	for range callers {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		all = append(all, &caller{conn, make([]byte, 64<<10)})
	}
	return all, nil
}

// load sends requests over all connections, on each as soon as the response to the last
// one is there.
func load(callers []*caller, k kind, requests int) error {
	request := fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: api.test\r\nAccept: application/json\r\nUser-Agent: hop\r\n\r\n", k.name)
	var (
		left  atomic.Int64
		wait  sync.WaitGroup
		first = make(chan error, len(callers))
	)
	left.Store(int64(requests))
	for _, c := range callers {
		wait.Go(func() {
			for left.Add(-1) >= 0 {
				if err := c.ask(request, k); err != nil {
					first <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(first)
	return <-first
}

// caller is one connection of a caller.
type caller struct {
	net.Conn
	buf []byte
}

// ask sends a request and reads the response to its end.
func (c *caller) ask(request []byte, k kind) error {
	if _, err := c.Write(request); err != nil {
		return err
	}
	n, head := 0, -1
	for head < 0 {
		m, err := c.Read(c.buf[n:])
		if err != nil {
			return err
		}
		n += m
		head = bytes.Index(c.buf[:n], []byte("\r\n\r\n"))
	}
	fields, body := c.buf[:head], c.buf[head+4:n]
	if !bytes.HasPrefix(fields, []byte("HTTP/1.1 "+k.status[:3])) {
		return fmt.Errorf("unexpected response: %s", c.buf[:n])
	}
	length, err := contentLength(fields)
	if err != nil {
		return c.chunks(body)
	}
	if !k.rewrites && length != len(k.body) {
		return fmt.Errorf("a body of %d bytes came with %d", len(k.body), length)
	}
	for got := len(body); got < length; {
		m, err := c.Read(c.buf)
		if err != nil {
			return err
		}
		got += m
	}
	return nil
}

// chunks reads to the last chunk. No body of ours has these bytes within.
func (c *caller) chunks(last []byte) error {
	end := []byte("0\r\n\r\n")
	tail := append([]byte(nil), last...)
	for !bytes.HasSuffix(tail, end) {
		n, err := c.Read(c.buf)
		if err != nil {
			return err
		}
		tail = append(tail[max(0, len(tail)-len(end)):], c.buf[:n]...)
	}
	return nil
}

func contentLength(fields []byte) (int, error) {
	const name = "\r\ncontent-length: "
	for at := 0; at+len(name) < len(fields); at++ {
		if fields[at] == '\r' && bytes.EqualFold(fields[at:at+len(name)], []byte(name)) {
			value, _, _ := bytes.Cut(fields[at+len(name):], []byte("\r\n"))
			return strconv.Atoi(string(value))
		}
	}
	return 0, io.EOF
}
