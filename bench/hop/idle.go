//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// measureIdle prints the memory of each proxy while it has many connections that had a
// response and are idle. A Go proxy gives back before what it does not need.
func (c config) measureIdle(w io.Writer, proxies []*proxy) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| by\t| memory without\t| with the connections\t| of a connection\t| ratio\t|")
	fmt.Fprintln(t, "|---\t|--:\t|--:\t|--:\t|--:\t|")
	first := 0
	for _, p := range proxies {
		without, err := p.memory()
		if err != nil {
			return err
		}
		conns, err := p.idle(c.idle)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		with, err := p.memory()
		if err != nil {
			return err
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
		if first == 0 {
			first = with
		}
		fmt.Fprintf(t, "| %s\t| %.1f MB\t| %.1f MB\t| %.1f KB\t| %.3f\t|\n", p.name,
			float64(without)/1e3, float64(with)/1e3, float64(with-without)/float64(c.idle), float64(with)/float64(first))
	}
	return t.Flush()
}

// idle opens connections, each of which has one response.
func (p *proxy) idle(n int) ([]*caller, error) {
	k := kinds[0]
	request := fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: api.test\r\nAccept: application/json\r\nUser-Agent: hop\r\n\r\n", k.name)
	buf := make([]byte, 64<<10)
	all := make([]*caller, 0, n)
	for range n {
		conn, err := net.Dial("tcp", p.addr)
		if err != nil {
			return nil, err
		}
		one := &caller{conn, buf}
		if err := one.ask(request, k); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// memory is the resident memory of a proxy in KB, as soon as it does not shrink any more.
func (p *proxy) memory() (int, error) {
	last := 0
	for range 50 {
		p.collect()
		time.Sleep(200 * time.Millisecond)
		now, err := resident(p.pid)
		if err != nil {
			return 0, err
		}
		if last > 0 && now >= last {
			return now, nil
		}
		last = now
	}
	return last, nil
}

// resident is the resident memory of a process in KB.
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return strconv.Atoi(fields[0])
}
