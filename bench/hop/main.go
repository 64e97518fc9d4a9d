//go:build linux

// Command hop measures the CPU time that a proxy takes for a request, beside other
// proxies:
//
//	make hop
//	make hop HOP='-proxies reverseproxy,parlance -rounds 60'
//	make hop HOP='-proxies reverseproxy,parlance,parlance=/tmp/hop-of-another-version'
//
// Each proxy is a process of its own on one core. It has 64 keep-alive connections to
// callers, each of which sends a request as soon as the last response is there. The
// callers and the upstream are this process, on the other cores. They write bytes that
// were made before, so that they keep up.
//
// The proxies take turns, in each round each of them. The figure of a proxy is user and
// system time divided by requests, the median of its turns. The ratio is to the first proxy
// in the same round, and the median too. Trust the ratios: other work on the machine changes
// all figures of a run. A proxy that is not installed is left out, with a word on stderr. The
// Debian packages are nginx, nginx-dev, libnginx-mod-http-lua, haproxy, lua-cjson and caddy.
//
// Parlance, nginx with its module, and nginx and HAProxy with Lua translate the error. The
// others pass it on. All pass the successes on.
//
// Two other figures are measured with a flag each:
//
//	make hop HOP='-idle 5000'   # memory with so many idle connections
//	make hop HOP='-first 2000'  # when the first byte of a stream of JSON arrives, so often
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

type config struct {
	rounds   int
	requests int // of a turn
	callers  int
	speaks   string // the dialect of the upstream
	to       string // the dialect of the callers
	proxies  string // names, separated by commas
	kinds    string // those of responses, separated by commas; "" for all
	profile  string // a file for the CPU profile of parlance
	idle     int    // connections that are idle while memory is measured; 0 measures CPU
	first    int    // streams whose first byte is waited for; 0 measures CPU
}

func main() {
	if name := os.Getenv(serveAs); name != "" {
		serve(name)
		return
	}
	var c config
	flag.IntVar(&c.rounds, "rounds", 30, "turns of each proxy")
	flag.IntVar(&c.requests, "requests", 1000, "requests of a turn; a tenth as many for large responses")
	flag.IntVar(&c.callers, "callers", 64, "connections")
	flag.StringVar(&c.speaks, "speaks", "vms", "dialect of the upstream")
	flag.StringVar(&c.to, "to", "problem", "dialect of the callers")
	flag.StringVar(&c.proxies, "proxies", strings.Join(names(), ","), "which proxies; the ratios are to the first")
	flag.StringVar(&c.kinds, "responses", "", "which responses (default all)")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of each Go proxy to this file, with its name before it")
	flag.IntVar(&c.idle, "idle", 0, "measure the memory with so many idle connections, in place of CPU")
	flag.IntVar(&c.first, "first", 0, "measure the delay of the first byte of so many streams of JSON, in place of CPU")
	flag.Parse()
	if err := run(os.Stdout, c); err != nil {
		fmt.Fprintln(os.Stderr, "hop:", err)
		os.Exit(1)
	}
}

// run measures and prints the table.
func run(w io.Writer, c config) error {
	pinSelf()
	up, err := listen()
	if err != nil {
		return err
	}
	defer up.Close()
	dir, err := os.MkdirTemp("", "hop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var proxies []*proxy
	defer func() {
		for _, p := range proxies {
			p.stop()
		}
	}()
	for name := range strings.SplitSeq(c.proxies, ",") {
		p, err := start(name, dir, up.Addr().String(), c)
		if errors.Is(err, errMissing) {
			fmt.Fprintln(os.Stderr, "hop:", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		proxies = append(proxies, p)
	}
	switch {
	case c.idle > 0:
		return c.measureIdle(w, proxies)
	case c.first > 0:
		return c.measureFirst(w, up, proxies)
	}
	var rows []row
	for _, kind := range kinds {
		if c.kinds != "" && !slices.Contains(strings.Split(c.kinds, ","), kind.name) {
			continue
		}
		of, err := c.measure(proxies, kind)
		if err != nil {
			return err
		}
		rows = append(rows, of...)
	}
	return print(w, rows)
}

// row is a line of the table: one proxy with one kind of response.
type row struct {
	kind, proxy string
	cpu         time.Duration // of a request, the median of all turns
	ratio       float64       // to the first proxy in the same round, the median
	busy        float64       // the part of the time in which the proxy ran, the median
	memory      int           // KB that are resident after the last turn, without files
}

// turn is what one proxy took in one round.
type turn struct {
	cpu  time.Duration // of a request
	busy float64
}

// measure gives each proxy its turns.
func (c config) measure(proxies []*proxy, k kind) ([]row, error) {
	requests := max(c.callers, c.requests/k.divisor)
	turns := make([][]turn, len(proxies))
	for round := range c.rounds + 1 { // the first one fills pools and is not counted
		for i, p := range proxies {
			before, begun := p.cpu(), time.Now()
			if err := load(p.callers, k, requests); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", p.name, k.name, err)
			}
			used, took := p.cpu()-before, time.Since(begun)
			if round > 0 {
				turns[i] = append(turns[i], turn{used / time.Duration(requests), float64(used) / float64(took)})
			}
		}
	}
	var rows []row
	for i, p := range proxies {
		memory, err := resident(p.pid)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			kind: k.name, proxy: p.name, memory: memory,
			cpu:   median(c.rounds, func(n int) time.Duration { return turns[i][n].cpu }),
			ratio: median(c.rounds, func(n int) float64 { return float64(turns[i][n].cpu) / float64(turns[0][n].cpu) }),
			busy:  median(c.rounds, func(n int) float64 { return turns[i][n].busy }),
		})
	}
	return rows, nil
}

// median is that of n figures.
func median[T cmp.Ordered](n int, figure func(int) T) T {
	all := make([]T, n)
	for i := range all {
		all[i] = figure(i)
	}
	slices.Sort(all)
	return all[n/2]
}

func print(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	fmt.Fprintln(t, "| response\t| by\t| CPU of a request\t| ratio\t| core in use\t| memory\t|")
	fmt.Fprintln(t, "|---\t|---\t|--:\t|--:\t|--:\t|--:\t|")
	for _, r := range rows {
		fmt.Fprintf(t, "| %s\t| %s\t| %.1f µs\t| %.2f\t| %.0f%%\t| %.1f MB\t|\n", r.kind, r.proxy, float64(r.cpu)/1e3, r.ratio, 100*r.busy, float64(r.memory)/1e3)
	}
	return t.Flush()
}
